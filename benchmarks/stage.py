"""Where the contestants meet: a source and a target server of their own, filled, and thrown away afterwards."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from benchmarks import data as data_sets
from benchmarks.activity import watch
from benchmarks.data import Data, Sizes
from benchmarks.databases import Database, recreate
from benchmarks.job import FULL_REFRESH, SOURCE_CONN, TARGET_CONN, Job, Options
from benchmarks.measure import Measured, run
from benchmarks.programs import copy_definition
from benchmarks.servers import running, usual_major
from demo.servers import SUPERUSER, Server
from pgpipelines.templates import quoted

# What autovacuum does depends on the minute it comes in; the benchmark does it between the runs.
SETTINGS = {"autovacuum": "off"}


class TooSmallError(Exception):
    """A machine without the disk that the benchmarks need."""


@dataclass(frozen=True)
class Stage:
    """Two running servers. `folder` holds all of it, and the password file.

    `filled` are the data sets that the source has; `copied` says with which options the engine has made the target's
    copy of a data set, and what that took; `seconds` is what contestants took so far, by data set and label.
    """

    source: Server
    target: Server
    sizes: Sizes
    folder: Path
    filled: set[Data] = field(default_factory=set)
    copied: dict[Data, tuple[Options, Measured]] = field(default_factory=dict)
    seconds: dict[tuple[Data, str], float] = field(default_factory=dict)

    def fill(self, data: Data) -> None:
        """Make a data set on the source, unless it is there."""
        if data not in self.filled:
            print(f"{data.rows:,} rows of {data.table} for the source", flush=True)
            data_sets.make(self.source, data, self._environment(data))
            self.filled.add(data)

    def run(self, contestant: str, data: Data, options: Options = FULL_REFRESH, *, watched: bool = False) -> Measured:
        """Run a contestant once, and tell what it wrote on the target where it is `watched`.

        Both servers have written out what they had before it starts.
        """
        servers = (self.source, self.target)
        for server in servers:
            Database(server, "postgres").execute("benchmarks/checkpoint.sql")
        with tempfile.TemporaryDirectory(dir=self.folder) as folder:
            job = Job(
                source=Database(self.source, data.database).keywords,
                target=Database(self.target, data.database).keywords,
                table=data.table,
                major=self.source.major,
                folder=folder,
                options=options,
            )
            if not watched:
                return run(contestant, job, self._environment(data), servers)
            with watch(Database(self.target, data.database), data.table) as written:
                found = run(contestant, job, self._environment(data), servers)
                return replace(found, writes=written())

    def empty_target(self, data: Data) -> None:
        """Leave the target with an empty database."""
        self.fill(data)
        self.copied.pop(data, None)
        recreate(Database(self.target, data.database))

    def bare_target(self, data: Data) -> None:
        """Leave the target with an empty table without key or index."""
        self._define(data, "pre-data")

    def finished_target(self, data: Data) -> None:
        """Leave the target with an empty table that has its key and all its indexes."""
        self._define(data, "pre-data", "post-data")

    def copy(self, data: Data, options: Options) -> Measured:
        """Have the engine's copy on the target, made with these options, and return what its initial load took."""
        done = self.copied.get(data)
        if done is None or done[0] != options:
            self.empty_target(data)
            found = self.run("engine", data, options, watched=True)
            self.require_arrived("engine", data)
            self.vacuum(data)
            self.copied[data] = done = (options, found)
        return done[1]

    def vacuum(self, data: Data) -> None:
        """Do what autovacuum would do in both databases of a data set."""
        for server in (self.source, self.target):
            Database(server, data.database).execute("benchmarks/vacuum.sql")

    def require_arrived(self, contestant: str, data: Data, *, indexes: bool = True) -> None:
        """Raise RuntimeError where other rows, or other indexes, arrived than should have."""
        expected, found = (
            Database(server, data.database).one(
                "benchmarks/arrived.sql", {"name": quoted(data.table)}, table=data.table
            )
            for server in (self.source, self.target)
        )
        if found.rows != expected.rows:
            raise RuntimeError(f"{contestant} copied {found.rows:,} of {expected.rows:,} rows")
        if indexes and found.indexes != expected.indexes:
            raise RuntimeError(f"{contestant} made {found.indexes} of {expected.indexes} indexes")

    def _define(self, data: Data, *sections: str) -> None:
        self.empty_target(data)
        source, target = (Database(server, data.database).keywords for server in (self.source, self.target))
        copy_definition(self.source.major, source, target, *sections, environment=self._environment(data))

    def _environment(self, data: Data) -> Mapping[str, str]:
        servers = ((SOURCE_CONN, self.source), (TARGET_CONN, self.target))
        return {
            **os.environ,
            "PGPASSFILE": str(self.folder / "pgpass"),
            "AIRFLOW_HOME": str(self.folder / "airflow"),
            **{f"AIRFLOW_CONN_{name.upper()}": Database(server, data.database).url for name, server in servers},
        }


@contextmanager
def stage(sizes: Sizes) -> Iterator[Stage]:
    """Start both servers in a temporary folder. Raises TooSmallError before anything is made."""
    free = shutil.disk_usage(tempfile.gettempdir()).free
    if free < sizes.disk_bytes:
        raise TooSmallError(
            f"{sizes.disk_bytes / 1e9:.0f} GB needed in {tempfile.gettempdir()}, {free / 1e9:.0f} GB free: "
            "set TMPDIR, or fewer --rows"
        )
    with running(("source", "target"), usual_major(), SETTINGS) as (folder, (source, target)):
        _write_password_file(folder / "pgpass", (source, target))
        yield Stage(source, target, sizes, folder)


def _write_password_file(path: Path, servers: Iterable[Server]) -> None:
    path.touch(mode=0o600)
    path.write_text("".join(f"127.0.0.1:{server.port}:*:{SUPERUSER}:{server.password}\n" for server in servers))
