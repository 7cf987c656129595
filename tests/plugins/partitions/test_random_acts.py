"""Whatever is written and whenever partitions are maintained: no row is lost, and what is detached is accounted for."""

from __future__ import annotations

import random
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime, timedelta
from threading import Event

import psycopg2
import pytest

from pgpipelines.ledger import Run
from pgpipelines.partitions import PartitionSettings, create_tables, maintain
from pgpipelines.templates import render
from tests.fixtures.servers import Database
from tests.plugins.partitions.test_maintenance import CHARGER, SAMPLES, SESSIONS

RUN = Run("tests", "run_1", "partitions")
BEGIN = date(2025, 1, 1)
# Of each writer: each row makes looking for the next one slower.
MOST_ROWS = 400
INSERT = f"""
    INSERT INTO {SESSIONS} (charger_id, transaction_id, start_time, end_time, energy_delivered, total_charge)
    VALUES ('C', %(name)s, %(start)s, %(end)s, %(energy)s, %(charge)s)
"""


@pytest.fixture
def partitioned(database_of: Callable[..., Database]) -> Database:
    """charger_db with its large tables partitioned, from January 2025."""
    database = database_of()
    database.run(render("schema/charger_db.sql") + CHARGER + f"DROP TABLE {SESSIONS}, {SAMPLES}")
    create_tables(database.endpoint, RUN, today=BEGIN)
    return database


def totals(database: Database, noted: str = "detached_partition") -> tuple[object, ...]:
    """Rows, Wh and KRW of what is attached and of what is noted as detached, together."""
    ((attached, detached),) = database.rows(f"""
        SELECT
            (SELECT ARRAY[count(*), sum(round(energy_delivered * 1000)), sum(total_charge)] FROM {SESSIONS}),
            (SELECT ARRAY[sum(rows), sum(energy_wh), sum(revenue)] FROM pgpipelines.{noted}
             WHERE table_name = '{SESSIONS}')
    """)
    return tuple((one or 0) + (other or 0) for one, other in zip(attached, detached, strict=True))


def session(chance: random.Random, number: int, today: date) -> dict[str, object]:
    """A session of the last weeks; or of months ago, of next year, of a wrong clock, or without an end."""
    back = chance.choice((5, 5, 5, 20, 20, 200, -300, 14_000))
    start = datetime(today.year, today.month, today.day) + timedelta(days=-back, minutes=chance.randrange(3000))  # noqa: DTZ001
    end = start + timedelta(minutes=chance.randrange(-60, 900))
    return {
        "name": f"T{number}",
        "start": start,
        "end": None if chance.random() < 0.02 else end,
        "energy": chance.randrange(90_000) / 1000,
        "charge": chance.randrange(0, 30_000, 5),
    }


@pytest.mark.parametrize("seed", range(4))
def test_rows_are_attached_or_accounted_for(partitioned: Database, seed: int) -> None:
    chance = random.Random(seed)
    today, written = BEGIN, [0, 0, 0]
    for number in range(40):
        today += timedelta(days=chance.randrange(25))
        for repeated in range(chance.randrange(6)):
            values = session(chance, 100 * number + repeated, today)
            partitioned.run(INSERT, values)
            written[0] += 1
            written[1] += round(float(str(values["energy"])) * 1000)
            written[2] += int(str(values["charge"]))
        if chance.random() < 0.2:
            partitioned.run(f"UPDATE {SESSIONS} SET end_time = start_time + interval '1 hour' WHERE end_time IS NULL")
        if chance.random() < 0.5:
            settings = PartitionSettings(months_ahead=chance.randrange(4), keep_months=2, detach=chance.random() < 0.5)
            sessions, _ = maintain(partitioned.endpoint, RUN, settings, today=today)
            left = f"SELECT count(*) FROM {SESSIONS}_default"
            assert partitioned.value(left) == sessions.stray_rows
            assert totals(partitioned) == totals(partitioned, "detached_charger") == tuple(written)
    maintain(partitioned.endpoint, RUN, today=today)
    assert totals(partitioned) == tuple(written)
    misplaced = f"""
        SELECT count(*) FROM {SESSIONS} WHERE tableoid <> '{SESSIONS}_default'::regclass
        AND tableoid::regclass::text <> '{SESSIONS}_' || to_char(start_time, 'YYYY_MM')
    """
    assert partitioned.value(misplaced) == 0


def test_writers_and_readers_go_on_while_months_come_and_go(partitioned: Database) -> None:
    done = Event()

    def write(writer: int) -> int:
        chance, written = random.Random(writer), 0
        connection = partitioned.connect()
        try:
            # With a breath between two transactions: maintenance gives way to writers, again and again.
            while written < MOST_ROWS and not done.wait(0.01):
                values = session(chance, 1_000_000 * (writer + 1) + written, date(2025, 3, 1)) | {"end": "2025-03-02"}
                with connection, connection.cursor() as cursor:
                    try:
                        cursor.execute(INSERT, values)
                    except psycopg2.errors.CheckViolation:
                        # Its month was just made; PostgreSQL had chosen the default partition.
                        continue
                    cursor.execute(f"SELECT count(*) FROM {SESSIONS} WHERE transaction_id = %s", (values["name"],))
                    assert cursor.fetchone() == (1,)
                written += 1
        finally:
            connection.close()
        return written

    with ThreadPoolExecutor(3) as threads:
        writers = [threads.submit(write, number) for number in range(3)]
        try:
            for month in range(4, 9):
                settings = PartitionSettings(months_ahead=month % 3, keep_months=2, detach=True)
                maintain(partitioned.endpoint, RUN, settings, today=date(2025, month, 2))
        finally:
            done.set()
        written = sum(writer.result() for writer in writers)
    assert written > 0
    assert totals(partitioned)[0] == written
