"""What the charger statistics have to be: the whole definition once more, in plain Python, slow and exact.

It shares nothing with the SQL that computes them. Instants and durations are whole microseconds (instants since 1970,
UTC), energy is whole Wh, money whole 0.01 KRW, and shares are fractions, so that nothing is ever rounded but where the
definition says so. One pass goes: judge the sessions · let the open ones end · find overlaps and usable meters · share
each session among its hours · read the status of the samples · sum hours, days, stations.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from zoneinfo import ZoneInfo

SECOND = 1_000_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)

# A register that rises by more in one session is none: 1,000,000 kWh.
MOST_WH = 1_000_000_000

# What numeric(10, 2) no longer takes, 0.01 KRW.
TOO_MUCH = 10_000_000_000

# A quantity's share that came by an instant: 0 at the start of a session, 1 at its end.
Share = Callable[[int], Fraction]


# ---------------------------------------------------------------------------------------------------- raw rows


@dataclass(frozen=True)
class Session:
    """A row of charger_usage_log, as far as it matters."""

    id: int
    charger_id: str | None
    start_time: datetime
    end_time: datetime | None
    created_at: datetime
    transaction_id: str | None = None
    duration_minutes: int | None = None
    energy_delivered: Decimal | None = None
    energy_meter_start: Decimal | None = None
    energy_meter_end: Decimal | None = None
    max_power: float | None = None
    base_charge: Decimal | None = None
    energy_charge: Decimal | None = None
    time_charge: Decimal | None = None
    parking_charge: Decimal | None = None
    total_charge: Decimal | None = None
    payment_status: str | None = None

    @property
    def energy(self) -> int:
        """What the row says was delivered, Wh."""
        return thousandths(self.energy_delivered) or 0

    @property
    def parts(self) -> int:
        """The sum of the four charges, 0.01 KRW."""
        return sum(map(hundredths, (self.base_charge, self.energy_charge, self.time_charge, self.parking_charge)))

    @property
    def total(self) -> int:
        """What the session costs, 0.01 KRW."""
        return self.parts if self.total_charge is None else hundredths(self.total_charge)


@dataclass(frozen=True)
class Sample:
    """A row of power_consumption, as far as it matters."""

    id: int
    charger_id: str
    measurement_time: datetime
    input_power: float | None = None
    cumulative_energy: Decimal | None = None
    charger_status: str | None = None


@dataclass(frozen=True)
class Charger:
    """A row of charger_info, as far as it matters."""

    charger_id: str
    station_id: str
    rated_power: float | None = None


@dataclass(frozen=True)
class Raw:
    """The raw tables."""

    sessions: Sequence[Session] = ()
    samples: Sequence[Sample] = ()
    chargers: Sequence[Charger] = ()


@dataclass(frozen=True)
class Rules:
    """What an operator may set; durations in microseconds."""

    source_timezone: str = "UTC"
    business_timezone: str = "Asia/Seoul"
    sample_period: int = 15 * MINUTE
    max_status_gap: int = 30 * MINUTE
    power_tolerance: Fraction = Fraction(3, 2)
    future_tolerance: int = HOUR
    earliest_start: date = date(2000, 1, 1)
    uptime_target: Fraction = Fraction(97)
    maintenance_faults: int = 3


def thousandths(kwh: Decimal | None) -> int | None:
    """Wh of a column in kWh."""
    return None if kwh is None else rounded(Fraction(kwh) * 1000)


def hundredths(krw: Decimal | None) -> int:
    """Units of 0.01 KRW; none for null."""
    return 0 if krw is None else rounded(Fraction(krw) * 100)


def rounded(number: Fraction) -> int:
    """The nearest whole number, halves away from zero."""
    nearest = (2 * abs(number.numerator) + number.denominator) // (2 * number.denominator)
    return nearest if number >= 0 else -nearest


# -------------------------------------------------------------------------------------------------------- time


def instant_of(written: datetime, zone: str) -> int:
    """The instant that a raw time means, as PostgreSQL's AT TIME ZONE reads it.

    Of a time that came twice (clocks went back) the second is meant; one that never came (clocks went forward) is
    counted on from before the gap.
    """
    first, second = (written.replace(tzinfo=ZoneInfo(zone), fold=fold) for fold in (0, 1))
    came_twice = second.astimezone(timezone.utc) > first.astimezone(timezone.utc)
    meant = second if came_twice else first
    return (meant.astimezone(timezone.utc) - EPOCH) // timedelta(microseconds=1)


def utc_of(instant: int) -> datetime:
    """An instant, written in UTC as the statistics write it."""
    return (EPOCH + timedelta(microseconds=instant)).replace(tzinfo=None)


@dataclass(frozen=True, order=True)
class Hour:
    """An hour [starts, ends) of the business zone, its day, and its name within the day."""

    starts: int
    day: date
    key: str

    @property
    def ends(self) -> int:
        """The instant at which the next one starts."""
        return self.starts + HOUR


def hour_of(instant: int, zone: str) -> Hour:
    """The hour that holds an instant, in a zone whose clocks are moved by whole hours."""
    local = (EPOCH + timedelta(microseconds=instant)).astimezone(ZoneInfo(zone))
    past = timedelta(minutes=local.minute, seconds=local.second, microseconds=local.microsecond)
    return Hour(instant - past // timedelta(microseconds=1), local.date(), f"{local.hour:02}{'+' * local.fold}")


def hours_between(first: int, last: int, zone: str) -> Iterator[Hour]:
    """The hours from the one that holds `first` to the one that holds `last`."""
    hour = hour_of(first, zone)
    while hour.starts <= last:
        yield hour
        hour = hour_of(hour.ends, zone)


def hours_of_day(day: date, zone: str) -> list[Hour]:
    """The 23, 24 or 25 hours of a day."""
    middle = instant_of(datetime.combine(day, time(12)), zone)
    return [hour for hour in hours_between(middle - 14 * HOUR, middle + 14 * HOUR, zone) if hour.day == day]


# -------------------------------------------------------------------------------------------- judging sessions


@dataclass(frozen=True)
class Finding:
    """A session that is left out (`quarantine`), or kept and pointed at (`flag`)."""

    session_id: int
    severity: str
    reason: str
    energy_wh: int
    revenue: int


def reasons_to_quarantine(
    session: Session, charger: Charger | None, latest: Mapping[str, int], rules: Rules, now: int
) -> Iterator[str]:
    """Why a session can't be right; the first reason is the one that it is left out for.

    What needs an end is asked of closed sessions only: a row is judged by itself, whatever samples and other sessions
    say, but for the later version of its transaction.
    """
    start = instant_of(session.start_time, rules.source_timezone)
    end = None if session.end_time is None else instant_of(session.end_time, rules.source_timezone)
    duration = None if end is None else end - start
    if charger is None:
        yield "unknown_charger"
    if session.start_time < datetime.combine(rules.earliest_start, time()):
        yield "start_before_2000"
    if start > now + rules.future_tolerance:
        yield "start_in_future"
    if duration is not None and duration < 0:
        yield "end_before_start"
    if end is not None and end > now + rules.future_tolerance:
        yield "end_in_future"
    if duration == 0 and session.energy > 0:
        yield "energy_without_duration"
    if session.energy < 0:
        yield "negative_energy"
    if duration and charger is not None and too_powerful(session.energy, duration, charger, rules):
        yield "power_above_rated"
    if session.transaction_id is not None and latest[session.transaction_id] != session.id:
        yield "duplicate_transaction"


def too_powerful(energy: int, duration: int, charger: Charger, rules: Rules) -> bool:
    """Tell whether a charger that is rated at all can't have delivered so many Wh in so short a time."""
    if charger.rated_power is None or not 0 < charger.rated_power < math.inf:
        return False
    rated_watts = 1000 * Fraction(repr(charger.rated_power))
    return energy / Fraction(duration, HOUR) > rules.power_tolerance * rated_watts


def latest_versions(sessions: Iterable[Session]) -> dict[str, int]:
    """The id of the session that holds good for each transaction: the last one written."""
    in_order = sorted(sessions, key=lambda session: (session.created_at, session.id))
    return {session.transaction_id: session.id for session in in_order if session.transaction_id is not None}


# -------------------------------------------------------------------------------------------------- one charger


@dataclass(frozen=True)
class Reading:
    """A sample at its instant; its register in Wh."""

    at: int
    id: int
    power: float | None
    register: int | None
    status: str | None


@dataclass(frozen=True)
class Stay:
    """A valid session as it counts: its end settled, and what its neighbours and its meter make of it.

    Attributes:
        row: As it was written.
        start: S.
        end: E, provisional while the session is open.
        energy: Wh.
        overlaps: Starts before an earlier session of the charger has ended.
        ahead: A sample of it was left out, for its time has not come.
        knots: What the meter said and when, from start to end; empty where the meter can't be used.
        occupied: What this session adds to the charger's occupied time, [from, until).
        charging: What it adds to its charging time.
    """

    row: Session
    start: int
    end: int
    energy: int
    overlaps: bool = False
    ahead: bool = False
    knots: tuple[tuple[int, int], ...] = ()
    occupied: tuple[int, int] = (0, 0)
    charging: tuple[int, int] = (0, 0)

    @property
    def open(self) -> bool:
        """No end was written yet."""
        return self.row.end_time is None

    @property
    def charged_until(self) -> int:
        """C: when the register came to stand still, or E."""
        return next((at for at, register in self.knots if register == self.knots[-1][1]), self.end)

    @property
    def last_instant(self) -> int:
        """The last microsecond that belongs to the session."""
        return max(self.start, self.end - 1)


def readings_of(samples: Iterable[Sample], rules: Rules) -> list[Reading]:
    """A charger's samples in their order."""
    readings = [
        Reading(
            instant_of(sample.measurement_time, rules.source_timezone),
            sample.id,
            sample.input_power,
            thousandths(sample.cumulative_energy),
            sample.charger_status,
        )
        for sample in samples
    ]
    return sorted(readings, key=lambda reading: (reading.at, reading.id))


def stays_of(valid: Iterable[Session], readings: Sequence[Reading], rules: Rules, now: int) -> list[Stay]:
    """A charger's valid sessions, in order (start, id), as they count."""

    def start_of(session: Session) -> int:
        return instant_of(session.start_time, rules.source_timezone)

    in_order = sorted(valid, key=lambda session: (start_of(session), session.id))
    starts = [*map(start_of, in_order), math.inf]
    stays = [
        settled(session, start_of(session), [reading for reading in readings if start <= reading.at < end], rules, now)
        for session, (start, end) in zip(in_order, pairwise(starts), strict=True)
    ]
    judged = []
    for place, stay in enumerate(stays):
        overlaps = any(overlap(earlier, stay) for earlier in stays[:place])
        overlapped = any(overlap(stay, later) for later in stays[place + 1 :])
        knots = () if overlaps or overlapped else usable_knots(stay, readings, rules)
        judged.append(replace(stay, overlaps=overlaps, knots=knots))
    return list(trimmed(judged))


def settled(session: Session, start: int, until_next: Sequence[Reading], rules: Rules, now: int) -> Stay:
    """A session with its end and its energy: an open one counts up to its last sample that is not in the future."""
    if session.end_time is not None:
        return Stay(session, start, instant_of(session.end_time, rules.source_timezone), session.energy)
    own = [reading for reading in until_next if reading.at <= now + rules.future_tolerance]
    ahead = len(own) < len(until_next)
    end = own[-1].at if own else start
    if session.energy_delivered is not None:
        return Stay(session, start, end, session.energy, ahead=ahead)
    register, before = register_at(end, own), thousandths(session.energy_meter_start)
    risen = 0 if register is None or before is None else register - before
    return Stay(session, start, end, max(risen, 0), ahead=ahead)


def register_at(instant: int, readings: Iterable[Reading]) -> int | None:
    """The greatest register that samples of one instant show."""
    return max(
        (reading.register for reading in readings if reading.at == instant and reading.register is not None),
        default=None,
    )


def overlap(earlier: Stay, later: Stay) -> bool:
    """Tell whether the later of two sessions starts before the earlier has ended."""
    return later.start < earlier.end


def usable_knots(stay: Stay, readings: Sequence[Reading], rules: Rules) -> tuple[tuple[int, int], ...]:
    """What the meter said during a session, if that can give its shape; else nothing."""
    own = [
        (reading.at, reading.register)
        for reading in readings
        if stay.start <= reading.at <= stay.end and reading.register is not None
    ]
    first = thousandths(stay.row.energy_meter_start)
    last = thousandths(stay.row.energy_meter_end)
    if not own or first is None or (last is None and not stay.open):
        return ()
    read = [(stay.start, first), *own]
    if last is not None and not stay.open:
        read.append((stay.end, last))
    greatest: dict[int, int] = {}
    for at, register in read:
        greatest[at] = max(register, greatest.get(at, register))
    knots = tuple(greatest.items())
    never_decreasing = all(before[1] <= after[1] for before, after in pairwise(knots))
    without_gap = all(after[0] - before[0] <= 2 * rules.sample_period for before, after in pairwise(knots))
    risen = knots[-1][1] - knots[0][1]
    return knots if never_decreasing and without_gap and 0 < risen <= MOST_WH else ()


def trimmed(stays: Iterable[Stay]) -> Iterator[Stay]:
    """Let each session add to occupied and charging time only what no earlier one has added."""
    occupied = charged = -math.inf
    for stay in stays:
        taken = (int(max(stay.start, occupied)), stay.end)
        charging = (int(max(stay.start, charged)), stay.charged_until)
        yield replace(stay, occupied=taken, charging=charging)
        occupied, charged = max(occupied, stay.end), max(charged, stay.charged_until)


def flags_of(stay: Stay) -> Iterator[str]:
    """What is odd about a session that is kept."""
    row = stay.row
    if not stay.open and stay.energy == 0:
        yield "zero_energy"
    if stay.end - stay.start > 48 * HOUR:
        yield "longer_than_48h"
    if stay.overlaps:
        yield "overlap"
    if not stay.open and row.duration_minutes is not None:
        difference = row.duration_minutes * MINUTE - (stay.end - stay.start)
        if abs(difference) > 2 * MINUTE:
            hours = rounded(Fraction(difference, HOUR))
            near = hours != 0 and abs(difference - hours * HOUR) <= 2 * MINUTE
            yield "zone_suspect" if near else "duration_differs"
    charges = (row.base_charge, row.energy_charge, row.time_charge, row.parking_charge, row.total_charge)
    if None not in charges and row.parts != row.total:
        yield "fees_differ"
    if stay.ahead:
        yield "sample_in_future"


# ------------------------------------------------------------------------------------------- sharing among hours


def linear(first: int, last: int) -> Share:
    """Evenly over [first, last)."""
    return lambda at: Fraction(min(max(at, first), last) - first, last - first)


def metered(knots: Sequence[tuple[int, int]]) -> Share:
    """As the register rose, evenly between two of its readings."""

    def share(at: int) -> Fraction:
        place = bisect_right([instant for instant, _ in knots], at) - 1
        before, register = knots[place]
        risen = Fraction(register - knots[0][1])
        if place + 1 < len(knots):
            after, next_register = knots[place + 1]
            risen += Fraction((next_register - register) * (at - before), after - before)
        return risen / (knots[-1][1] - knots[0][1])

    return share


def shared(quantity: int, share: Share, hours: Sequence[Hour]) -> list[int]:
    """A whole quantity cut up among a session's hours: by the end of the last all of it came."""
    came = [0, *(rounded(quantity * share(hour.ends)) for hour in hours[:-1]), quantity]
    return [after - before for before, after in pairwise(came)]


def only(quantity: int, at: int, hours: Sequence[Hour]) -> list[int]:
    """A whole quantity booked in the hour that holds an instant."""
    return [quantity if hour.starts <= at < hour.ends else 0 for hour in hours]


@dataclass
class Amounts:
    """What adds up: over sessions to an hour, over hours to a day, over chargers to a station."""

    num_sessions: int = 0
    active_sessions: int = 0
    energy: int = 0
    metered_energy: int = 0
    minutes: int = 0
    base_charge: int = 0
    energy_charge: int = 0
    time_charge: int = 0
    parking_charge: int = 0
    adjustment: int = 0
    revenue_completed: int = 0
    revenue_pending: int = 0
    revenue_failed: int = 0
    occupied_seconds: int = 0
    charging_seconds: int = 0
    up_seconds: int = 0
    down_seconds: int = 0
    maintenance_seconds: int = 0
    fault_count: int = 0

    def add(self, other: Amounts) -> None:
        """Add the other's amounts to these."""
        for name, amount in vars(other).items():
            setattr(self, name, getattr(self, name) + amount)

    @property
    def revenue(self) -> int:
        """All of it, 0.01 KRW."""
        return self.base_charge + self.energy_charge + self.time_charge + self.parking_charge + self.adjustment

    @property
    def known_seconds(self) -> int:
        """How long the charger's status was known."""
        return self.up_seconds + self.down_seconds + self.maintenance_seconds

    @property
    def uptime_percentage(self) -> float | None:
        """Percentage (to two decimals) of the time up or down that it was up; None without such time."""
        judged = self.up_seconds + self.down_seconds
        return rounded(Fraction(10_000 * self.up_seconds, judged)) / 100 if judged else None


def slices_of(stay: Stay, zone: str) -> Iterator[tuple[Hour, Amounts]]:
    """A session's part in each of its hours."""
    hours = list(hours_between(stay.start, stay.last_instant, zone))
    row, until = stay.row, stay.charged_until
    by_time = linear(stay.start, stay.end)
    by_energy = metered(stay.knots) if stay.knots else by_time
    energy = shared(stay.energy, by_energy, hours)
    minutes = shared(rounded(Fraction(stay.end - stay.start, MINUTE)), by_time, hours)
    base = only(hundredths(row.base_charge), stay.start, hours)
    by_kwh = shared(hundredths(row.energy_charge), by_energy, hours)
    by_charging = shared(hundredths(row.time_charge), linear(stay.start, until), hours)
    if stay.end > until:
        by_parking = shared(hundredths(row.parking_charge), linear(until, stay.end), hours)
    else:
        by_parking = only(hundredths(row.parking_charge), stay.last_instant, hours)
    adjustment = only(row.total - row.parts, stay.start, hours)
    status = row.payment_status if row.payment_status in ("completed", "failed") else "pending"
    for place, hour in enumerate(hours):
        part = Amounts(
            num_sessions=1 if place == 0 else 0,
            active_sessions=1,
            energy=energy[place],
            metered_energy=energy[place] if stay.knots else 0,
            minutes=minutes[place],
            base_charge=base[place],
            energy_charge=by_kwh[place],
            time_charge=by_charging[place],
            parking_charge=by_parking[place],
            adjustment=adjustment[place],
            occupied_seconds=whole_seconds(stay.occupied, hour),
            charging_seconds=whole_seconds(stay.charging, hour),
        )
        setattr(part, f"revenue_{status}", part.revenue)
        yield hour, part


def whole_seconds(piece: tuple[int, int], hour: Hour) -> int:
    """How much of [from, until) lies in an hour, with both ends at the nearest second, halves up."""
    first, last = ((min(max(end, hour.starts), hour.ends) + SECOND // 2) // SECOND for end in piece)
    return max(last - first, 0)


# ------------------------------------------------------------------------------------------- status of a charger

UP, DOWN, MAINTENANCE = ("AVAILABLE", "IN_USE", "RESERVED"), ("FAULT", "OFFLINE"), ("MAINTENANCE",)


@dataclass(frozen=True)
class Spell:
    """A status as it held, [first, last); a FAULT that begins with it is counted at its first instant."""

    status: str
    first: int
    last: int
    fault: bool


def spells_of(readings: Sequence[Reading], rules: Rules) -> Iterator[Spell]:
    """How long each sample's status held: until the next sample, but no longer than the maximum gap."""
    for place, reading in enumerate(readings):
        if reading.status is None:
            continue
        until = reading.at + rules.max_status_gap
        if place + 1 < len(readings):
            until = min(until, readings[place + 1].at)
        before = readings[place - 1] if place else None
        goes_on = before is not None and before.status == "FAULT" and reading.at - before.at <= rules.max_status_gap
        yield Spell(reading.status, reading.at, until, reading.status == "FAULT" and not goes_on)


def status_amounts(spell: Spell, hour: Hour) -> Amounts:
    """What a spell adds to an hour."""
    seconds = whole_seconds((spell.first, spell.last), hour)
    return Amounts(
        up_seconds=seconds if spell.status in UP else 0,
        down_seconds=seconds if spell.status in DOWN else 0,
        maintenance_seconds=seconds if spell.status in MAINTENANCE else 0,
        fault_count=int(spell.fault and hour.starts <= spell.first < hour.ends),
    )


# ------------------------------------------------------------------------------------------------------ results


@dataclass
class HourlyStats:
    """A row of hourly_charger_stats."""

    charger_id: str
    hour: Hour
    amounts: Amounts = field(default_factory=Amounts)
    provisional: bool = False
    max_power: float | None = None
    last_status: str | None = None

    @property
    def avg_power(self) -> float | None:
        """The mean power (kW, to the W) while the charger was occupied; None where it was not."""
        occupied = self.amounts.occupied_seconds
        return rounded(Fraction(self.amounts.energy * 3600, occupied)) / 1000 if occupied else None


@dataclass
class DailyStats:
    """A row of daily_charger_stats."""

    charger_id: str
    day: date
    amounts: Amounts
    provisional: bool
    last_status: str | None
    energy_by_hour: dict[str, int]
    sessions_by_hour: dict[str, int]
    revenue_by_hour: dict[str, int]
    unknown_seconds: int
    maintenance_required: bool

    @property
    def avg_charge_per_session(self) -> int | None:
        """The revenue by session that started on this day, 0.01 KRW; None without any, or where no column takes it."""
        sessions = self.amounts.num_sessions
        average = rounded(Fraction(self.amounts.revenue, sessions)) if sessions else None
        return None if average is None or abs(average) >= TOO_MUCH else average


@dataclass
class StationStats:
    """A row of station_daily_stats; `last_statuses` counts its chargers by the last status of the day."""

    station_id: str
    day: date
    amounts: Amounts = field(default_factory=Amounts)
    unknown_seconds: int = 0
    last_statuses: dict[str, int] = field(default_factory=lambda: defaultdict(int))


@dataclass(frozen=True)
class Expected:
    """What the statistics have to be."""

    hours: Sequence[HourlyStats]
    days: Sequence[DailyStats]
    stations: Sequence[StationStats]
    findings: Sequence[Finding]


def expected(raw: Raw, rules: Rules, now: datetime) -> Expected:
    """All rows that the statistics have to have, given the raw tables, at an instant `now` (with its zone)."""
    chargers = {charger.charger_id: charger for charger in raw.chargers}
    latest = latest_versions(raw.sessions)
    moment = (now - EPOCH) // timedelta(microseconds=1)
    findings: list[Finding] = []
    valid: dict[str, list[Session]] = defaultdict(list)
    for session in raw.sessions:
        charger = chargers.get(session.charger_id or "")
        reason = next(reasons_to_quarantine(session, charger, latest, rules, moment), None)
        if reason is not None:
            findings.append(Finding(session.id, "quarantine", reason, session.energy, session.total))
        elif charger is not None:
            valid[charger.charger_id].append(session)
    samples: dict[str, list[Sample]] = defaultdict(list)
    for sample in raw.samples:
        samples[sample.charger_id].append(sample)
    hours: list[HourlyStats] = []
    for charger_id in chargers:
        readings = readings_of(samples[charger_id], rules)
        stays = stays_of(valid[charger_id], readings, rules, moment)
        findings += [
            Finding(stay.row.id, "flag", flag, stay.energy, stay.row.total) for stay in stays for flag in flags_of(stay)
        ]
        hours += hourly_stats(charger_id, stays, readings, rules)
    days = daily_stats(hours, rules)
    return Expected(hours, days, station_stats(days, chargers), findings)


def hourly_stats(
    charger_id: str, stays: Sequence[Stay], readings: Sequence[Reading], rules: Rules
) -> list[HourlyStats]:
    """A charger's hours in which anything was: a session, a sample, a status that is known."""
    zone = rules.business_timezone
    rows: dict[Hour, HourlyStats] = {}
    measured: dict[Hour, float] = {}
    stated: dict[Hour, float] = {}

    def row(hour: Hour) -> HourlyStats:
        return rows.setdefault(hour, HourlyStats(charger_id, hour))

    for stay in stays:
        for hour, part in slices_of(stay, zone):
            row(hour).amounts.add(part)
            row(hour).provisional |= stay.open
            keep_greatest(stated, hour, stay.row.max_power)
    for reading in readings:
        hour = hour_of(reading.at, zone)
        row(hour).last_status = reading.status
        if any(stay.start <= reading.at <= stay.end for stay in stays):
            keep_greatest(measured, hour, reading.power)
    for spell in spells_of(readings, rules):
        for hour in hours_between(spell.first, max(spell.first, spell.last - 1), zone):
            amounts = status_amounts(spell, hour)
            if amounts.known_seconds or amounts.fault_count:
                row(hour).amounts.add(amounts)
    for hour, stats in rows.items():
        stats.max_power = measured.get(hour, stated.get(hour))
    return [rows[hour] for hour in sorted(rows)]


def keep_greatest(powers: dict[Hour, float], hour: Hour, power: float | None) -> None:
    """Note a power for an hour unless a greater one is there."""
    if power is not None:
        powers[hour] = max(power, powers.get(hour, power))


def daily_stats(hours: Iterable[HourlyStats], rules: Rules) -> list[DailyStats]:
    """A row for each charger and day that has an hourly one."""
    by_day: dict[tuple[str, date], list[HourlyStats]] = defaultdict(list)
    for stats in hours:
        by_day[stats.charger_id, stats.hour.day].append(stats)
    return [day_of(charger_id, day, rows, rules) for (charger_id, day), rows in sorted(by_day.items())]


def day_of(charger_id: str, day: date, rows: Sequence[HourlyStats], rules: Rules) -> DailyStats:
    """A charger's day from its hours, which are in order."""
    amounts = Amounts()
    for row in rows:
        amounts.add(row.amounts)
    whole_day = hours_of_day(day, rules.business_timezone)
    of_hour = {row.hour: row.amounts for row in rows}
    in_turn = [(hour.key, of_hour.get(hour, Amounts())) for hour in whole_day]
    too_little_up = 100 * amounts.up_seconds < rules.uptime_target * (amounts.up_seconds + amounts.down_seconds)
    return DailyStats(
        charger_id=charger_id,
        day=day,
        amounts=amounts,
        provisional=any(row.provisional for row in rows),
        last_status=next((row.last_status for row in reversed(rows) if row.last_status is not None), None),
        energy_by_hour={key: amounts.energy for key, amounts in in_turn},
        sessions_by_hour={key: amounts.num_sessions for key, amounts in in_turn},
        revenue_by_hour={key: amounts.revenue for key, amounts in in_turn},
        unknown_seconds=len(whole_day) * 3600 - amounts.known_seconds,
        maintenance_required=amounts.fault_count >= rules.maintenance_faults
        or (too_little_up and amounts.known_seconds >= 12 * 3600),
    )


def station_stats(days: Iterable[DailyStats], chargers: Mapping[str, Charger]) -> list[StationStats]:
    """A row for each station, as chargers stand now, and day that one of its chargers has a row for."""
    rows: dict[tuple[str, date], StationStats] = {}
    for daily in days:
        station = chargers[daily.charger_id].station_id
        row = rows.setdefault((station, daily.day), StationStats(station, daily.day))
        row.amounts.add(daily.amounts)
        row.unknown_seconds += daily.unknown_seconds
        if daily.last_status is not None:
            row.last_statuses[daily.last_status] += 1
    return list(rows.values())
