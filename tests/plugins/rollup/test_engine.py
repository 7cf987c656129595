from __future__ import annotations

from decimal import Decimal

import pytest

from pgpipelines.rollup.request import RollupSettings
from tests.fixtures.servers import Database
from tests.plugins.rollup.charging import add_sample, add_session, hours, rebuilt, roll_up, statistics


def test_energy_and_minutes_are_shared_by_time_and_add_up(charging: Database) -> None:
    add_session(charging, "2025-01-01 00:10", "2025-01-01 02:20", 10.001)
    roll_up(charging)
    assert hours(charging, "total_energy, total_duration_minutes, occupied_seconds, hour_key") == [
        (Decimal("3.847"), 50, 3000, "09"),
        (Decimal("4.615"), 60, 3600, "10"),
        (Decimal("1.539"), 20, 1200, "11"),
    ]


def test_what_is_charged_once_falls_into_the_first_hour(charging: Database) -> None:
    add_session(charging, "2025-01-01 00:10", "2025-01-01 02:20", base_charge=500, total_charge=3500)
    roll_up(charging)
    found = hours(charging, "base_charge, adjustment, total_revenue, num_sessions, active_sessions")
    assert found == [(500, 3000, 3500, 1, 1), (0, 0, 0, 0, 1), (0, 0, 0, 0, 1)]


def test_days_and_stations_are_the_sums_of_their_hours(charging: Database) -> None:
    add_session(charging, "2025-01-01 14:30", "2025-01-01 15:30", 10, total_charge=1000)
    add_session(charging, "2025-01-01 14:30", "2025-01-01 15:30", 5, total_charge=500, charger_id="C2")
    roll_up(charging)
    columns = "stats_date::text, num_sessions, total_energy, total_revenue"
    assert charging.rows(f"SELECT charger_id, {columns} FROM daily_charger_stats ORDER BY 1, 2") == [
        ("C1", "2025-01-01", 1, 5, 1000),
        ("C1", "2025-01-02", 0, 5, 0),
        ("C2", "2025-01-01", 1, Decimal("2.5"), 500),
        ("C2", "2025-01-02", 0, Decimal("2.5"), 0),
    ]
    assert charging.rows(f"SELECT station_id, {columns} FROM station_daily_stats ORDER BY 1, 2") == [
        ("S1", "2025-01-01", 2, Decimal("7.5"), 1500),
        ("S1", "2025-01-02", 0, Decimal("7.5"), 0),
    ]


def test_what_changes_is_followed_and_nothing_else_is_written(charging: Database) -> None:
    add_session(charging, "2025-01-01 00:10", "2025-01-01 02:20")
    add_session(charging, "2025-02-01 00:10", "2025-02-01 02:20")
    roll_up(charging)
    charging.run("UPDATE charger_usage_log SET end_time = '2025-01-01 01:20' WHERE start_time < '2025-02-01'")
    found, days, stations = roll_up(charging)
    assert (found.whole, found.written, found.deleted) == (False, 2, 1)
    assert (days.written, stations.written) == (1, 1)
    assert statistics(charging) == rebuilt(charging)


@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin"])
def test_a_change_reaches_sessions_by_their_last_moment_however_long_they_are(charging: Database, zone: str) -> None:
    settings = RollupSettings(source_timezone=zone)
    lengths = ("20 min", "6 h", "6 h 1 us", "30 h", "48 h", "48 h 1 us", "300 h")
    ends = [
        charging.value(f"SELECT timestamp '2025-01-01 10:50' + {30 * place} * interval '1 day' + interval '{length}'")
        for place, length in enumerate(lengths)
    ]
    for end, length in zip(ends, lengths, strict=True):
        charging.run(
            "INSERT INTO charger_usage_log (charger_id, start_time, end_time, energy_delivered, energy_meter_start,"
            " energy_meter_end) VALUES ('C1', %s - %s::interval, %s, 1, 100, 101)",
            (end, length, end),
        )
    roll_up(charging, settings)
    for end in ends:
        add_sample(charging, end, cumulative_energy=101)
    found, _, _ = roll_up(charging, settings)
    assert found.sessions == len(lengths)
    for end in ends:
        charging.run(
            "INSERT INTO charger_usage_log (charger_id, start_time, end_time, energy_delivered)"
            " VALUES ('C1', %s - interval '1 us', %s + interval '5 min', 1)",
            (end, end),
        )
    found, _, _ = roll_up(charging, settings)
    assert found.sessions == 2 * len(lengths)
    assert sum(each.sessions for each in found.findings if each.reason == "overlap") == len(lengths)
    assert statistics(charging) == rebuilt(charging, settings)


def test_a_run_without_changes_does_nothing(charging: Database) -> None:
    add_session(charging, "2025-01-01 00:10", "2025-01-01 02:20")
    roll_up(charging)
    found, days, stations = roll_up(charging)
    assert (found.marks, found.sessions, days.days, stations.days) == (0, 0, 0, 0)


def test_emptied_hours_days_and_stations_disappear(charging: Database) -> None:
    add_session(charging, "2025-01-01 00:10", "2025-01-01 02:20")
    roll_up(charging)
    charging.run("DELETE FROM charger_usage_log")
    roll_up(charging)
    assert not any(statistics(charging).values())


@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin"])
def test_findings_stay_where_only_the_hours_beside_them_change(charging: Database, zone: str) -> None:
    settings = RollupSettings(source_timezone=zone)
    for hour in range(8):
        add_session(charging, f"2025-01-01 0{hour}:00", f"2025-01-01 0{hour}:30", -1)
    roll_up(charging, settings)
    charging.run("DELETE FROM charger_usage_log WHERE start_time = '2025-01-01 03:00'")
    roll_up(charging, settings)
    found = statistics(charging)["findings"]
    assert len(found) == 7
    assert found == rebuilt(charging, settings)["findings"]
