from __future__ import annotations

from decimal import Decimal

import pytest

from tests.fixtures.servers import Database
from tests.plugins.rollup.charging import add_sample, add_session, hours, rebuilt, roll_up, statistics

# From 00:30 to 02:00; three quarters of the energy come in the first hour and a half of it in the last quarter.
START, END = "2025-01-01 00:30", "2025-01-01 02:00"


def sample(database: Database, readings: dict[str, float]) -> None:
    for at, register in readings.items():
        add_sample(database, f"2025-01-01 {at}", cumulative_energy=register)


def metered(database: Database, start: float | None = 100, end: float | None = 110) -> None:
    """A session of 5 kWh, whatever its meter says, that stops charging at 01:30."""
    add_session(database, START, END, 5, energy_meter_start=start, energy_meter_end=end, energy_charge=1000)
    sample(database, {"00:45": 103, "01:00": 106, "01:15": 109, "01:30": 110, "01:45": 110})


def energies(database: Database) -> list[tuple[Decimal, Decimal]]:
    return hours(database, "total_energy, metered_energy")


def test_a_meter_tells_the_shape_of_a_session_and_never_its_total(charging: Database) -> None:
    metered(charging)
    roll_up(charging)
    assert energies(charging) == [(Decimal(3), Decimal(3)), (Decimal(2), Decimal(2))]
    assert hours(charging, "energy_charge, charging_seconds") == [(600, 1800), (400, 1800)]


def test_between_two_readings_energy_flows_evenly(charging: Database) -> None:
    add_session(charging, START, END, 9, energy_meter_start=100, energy_meter_end=118)
    sample(charging, {"00:50": 108, "01:10": 110, "01:40": 118})
    roll_up(charging)
    assert energies(charging) == [(Decimal("4.5"), Decimal("4.5")), (Decimal("4.5"), Decimal("4.5"))]


def test_a_meter_is_followed_where_the_engine_begins_another_period_of_samples(charging: Database) -> None:
    add_session(charging, "2025-01-03 23:30", "2025-01-04 00:30", 10, energy_meter_start=100, energy_meter_end=110)
    for at, register, power in (
        ("01-03 23:45", 102, 8),
        ("01-04 00:00", 107, 20),
        ("01-04 00:15", 109, 9),
        ("01-04 00:31", 110, 99),
    ):
        add_sample(charging, f"2025-{at}", cumulative_energy=register, input_power=power)
    roll_up(charging)
    assert hours(charging, "total_energy, metered_energy, max_power") == [(7, 7, 8), (3, 3, 20)]
    assert statistics(charging) == rebuilt(charging)


def test_parking_is_charged_after_charging_ended_and_time_before(charging: Database) -> None:
    add_session(
        charging,
        "2025-01-01 00:30",
        "2025-01-01 02:30",
        5,
        energy_meter_start=100,
        energy_meter_end=110,
        time_charge=60,
        parking_charge=90,
    )
    sample(charging, {"00:50": 105, "01:00": 110, "01:30": 110, "02:00": 110})
    roll_up(charging)
    assert hours(charging, "time_charge, parking_charge") == [(60, 0), (0, 60), (0, 30)]


def test_without_a_meter_parking_falls_into_the_last_hour(charging: Database) -> None:
    add_session(charging, START, END, 5, time_charge=90, parking_charge=90)
    roll_up(charging)
    assert hours(charging, "time_charge, parking_charge") == [(30, 0), (60, 90)]


@pytest.mark.parametrize(
    "spoil",
    [
        "UPDATE charger_usage_log SET energy_meter_start = NULL",
        "UPDATE charger_usage_log SET energy_meter_end = NULL",
        "UPDATE charger_usage_log SET energy_meter_end = 109",
        "UPDATE charger_usage_log SET energy_meter_start = 104",
        "UPDATE power_consumption SET cumulative_energy = 102 WHERE measurement_time = '2025-01-01 01:00'",
        "UPDATE power_consumption SET cumulative_energy = 100; UPDATE charger_usage_log SET energy_meter_end = 100",
        "DELETE FROM power_consumption WHERE measurement_time > '2025-01-01 01:15'",
        "DELETE FROM power_consumption",
        "UPDATE power_consumption SET cumulative_energy = NULL",
        "UPDATE power_consumption SET charger_id = 'C2'",
        "INSERT INTO charger_usage_log (charger_id, start_time, end_time)"
        " VALUES ('C1', '2025-01-01 00:00', '2025-01-01 00:31')",
        "INSERT INTO charger_usage_log (charger_id, start_time, end_time)"
        " VALUES ('C1', '2025-01-01 01:59', '2025-01-01 03:00')",
        "UPDATE power_consumption SET cumulative_energy = cumulative_energy + 2000000"
        " WHERE measurement_time > '2025-01-01 01:00'; UPDATE charger_usage_log SET energy_meter_end = 2000110",
    ],
)
def test_a_meter_that_can_not_be_trusted_tells_nothing(charging: Database, spoil: str) -> None:
    metered(charging)
    roll_up(charging)
    charging.run(spoil)
    roll_up(charging)
    assert charging.rows("SELECT sum(total_energy), sum(metered_energy) FROM hourly_charger_stats") == [(5, 0)]
    assert statistics(charging) == rebuilt(charging)


def test_of_several_readings_of_one_moment_the_greatest_counts(charging: Database) -> None:
    metered(charging)
    sample(charging, {"01:00": 105.5, "00:30": 99})
    roll_up(charging)
    assert energies(charging) == [(Decimal(3), Decimal(3)), (Decimal(2), Decimal(2))]


def test_the_greatest_power_is_the_meters_while_a_session_lasted_or_else_the_sessions(charging: Database) -> None:
    add_session(charging, START, END, max_power=40)
    add_sample(charging, "2025-01-01 00:29", input_power=49)
    add_sample(charging, "2025-01-01 00:30", input_power=11)
    add_sample(charging, "2025-01-01 02:00", input_power=12)
    add_sample(charging, "2025-01-01 02:01", input_power=49)
    roll_up(charging)
    assert hours(charging, "max_power") == [(11,), (40,), (12,)]


def test_an_open_session_counts_up_to_its_last_sample_and_grows(charging: Database) -> None:
    add_session(charging, START, None, None, energy_meter_start=100)
    roll_up(charging)
    assert hours(charging, "total_energy, occupied_seconds, provisional") == [(0, 0, True)]
    sample(charging, {"00:45": 103, "01:00": 106, "01:15": 109})
    roll_up(charging)
    assert hours(charging, "total_energy, occupied_seconds, provisional") == [(6, 1800, True), (3, 900, True)]
    charging.run(f"UPDATE charger_usage_log SET end_time = '{END}', energy_delivered = 12, energy_meter_end = 112")
    roll_up(charging)
    assert hours(charging, "total_energy, occupied_seconds, provisional") == [(4, 1800, False), (8, 3600, False)]
    assert statistics(charging) == rebuilt(charging)


def test_an_open_session_ends_before_the_next_valid_one_however_late_that_comes(charging: Database) -> None:
    add_session(charging, START, None, None, energy_meter_start=100)
    sample(charging, {"00:45": 103, "01:00": 106, "01:15": 109})
    roll_up(charging)
    add_session(charging, "2025-01-01 00:50", "2025-01-01 00:55", 3)
    roll_up(charging)
    assert charging.rows("SELECT sum(total_energy), sum(occupied_seconds) FROM hourly_charger_stats") == [(6, 1200)]
    charging.run("UPDATE charger_usage_log SET energy_delivered = -1 WHERE end_time IS NOT NULL")
    roll_up(charging)
    assert charging.rows("SELECT sum(total_energy), sum(occupied_seconds) FROM hourly_charger_stats") == [(9, 2700)]
    assert statistics(charging) == rebuilt(charging)
