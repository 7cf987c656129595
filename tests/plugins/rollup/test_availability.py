from __future__ import annotations

from pgpipelines.rollup.request import RollupSettings
from tests.fixtures.servers import Database
from tests.plugins.rollup.charging import add_sample, hours, rebuilt, roll_up, statistics

SECONDS = "up_seconds, down_seconds, maintenance_seconds"


def report(database: Database, statuses: dict[str, str | None], day: str = "2025-01-01") -> None:
    for at, status in statuses.items():
        add_sample(database, f"{day} {at}", charger_status=status)


def test_a_status_holds_until_the_next_sample_or_the_greatest_gap(charging: Database) -> None:
    report(charging, {"00:00": "AVAILABLE", "00:15": "FAULT", "00:50": "MAINTENANCE", "02:55": "IN_USE"})
    roll_up(charging)
    assert hours(charging, SECONDS) == [(900, 1800, 600), (0, 0, 1200), (300, 0, 0), (1500, 0, 0)]
    assert statistics(charging) == rebuilt(charging)


def test_an_unknown_status_ends_the_one_before(charging: Database) -> None:
    report(charging, {"00:00": "AVAILABLE", "00:10": "ASLEEP", "00:20": None, "00:40": "OFFLINE", "00:50": "RESERVED"})
    roll_up(charging)
    assert hours(charging, f"{SECONDS}, last_status") == [(1200, 600, 0, "RESERVED"), (1200, 0, 0, None)]


def test_entering_fault_is_counted_and_staying_in_it_is_not(charging: Database) -> None:
    report(charging, {"14:30": "FAULT", "14:45": "FAULT", "15:00": "FAULT", "15:15": "AVAILABLE", "15:30": "FAULT"})
    report(charging, {"16:01": "FAULT"})
    roll_up(charging)
    assert hours(charging, "stats_date::text, fault_count") == [
        ("2025-01-01", 1),
        ("2025-01-02", 1),
        ("2025-01-02", 1),
    ]


def test_a_status_goes_on_where_the_engine_begins_another_period_of_samples(charging: Database) -> None:
    report(charging, {"23:50": "FAULT"}, "2025-01-03")
    report(charging, {"00:05": "FAULT", "00:20": None, "00:25": "FAULT", "00:40": "OFFLINE"}, "2025-01-04")
    roll_up(charging)
    assert hours(charging, f"{SECONDS}, fault_count") == [
        (0, 600, 0, 1),
        (0, 300 + 900 + 900 + 1200, 0, 1),
        (0, 600, 0, 0),
    ]
    assert statistics(charging) == rebuilt(charging)


def test_hours_may_begin_at_another_minute_from_one_day_on(charging: Database) -> None:
    # Pyongyang's clocks went ahead by half an hour at 15:00 UTC. Of sessions there is none that is older.
    report(charging, {"14:40": "AVAILABLE", "14:59": None, "15:10": "FAULT", "15:40": "RESERVED"}, "2018-05-04")
    roll_up(charging, RollupSettings(business_timezone="Asia/Pyongyang"))
    assert hours(charging, "stats_hour::time::text, up_seconds, down_seconds") == [
        ("14:30:00", 1140, 0),
        ("15:00:00", 1200, 1800),
        ("16:00:00", 600, 0),
    ]


def test_a_late_sample_changes_what_the_one_before_it_held(charging: Database) -> None:
    report(charging, {"00:45": "FAULT", "01:15": "FAULT"})
    roll_up(charging)
    report(charging, {"00:59": "AVAILABLE"})
    roll_up(charging)
    assert hours(charging, f"{SECONDS}, fault_count") == [(60, 840, 0, 1), (900, 1800, 0, 1)]
    assert statistics(charging) == rebuilt(charging)


def test_uptime_is_a_share_of_the_known_time_and_the_rest_is_unknown(charging: Database) -> None:
    report(charging, {"00:00": "AVAILABLE", "00:30": "AVAILABLE", "01:00": "FAULT", "01:20": "MAINTENANCE"})
    roll_up(charging)
    columns = "uptime_percentage, up_seconds, down_seconds, maintenance_seconds, unknown_seconds, maintenance_required"
    assert charging.rows(f"SELECT {columns} FROM daily_charger_stats") == [(75.0, 3600, 1200, 1800, 79800, False)]
    columns = "uptime_percentage, num_maintenance, num_available, unknown_seconds, fault_count"
    assert charging.rows(f"SELECT {columns} FROM station_daily_stats") == [(75.0, 1, 0, 79800, 1)]


def test_three_faults_a_day_ask_for_maintenance(charging: Database) -> None:
    report(charging, {f"0{hour}:{minute}": "FAULT" for hour in range(3) for minute in ("00",)})
    roll_up(charging)
    assert charging.rows("SELECT fault_count, maintenance_required FROM daily_charger_stats") == [(3, True)]


def test_half_a_day_below_the_target_asks_for_maintenance(charging: Database) -> None:
    charging.run(
        """
        INSERT INTO power_consumption (charger_id, measurement_time, charger_status)
        SELECT 'C1', at, CASE WHEN at < '2025-01-01 00:30' THEN 'OFFLINE' ELSE 'AVAILABLE' END
        FROM generate_series('2025-01-01'::timestamp, '2025-01-01 11:30', '30 minutes') AS at
        """
    )
    roll_up(charging)
    assert charging.rows("SELECT uptime_percentage, maintenance_required FROM daily_charger_stats") == [(95.83, True)]
