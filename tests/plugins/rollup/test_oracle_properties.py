"""What must hold of the oracle whatever the rows: nothing is lost, nothing counts twice, nothing overflows its hour."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.plugins.rollup.oracle import (
    Amounts,
    Charger,
    Expected,
    Raw,
    Rules,
    Sample,
    Session,
    expected,
    hours_of_day,
)

CENTRE = datetime.fromisoformat("2025-10-25 12:00")
NOW = datetime(2025, 12, 1, tzinfo=timezone.utc)
CHARGERS = (Charger("C1", "S1", 50.0), Charger("C2", "S1"), Charger("C3", "S2", 0.0))
RULES = Rules(business_timezone="Europe/Berlin")

grains = st.sampled_from((timedelta(minutes=15), timedelta(seconds=1), timedelta(microseconds=1)))
moments = st.builds(
    lambda quarters, grain, grains: CENTRE + timedelta(minutes=15 * quarters) + grains * grain,
    st.integers(-100, 100),
    grains,
    st.integers(-3, 3),
)
amounts = st.none() | st.decimals(-10, 1000, places=2)
energies = st.none() | st.decimals(-1, 100, places=3)
registers = st.none() | st.integers(0, 20).map(Decimal)
sessions = st.builds(
    Session,
    id=st.integers(1, 10**6),
    charger_id=st.sampled_from(("C1", "C2", "C3", "C9", None)),
    start_time=moments,
    end_time=st.none() | moments,
    created_at=moments,
    transaction_id=st.sampled_from((None, "T1", "T2")),
    energy_delivered=energies,
    energy_meter_start=registers,
    energy_meter_end=registers,
    base_charge=amounts,
    energy_charge=amounts,
    time_charge=amounts,
    parking_charge=amounts,
    total_charge=amounts,
    payment_status=st.sampled_from(("completed", "failed", None)),
)
samples = st.builds(
    Sample,
    id=st.integers(1, 10**6),
    charger_id=st.sampled_from(("C1", "C2", "C3")),
    measurement_time=moments,
    input_power=st.none() | st.just(1.5),
    cumulative_energy=registers,
    charger_status=st.sampled_from(("AVAILABLE", "FAULT", "MAINTENANCE", "?", None)),
)
raws = st.builds(
    Raw,
    st.lists(sessions, max_size=8, unique_by=lambda session: session.id).map(tuple),
    st.lists(samples, max_size=12, unique_by=lambda sample: sample.id).map(tuple),
    st.just(CHARGERS),
)
results = st.builds(lambda raw: (raw, expected(raw, RULES, NOW)), raws)


@settings(deadline=None)
@given(results)
def test_every_session_is_counted_once_or_left_out_for_one_reason(case: tuple[Raw, Expected]) -> None:
    raw, result = case
    left_out = Counter(finding.session_id for finding in result.findings if finding.severity == "quarantine")
    assert set(left_out.values()) <= {1}
    assert sum(hour.amounts.num_sessions for hour in result.hours) + len(left_out) == len(raw.sessions)
    revenue = sum(hour.amounts.revenue for hour in result.hours)
    assert revenue == sum(session.total for session in raw.sessions if session.id not in left_out)
    ended = [session for session in raw.sessions if session.end_time is not None]
    if len(ended) == len(raw.sessions):
        energy = sum(hour.amounts.energy for hour in result.hours)
        assert energy == sum(session.energy for session in ended if session.id not in left_out)


@settings(deadline=None)
@given(results)
def test_an_hour_holds_no_more_than_an_hour(case: tuple[Raw, Expected]) -> None:
    for hour in case[1].hours:
        amounts = hour.amounts
        assert 0 <= amounts.charging_seconds <= amounts.occupied_seconds <= 3600
        assert 0 <= amounts.known_seconds <= 3600
        assert 0 <= amounts.metered_energy <= amounts.energy
        assert amounts.num_sessions <= amounts.active_sessions
        split = amounts.revenue_completed + amounts.revenue_pending + amounts.revenue_failed
        assert split == amounts.revenue


@settings(deadline=None)
@given(results)
def test_hours_add_up_to_days_and_days_to_stations(case: tuple[Raw, Expected]) -> None:
    _, result = case
    for level in (result.days, result.stations):
        total, whole = Amounts(), Amounts()
        for hour in result.hours:
            total.add(hour.amounts)
        for row in level:
            whole.add(row.amounts)
        assert whole == total
    for day in result.days:
        assert sum(day.energy_by_hour.values()) == day.amounts.energy
        assert sum(day.revenue_by_hour.values()) == day.amounts.revenue
        assert sum(day.sessions_by_hour.values()) == day.amounts.num_sessions
        assert len(day.energy_by_hour) == len(hours_of_day(day.day, RULES.business_timezone))
        assert day.unknown_seconds >= 0


@settings(deadline=None)
@given(raws, st.randoms(use_true_random=False))
def test_the_order_of_rows_is_nothing(raw: Raw, dice: Random) -> None:
    mixed = Raw(
        tuple(dice.sample(raw.sessions, len(raw.sessions))), tuple(dice.sample(raw.samples, len(raw.samples))), CHARGERS
    )
    again, result = expected(mixed, RULES, NOW), expected(raw, RULES, NOW)
    assert (again.hours, again.days) == (result.hours, result.days)
    assert set(again.findings) == set(result.findings)
