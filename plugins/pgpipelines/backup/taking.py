"""How a set is taken: one snapshot for dump and checksums, a full read, and only then a name.

Two sessions of the server see the same snapshot at the same time: pg_dump's, and ours, which computes what the
restored database is to be compared with. A run that dies leaves a folder that no one takes for a set.
"""

from __future__ import annotations

import logging
import shutil
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from psycopg2.extensions import make_dsn

from pgpipelines.backup.contents import Contents, SequenceRange, read_contents, read_positions
from pgpipelines.backup.keys import Identity
from pgpipelines.backup.manifest import (
    DUMP,
    ROLES,
    SEALED,
    TABLESPACES,
    File,
    Manifest,
    describe_file,
    sync,
    write_manifest,
)
from pgpipelines.backup.place import PARTIAL, require_room
from pgpipelines.backup.processes import Process, database_argument, run
from pgpipelines.backup.programs import Programs, client_for
from pgpipelines.backup.sealing import reading, writing
from pgpipelines.backup.sets import DumpSet, Store, set_name
from pgpipelines.backup.temporary import PRIVATE
from pgpipelines.errors import ServerError
from pgpipelines.sessions import Endpoint, Session

CUSTOM_FORMAT = "custom"
LOCK_TIMEOUT_MS = 60_000

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Dumped:
    """What one snapshot gave: what pg_dump wrote is in the folder, what it holds is here."""

    contents: Contents
    sequences: tuple[SequenceRange, ...]


def take_set(endpoint: Endpoint, store: Store, application_name: str) -> DumpSet:
    """Take a set of a database into `store`, and return it. Raises a PipelineError; then there is no set.

    `application_name` is how the sessions are called in pg_stat_activity.
    """
    identity = store.keys.identities()[0] if store.keys else None
    with store.held(endpoint.conn_id) as folder:
        require_room(store.sets(endpoint.conn_id), folder)
        try:
            return _take(endpoint, store, folder, identity, application_name)
        except OSError as error:
            raise ServerError(
                f"{folder}: {error.strerror}", "see to the disk of this folder, and retry; there is no new set"
            ) from error


def _take(endpoint: Endpoint, store: Store, folder: Path, identity: Identity | None, application_name: str) -> DumpSet:
    started = time.monotonic()
    with Session(endpoint, application_name, snapshot=True) as session:
        programs = client_for(session.version)
        database = session.one("dump/database.sql")
        name = set_name(endpoint.conn_id, database.taken_at, database.name)
        work = folder / f"{PARTIAL}{name.rpartition('/')[2]}"
        work.mkdir(mode=PRIVATE)
        try:
            argument = database_argument(endpoint, application_name)
            dumped = _dump(session, programs, argument, work, identity, in_recovery=database.in_recovery)
            _dump_globals(endpoint, programs, argument, work, identity)
            manifest = Manifest(
                conn_id=endpoint.conn_id,
                database=database.name,
                snapshot=database.snapshot,
                lsn=database.lsn,
                taken_at=database.taken_at,
                server_version=database.server_version,
                client_version=programs.version,
                format=CUSTOM_FORMAT,
                compression=programs.compression,
                first_role=database.first_role,
                encoding=database.encoding,
                collation=database.collation,
                character_type=database.character_type,
                files=_read_completely(programs, work, identity),
                contents=dumped.contents,
                sequences=dumped.sequences,
                notices=tuple(_notices(dumped.contents)),
                key=identity.recipient if identity else "",
                seconds=round(time.monotonic() - started, 3),
            )
            write_manifest(work, manifest)
            return store.publish(work, name)
        except BaseException:
            shutil.rmtree(work, ignore_errors=True)
            raise


def _dump(
    session: Session, programs: Programs, argument: str, work: Path, identity: Identity | None, *, in_recovery: bool
) -> Dumped:
    """Run pg_dump beside our own reading of the same snapshot; where one fails, the other ends too."""
    before = read_positions(session)
    log.info("%s: pg_dump %s, --compress=%s", session.endpoint, programs.version, programs.compression)
    command = [
        programs.path("pg_dump"),
        argument,
        f"--format={CUSTOM_FORMAT}",
        f"--compress={programs.compression}",
        f"--snapshot={session.export_snapshot()}",
        f"--lock-wait-timeout={LOCK_TIMEOUT_MS}",
        "--no-password",
    ]
    with (
        writing(work / DUMP, identity) as (options, stdout),
        Process([*command, *options], session.endpoint, stdout=stdout) as pg_dump,
        ThreadPoolExecutor(1, "contents") as pool,
    ):
        reading = pool.submit(_read, session, pg_dump, in_recovery=in_recovery)
        try:
            pg_dump.wait()
        except BaseException:
            if pg_dump.told_to_end:
                reading.result()  # it failed first: its error is the one to tell
            session.cancel()
            raise
        contents = reading.result()
    after = read_positions(session)
    log.info("dumped %s tables", len(contents.tables))
    return Dumped(contents, tuple(SequenceRange(name, before[name], after[name]) for name in before))


def _read(session: Session, pg_dump: Process, *, in_recovery: bool) -> Contents:
    """Read what the snapshot holds; when that fails, pg_dump need not go on."""
    try:
        return read_contents(session, in_recovery=in_recovery)
    except BaseException:
        pg_dump.tell_to_end()
        raise


def _dump_globals(endpoint: Endpoint, programs: Programs, argument: str, work: Path, identity: Identity | None) -> None:
    """Roles with their memberships and settings, and tablespaces: what databases of a server share."""
    for part, name in (("roles", ROLES), ("tablespaces", TABLESPACES)):
        # A name with = in it would be read as more than a name.
        database = make_dsn(dbname=endpoint.database)
        command = [programs.path("pg_dumpall"), argument, f"--{part}-only", f"--database={database}", "--no-password"]
        with writing(work / name, identity) as (options, stdout):
            run([*command, *options], endpoint, stdout=stdout)


def _read_completely(programs: Programs, work: Path, identity: Identity | None) -> tuple[File, ...]:
    """Read all that was written: pg_restore reads every block of the dump, and finds what is cut or flipped."""
    names = [f"{name}{SEALED if identity else ''}" for name in (DUMP, ROLES, TABLESPACES)]
    for name in names:
        sync(work / name)
    with (
        reading(work / DUMP, identity) as (arguments, stdin),
        Process([programs.path("pg_restore"), "--file=/dev/null", *arguments], stdin=stdin) as pg_restore,
    ):
        described = tuple(describe_file(work / name) for name in names)
        pg_restore.wait()
    return described


def _notices(contents: Contents) -> list[str]:
    return [f"table {name}: unlogged, so that a replica has no rows of it to dump" for name in contents.left_out]
