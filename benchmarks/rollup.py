"""How fast the statistics of chargers are: python -m benchmarks.rollup [--sessions N] [--only …] [--major N].

One server of its own, in a temporary folder, thrown away afterwards. Everything is measured at the engine's entry
points, on a database made anew for each figure; seconds are of the wall clock, CPU is what the server's processes used.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime, timezone

from psycopg2.extensions import parse_dsn

from benchmarks.databases import Database, recreate
from benchmarks.measure import server_cpu_seconds
from benchmarks.servers import running
from demo.servers import Server, installed_majors
from pgpipelines.endpoints import Endpoint
from pgpipelines.ledger import Run
from pgpipelines.rollup.engine import roll_up_days, roll_up_hours, roll_up_stations
from pgpipelines.rollup.explanation import explain
from pgpipelines.rollup.request import RollupRequest, RollupSettings

RUN = Run("benchmarks", "rollup", "statistics")
# What autovacuum does depends on the minute it comes in. The rest is a small server of today.
SETTINGS = {"autovacuum": "off", "shared_buffers": "1GB", "max_wal_size": "16GB"}
SESSIONS, METERED, CHARGERS, CORRECTIONS = 1_000_000, 200_000, 500, 1_000
TIMES = 3
LARGER = 10
# A steady state: many chargers, and samples of a few days.
MANY_CHARGERS, SESSIONS_OF_EACH = 5_000, 20


@dataclass(frozen=True)
class Stage:
    """A server, and how many sessions its databases have."""

    server: Server
    sessions: int

    def make(self, name: str, sessions: int, *, chargers: int = CHARGERS, metered: bool = False) -> Database:
        """A database of sessions, and samples where asked for, without statistics."""
        database = Database(self.server, name)
        recreate(database)
        database.execute("schema/charger_db.sql")
        values = {"sessions": sessions, "chargers": chargers, "first_day": "2024-01-01"}
        database.execute("benchmarks/charging_sessions.sql", values)
        if metered:
            database.execute("benchmarks/charging_samples.sql", {})
        self.settle(database)
        return database

    def settle(self, database: Database) -> None:
        """Vacuum, analyze and write out what there is."""
        database.execute("benchmarks/vacuum.sql")
        database.execute("benchmarks/checkpoint.sql")

    def clone(self, original: Database) -> Database:
        """A database like another, to be measured in."""
        maintenance = Database(self.server, "postgres")
        maintenance.execute("benchmarks/drop_database.sql", database="measured")
        maintenance.execute("benchmarks/clone_database.sql", database="measured", original=original.name)
        maintenance.execute("benchmarks/checkpoint.sql")
        return Database(self.server, "measured")

    def request(self, database: Database, workers: int = 2) -> RollupRequest:
        """What the engine is asked for."""
        endpoint = Endpoint(database.name, parse_dsn(self.server.dsn(database.name)))
        return RollupRequest(endpoint, RollupSettings(workers=workers))

    @contextmanager
    def measured(self, what: str, rows: int = 0) -> Iterator[None]:
        """Print what the block took, and a rate where rows are counted."""
        before, begun = server_cpu_seconds([self.server]) or 0.0, time.perf_counter()
        yield
        seconds = time.perf_counter() - begun
        cpu = (server_cpu_seconds([self.server]) or 0.0) - before
        rate = f"  {rows / seconds:10,.0f} sessions/s" if rows else ""
        print(f"{what:62} {seconds:8.3f} s  {cpu:8.2f} s CPU{rate}", flush=True)


def roll_up(request: RollupRequest) -> None:
    """All three tables."""
    roll_up_hours(request, RUN)
    roll_up_days(request, RUN)
    roll_up_stations(request, RUN)


def plain_hours(database: Database, connections: int) -> None:
    """The least that a team would write: one statement for each share of the chargers, and the key."""
    first_chargers = [f"CHG-{CHARGERS * share // connections:05}" for share in range(connections)]

    def of_share(first_charger: str, end_charger: str | None) -> int:
        values = {"first_charger": first_charger, "end_charger": end_charger}
        return database.execute("benchmarks/plain_hours.sql", values)

    with ThreadPoolExecutor(connections) as pool:
        list(pool.map(of_share, first_chargers, [*first_chargers[1:], None]))
    database.execute("benchmarks/add_plain_key.sql")


def whole(stage: Stage) -> None:
    """Everything, by two connections and by one; beside it the least that statistics by hour are."""
    original = stage.make("plain", stage.sessions)
    for workers in (2, 1):
        database = stage.clone(original)
        database.execute("benchmarks/create_plain_hours.sql")
        with stage.measured(f"energy, money and counts by hour alone, {workers} connections", stage.sessions):
            plain_hours(database, workers)
        request = stage.request(stage.clone(original), workers)
        with stage.measured(f"all three tables, {workers} connections", stage.sessions):
            with stage.measured(f"hours, {workers} connections", stage.sessions):
                roll_up_hours(request, RUN)
            roll_up_days(request, RUN)
            roll_up_stations(request, RUN)


def metered(stage: Stage) -> None:
    """Sessions with samples of their meters every 15 minutes."""
    sessions = min(METERED, stage.sessions)
    request = stage.request(stage.clone(stage.make("metered", sessions, metered=True)))
    with stage.measured("all three tables, samples every 15 minutes", sessions):
        with stage.measured("hours, samples every 15 minutes", sessions):
            roll_up_hours(request, RUN)
        roll_up_days(request, RUN)
        roll_up_stations(request, RUN)


def corrections(stage: Stage) -> None:
    """Single sessions of any age, corrected."""
    _correct(stage, stage.sessions)


def larger(stage: Stage) -> None:
    """The same corrections in a log, and in one ten times as large; and there, where single hours came from."""
    for sessions in (stage.sessions, LARGER * stage.sessions):
        request = _correct(stage, sessions)
    for day in range(1, 1 + TIMES):
        with stage.measured(f"an hour of a charger explained in {sessions:,} sessions"):
            explain(request, RUN, f"CHG-{day:05}", datetime(2024, 1, 1 + day, 12, tzinfo=timezone.utc))


def _correct(stage: Stage, sessions: int) -> RollupRequest:
    # More sessions are of more chargers: later ones would be of the future.
    database = stage.make("corrected", sessions, chargers=CHARGERS * sessions // stage.sessions)
    request = stage.request(database)
    roll_up(request)
    stage.settle(database)
    for salt in range(TIMES):
        values = {"sessions": sessions, "corrections": CORRECTIONS, "salt": salt}
        database.execute("benchmarks/correct_sessions.sql", values)
        with stage.measured(f"{CORRECTIONS:,} corrections in {sessions:,} sessions"):
            roll_up(request)
    return request


def steady(stage: Stage) -> None:
    """Hour after hour of many chargers: their samples every 15 minutes, and the sessions that began and ended."""
    chargers = min(MANY_CHARGERS, stage.sessions // SESSIONS_OF_EACH)
    database = stage.make("steady", SESSIONS_OF_EACH * chargers, chargers=chargers, metered=True)
    request = stage.request(database)
    roll_up(request)
    stage.settle(database)
    for _ in range(TIMES):
        database.execute("benchmarks/next_hour.sql", {})
        with stage.measured(f"the next hour of {chargers:,} chargers"):
            roll_up(request)


def tracking(stage: Stage) -> None:
    """What a bulk load takes without and with triggers, in turn; installing them is not measured."""
    database = stage.make("tracked", stage.sessions)
    with tempfile.TemporaryFile() as rows:
        with closing(database.connect()) as connection, connection.cursor() as cursor:
            cursor.copy_expert("COPY charger_usage_log TO STDOUT", rows)
        for tracked in (False, True):
            database.execute("benchmarks/empty_log.sql")
            if tracked:
                roll_up(stage.request(database))
            for _ in range(TIMES):
                database.execute("benchmarks/empty_log.sql")
                database.execute("benchmarks/checkpoint.sql")
                rows.seek(0)
                what = f"COPY of {stage.sessions:,} sessions, {'' if tracked else 'not '}tracked"
                with closing(database.connect()) as connection, connection.cursor() as cursor, stage.measured(what):
                    cursor.copy_expert("COPY charger_usage_log FROM STDIN", rows)


BENCHMARKS: dict[str, Callable[[Stage], None]] = {
    "whole": whole,
    "metered": metered,
    "corrections": corrections,
    "larger": larger,
    "steady": steady,
    "tracking": tracking,
}
# The others take many minutes, and tens of GB.
USUAL = tuple(name for name in BENCHMARKS if name != "larger")


def main(arguments: list[str] | None = None) -> None:
    """Run what is asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sessions", type=int, default=SESSIONS)
    parser.add_argument("--only", nargs="+", choices=tuple(BENCHMARKS), default=USUAL)
    parser.add_argument(
        "--major", type=int, choices=installed_majors(), default=max(installed_majors()), help="PostgreSQL's version"
    )
    wanted = parser.parse_args(arguments)
    with running(["server"], wanted.major, SETTINGS) as (_, (server,)):
        for name in wanted.only:
            BENCHMARKS[name](Stage(server, wanted.sessions))


if __name__ == "__main__":
    main()
