"""Whether a server can take a set, asked before anything is made there: versions, extensions, roles."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING

from pgpipelines.backup.manifest import ROLES, Manifest
from pgpipelines.backup.programs import Programs, client_for
from pgpipelines.backup.restore.roles import make_missing_roles, missing_roles
from pgpipelines.errors import ConfigurationError, MissingObjectError, PrivilegeError
from pgpipelines.templates import readable

if TYPE_CHECKING:
    from pgpipelines.sessions import Session

# pg_restore of this version on begins with a setting that older servers don't know, and ends there.
NEW_SETTING = 17

log = logging.getLogger(__name__)


def programs_for(admin: Session, manifest: Manifest) -> Programs:
    """The programs that read the set and know the server. Raises ConfigurationError where none can do both."""
    if admin.version < manifest.server_major:
        raise ConfigurationError(
            f"{admin.endpoint}: PostgreSQL {admin.version} is older than {manifest.server_major}, which the set is of",
            f"restore into PostgreSQL {manifest.server_major} or newer",
        )
    programs = client_for(max(manifest.client_major, admin.version))
    if programs.major >= NEW_SETTING > admin.version:
        raise ConfigurationError(
            f"{admin.endpoint}: the set was taken by pg_dump {manifest.client_version}, and only a pg_restore reads it "
            f"that PostgreSQL {admin.version} does not understand",
            f"restore into PostgreSQL {NEW_SETTING} or newer; or by hand: pg_restore --file=- database.dump | "
            "grep --invert-match '^SET transaction_timeout' | psql --set=ON_ERROR_STOP=1",
        )
    return programs


def require_extensions(admin: Session, manifest: Manifest) -> None:
    """Raise MissingObjectError where the server has not the files of an extension."""
    names = [each.name for each in manifest.contents.extensions]
    missing = [row.name for row in admin.query("restore/missing_extensions.sql", {"names": names})]
    admin.commit()
    if missing:
        raise MissingObjectError(
            f"{admin.endpoint}: the server lacks extensions of the set: {', '.join(missing)}",
            "install their packages on the machine of the server, for its version",
        )


def bring_roles(admin: Session, programs: Programs, folder: Path, manifest: Manifest, *, make: bool) -> list[str]:
    """Make the roles of the set that the server lacks, if they are to be made; return what a person should know.

    Raises MissingObjectError or PrivilegeError where roles stay missing that the database can't be without.
    """
    server = admin.one("restore/roles.sql")
    admin.commit()
    needed = sorted({manifest.properties.owner, *manifest.properties.roles} - set(server.names))
    missing = missing_roles((folder / ROLES).read_bytes(), manifest.encoding, server.names)
    if missing and make and server.superuser:
        make_missing_roles(programs, admin.endpoint, folder / ROLES, manifest.encoding, server.names)
        log.info("%s: made the roles that were missing: %s", admin.endpoint, _listed(missing))
        return []
    cause = f"{admin.endpoint}: the server lacks roles that own or may use what is in the set: {_listed(needed)}"
    if needed and make:
        raise PrivilegeError(cause, f"connect as a superuser, who can make them; or let one run {ROLES} of the set")
    if needed:
        raise MissingObjectError(cause, "let the restore make them (`roles`), or make them by hand")
    return [f"roles of the set that the server lacks, and this database does not need: {_listed(missing)}"] * bool(
        missing
    )


def _listed(names: list[str]) -> str:
    return ", ".join(map(readable, names))
