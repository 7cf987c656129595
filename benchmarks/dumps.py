"""How long a set takes beside pg_dump alone: python -m benchmarks.dumps [--major 18] [--sessions N] [--rounds N].

One server of its own, in a temporary folder, thrown away afterwards. pg_dump as it is by default, pg_dump by the
programs and with the compression of a set, the same with checksums computed beside it, and a set as a whole run in
turns; so do the parts of a set, each alone. CPU is that of programs and of the server's processes.
"""

from __future__ import annotations

import argparse
import resource
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from psycopg2.extensions import parse_dsn

from benchmarks.databases import Database, recreate
from benchmarks.measure import server_cpu_seconds
from benchmarks.report import table
from benchmarks.rollup import CHARGERS, SETTINGS
from benchmarks.servers import running, usual_major
from demo.servers import Server, installed_majors
from pgpipelines.backup.contents import read_contents
from pgpipelines.backup.manifest import describe_file
from pgpipelines.backup.processes import database_argument, run
from pgpipelines.backup.programs import Programs, client_for
from pgpipelines.backup.storage.folder import Folder
from pgpipelines.backup.taking import take_set
from pgpipelines.endpoints import Endpoint
from pgpipelines.sessions import Session

# About 1.4 GB with all indexes: four million samples of meters, and five times as long a history of sessions.
SESSIONS, EARLIER_PERIODS, ROUNDS = 190_000, 4, 3
APPLICATION_NAME = "benchmarks.dumps"
DUMP = "database.dump"
DEFAULT, OURS, SET = "pg_dump -Fc", "pg_dump of a set", "a set"


@dataclass(frozen=True)
class Taken:
    """What something took: seconds of the wall clock, and of the CPU by programs of ours and by the server."""

    seconds: float
    client_cpu: float
    server_cpu: float


@dataclass(frozen=True)
class Stage:
    """A server with a filled database, how to enter it, its client's programs, and an empty folder."""

    server: Server
    endpoint: Endpoint
    programs: Programs
    folder: Path

    def dump(self, *options: str) -> None:
        """Run pg_dump."""
        database = database_argument(self.endpoint, APPLICATION_NAME)
        command = [self.programs.path("pg_dump"), database, "--format=custom", f"--file={self.folder / DUMP}"]
        run([*command, *options], self.endpoint)

    def dump_as_set(self) -> None:
        """Run pg_dump as a set does."""
        self.dump(f"--compress={self.programs.compression}")

    def take(self) -> None:
        """Take a set."""
        taken = take_set(self.endpoint, Folder(self.folder / "sets"), APPLICATION_NAME)
        taken.store.remove(taken.name)

    def checksums(self) -> None:
        """Compute what a restored database is compared with."""
        with Session(self.endpoint, APPLICATION_NAME, snapshot=True) as session:
            session.execute("dump/one_process.sql")
            read_contents(session)

    def dump_with_checksums(self) -> None:
        """Run pg_dump as a set does, and compute the checksums meanwhile."""
        with ThreadPoolExecutor(1) as pool:
            computed = pool.submit(self.checksums)
            self.dump_as_set()
            computed.result()

    def dump_globals(self) -> None:
        """Dump roles and tablespaces."""
        database = database_argument(self.endpoint, APPLICATION_NAME)
        for part in ("roles", "tablespaces"):
            run([self.programs.path("pg_dumpall"), database, f"--{part}-only", "--no-password"], self.endpoint)

    def read_back(self) -> None:
        """Let pg_restore read the last dump to its end."""
        run([self.programs.path("pg_restore"), "--file=/dev/null", str(self.folder / DUMP)])

    def sum_file(self) -> None:
        """Compute the last dump's SHA-256."""
        describe_file(self.folder, DUMP)

    def timed(self, work: Callable[[], None]) -> Taken:
        """Run something once, after the server has written out what it held."""
        Database(self.server, "postgres").execute("benchmarks/checkpoint.sql")
        server_cpu, client_cpu, begun = server_cpu_seconds([self.server]) or 0.0, _cpu_seconds(), time.perf_counter()
        work()
        seconds = time.perf_counter() - begun
        client_cpu = _cpu_seconds() - client_cpu
        return Taken(seconds, client_cpu, (server_cpu_seconds([self.server]) or 0.0) - server_cpu)


def race(stage: Stage, rounds: int) -> Mapping[str, list[Taken]]:
    """Let all run in turns, once to begin with that does not count."""
    contestants: Mapping[str, Callable[[], None]] = {
        DEFAULT: stage.dump,
        OURS: stage.dump_as_set,
        "the same and checksums": stage.dump_with_checksums,
        SET: stage.take,
        "  its checksums, alone": stage.checksums,
        "  its globals, alone": stage.dump_globals,
        "  pg_restore of the dump, alone": stage.read_back,
        "  SHA-256 of the dump, alone": stage.sum_file,
    }
    stage.dump_as_set()
    found: dict[str, list[Taken]] = {name: [] for name in contestants}
    for _ in range(rounds):
        for name, work in contestants.items():
            found[name].append(stage.timed(work))
    return found


def report(found: Mapping[str, list[Taken]]) -> str:
    """A table: medians, and the median over the rounds of the ratio to each pg_dump."""

    def ratio(name: str, to: str) -> str:
        pairs = zip(found[name], found[to], strict=True)
        return f"{median(one.seconds / other.seconds for one, other in pairs):.2f} x"

    rows = []
    for name, each in found.items():
        figures = ([getattr(one, figure) for one in each] for figure in ("seconds", "client_cpu", "server_cpu"))
        rows.append((name, *(f"{median(values):.2f}" for values in figures), ratio(name, OURS), ratio(name, DEFAULT)))
    return table(("", "seconds", "client CPU s", "server CPU s", f"to {OURS}", f"to {DEFAULT}"), rows)


def fill(server: Server, sessions: int) -> Database:
    """Make a database with the tables of charger_db."""
    database = Database(server, "charger_db")
    recreate(database)
    database.execute("schema/charger_db.sql")
    values = {"sessions": sessions, "chargers": CHARGERS, "first_day": "2026-01-01"}
    database.execute("benchmarks/charging_sessions.sql", values)
    database.execute("benchmarks/charging_samples.sql", {})
    database.execute("benchmarks/earlier_sessions.sql", {"sessions": sessions, "periods": EARLIER_PERIODS})
    database.execute("benchmarks/vacuum.sql")
    return database


@contextmanager
def stage_of(major: int, sessions: int) -> Iterator[Stage]:
    """A server of this version, thrown away when the block ends."""
    with running(["server"], major, SETTINGS) as (folder, (server,)):
        database = fill(server, sessions)
        endpoint = Endpoint(database.name, parse_dsn(server.dsn(database.name)))
        yield Stage(server, endpoint, client_for(major), folder)


def _cpu_seconds() -> float:
    """What this process has used, and the programs that it has waited for."""
    used = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(each.ru_utime + each.ru_stime for each in used)


def main(arguments: list[str] | None = None) -> None:
    """Run what is asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--major", type=int, choices=installed_majors(), default=usual_major(), help="PostgreSQL's version"
    )
    parser.add_argument("--sessions", type=int, default=SESSIONS)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    wanted = parser.parse_args(arguments)
    with stage_of(wanted.major, wanted.sessions) as stage:
        found = race(stage, wanted.rounds)
        size = Database(stage.server, stage.endpoint.database).one("benchmarks/size.sql").bytes
        compressed = (stage.folder / DUMP).stat().st_size
        print(
            f"PostgreSQL {stage.programs.version}, a database of {size / 1e9:.2f} GB, --compress="
            f"{stage.programs.compression}, {compressed / 1e6:,.0f} MB; {wanted.rounds} rounds\n\n{report(found)}"
        )


if __name__ == "__main__":
    main()
