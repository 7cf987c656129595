"""Databases of a server that are made beside others, and take their names: from the session that holds the name.

What is being restored has a name of its own, always the same for one database, so that the next run finds and drops
what a killed one has left.
"""

from __future__ import annotations

import hashlib
import logging
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timezone

from psycopg2.errorcodes import OBJECT_IN_USE

from pgpipelines.backup.manifest import Manifest
from pgpipelines.backup.properties import BUILTIN, ICU, give_properties, read_properties
from pgpipelines.diagnosis import sqlstate
from pgpipelines.endpoints import Bounds, Endpoint
from pgpipelines.errors import (
    ConfigurationError,
    ConflictError,
    MissingObjectError,
    PipelineError,
    ServerError,
    VerificationError,
)
from pgpipelines.sessions import Session
from pgpipelines.table_names import MAX_NAME_BYTES
from pgpipelines.templates import literal, quoted

# Every server has one of these; nobody renames the database that he is in.
MAINTENANCE_DATABASES = ("postgres", "template1")
# The session that holds the name says nothing while pg_restore works, maybe for hours; firewalls forget such ones.
KEPT_ALIVE = {"keepalives_idle": "60", "keepalives_interval": "20"}
WAIT_SECONDS = 5.0
LOOK_SECONDS = 0.1
MOST_NAMED = 5

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Names:
    """The names of a database that is restored: its own, that of what is being restored, those of what is kept."""

    database: str
    moment: str

    @classmethod
    def of(cls, database: str) -> Names:
        """The names for a restore that happens now. Raises ConfigurationError for what can't be a name."""
        if not 0 < len(database.encode()) <= MAX_NAME_BYTES or "\x00" in database:
            raise ConfigurationError(
                f"not a database's name: {database!r}",
                f"a name has 1 to {MAX_NAME_BYTES} bytes, and none of them is zero",
            )
        return cls(database, f"{datetime.now(timezone.utc):%Y%m%d_%H%M%S_%f}"[:-3])

    @property
    def restoring(self) -> str:
        """What is being restored; of two databases never the same."""
        return self._with(f"restoring_{hashlib.sha256(self.database.encode()).hexdigest()[:8]}")

    @property
    def before(self) -> str:
        """What had the name before."""
        return self._with(f"before_{self.moment}")

    @property
    def restored(self) -> str:
        """What is restored and proven, and could not take its name."""
        return self._with(f"restored_{self.moment}")

    def _with(self, suffix: str) -> str:
        room = MAX_NAME_BYTES - len(suffix) - 1
        return f"{self.database.encode()[:room].decode(errors='ignore')}_{suffix}"


@contextmanager
def maintenance(server: Endpoint, database: str, application_name: str, bounds: Bounds) -> Iterator[Session]:
    """Give a session of the server outside of the `database` that is restored."""
    first, *others = [name for name in MAINTENANCE_DATABASES if name != database]
    lasting = Endpoint(server.conn_id, {**KEPT_ALIVE, **server.parameters})
    try:
        session = Session(lasting.of(first), application_name, bounds=bounds)
    except MissingObjectError:
        if not others:
            raise
        session = Session(lasting.of(others[0]), application_name, bounds=bounds)
    with session:
        yield session


def hold(admin: Session, database: str) -> None:
    """Keep other runs from restoring into a database, until the session ends. Raises ConflictError where one does."""
    held = admin.one("restore/hold.sql", {"database": database}).held
    admin.commit()
    if not held:
        raise ConflictError(
            f"{admin.endpoint}: another run restores into {database}",
            "wait for its end (pg_stat_activity shows it by DAG and task)",
        )


def is_there(admin: Session, database: str) -> bool:
    """Tell whether the server has a database."""
    found = bool(admin.one("restore/database.sql", {"database": database}).present)
    admin.commit()
    return found


@contextmanager
def beside(admin: Session, names: Names, manifest: Manifest) -> Iterator[Endpoint]:
    """Make the empty database for a restore, and drop it afterwards, unless it has another name by then."""
    admin.execute_alone("restore/drop_database.sql", database=names.restoring)
    properties = manifest.properties
    values = {
        "encoding": manifest.encoding,
        "collation": manifest.collation,
        "character_type": manifest.character_type,
        "locale": properties.locale,
        "rules": properties.rules,
    }
    try:
        admin.execute_alone(
            "restore/create_database.sql",
            values,
            database=names.restoring,
            owner=properties.owner,
            icu=properties.provider == ICU,
            builtin=properties.provider == BUILTIN,
            rules=bool(properties.rules),
        )
    except ServerError as error:
        if "locale" not in error.cause:
            raise
        raise MissingObjectError(
            error.cause, "install the locale on the server's machine, and restart the server"
        ) from None
    try:
        admin.execute("restore/close_database.sql", database=names.restoring)
        admin.commit()
        yield admin.endpoint.of(names.restoring)
    finally:
        # The error that ended the block is the one to tell; the next run drops it then.
        with suppress(PipelineError):
            admin.rollback()
            admin.execute_alone("restore/drop_database.sql", database=names.restoring)


def swap(admin: Session, names: Names, manifest: Manifest, *, end_sessions: bool) -> str:
    """Let what was restored take its name, and return the name that the old database has now; empty without one.

    All in one transaction, in which nobody gets into either. Raises ConflictError where others stay in the old
    database; what was restored is then kept beside it.
    """
    if not is_there(admin, names.database):
        _rename(admin, {names.restoring: names.database}, manifest)
        return ""
    there = [] if end_sessions else _wait_for_others(admin, names.database)
    if not there:
        doomed = [names.database] if end_sessions else []
        try:
            _rename(admin, {names.database: names.before, names.restoring: names.database}, manifest, doomed)
        except PipelineError as error:
            if sqlstate(error) != OBJECT_IN_USE:
                raise
            admin.rollback()
        else:
            return names.before
    _rename(admin, {names.restoring: names.restored}, manifest)
    raise ConflictError(
        f"{admin.endpoint}: {names.database} is as it was, because others are in it: "
        f"{_listed(there or _others(admin, names.database))}; the set is restored and proven as {names.restored}",
        f"end them, and ALTER DATABASE {quoted(names.database)} RENAME TO {quoted(names.before)}; "
        f"ALTER DATABASE {quoted(names.restored)} RENAME TO {quoted(names.database)};",
    )


def others_in(admin: Session, database: str) -> str:
    """Who is in a database, as text; empty where nobody is."""
    return _listed(_others(admin, database))


def _wait_for_others(admin: Session, database: str) -> list[str]:
    """Wait until nobody is in a database; whoever is still there when patience ends."""
    for attempt in range(1, admin.bounds.lock_attempts + 1):
        found = _others(admin, database)
        if not found or attempt == admin.bounds.lock_attempts:
            return found
        log.warning(
            "waiting (%d of %d) for others to leave %s: %s",
            attempt,
            admin.bounds.lock_attempts,
            database,
            _listed(found),
        )
        time.sleep(WAIT_SECONDS)
    return []


def _others(admin: Session, database: str) -> list[str]:
    found = admin.query("restore/sessions.sql", {"databases": [database]})
    waiting = admin.query("restore/prepared.sql", {"databases": [database]})
    admin.commit()
    return [
        *(
            f"{row.role}@{row.address or 'local'} ({row.application}, process {row.pid}, since {row.since})"
            for row in found
        ),
        *(f"prepared transaction {literal(row.name).strip()}" for row in waiting),
    ]


def _listed(found: Sequence[str]) -> str:
    more = f", and {len(found) - MOST_NAMED} more" if len(found) > MOST_NAMED else ""
    return ", ".join(found[:MOST_NAMED]) + more


def _rename(admin: Session, renames: Mapping[str, str], manifest: Manifest, doomed: Sequence[str] = ()) -> None:
    """Rename databases, of which the last is the one that was restored. It belongs to nobody's sessions until then."""
    *_, (restoring, final) = renames.items()
    with _ending_sessions(admin, [restoring, *doomed]):
        for old, new in renames.items():
            admin.execute("restore/rename_database.sql", database=old, name=new)
        give_properties(admin, final, manifest.properties)
        differing = manifest.properties.differences(read_properties(admin, final))
        if differing:
            raise VerificationError(
                f"{final}, restored, is not what was dumped: {'; '.join(differing)}",
                "nothing was changed; compare the roles of this server with roles.sql of the set",
            )
        admin.commit()


@contextmanager
def _ending_sessions(admin: Session, databases: Sequence[str]) -> Iterator[None]:
    """End the sessions of some databases while they are being renamed: from then on nobody gets in."""
    over = threading.Event()
    with Session(admin.endpoint, admin.application_name) as other, ThreadPoolExecutor(1, "ending") as pool:
        ending = pool.submit(_end_sessions, other, databases, over)
        try:
            yield
        except PipelineError:
            over.set()
            ending.result()  # it may be why
            raise
        finally:
            over.set()


def _end_sessions(session: Session, databases: Sequence[str], over: threading.Event) -> None:
    while not over.wait(LOOK_SECONDS):
        session.query("restore/end_sessions.sql", {"databases": list(databases)})
        session.commit()
