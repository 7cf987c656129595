"""A server that somebody lends for drills: a database of the drill's own, and the roles of the set, for as long.

Roles are the whole server's. Those of the set are made, and dropped afterwards; none that is there already is touched,
which is why the server may have none of them but the one that it was made with. What a drill that was killed has left
is noted with its database, and goes when the next one begins.
"""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from pgpipelines.backup.manifest import ROLES, Manifest, write_private
from pgpipelines.backup.programs import major
from pgpipelines.backup.restore.roles import missing_roles
from pgpipelines.backup.restoring import lines_in
from pgpipelines.backup.scratch import Scratch
from pgpipelines.backup.storage.temporary import private_folder
from pgpipelines.endpoints import Bounds, Endpoint
from pgpipelines.errors import ConfigurationError
from pgpipelines.sessions import Session
from pgpipelines.templates import quoted, readable

PREFIX = "pgpipelines_drill_"
NOTE = "pgpipelines drill, with roles "
WAIT_MS = 3 * 3600 * 1000
MOST_NAMED = 5


def require_fit(server: Endpoint, manifest: Manifest, application_name: str) -> str:
    """Return the version of a server for drills. Raises ConfigurationError where a set can't be restored there."""
    with Session(server, application_name) as session:
        found = session.one("drill/lent.sql")
    if found.system_identifier == manifest.system_identifier:
        raise ConfigurationError(
            f"{server} is the server that the set was dumped from, or a copy of its files",
            "let `drill` name a server of its own, which nothing else needs",
        )
    if not found.superuser:
        raise ConfigurationError(
            f"{server}: a drill restores roles, owners and extensions, and {server.user} is no superuser there",
            "let `drill` name a superuser of a server that nothing else needs",
        )
    if found.first_role != manifest.first_role:
        raise ConfigurationError(
            f"{server} was made by the role {readable(found.first_role)}, and the server of the set by "
            f"{readable(manifest.first_role)}, in whose name it grants",
            "let `drill` name a server that initdb has made with that --username",
        )
    if major(found.version) < manifest.server_major:
        raise ConfigurationError(
            f"{server} is of version {found.version}, and the set of {manifest.server_version}",
            "let `drill` name a server of that version or a newer one",
        )
    return str(found.version)


@contextmanager
def lent_database(server: Endpoint, manifest: Manifest, folder: Path, application_name: str) -> Iterator[Scratch]:
    """Make a database for a drill of the set in `folder`, when no other drill is at this server. Drop all afterwards.

    Raises ConfigurationError where the server has a role of the set.
    """
    roles = missing_roles((folder / ROLES).read_bytes(), manifest.encoding, present=())
    database = f"{PREFIX}{secrets.token_hex(6)}"
    waiting = Bounds(lock_timeout=WAIT_MS)
    with Session(server, application_name, bounds=waiting) as session, private_folder() as private:
        session.execute("drill/hold.sql")
        session.commit()
        _drop_left(session)
        there = [row.name for row in session.query("drill/roles_there.sql", {"names": roles})]
        session.commit()
        _require_free(server, [name for name in there if name != manifest.first_role])
        _write_without(folder / ROLES, private / ROLES, manifest.first_role)
        session.execute_alone("drill/create_database.sql", {"encoding": manifest.encoding}, database=database)
        made = sorted({*roles} - {*there})
        session.execute("drill/note.sql", {"note": f"{NOTE}{json.dumps(made)}"}, database=database)
        session.commit()
        try:
            yield Scratch(server.of(database), private / ROLES, manifest.first_role, alone=False)
        finally:
            _drop(session, database, made)


def _drop_left(session: Session) -> None:
    left = session.query("drill/left.sql", {"pattern": PREFIX.replace("_", r"\_") + "%"})
    session.commit()
    for each in left:
        noted = each.note.removeprefix(NOTE)
        _drop(session, each.name, json.loads(noted) if noted != each.note else [])


def _drop(session: Session, database: str, roles: Sequence[str]) -> None:
    session.rollback()
    session.execute_alone("restore/drop_database.sql", database=database)
    there = [row.name for row in session.query("drill/roles_there.sql", {"names": list(roles)})]
    if there:
        session.execute("drill/drop_roles.sql", roles=there)
    session.commit()


def _require_free(server: Endpoint, there: Sequence[str]) -> None:
    if there:
        named = ", ".join(map(readable, there[:MOST_NAMED])) + (" …" if len(there) > MOST_NAMED else "")
        raise ConfigurationError(
            f"{server} has roles of the set already, which a drill would change: {named}",
            "let `drill` name a server that nothing else needs, and drop these roles there",
        )


def _write_without(roles: Path, kept: Path, first_role: str) -> None:
    """Copy a script, but for what it would change of the role that is there, and of what everybody may do."""
    names = b"|".join(re.escape(each.encode()) for each in (first_role, quoted(first_role)))
    of_these = re.compile(
        rb"(ALTER ROLE|COMMENT ON ROLE|SECURITY LABEL FOR .+ ON ROLE) (%(names)s) "
        rb"|(GRANT|REVOKE) .* (TO|FROM) (%(names)s|PUBLIC)[ ;]" % {b"names": names}
    )
    write_private(kept, b"".join(line for line in lines_in(roles) if not of_these.match(line)))
