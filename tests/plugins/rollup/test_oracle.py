"""The oracle on examples that a person can work out by hand: the arithmetic stands beside each."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, datetime, timezone
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest

from tests.plugins.rollup.examples import at, samples, session
from tests.plugins.rollup.oracle import (
    HOUR,
    MINUTE,
    Amounts,
    Charger,
    Expected,
    Raw,
    Rules,
    Sample,
    Session,
    expected,
    hours_of_day,
    instant_of,
    utc_of,
)

NOW = datetime(2025, 6, 1, tzinfo=timezone.utc)
CHARGER = Charger("C1", "S1", 50.0)
# Hours of Seoul and of UTC begin together: hours are written in UTC here, days begin at 15:00 UTC.
RULES = Rules()


def result(sessions: Iterable[Session] = (), taken: Iterable[Sample] = (), rules: Rules = RULES) -> Expected:
    return expected(Raw(tuple(sessions), tuple(taken), (CHARGER,)), rules, NOW)


def by_hour(found: Expected, column: str) -> dict[str, int]:
    """A column of the hourly rows, by the hour in UTC."""
    return {f"{utc_of(row.hour.starts):%H}": getattr(row.amounts, column) for row in found.hours}


def findings(found: Expected) -> set[tuple[int, str]]:
    return {(finding.session_id, finding.reason) for finding in found.findings}


# ---------------------------------------------------------------------------------------------- sharing by time


def test_energy_without_a_meter_flows_evenly() -> None:
    # 7,000 Wh in 140 minutes: 10, 60, 60 and 10 of them in the four hours.
    # By 11:00 7000·10/140 = 500, by 12:00 7000·70/140 = 3500, by 13:00 7000·130/140 = 6500.
    found = result([session("10:50", "13:10", "7.000")])
    assert by_hour(found, "energy") == {"10": 500, "11": 3000, "12": 3000, "13": 500}
    assert by_hour(found, "metered_energy") == {"10": 0, "11": 0, "12": 0, "13": 0}
    assert by_hour(found, "minutes") == {"10": 10, "11": 60, "12": 60, "13": 10}
    assert by_hour(found, "num_sessions") == {"10": 1, "11": 0, "12": 0, "13": 0}
    assert by_hour(found, "active_sessions") == {"10": 1, "11": 1, "12": 1, "13": 1}


def test_rounded_shares_add_up_to_the_whole() -> None:
    # By the ends of the three hours: round(333.33) = 333, round(666.67) = 667, 1000; the parts are their differences.
    assert by_hour(result([session("10:00", "13:00", "1.000")]), "energy") == {"10": 333, "11": 334, "12": 333}


def test_halves_round_away_from_zero() -> None:
    # 1 Wh and -0.01 KRW in two hours: half of each by the first hour's end, rounded to 1 and -1.
    found = result([session("10:00", "12:00", "0.001", time_charge="-0.01")])
    assert by_hour(found, "energy") == {"10": 1, "11": 0}
    assert by_hour(found, "time_charge") == {"10": -1, "11": 0}


def test_a_session_that_ends_on_the_hour_has_no_part_in_the_next() -> None:
    assert by_hour(result([session("10:30", "11:00", "1.000")]), "energy") == {"10": 1000}


def test_a_session_without_duration_is_all_in_its_hour() -> None:
    found = result([session("11:00", "11:00", "0", base_charge="500", parking_charge="40", time_charge="60")])
    assert by_hour(found, "revenue") == {"11": 60000}
    assert by_hour(found, "active_sessions") == {"11": 1}
    assert by_hour(found, "occupied_seconds") == {"11": 0}
    assert found.hours[0].avg_power is None


def test_money_goes_where_it_was_earned() -> None:
    # Without a meter charging lasts to the end: parking is booked in the last hour, whatever the time.
    # 2,000.00 by energy and 100.00 by time, each a quarter and three quarters (30 of 120 minutes before 11:00, then
    # 60 and 30): 500, 1000, 500 and 25, 50, 25. Parts 500 + 2000 + 100 + 30 = 2630, total 2700: 70 are adjusted.
    charges: dict[str, Any] = {
        "base_charge": "500",
        "energy_charge": "2000",
        "time_charge": "100",
        "parking_charge": "30",
        "total_charge": "2700",
    }
    found = result([session("10:30", "12:30", "8.000", payment_status="completed", **charges)])
    assert by_hour(found, "base_charge") == {"10": 50000, "11": 0, "12": 0}
    assert by_hour(found, "energy_charge") == {"10": 50000, "11": 100000, "12": 50000}
    assert by_hour(found, "time_charge") == {"10": 2500, "11": 5000, "12": 2500}
    assert by_hour(found, "parking_charge") == {"10": 0, "11": 0, "12": 3000}
    assert by_hour(found, "adjustment") == {"10": 7000, "11": 0, "12": 0}
    assert by_hour(found, "revenue_completed") == by_hour(found, "revenue") == {"10": 109500, "11": 105000, "12": 55500}
    assert findings(found) == {(1, "fees_differ")}


@pytest.mark.parametrize(
    ("status", "column"),
    [
        ("completed", "revenue_completed"),
        ("failed", "revenue_failed"),
        ("pending", "revenue_pending"),
        ("Completed", "revenue_pending"),
        (None, "revenue_pending"),
    ],
)
def test_revenue_is_split_by_payment_status(status: str | None, column: str) -> None:
    found = result([session("10:00", "11:00", total_charge="9.99", payment_status=status)])
    assert by_hour(found, column) == {"10": 999}
    assert sum(by_hour(found, f"revenue_{name}")["10"] for name in ("completed", "failed", "pending")) == 999


def test_without_a_total_the_parts_are_the_total() -> None:
    found = result([session("10:00", "11:00", base_charge="1.50", time_charge="0.25")])
    assert by_hour(found, "revenue") == {"10": 175}
    assert findings(found) == set()


# --------------------------------------------------------------------------------------------- sharing by meter

REGISTER = (
    ("10:15", "102.000"),
    ("10:30", "104.000"),
    ("10:45", "105.000"),
    ("11:00", "105.500"),
    ("11:15", "106.000"),
)
METERED = session(
    "10:00",
    "11:30",
    "5.900",
    energy_meter_start="100",
    energy_meter_end="106",
    energy_charge="1200",
    time_charge="750",
    parking_charge="150",
)


def test_the_meter_gives_the_shape_and_never_the_total() -> None:
    # Of the 6,000 Wh that the register rose, 5,500 came by 11:00: round(5900·5500/6000) = round(5408.33) = 5408 Wh and
    # 1200·5500/6000 = 1100 KRW. The register stands still from 11:15: 60 of 75 minutes of charging in the first hour,
    # 750·60/75 = 600 KRW, and a quarter of an hour of parking in the second.
    found = result([METERED], samples(*REGISTER))
    assert by_hour(found, "energy") == by_hour(found, "metered_energy") == {"10": 5408, "11": 492}
    assert by_hour(found, "energy_charge") == {"10": 110000, "11": 10000}
    assert by_hour(found, "time_charge") == {"10": 60000, "11": 15000}
    assert by_hour(found, "parking_charge") == {"10": 0, "11": 15000}
    assert by_hour(found, "occupied_seconds") == {"10": 3600, "11": 1800}
    assert by_hour(found, "charging_seconds") == {"10": 3600, "11": 900}


def test_between_two_readings_the_register_rises_evenly() -> None:
    # By 11:00, ten of the fifteen minutes between 10:50 (104) and 11:05 (107): 104 + 3·10/15 = 106, so 6 of 8 kWh.
    row = session("10:20", "11:20", "8.000", energy_meter_start="100", energy_meter_end="108")
    found = result([row], samples(("10:50", "104"), ("11:05", "107")))
    assert by_hour(found, "energy") == {"10": 6000, "11": 2000}


def even_shape(row: Session, readings: Iterable[Sample], *others: Session) -> bool:
    """Tell whether the first session is shared by time."""
    found = result([row, *others], readings)
    assert sum(by_hour(found, "energy").values()) == sum(each.energy for each in (row, *others))
    return sum(by_hour(found, "metered_energy").values()) == 0


def test_a_meter_is_used_only_where_it_can_be_right() -> None:
    assert not even_shape(METERED, samples(*REGISTER))
    assert even_shape(METERED, ())
    assert even_shape(METERED, samples(("09:59", "100"), ("11:31", "106")))  # no sample within
    assert even_shape(replace(METERED, energy_meter_start=None), samples(*REGISTER))
    assert even_shape(replace(METERED, energy_meter_end=None), samples(*REGISTER))
    assert even_shape(METERED, samples(*REGISTER[:2], ("10:45", "103.999"), *REGISTER[3:]))  # falls
    assert even_shape(METERED, samples(*REGISTER[:1], *REGISTER[4:]))  # an hour without readings
    assert not even_shape(METERED, samples(*REGISTER[:2], *REGISTER[3:]))  # half an hour is allowed
    assert even_shape(replace(METERED, energy_meter_end=Decimal(105)), samples(*REGISTER))  # ends below a reading
    flat = replace(METERED, energy_meter_end=Decimal(100))
    assert even_shape(flat, samples(*((clock, "100") for clock, _ in REGISTER)))  # never rises


def test_another_session_beside_it_disturbs_the_meter_and_one_that_only_touches_does_not() -> None:
    assert even_shape(METERED, samples(*REGISTER), session("11:29", "12:00", number=2))
    assert even_shape(METERED, samples(*REGISTER), session("09:00", "10:01", number=2))
    assert not even_shape(METERED, samples(*REGISTER), session("11:30", "12:00", number=2))
    assert not even_shape(METERED, samples(*REGISTER), session("09:00", "10:00", number=2))
    bad = session("11:00", "12:00", "-1", number=2)
    found = result([METERED, bad], samples(*REGISTER))
    assert by_hour(found, "metered_energy") == {"10": 5408, "11": 492}


def test_several_samples_of_one_instant_count_as_the_greatest() -> None:
    twice = (*REGISTER, ("11:00", "101.000"), ("10:00", "99.000"), ("11:30", "105.900"))
    found = result([METERED], samples(*twice))
    assert by_hour(found, "metered_energy") == {"10": 5408, "11": 492}


# ------------------------------------------------------------------------------------------------ open sessions


def test_an_open_session_counts_up_to_its_last_sample() -> None:
    # The register has risen from 100 to 105.500 by 11:00, and 106 by 11:15; its last rise ends there.
    row = session("10:00", None, None, energy_meter_start="100")
    found = result([row], samples(*REGISTER))
    assert by_hour(found, "energy") == {"10": 5500, "11": 500}
    assert by_hour(found, "occupied_seconds") == {"10": 3600, "11": 900}
    assert all(hour.provisional for hour in found.hours)
    assert findings(found) == set()


def test_an_open_session_ends_before_the_next_one_begins() -> None:
    row = session("10:00", None, None, energy_meter_start="100")
    found = result([row, session("10:45", "10:50", number=2)], samples(*REGISTER))
    # Up to 10:30, where the register shows 104; then one Wh of the next.
    assert by_hour(found, "energy") == {"10": 4001, "11": 0}
    assert by_hour(found, "occupied_seconds") == {"10": 1800 + 300, "11": 0}


def test_an_open_session_without_samples_has_only_begun() -> None:
    found = result([session("10:00", None, None, base_charge="300")])
    assert by_hour(found, "energy") == {"10": 0}
    assert by_hour(found, "revenue") == {"10": 30000}
    assert by_hour(found, "occupied_seconds") == {"10": 0}


# ------------------------------------------------------------------------------------------------------- counts


def test_occupied_time_is_the_union_of_sessions() -> None:
    # 10:00-11:00, 10:30-11:15 and 10:40-10:50: together 10:00-11:15.
    found = result(
        [session("10:00", "11:00"), session("10:30", "11:15", number=2), session("10:40", "10:50", number=3)]
    )
    assert by_hour(found, "occupied_seconds") == {"10": 3600, "11": 900}
    assert findings(found) == {(2, "overlap"), (3, "overlap")}


def test_a_bucket_never_holds_more_seconds_than_its_length() -> None:
    # Ends at the nearest second, halves up: 10:00:00.5 -> 1, 10:00:02.4 -> 2, 10:00:03.6 -> 4.
    rows = [session("10:00:00.5", "10:00:02.4"), session("10:00:02.4", "10:00:03.6", number=2)]
    assert by_hour(result(rows), "occupied_seconds") == {"10": 3}


def test_power_is_that_of_samples_in_sessions_else_what_the_sessions_say() -> None:
    # 1 kWh in half an hour are 2 kW on average; the hour's other half was not occupied.
    row = session("10:00", "10:30", "1.000", max_power=9.0)
    found = result([row])
    assert (found.hours[0].avg_power, found.hours[0].max_power) == (2.0, 9.0)
    assert result([row], samples(("10:30", None), power=3.5)).hours[0].max_power == 3.5
    assert result([row], samples(("10:31", None), power=3.5)).hours[0].max_power == 9.0
    assert result([], samples(("10:31", None), power=3.5)).hours[0].max_power is None


# --------------------------------------------------------------------------------------------------------- dirt


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (session("10:00", "11:00", charger_id=None), "unknown_charger"),
        (session("10:00", "11:00", charger_id="C9"), "unknown_charger"),
        (replace(session("10:00", "11:00"), start_time=datetime(1999, 12, 31, 23, 59)), "start_before_2000"),  # noqa: DTZ001
        (replace(session("10:00", None), start_time=datetime(2025, 6, 1, 1, 0, 1)), "start_in_future"),  # noqa: DTZ001
        (session("10:00", "09:59:59.999999"), "end_before_start"),
        (replace(session("10:00", "11:00"), end_time=datetime(2025, 6, 1, 1, 0, 1)), "end_in_future"),  # noqa: DTZ001
        (session("10:00", "10:00", "0.001"), "energy_without_duration"),
        (session("10:00", "11:00", "-0.001"), "negative_energy"),
        (session("10:00", None, "-0.001"), "negative_energy"),
        (session("10:00", "11:00", "75.001"), "power_above_rated"),  # 75.001 kW, one and a half times 50 are allowed
        (session("10:00", "10:00:01", "0.021"), "power_above_rated"),  # 21 Wh in a second are 75.6 kW
    ],
)
def test_what_cannot_be_right_is_left_out_for_its_reason(row: Session, reason: str) -> None:
    found = result([row])
    assert findings(found) == {(1, reason)}
    assert found.findings[0].severity == "quarantine"
    assert (found.findings[0].energy_wh, found.hours, found.days, found.stations) == (row.energy, [], [], [])


@pytest.mark.parametrize(
    "row",
    [
        session("10:00", "11:00", "75.000"),
        session("10:00", "10:00", "0"),
        replace(session("10:00", None, "1"), start_time=datetime(2025, 6, 1, 1)),  # noqa: DTZ001 (an hour ahead)
    ],
)
def test_what_could_just_be_right_is_kept(row: Session) -> None:
    assert result([row]).hours[0].amounts.num_sessions == 1


def test_an_unrated_charger_is_not_judged_by_power() -> None:
    row = session("10:00", "10:01", "75.000")
    for rated in (None, 0.0):
        found = expected(Raw((row,), (), (Charger("C1", "S1", rated),)), RULES, NOW)
        assert findings(found) == set()


def test_the_latest_version_of_a_transaction_holds_good() -> None:
    old = session("10:00", "11:00", number=7, transaction_id="T", created_at=at("11:00"))
    new = session("10:00", "11:30", number=5, transaction_id="T", created_at=at("11:30"))
    assert findings(result([old, new])) == {(7, "duplicate_transaction")}
    same_time = replace(new, created_at=at("11:00"))
    assert findings(result([old, same_time])) == {(5, "duplicate_transaction")}
    unnamed = [replace(old, transaction_id=None), replace(new, start_time=at("11:00"), transaction_id=None)]
    assert findings(result(unnamed)) == set()


@pytest.mark.parametrize(
    ("row", "flags"),
    [
        (session("10:00", "11:00", "0"), {"zero_energy"}),
        (session("10:00", "11:00", None), {"zero_energy"}),
        (session("10:00", "58:00"), set()),
        (session("10:00", "58:00:01"), {"longer_than_48h"}),
        (session("10:00", "11:00", duration_minutes=60), set()),
        (session("10:00", "11:00", duration_minutes=62), set()),
        (session("10:00", "11:00", duration_minutes=63), {"duration_differs"}),
        (session("10:00", "11:00", duration_minutes=57), {"duration_differs"}),
        (session("10:00", "11:00", duration_minutes=117), {"duration_differs"}),
        (session("10:00", "11:00", duration_minutes=118), {"zone_suspect"}),
        (session("10:00", "11:00", duration_minutes=602), {"zone_suspect"}),
        (session("10:00", "11:00", duration_minutes=0), {"zone_suspect"}),  # an hour less
        (session("10:00", "11:00", duration_minutes=-480), {"zone_suspect"}),
    ],
)
def test_what_is_only_odd_is_kept_and_pointed_at(row: Session, flags: set[str]) -> None:
    found = result([row])
    assert findings(found) == {(1, flag) for flag in flags}
    assert found.hours


def test_fees_are_compared_only_where_all_are_there() -> None:
    whole: dict[str, Any] = dict.fromkeys(("base_charge", "energy_charge", "time_charge", "parking_charge"), "1.00")
    assert findings(result([session("10:00", "11:00", total_charge="4.00", **whole)])) == set()
    assert findings(result([session("10:00", "11:00", total_charge="4.01", **whole)])) == {(1, "fees_differ")}
    del whole["base_charge"]
    assert findings(result([session("10:00", "11:00", total_charge="4.01", **whole)])) == set()


# ------------------------------------------------------------------------------------------------- availability


def test_a_status_holds_until_the_next_sample_or_the_longest_gap() -> None:
    # AVAILABLE 10:00-10:20, FAULT 10:20-10:50 (half an hour at most), unknown to 11:10, MAINTENANCE 11:10-11:40.
    found = result([], samples(("10:00", None, "AVAILABLE"), ("10:20", None, "FAULT"), ("11:10", None, "MAINTENANCE")))
    assert by_hour(found, "up_seconds") == {"10": 1200, "11": 0}
    assert by_hour(found, "down_seconds") == {"10": 1800, "11": 0}
    assert by_hour(found, "maintenance_seconds") == {"10": 0, "11": 1800}
    assert by_hour(found, "fault_count") == {"10": 1, "11": 0}
    (day,) = found.days
    assert day.amounts.uptime_percentage == 40  # 1200 of 3000 seconds
    assert day.unknown_seconds == 86400 - 1200 - 1800 - 1800
    assert day.last_status == "MAINTENANCE"


def test_a_fault_that_goes_on_is_one_fault() -> None:
    entries = (("10:00", None, "FAULT"), ("10:30", None, "FAULT"), ("11:01", None, "FAULT"))
    found = result([], samples(*entries))
    assert by_hour(found, "fault_count") == {"10": 1, "11": 1}  # the third comes 31 minutes after the second


def test_a_fault_is_not_counted_again_at_midnight() -> None:
    # Midnight in Seoul is 15:00 UTC.
    found = result([], samples(("14:50", None, "FAULT"), ("15:05", None, "FAULT"), ("15:10", None, "AVAILABLE")))
    assert [(day.day.day, day.amounts.fault_count, day.amounts.down_seconds) for day in found.days] == [
        (10, 1, 600),
        (11, 0, 600),
    ]


def test_a_status_that_reaches_into_an_hour_makes_its_row() -> None:
    found = result([], samples(("10:50", None, "IN_USE")))
    assert by_hour(found, "up_seconds") == {"10": 600, "11": 1200}
    assert [row.last_status for row in found.hours] == ["IN_USE", None]


def test_maintenance_is_required_after_three_faults_or_much_down_time() -> None:
    three = [("10:00", "FAULT"), ("10:10", "AVAILABLE"), ("10:20", "FAULT"), ("10:30", "IN_USE"), ("10:40", "FAULT")]
    assert result([], samples(*((clock, None, status) for clock, status in three))).days[0].maintenance_required
    assert (
        not result([], samples(*((clock, None, status) for clock, status in three[:-1]))).days[0].maintenance_required
    )
    # From 15:00 UTC, midnight in Seoul: of 12 hours known half an hour OFFLINE, 95.8 % up; of 11.5 nothing is said.
    night = [(f"{15 + half // 2}:{half % 2 * 30:02}", None, "AVAILABLE") for half in range(23)]
    offline = ("26:30", None, "OFFLINE")
    assert result([], samples(*night, offline)).days[0].maintenance_required
    assert not result([], samples(*night[1:], offline)).days[0].maintenance_required


# ------------------------------------------------------------------------------------------------ days, stations


def test_a_day_is_the_sum_of_its_hours_and_has_every_key() -> None:
    # From 14:30 to 15:30 UTC, midnight in Seoul between: half of each on either day, the session on the first.
    (first, second) = result([session("14:30", "15:30", "1.001", total_charge="1000")]).days
    assert (first.day, second.day) == (date(2025, 3, 10), date(2025, 3, 11))
    assert (first.amounts.energy, second.amounts.energy) == (501, 500)  # round(500.5) first
    assert (first.amounts.num_sessions, second.amounts.num_sessions) == (1, 0)
    assert (first.avg_charge_per_session, second.avg_charge_per_session) == (100000, None)
    assert list(first.energy_by_hour) == [f"{hour:02}" for hour in range(24)]
    assert {key: wh for key, wh in first.energy_by_hour.items() if wh} == {"23": 501}
    assert {key: wh for key, wh in second.energy_by_hour.items() if wh} == {"00": 500}


def test_an_average_that_no_column_takes_is_left_out() -> None:
    # 120 million in two sessions are 60 million each; of the first alone, 120.
    rows = [
        session("10:00", "11:00", time_charge="60000000", parking_charge="60000000"),
        session("12:00", "13:00", "0.001", 2),
    ]
    assert result(rows).days[0].avg_charge_per_session == 6_000_000_000
    assert result(rows[:1]).days[0].avg_charge_per_session is None


def test_a_station_is_the_sum_of_its_chargers() -> None:
    chargers = (Charger("C1", "S1"), Charger("C2", "S1"), Charger("C3", "S2"))
    sessions = (session("10:00", "11:00", "1"), session("10:00", "11:00", "2", number=2, charger_id="C2"))
    taken = (
        Sample(1, "C1", at("11:00"), charger_status="AVAILABLE"),
        Sample(2, "C2", at("11:00"), charger_status="FAULT"),
        Sample(3, "C3", at("11:00"), charger_status="IN_USE"),
    )
    one, other = expected(Raw(sessions, taken, chargers), RULES, NOW).stations
    assert (one.station_id, one.amounts.energy, one.amounts.num_sessions) == ("S1", 3000, 2)
    assert dict(one.last_statuses) == {"AVAILABLE": 1, "FAULT": 1}
    assert one.amounts.uptime_percentage == 50
    assert one.unknown_seconds == 2 * 86400 - 3600
    assert (other.station_id, dict(other.last_statuses)) == ("S2", {"IN_USE": 1})


# --------------------------------------------------------------------------------------------------------- time


def keys(day: date, zone: str) -> list[str]:
    hours = hours_of_day(day, zone)
    assert all(later.starts - earlier.starts == HOUR for earlier, later in pairwise(hours))
    return [hour.key for hour in hours]


@pytest.mark.parametrize(
    ("zone", "day", "missing", "repeated", "starts"),
    [
        ("Asia/Seoul", date(2025, 3, 10), None, None, "2025-03-09 15:00"),
        ("Asia/Kolkata", date(2025, 3, 10), None, None, "2025-03-09 18:30"),
        ("Europe/Berlin", date(2025, 3, 30), "02", None, "2025-03-29 23:00"),
        ("Europe/Berlin", date(2025, 10, 26), None, "02+", "2025-10-25 22:00"),
        # Clocks went forward at 02:00 on 10 May 1987 and back at 03:00 on 11 October.
        ("Asia/Seoul", date(1987, 5, 10), "02", None, "1987-05-09 15:00"),
        ("Asia/Seoul", date(1987, 10, 11), None, "02+", "1987-10-10 14:00"),
        # Clocks that move at midnight: a day without its first hour, days with it twice.
        ("America/Sao_Paulo", date(2018, 11, 4), "00", None, "2018-11-04 03:00"),
        ("America/Sao_Paulo", date(2019, 2, 16), None, "23+", "2019-02-16 02:00"),
        ("America/Havana", date(2025, 11, 2), None, "00+", "2025-11-02 04:00"),
    ],
)
def test_days_have_the_hours_that_clocks_showed(
    zone: str, day: date, missing: str | None, repeated: str | None, starts: str
) -> None:
    usual = [f"{hour:02}" for hour in range(24)]
    wanted = [key for key in usual if key != missing]
    if repeated is not None:
        wanted.insert(wanted.index(repeated[:2]) + 1, repeated)
    assert keys(day, zone) == wanted
    assert utc_of(hours_of_day(day, zone)[0].starts) == datetime.fromisoformat(starts)


def test_raw_times_are_read_as_the_server_reads_them() -> None:
    def utc(written: str) -> str:
        return f"{utc_of(instant_of(datetime.fromisoformat(written), 'America/New_York')):%H:%M}"

    assert utc("2025-03-09 02:30") == "07:30"  # never came: counted on from before the gap
    assert utc("2025-11-02 01:30") == "06:30"  # came twice: the second is meant
    assert utc("2025-11-02 00:30") == "04:30"


def test_the_repeated_hour_is_a_row_of_its_own() -> None:
    # 00:30-02:30 UTC on 27 October 2024 are 02:30 summer time to 03:30 winter time in Berlin.
    row = replace(
        session("10:00", "11:00", "2"),
        start_time=datetime(2024, 10, 27, 0, 30),  # noqa: DTZ001
        end_time=datetime(2024, 10, 27, 2, 30),  # noqa: DTZ001
    )
    found = expected(
        Raw((row,), (), (CHARGER,)), Rules(business_timezone="Europe/Berlin"), datetime.max.replace(tzinfo=timezone.utc)
    )
    assert [(hour.hour.key, hour.amounts.energy) for hour in found.hours] == [("02", 500), ("02+", 1000), ("03", 500)]
    (day,) = found.days
    assert len(day.energy_by_hour) == 25
    assert day.unknown_seconds == 25 * 3600


def test_amounts_add_up() -> None:
    amounts = Amounts(energy=1, base_charge=2, up_seconds=3)
    amounts.add(Amounts(energy=10, adjustment=20, down_seconds=1))
    assert (amounts.energy, amounts.revenue, amounts.known_seconds) == (11, 22, 4)
    assert amounts.uptime_percentage == 75
    assert Amounts().uptime_percentage is None
    assert HOUR == 60 * MINUTE
