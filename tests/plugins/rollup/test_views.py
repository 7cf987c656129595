"""What the views say, in numbers that can be checked by hand."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from pgpipelines.rollup.request import RollupRequest, RollupSettings
from pgpipelines.sessions import Session
from tests.fixtures.servers import Database
from tests.plugins.rollup.charging import add_session, insert, roll_up

DAY_SECONDS = 86_400
VIEWS = (
    "charger_utilisation station_utilisation revenue_per_kwh session_success idle_chargers peak_hours station_uptime "
    "station_periods"
).split()


def create_views(database: Database, settings: RollupSettings | None = None) -> None:
    request = RollupRequest(database.endpoint, settings or RollupSettings())
    with Session(database.endpoint, "tests") as session:
        session.execute("rollup/statistics.sql", **request.tables)
        session.execute("rollup/views.sql", request.settings.values, schema=request.settings.schema, **request.tables)
        session.commit()


@pytest.fixture
def viewed(charging: Database) -> Database:
    """Chargers C1 and C2 of station S1 and C3 of S2, with statistics tables that are empty, and the views."""
    create_views(charging)
    return charging


def add_day(database: Database, day: str, charger: str = "C1", **values: Any) -> None:
    """Insert a charger's day of 24 hours, of which nothing is known unless said otherwise."""
    known = sum(values.get(name, 0) for name in ("up_seconds", "down_seconds", "maintenance_seconds"))
    given = {"charger_id": charger, "stats_date": day, "unknown_seconds": DAY_SECONDS - known, **values}
    insert(database, "daily_charger_stats", **given)


def add_hour(database: Database, day: str, key: str, energy: float, **values: Any) -> None:
    """Insert a charger's hour, of C1 unless said otherwise."""
    given = {"charger_id": "C1", "stats_hour": f"{day} {key[:2]}:00", "stats_date": day, "hour_key": key, **values}
    insert(database, "hourly_charger_stats", total_energy=energy, **given)


def test_a_charger_is_as_used_as_its_share_of_the_day_says(viewed: Database) -> None:
    add_day(viewed, "2026-03-01", occupied_seconds=21_600, charging_seconds=10_800, num_sessions=2, total_energy=40)
    # A day of 23 hours, half of it unknown.
    add_day(viewed, "2026-03-29", occupied_seconds=8280, up_seconds=41_400, unknown_seconds=41_400)
    assert viewed.rows("""
        SELECT station_id, charger_id, day_seconds, occupied_percentage, charging_percentage
        FROM charger_utilisation ORDER BY stats_date
    """) == [("S1", "C1", 86_400, Decimal("25.00"), Decimal("12.50")), ("S1", "C1", 82_800, Decimal("10.00"), 0)]


def test_a_station_is_as_used_as_all_its_chargers_also_those_without_data(viewed: Database) -> None:
    add_day(viewed, "2026-03-01", occupied_seconds=21_600, charging_seconds=10_800, num_sessions=2, total_energy=40)
    add_day(viewed, "2026-03-02", occupied_seconds=21_600)
    add_day(viewed, "2026-03-02", "C2", occupied_seconds=43_200, charging_seconds=86_400)
    add_day(viewed, "2026-03-01", "C3", occupied_seconds=864)
    columns = "num_chargers, occupied_seconds, charger_seconds, occupied_percentage, charging_percentage"
    question = f"SELECT station_id, {columns} FROM station_utilisation ORDER BY station_id, stats_date"
    assert viewed.rows(question) == [
        ("S1", 2, 21_600, 172_800, Decimal("12.50"), Decimal("6.25")),
        ("S1", 2, 64_800, 172_800, Decimal("37.50"), Decimal("50.00")),
        ("S2", 1, 864, 86_400, Decimal("1.00"), 0),
    ]
    # C2 was installed on the second day: the first one was C1's alone.
    viewed.run("UPDATE charger_info SET installation_date = '2026-03-02' WHERE charger_id = 'C2'")
    assert [row[1:5] for row in viewed.rows(question)][:2] == [
        (1, 21_600, 86_400, Decimal("25.00")),
        (2, 64_800, 172_800, Decimal("37.50")),
    ]


def test_revenue_per_kwh_divides_what_was_earned_by_what_was_delivered(viewed: Database) -> None:
    add_day(viewed, "2026-03-01", total_energy=40, total_revenue=14_000, revenue_completed=13_000, energy_charge=12_000)
    add_day(viewed, "2026-03-02", total_energy=0, total_revenue=500)
    assert viewed.rows("""
        SELECT revenue_open, revenue_per_kwh, energy_charge_per_kwh FROM revenue_per_kwh ORDER BY stats_date
    """) == [(1000, Decimal("350.00"), Decimal("300.00")), (500, None, None)]


def test_sessions_succeed_fail_or_are_undecided_on_the_business_day_of_their_start(viewed: Database) -> None:
    # 15:00 UTC is midnight in Seoul.
    add_session(viewed, "2026-03-01 14:59", "2026-03-01 15:30", status="completed")
    for minute, status in enumerate(("completed", "completed", "error")):
        add_session(viewed, f"2026-03-01 15:0{minute}", "2026-03-01 16:00", status=status)
    add_session(viewed, "2026-03-01 17:00", "2026-03-01 18:00", status="completed", error_code="E-101")
    add_session(viewed, "2026-03-01 19:00", None, status="charging")
    add_session(viewed, "2026-03-01 20:00", "2026-03-01 21:00", status="failed", charger_id="C3")
    add_session(viewed, "2026-03-01 21:00", "2026-03-01 22:00", status="charging", charger_id=None)
    assert viewed.rows("""
        SELECT stats_date, station_id, num_sessions, num_succeeded, num_failed, num_undecided, success_percentage
        FROM session_success ORDER BY stats_date, station_id
    """) == [
        (date(2026, 3, 1), "S1", 1, 1, 0, 0, 100),
        (date(2026, 3, 2), "S1", 5, 2, 2, 1, 50),
        (date(2026, 3, 2), "S2", 1, 0, 1, 0, 0),
        (date(2026, 3, 2), None, 1, 0, 0, 1, None),
    ]


def test_chargers_are_idle_since_they_were_last_used_before_the_newest_day(viewed: Database) -> None:
    add_day(viewed, "2026-03-01", active_sessions=1, num_sessions=1)
    add_day(viewed, "2026-03-02", active_sessions=1)
    add_day(viewed, "2026-03-09", last_status="FAULT")
    add_day(viewed, "2026-03-10", "C2", active_sessions=2)
    assert viewed.rows("""
        SELECT charger_id, station_id, last_used, newest_date, idle_days, last_status
        FROM idle_chargers ORDER BY charger_id
    """) == [
        ("C1", "S1", date(2026, 3, 2), date(2026, 3, 10), 8, "FAULT"),
        ("C2", "S1", date(2026, 3, 10), date(2026, 3, 10), 0, None),
        ("C3", "S2", None, date(2026, 3, 10), None, None),
    ]
    unused = "SELECT charger_id FROM idle_chargers WHERE idle_days >= 7 OR last_used IS NULL ORDER BY 1"
    assert viewed.rows(unused) == [("C1",), ("C3",)]


def test_days_of_the_future_make_no_charger_idle_and_no_peak_lower(viewed: Database) -> None:
    add_day(viewed, "2026-03-02", active_sessions=1, last_status="IN_USE")
    add_hour(viewed, "2026-03-02", "18", 30)
    # A Monday, by a meter whose clock is off.
    add_day(viewed, "2300-01-01", last_status="FAULT")
    assert viewed.rows("SELECT newest_date, idle_days, last_status FROM idle_chargers WHERE charger_id = 'C1'") == [
        (date(2026, 3, 2), 0, "IN_USE")
    ]
    assert viewed.rows("SELECT num_days, energy_per_day FROM peak_hours") == [(1, 30)]


def test_peak_hours_are_averages_over_all_days_of_a_weekday(viewed: Database) -> None:
    # 2 and 9 March are Mondays, 3 March is a Tuesday; on the second Monday nothing was delivered at 18.
    for day in ("2026-03-02", "2026-03-09", "2026-03-03"):
        add_day(viewed, day)
    add_hour(viewed, "2026-03-02", "18", 30, num_sessions=2)
    add_hour(viewed, "2026-03-02", "18", 10, num_sessions=1, charger_id="C2")
    add_hour(viewed, "2026-03-09", "07", 8)
    add_hour(viewed, "2026-03-03", "18", 32, num_sessions=4)
    assert viewed.rows("""
        SELECT weekday, hour_key, num_days, num_sessions, total_energy, energy_per_day, energy_percentage, peak_rank
        FROM peak_hours ORDER BY weekday, hour_key
    """) == [
        (1, "07", 2, 0, 8, 4, 10, 3),
        (1, "18", 2, 3, 40, 20, 50, 2),
        (2, "18", 1, 4, 32, 32, 40, 1),
    ]


def test_uptime_is_held_against_the_target_by_month(viewed: Database) -> None:
    def add(day: str, station: str = "S1", **seconds: int) -> None:
        insert(viewed, "station_daily_stats", station_id=station, stats_date=day, **seconds)

    # 97.00 % exactly, then a second short of it, which rounds to 97.00 too.
    add("2026-03-01", up_seconds=86_400, maintenance_seconds=86_400, fault_count=1)
    add("2026-03-31", up_seconds=10_600, down_seconds=3000, unknown_seconds=186_400 - 3000 - 10_600, fault_count=2)
    add("2026-04-01", up_seconds=96_999, down_seconds=3001)
    add("2026-04-01", "S2", unknown_seconds=86_400)
    assert viewed.rows("""
        SELECT month::text, station_id, uptime_percentage, uptime_target, meets_target, known_percentage, fault_count
        FROM station_uptime ORDER BY month, station_id
    """) == [
        ("2026-03-01", "S1", Decimal("97.00"), 97, True, Decimal("51.89"), 3),
        ("2026-04-01", "S1", Decimal("97.00"), 97, False, 100, 0),
        ("2026-04-01", "S2", None, 97, None, 0, 0),
    ]


def test_periods_are_weeks_from_monday_months_and_years(viewed: Database) -> None:
    for day, sessions, energy, revenue in (
        ("2025-12-31", 1, 10, 3000),
        ("2026-01-01", 2, 20, 6000),
        ("2026-01-04", 1, 10, 3500),
        ("2026-01-05", 0, 0, 0),
    ):
        insert(
            viewed,
            "station_daily_stats",
            station_id="S1",
            stats_date=day,
            num_sessions=sessions,
            total_energy=energy,
            total_revenue=revenue,
            revenue_completed=revenue,
            up_seconds=900,
            down_seconds=100,
        )
    assert viewed.rows("""
        SELECT
            period, period_start::text, num_days, num_sessions, total_energy, total_revenue, energy_per_session,
            revenue_per_session, revenue_per_kwh, uptime_percentage
        FROM station_periods ORDER BY period, period_start
    """) == [
        ("month", "2025-12-01", 1, 1, 10, 3000, 10, 3000, 300, 90),
        ("month", "2026-01-01", 3, 3, 30, 9500, 10, Decimal("3166.67"), Decimal("316.67"), 90),
        ("week", "2025-12-29", 3, 4, 40, 12_500, 10, 3125, Decimal("312.50"), 90),
        ("week", "2026-01-05", 1, 0, 0, 0, None, None, None, 90),
        ("year", "2025-01-01", 1, 1, 10, 3000, 10, 3000, 300, 90),
        ("year", "2026-01-01", 3, 3, 30, 9500, 10, Decimal("3166.67"), Decimal("316.67"), 90),
    ]


def test_the_views_follow_what_a_run_computes(charging: Database) -> None:
    create_views(charging)
    # 10 kWh from 10:00 to 14:00 of 2 March in Seoul, a Monday, at one of the station's two chargers.
    add_session(
        charging, "2026-03-02 01:00", "2026-03-02 05:00", 10, base_charge=1000, energy_charge=3000, status="completed"
    )
    roll_up(charging)
    assert charging.rows("SELECT charger_id, occupied_percentage FROM charger_utilisation") == [
        ("C1", Decimal("16.67"))
    ]
    assert charging.rows("SELECT occupied_percentage FROM station_utilisation") == [(Decimal("8.33"),)]
    assert charging.rows("SELECT revenue_per_kwh, energy_charge_per_kwh FROM revenue_per_kwh") == [(400, 300)]
    assert charging.rows("SELECT hour_key, energy_per_day FROM peak_hours WHERE weekday = 1 ORDER BY 1") == [
        (key, Decimal("2.5")) for key in ("10", "11", "12", "13")
    ]
    assert charging.rows("SELECT total_revenue FROM station_periods WHERE period = 'year'") == [(4000,)]


def test_views_are_brought_up_to_date_in_place(viewed: Database) -> None:
    viewed.run("CREATE VIEW mine AS SELECT charger_id FROM idle_chargers")
    create_views(viewed, RollupSettings(uptime_target=Decimal("99.5")))
    insert(viewed, "station_daily_stats", station_id="S1", stats_date="2026-03-01", up_seconds=99, down_seconds=1)
    assert viewed.rows("SELECT uptime_target, meets_target FROM station_uptime") == [(Decimal("99.5"), False)]


def test_every_view_and_column_says_what_it_is(viewed: Database) -> None:
    rows = viewed.rows(
        """
        SELECT c.relname, a.attname, obj_description(c.oid), col_description(c.oid, a.attnum)
        FROM pg_class AS c JOIN pg_attribute AS a ON a.attrelid = c.oid
        WHERE c.relkind = 'v' AND c.relnamespace = 'public'::regnamespace AND a.attnum > 0
        """
    )
    assert {view for view, *_ in rows} == set(VIEWS)
    assert [(view, column) for view, column, *comments in rows if None in comments] == []


@pytest.mark.parametrize("zone", ["America/New_York", "Asia/Seoul", "America/Sao_Paulo"])
def test_the_views_do_not_depend_on_the_time_zone_of_the_server(viewed: Database, zone: str) -> None:
    add_session(viewed, "2018-11-03 15:30", "2018-11-03 16:00", status="completed")
    insert(viewed, "station_daily_stats", station_id="S1", stats_date="2018-11-04", num_sessions=1)
    viewed.run(f"ALTER DATABASE {viewed.name} SET TimeZone = '{zone}'")
    assert viewed.rows("SELECT stats_date::text FROM session_success") == [("2018-11-04",)]
    assert viewed.rows("SELECT period_start::text FROM station_periods ORDER BY period") == [
        ("2018-11-01",),
        ("2018-10-29",),
        ("2018-01-01",),
    ]
