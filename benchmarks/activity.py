"""What a run writes on the target: tuples of the table, and the write-ahead log."""

from __future__ import annotations

import re
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import Any

from benchmarks.databases import Database, first_row
from demo.servers import Server, binaries, server_user
from pgpipelines.templates import QualifiedName

# One line of `pg_waldump --stats=record`: its kind, how many, and bytes of records, of page images, and of both.
LINE = re.compile(r"^(\w+/\S+) +\d+ \( *[\d.]+\) +(\d+) \( *[\d.]+\) +(\d+) ", re.MULTILINE)
# A page that is logged whole because it is new, as those of an index that is built.
NEW_PAGE = "XLOG/FPI"
END_SECONDS = 60


@dataclass(frozen=True)
class Wal:
    """Bytes of write-ahead log: records, pages logged whole because they are new, and images of pages that stood.

    The images protect pages that are written the first time after a checkpoint: how many there are depends on when
    checkpoints come.
    """

    records: int
    new_pages: int
    images: int

    @property
    def content(self) -> int:
        """What has to be written whenever checkpoints come."""
        return self.records + self.new_pages


@dataclass(frozen=True)
class Writes:
    """Tuples that were written to one table, and the log that the whole server wrote."""

    inserted: int
    updated: int
    deleted: int
    wal: Wal

    @property
    def tuples(self) -> int:
        """Inserted, updated and deleted ones."""
        return self.inserted + self.updated + self.deleted


@contextmanager
def watch(database: Database, table: QualifiedName) -> Iterator[Callable[[], Writes]]:
    """Give a function that tells what was written to the table's database since."""
    names = {"schema": table.schema, "name": table.name}
    with closing(database.connect()) as connection:
        first_row(connection, "benchmarks/hold_wal.sql")
        before = first_row(connection, "benchmarks/tuples.sql", names)
        start = first_row(connection, "benchmarks/wal_position.sql")

        def written() -> Writes:
            _await_end(connection)
            end = first_row(connection, "benchmarks/wal_position.sql")
            first_row(connection, "benchmarks/flush_wal.sql")
            after = first_row(connection, "benchmarks/tuples.sql", names)
            return Writes(
                inserted=after.inserted - before.inserted,
                updated=after.updated - before.updated,
                deleted=after.deleted - before.deleted,
                wal=read_wal(database.server, start, end),
            )

        yield written


def read_wal(server: Server, start: Any, end: Any) -> Wal:
    """Read the write-ahead log between two rows of wal_position.sql."""
    if start == end:
        return Wal(0, 0, 0)
    done = subprocess.run(
        [
            str(binaries(server.major) / "pg_waldump"),
            "--stats=record",
            f"--path={server.data / 'pg_wal'}",
            f"--start={start.position}",
            f"--end={end.position}",
            # Else it looks at whichever file the folder lists first, which may be one that nothing was written to yet.
            start.file,
            end.file,
        ],
        cwd=server.home,
        user=server_user(),
        capture_output=True,
        text=True,
        check=True,
    )
    kinds = {kind: (int(records), int(images)) for kind, records, images in LINE.findall(done.stdout)}
    new_pages = kinds.get(NEW_PAGE, (0, 0))[1]
    return Wal(
        records=sum(records for records, _ in kinds.values()),
        new_pages=new_pages,
        images=sum(images for _, images in kinds.values()) - new_pages,
    )


def _await_end(connection: Any) -> None:
    """Wait until the other sessions have ended: what they wrote is counted then."""
    deadline = time.monotonic() + END_SECONDS
    while first_row(connection, "benchmarks/other_sessions.sql").sessions:
        if time.monotonic() > deadline:
            raise RuntimeError(f"a session is still open {END_SECONDS} s after the run has ended")
        time.sleep(0.02)
