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
from pgpipelines.backup.manifest import (
    DUMP,
    ROLES,
    TABLESPACES,
    File,
    Manifest,
    describe_file,
    sync,
    write_manifest,
)
from pgpipelines.backup.place import PARTIAL, PRIVATE, held, require_room
from pgpipelines.backup.processes import Process, database_argument, run
from pgpipelines.backup.programs import Programs, client_for
from pgpipelines.backup.properties import read_properties
from pgpipelines.backup.sets import DumpSet, connection_folder, read_set, set_name
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


def take_set(endpoint: Endpoint, directory: Path, application_name: str) -> DumpSet:
    """Take a set of a database into `directory`, and return it. Raises a PipelineError; then there is no set.

    `application_name` is how the sessions are called in pg_stat_activity.
    """
    folder = connection_folder(directory, endpoint.conn_id)
    try:
        with held(folder):
            require_room(directory, endpoint.conn_id, folder)
            return _take(endpoint, folder, application_name)
    except OSError as error:
        raise ServerError(
            f"{folder}: {error.strerror}", "see to the disk of this folder, and retry; there is no new set"
        ) from error


def _take(endpoint: Endpoint, folder: Path, application_name: str) -> DumpSet:
    started = time.monotonic()
    with Session(endpoint, application_name, snapshot=True) as session:
        programs = client_for(session.version)
        database = session.one("dump/database.sql")
        final = folder / set_name(database.taken_at, database.name)
        work = final.with_name(f"{PARTIAL}{final.name}")
        work.mkdir(mode=PRIVATE)
        try:
            argument = database_argument(endpoint, application_name)
            dumped = _dump(session, programs, argument, work, in_recovery=database.in_recovery)
            _dump_globals(endpoint, programs, argument, work)
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
                files=_read_completely(programs, work),
                contents=dumped.contents,
                sequences=dumped.sequences,
                notices=tuple(_notices(dumped.contents)),
                properties=read_properties(session, database.name),
                seconds=round(time.monotonic() - started, 3),
            )
            return _publish(work, final, manifest)
        except BaseException:
            shutil.rmtree(work, ignore_errors=True)
            raise


def _dump(session: Session, programs: Programs, argument: str, work: Path, *, in_recovery: bool) -> Dumped:
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
        f"--file={work / DUMP}",
    ]
    with Process(command, session.endpoint) as pg_dump, ThreadPoolExecutor(1, "contents") as pool:
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
    log.info("dumped %s tables, of %s bytes here", len(contents.tables), f"{(work / DUMP).stat().st_size:,}")
    return Dumped(contents, tuple(SequenceRange(name, before[name], after[name]) for name in before))


def _read(session: Session, pg_dump: Process, *, in_recovery: bool) -> Contents:
    """Read what the snapshot holds; when that fails, pg_dump need not go on."""
    try:
        return read_contents(session, in_recovery=in_recovery)
    except BaseException:
        pg_dump.tell_to_end()
        raise


def _dump_globals(endpoint: Endpoint, programs: Programs, argument: str, work: Path) -> None:
    """Roles with their memberships and settings, and tablespaces: what databases of a server share."""
    for part, name in (("roles", ROLES), ("tablespaces", TABLESPACES)):
        # A name with = in it would be read as more than a name.
        database = make_dsn(dbname=endpoint.database)
        options = [f"--{part}-only", f"--database={database}", "--no-password", f"--file={work / name}"]
        run([programs.path("pg_dumpall"), argument, *options], endpoint)


def _read_completely(programs: Programs, work: Path) -> tuple[File, ...]:
    """Read all that was written: pg_restore reads every block of the dump, and finds what is cut or flipped."""
    for name in (DUMP, ROLES, TABLESPACES):
        sync(work / name)
    with Process([programs.path("pg_restore"), "--file=/dev/null", str(work / DUMP)]) as pg_restore:
        described = tuple(describe_file(work / name) for name in (DUMP, ROLES, TABLESPACES))
        pg_restore.wait()
    return described


def _publish(work: Path, final: Path, manifest: Manifest) -> DumpSet:
    write_manifest(work, manifest)
    sync(work)
    work.rename(final)
    sync(final.parent)
    return read_set(final)


def _notices(contents: Contents) -> list[str]:
    return [f"table {name}: unlogged, so that a replica has no rows of it to dump" for name in contents.left_out]
