"""Copies from plain tables into plain and into partitioned ones give the same rows, whatever was corrected."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest

from pgpipelines.copy import engine
from pgpipelines.copy.publishing import TableResult
from pgpipelines.copy.request import Cursor
from pgpipelines.ledger import Run
from pgpipelines.partitions import create_tables
from pgpipelines.templates import render
from tests.fixtures.copying import content, copied
from tests.fixtures.servers import Database

RUN = Run("tests", "run_1", "partitions")
SESSIONS, SAMPLES = "charger_usage_log", "power_consumption"
FILLED = f"""
    INSERT INTO station_info (station_id, station_name) VALUES ('S', 'S');
    INSERT INTO charger_info (charger_id, station_id, charger_type)
    SELECT 'C' || i, 'S', 'FAST' FROM generate_series(0, 4) AS i;
    INSERT INTO {SESSIONS} (charger_id, transaction_id, start_time, end_time, energy_delivered, extra_data)
    SELECT 'C' || i % 5, 'T' || i, timestamp '2025-12-20' + i * interval '3 hours',
        timestamp '2025-12-20' + i * interval '3 hours' + interval '70 minutes', i, '{{"a": 1}}'
    FROM generate_series(1, 900) AS i;
    INSERT INTO {SAMPLES} (charger_id, measurement_time, cumulative_energy)
    SELECT 'C' || i % 5, timestamp '2025-12-20' + i * interval '1 hour', i FROM generate_series(1, 2700) AS i;
"""
# Rows that came, and rows that were corrected: also to another month, into a wrong year, or each to the other's time.
CHANGED = f"""
    UPDATE {SESSIONS} SET energy_delivered = 0, end_time = NULL WHERE id = 5;
    UPDATE {SESSIONS} SET start_time = start_time + interval '1 month' WHERE id IN (10, 11);
    UPDATE {SESSIONS} SET start_time = '1970-01-01' WHERE id = 12;
    UPDATE {SESSIONS} SET transaction_id = transaction_id || '-again' WHERE id = 13;
    UPDATE {SESSIONS} AS a SET start_time = b.start_time FROM {SESSIONS} AS b
    WHERE (a.id, b.id) IN ((20, 700), (700, 20));
    INSERT INTO {SESSIONS} (charger_id, transaction_id, start_time)
    VALUES ('C1', 'new', '2026-02-03'), (NULL, NULL, '2046-01-01');
    UPDATE {SAMPLES} SET measurement_time = '2026-03-30' WHERE id = 3;
    INSERT INTO {SAMPLES} (charger_id, measurement_time) VALUES ('C1', '2026-02-03');
"""


@pytest.fixture(autouse=True)
def no_pause_between_attempts(monkeypatch: pytest.MonkeyPatch) -> None:
    """A run that starts anew does so at once."""
    monkeypatch.setattr(engine, "ATTEMPT_SECONDS", 0.0)


@pytest.fixture
def filled(database_of: Callable[..., Database]) -> Database:
    """A source whose tables are plain."""
    database = database_of()
    database.run(render("schema/charger_db.sql") + FILLED)
    return database


@pytest.fixture(params=["plain", "partitioned"])
def warehouse(database_of: Callable[..., Database], request: pytest.FixtureRequest) -> Database:
    """A target whose large tables stand already, in one form or the other."""
    database = database_of(15 if request.param == "partitioned" else 18)
    database.run(render("schema/charger_db.sql"))
    if request.param == "partitioned":
        database.run(f"DROP TABLE {SESSIONS}, {SAMPLES}")
        create_tables(database.endpoint, RUN, today=date(2026, 1, 15))
    return database


def copy_all(source: Database, target: Database, strategy: str) -> dict[str, TableResult]:
    options = {"cursor": Cursor("xmin")} if strategy == "incremental" else {}
    tables = ("station_info", "charger_info", SESSIONS, SAMPLES)
    return {table: copied(source, target, table, None, dict(options), strategy=strategy) for table in tables}


def assert_equal(source: Database, target: Database) -> None:
    for table in (SESSIONS, SAMPLES):
        assert content(target, table) == content(source, table)


@pytest.mark.parametrize("strategy", ["full_refresh", "incremental"])
def test_both_forms_of_a_target_become_equal_to_a_plain_source(
    filled: Database, warehouse: Database, strategy: str
) -> None:
    copy_all(filled, warehouse, strategy)
    assert_equal(filled, warehouse)
    filled.run(CHANGED)
    done = copy_all(filled, warehouse, strategy)
    assert_equal(filled, warehouse)
    changes = done[SESSIONS].changes
    assert (changes.inserted, changes.updated, changes.deleted) == (2, 7, 0)
    again = copy_all(filled, warehouse, strategy)
    assert all(result.changes == type(changes)() for result in again.values())


def test_a_full_refresh_takes_away_what_the_source_has_lost(filled: Database, warehouse: Database) -> None:
    copy_all(filled, warehouse, "full_refresh")
    filled.run(f"DELETE FROM {SESSIONS} WHERE id % 10 = 1; DELETE FROM {SAMPLES} WHERE id < 100")
    done = copy_all(filled, warehouse, "full_refresh")
    assert done[SESSIONS].changes.deleted == 90
    assert_equal(filled, warehouse)


def test_rows_lie_in_the_months_of_their_times(filled: Database, database_of: Callable[..., Database]) -> None:
    target = database_of()
    target.run(render("schema/charger_db.sql") + f"DROP TABLE {SESSIONS}, {SAMPLES}")
    create_tables(target.endpoint, RUN, today=date(2026, 1, 15))
    copy_all(filled, target, "full_refresh")
    filled.run(CHANGED)
    copy_all(filled, target, "incremental")
    misplaced = f"""
        SELECT count(*) FROM {SESSIONS}
        WHERE tableoid <> '{SESSIONS}_default'::regclass
        AND tableoid::regclass::text <> '{SESSIONS}_' || to_char(start_time, 'YYYY_MM')
    """
    assert target.value(misplaced) == 0
    # December is before the first month that was made: of its 95 sessions two have moved to January.
    assert target.value(f"SELECT count(*) FROM {SESSIONS}_default WHERE start_time < '2026-01-01'") == 93
