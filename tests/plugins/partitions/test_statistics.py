"""Statistics of partitioned raw tables are those of plain ones, and cost no more when partitions come and go."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest

from pgpipelines.errors import VerificationError
from pgpipelines.ledger import Run
from pgpipelines.partitions import PartitionSettings, convert, create_tables, maintain
from pgpipelines.rollup.engine import reconcile
from pgpipelines.rollup.request import RollupRequest, RollupSettings
from pgpipelines.sessions import Session
from pgpipelines.templates import QualifiedName
from tests.fixtures.servers import Database
from tests.plugins.rollup.charging import add_sample, add_session, make_chargers, rebuilt, roll_up, statistics

RUN = Run("tests", "run_1", "partitions")
TODAY = date(2026, 3, 14)
RAW = ("charger_usage_log", "power_consumption")


def charge(database: Database) -> None:
    """Sessions of three months, some over the end of one, some odd; meter samples of one of them."""
    for day in ("2026-01-31", "2026-02-28", "2026-03-05"):
        add_session(database, f"{day} 22:30", f"{day} 23:50", 9.5, total_charge=3000)
        add_session(database, f"{day} 23:55", f"{day} 21:00", 1, charger_id="C2")
    add_session(database, "2026-01-31 23:30", "2026-02-01 02:10", 20, charger_id="C3", base_charge=1000)
    for minutes in (30, 45, 0, 15):
        add_sample(
            database, f"2026-01-31 2{3 if minutes else 2}:{minutes:02}", charger_id="C3", charger_status="IN_USE"
        )


@pytest.fixture
def plain(database_of: Callable[..., Database]) -> Database:
    """Sessions in plain tables."""
    database = database_of()
    make_chargers(database)
    charge(database)
    return database


@pytest.fixture
def partitioned(database_of: Callable[..., Database]) -> Database:
    """The same sessions in tables that are partitioned, in months and in the default partition."""
    database = database_of()
    make_chargers(database)
    database.run(f"DROP TABLE {', '.join(RAW)}")
    create_tables(database.endpoint, RUN, today=date(2026, 2, 10))
    charge(database)
    return database


def test_statistics_are_the_same_whatever_form_the_raw_tables_have(plain: Database, partitioned: Database) -> None:
    expected = rebuilt(plain)
    roll_up(partitioned)
    assert statistics(partitioned) == expected
    for table in RAW:
        convert(plain.endpoint, RUN, QualifiedName("public", table), today=TODAY)
    assert rebuilt(plain) == expected


def test_months_that_are_made_or_detached_leave_nothing_to_compute(partitioned: Database) -> None:
    add_session(partitioned, "2026-07-01 10:00", "2026-07-01 11:00")
    roll_up(partitioned)
    before = statistics(partitioned)
    # January and July come out of the default partition, with their rows; then January is taken off.
    sessions, _ = maintain(partitioned.endpoint, RUN, today=date(2026, 5, 2))
    assert sessions.made == tuple(f"charger_usage_log_2026_{month}" for month in ("01", "06", "07", "08"))
    maintain(partitioned.endpoint, RUN, PartitionSettings(keep_months=3, detach=True), today=date(2026, 5, 2))
    hours, _, _ = roll_up(partitioned)
    assert (hours.installed, hours.marks) == (False, 0)
    assert statistics(partitioned) == before


def test_rows_written_to_a_new_month_are_followed(partitioned: Database) -> None:
    roll_up(partitioned)
    maintain(partitioned.endpoint, RUN, today=date(2026, 5, 2))
    roll_up(partitioned)
    partitioned.run("""
        INSERT INTO charger_usage_log_2026_08 (charger_id, start_time, end_time, energy_delivered)
        VALUES ('C1', '2026-08-01 10:00', '2026-08-01 11:00', 7)
    """)
    hours, _, _ = roll_up(partitioned)
    assert hours.installed is False
    assert (hours.sessions, hours.written) == (1, 1)


def test_a_conversion_takes_the_views_along(plain: Database) -> None:
    request = RollupRequest(plain.endpoint, RollupSettings())
    roll_up(plain)
    with Session(plain.endpoint, "tests") as session:
        session.execute("rollup/views.sql", request.settings.values, schema="public", **request.tables)
        session.commit()
    convert(plain.endpoint, RUN, QualifiedName("public", "charger_usage_log"), today=TODAY)
    plain.run("DROP TABLE pgpipelines.charger_usage_log")
    add_session(plain, "2026-03-10 10:00", "2026-03-10 11:00", status="completed")
    question = "SELECT num_sessions, num_succeeded FROM session_success WHERE stats_date = '2026-03-10'"
    assert plain.rows(question) == [(1, 1)]


def test_statistics_of_detached_months_stay_when_everything_is_computed_anew(plain: Database) -> None:
    request = RollupRequest(plain.endpoint, RollupSettings())
    # In quarantine: it ends before it starts.
    add_session(plain, "2026-01-12 10:00", "2026-01-12 09:00", 3, total_charge=700)
    for table in RAW:
        convert(plain.endpoint, RUN, QualifiedName("public", table), today=TODAY)
    roll_up(plain)
    before, reconciled = statistics(plain), reconcile(request, RUN)
    sessions, samples = maintain(plain.endpoint, RUN, PartitionSettings(keep_months=1, detach=True), today=TODAY)
    assert (len(sessions.detached), len(samples.detached)) == (1, 1)
    assert rebuilt(plain) == before
    assert reconcile(request, RUN) == reconciled
    # A session of January lasted until 02:10: what is written behind it counts, what is written before it does not.
    hours = "SELECT total_energy FROM hourly_charger_stats WHERE charger_id = 'C3' AND stats_hour = %s"
    add_session(plain, "2026-02-01 06:00", "2026-02-01 06:30", 5, charger_id="C3")
    roll_up(plain)
    assert plain.value(hours, ("2026-02-01 06:00",)) == 5
    assert reconcile(request, RUN).log.sessions == reconciled.log.sessions + 1
    stands = plain.value(hours, ("2026-02-01 01:00",))
    add_session(plain, "2026-02-01 01:00", "2026-02-01 01:30", 5, charger_id="C3")
    roll_up(plain)
    assert plain.value(hours, ("2026-02-01 01:00",)) == stands
    with pytest.raises(VerificationError):
        reconcile(request, RUN)


def test_a_session_that_comes_for_a_detached_month_is_missed(plain: Database) -> None:
    request = RollupRequest(plain.endpoint, RollupSettings())
    for table in RAW:
        convert(plain.endpoint, RUN, QualifiedName("public", table), today=TODAY)
    roll_up(plain)
    maintain(plain.endpoint, RUN, PartitionSettings(keep_months=1, detach=True), today=TODAY)
    reconciled = reconcile(request, RUN)
    add_session(plain, "2026-01-12 10:00", "2026-01-12 11:00", 7, total_charge=2000)
    roll_up(plain)
    with pytest.raises(VerificationError, match="1 sessions were written into months that are detached") as missed:
        reconcile(request, RUN)
    assert "attach their months again" in missed.value.remedy
    plain.run("DELETE FROM charger_usage_log WHERE start_time < '2026-01-13'")
    roll_up(plain)
    assert reconcile(request, RUN) == reconciled
