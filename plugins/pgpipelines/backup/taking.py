"""How a set is taken: one snapshot for dump and checksums, a full read, and only then a name.

Two sessions of the server see the same snapshot at the same time: pg_dump's, and ours, which computes what the
restored database is to be compared with. A run that dies leaves a folder that no one takes for a set.
"""

from __future__ import annotations

import logging
import os
import re
import shutil
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import IO

from psycopg2.extensions import make_dsn

from pgpipelines.backup.contents import Contents, SequenceRange, read_contents, read_positions
from pgpipelines.backup.manifest import (
    BLOCK_BYTES,
    DUMPS,
    PLAIN,
    ROLES,
    TABLESPACES,
    File,
    Format,
    Manifest,
    describe_file,
    sync,
    write_manifest,
)
from pgpipelines.backup.processes import Process, database_argument, run
from pgpipelines.backup.programs import Programs, client_for
from pgpipelines.backup.properties import read_properties
from pgpipelines.backup.restoring import jobs
from pgpipelines.backup.sets import DumpSet, Store, set_name
from pgpipelines.backup.storage.keys import Identity
from pgpipelines.backup.storage.place import PARTIAL, require_room
from pgpipelines.backup.storage.sealing import input_from, output_to
from pgpipelines.backup.storage.temporary import PRIVATE
from pgpipelines.endpoints import Endpoint
from pgpipelines.errors import ServerError
from pgpipelines.sessions import Session

# What pg_dump writes last into plain SQL.
PLAIN_END, PLAIN_END_BYTES = b"-- PostgreSQL database dump complete", 4096
# Folders of tablespaces are the old server's; pg_restore leaves them out, psql can't.
OPTIONS: Mapping[Format, Sequence[str]] = MappingProxyType(
    {"custom": (), "directory": (f"--jobs={jobs()}",), "plain": ("--no-tablespaces",)}
)
LOCK_TIMEOUT_MS = 60_000
# How pg_restore lists what holds rows, by the oid of their table, or 0.
ROWS_ENTRY = re.compile(rb"\d+; 0 (\d+) (?:TABLE DATA|BLOBS) ")

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Dumped:
    """What one snapshot gave: what pg_dump wrote is in the folder, what it holds is here.

    `pages` tells about how many pages each table has, by its oid; large objects have 0.
    """

    contents: Contents
    sequences: tuple[SequenceRange, ...]
    pages: Mapping[int, int]


@dataclass(frozen=True)
class Work:
    """Where a set is being written, by which programs and how. `argument` leads them to the database."""

    folder: Path
    programs: Programs
    argument: str
    format: Format
    identity: Identity | None

    @property
    def compression(self) -> str:
        """What pg_dump's --compress is given. Plain SQL is for people to read."""
        return "0" if self.format == "plain" else self.programs.compression

    @property
    def dump(self) -> Path:
        """What pg_dump writes, but for the suffix of an encrypted file."""
        return self.folder / DUMPS[self.format]


def take_set(endpoint: Endpoint, store: Store, application_name: str, *, dump_format: Format = "custom") -> DumpSet:
    """Take a set of a database into `store`, and return it. Raises a PipelineError; then there is no set.

    `application_name` is how the sessions are called in pg_stat_activity.
    """
    identity = store.keys.identities()[0] if store.keys else None
    with store.held(endpoint.conn_id) as folder:
        require_room(store.sets(endpoint.conn_id), folder)
        try:
            return _take(endpoint, store, folder, application_name, dump_format=dump_format, identity=identity)
        except OSError as error:
            raise ServerError(
                f"{folder}: {error.strerror}", "see to the disk of this folder, and retry; there is no new set"
            ) from error


def _take(
    endpoint: Endpoint,
    store: Store,
    folder: Path,
    application_name: str,
    *,
    dump_format: Format,
    identity: Identity | None,
) -> DumpSet:
    started = time.monotonic()
    with Session(endpoint, application_name, snapshot=True) as session:
        programs = client_for(session.version)
        database = session.one("dump/database.sql")
        name = set_name(endpoint.conn_id, database.taken_at, database.name)
        place = folder / f"{PARTIAL}{name.rpartition('/')[2]}"
        work = Work(place, programs, database_argument(endpoint, application_name), dump_format, identity)
        place.mkdir(mode=PRIVATE)
        try:
            with ThreadPoolExecutor(1, "globals") as beside:
                globals_dumped = beside.submit(_dump_globals, endpoint, work)
                dumped = _dump(session, work, in_recovery=database.in_recovery)
                globals_dumped.result()
            manifest = Manifest(
                conn_id=endpoint.conn_id,
                database=database.name,
                snapshot=database.snapshot,
                lsn=database.lsn,
                taken_at=database.taken_at,
                server_version=database.server_version,
                client_version=programs.version,
                format=dump_format,
                compression=work.compression,
                first_role=database.first_role,
                encoding=database.encoding,
                collation=database.collation,
                character_type=database.character_type,
                files=_read_completely(work, dumped.pages),
                contents=dumped.contents,
                sequences=dumped.sequences,
                notices=tuple(_notices(dumped.contents)),
                key=identity.recipient if identity else "",
                system_identifier=database.system_identifier,
                properties=read_properties(session, database.name),
                seconds=round(time.monotonic() - started, 3),
            )
            write_manifest(place, manifest)
            return store.publish(place, name)
        finally:
            shutil.rmtree(place, ignore_errors=True)


def _dump(session: Session, work: Work, *, in_recovery: bool) -> Dumped:
    """Run pg_dump beside our own reading of the same snapshot; where one fails, the other ends too."""
    if work.format != "directory":  # which pg_dump writes by several connections
        session.execute("dump/one_process.sql")
    before = read_positions(session)
    log.info(
        "%s: pg_dump %s, %s, --compress=%s", session.endpoint, work.programs.version, work.format, work.compression
    )
    command = [
        work.programs.path("pg_dump"),
        work.argument,
        f"--format={work.format}",
        f"--compress={work.compression}",
        f"--snapshot={session.export_snapshot()}",
        f"--lock-wait-timeout={LOCK_TIMEOUT_MS}",
        "--no-password",
        "--no-sync",  # that is done when all is read
        *OPTIONS[work.format],
    ]
    with (
        output_to(work.dump, work.identity) as (options, stdout),
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
    return Dumped(
        contents,
        tuple(SequenceRange(name, before[name], after[name]) for name in before),
        {row.oid: row.pages for row in session.query("dump/pages.sql")},
    )


def _read(session: Session, pg_dump: Process, *, in_recovery: bool) -> Contents:
    """Read what the snapshot holds; when that fails, pg_dump need not go on."""
    try:
        return read_contents(session, in_recovery=in_recovery)
    except BaseException:
        pg_dump.tell_to_end()
        raise


def _dump_globals(endpoint: Endpoint, work: Work) -> None:
    """Roles with their memberships and settings, and tablespaces: what databases of a server share."""
    for part, name in (("roles", ROLES), ("tablespaces", TABLESPACES)):
        # A name with = in it would be read as more than a name.
        database = f"--database={make_dsn(dbname=endpoint.database)}"
        command = [work.programs.path("pg_dumpall"), work.argument, f"--{part}-only", database, "--no-password"]
        with output_to(work.folder / name, work.identity) as (options, stdout):
            run([*command, *options], endpoint, stdout=stdout)


def _read_completely(work: Work, pages: Mapping[int, int]) -> tuple[File, ...]:
    """Read all that was written: pg_restore reads every block of the dump, and finds what is cut or flipped.

    Meanwhile all of it is put on disk.
    """
    paths = sorted(work.folder.rglob("*"))
    names = [path.relative_to(work.folder).as_posix() for path in paths if path.is_file()]
    with ThreadPoolExecutor(1, "sync") as pool, _dump_read(work, pages):
        synced = pool.map(sync, paths)
        files = tuple(describe_file(work.folder, name) for name in names)
        list(synced)  # raises what the disk said
        return files


@contextmanager
def _dump_read(work: Work, pages: Mapping[int, int]) -> Iterator[None]:
    """Read the dump as whoever restores it will, beside what the block does."""
    with input_from(work.dump, work.identity) as (arguments, stdin), ExitStack() as ended:
        if work.format == "plain":
            _require_end(os.open(work.dump, os.O_RDONLY) if stdin is None else os.dup(stdin))
            yield
            return
        command = [work.programs.path("pg_restore"), "--file=/dev/null", *arguments]
        if stdin is None:
            command.append("--use-list=/dev/stdin")
            inputs: Sequence[IO[bytes] | int] = [ended.enter_context(_file_of(each)) for each in _shares(work, pages)]
        else:
            inputs = [stdin]  # a pipe is read by one
        readers = [ended.enter_context(Process(command, stdin=each)) for each in inputs]
        yield
        for reader in readers:
            reader.wait()


def _shares(work: Work, pages: Mapping[int, int]) -> list[list[bytes]]:
    """What the archive has, entry by entry, for as many readers as serve, each with about as much to read."""
    with tempfile.TemporaryFile() as listing:
        run([work.programs.path("pg_restore"), "--list", str(work.dump)], stdout=listing)
        listing.seek(0)
        entries = [line for line in listing if not line.startswith(b";")]

    def weight(entry: bytes) -> int:
        found = ROWS_ENTRY.match(entry)
        return pages.get(int(found[1]), 0) if found else 0

    shares: list[list[bytes]] = [[] for _ in range(jobs())]
    weights = [0] * len(shares)
    for entry in sorted(entries, key=weight, reverse=True):
        lightest = weights.index(min(weights))
        shares[lightest].append(entry)
        weights[lightest] += weight(entry)
    return shares


@contextmanager
def _file_of(lines: Sequence[bytes]) -> Iterator[IO[bytes]]:
    """A file with these lines that no folder shows."""
    with tempfile.TemporaryFile() as stream:
        stream.writelines(lines)
        stream.seek(0)
        yield stream


def _require_end(descriptor: int) -> None:
    """Raise ServerError where plain SQL is cut short; what else may be wrong with it the drill finds."""
    end = b""
    with os.fdopen(descriptor, "rb") as text:
        while block := text.read(BLOCK_BYTES):
            end = (end + block)[-PLAIN_END_BYTES:]
    if PLAIN_END not in end:
        raise ServerError(f"{PLAIN} does not end as pg_dump ends it", "see to the disk of this folder, and retry")


def _notices(contents: Contents) -> list[str]:
    return [f"table {name}: unlogged, so that a replica has no rows of it to dump" for name in contents.left_out]
