"""Rows at the edges of each definition: what a random generator meets too seldom, one charger for each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from tests.plugins.rollup.examples import at, samples, session
from tests.plugins.rollup.oracle import Charger, Raw, Sample, Session

EXAMPLES_DAY = at("0:00")
RISING = (("10:15", "101"), ("10:30", "102"), ("10:45", "103"), ("11:00", "104"))
METER: dict[str, Any] = {"energy_meter_start": "100", "energy_meter_end": "105"}
CHARGED: dict[str, Any] = {
    "energy_charge": "1234.56",
    "time_charge": "100",
    "parking_charge": "33.33",
    "base_charge": "5",
}
NAN = Decimal("NaN")
HUGE = "9999999.999"


@dataclass(frozen=True)
class Corner:
    """Rows of one charger."""

    sessions: Sequence[Session] = ()
    samples: Sequence[Sample] = ()
    rated_power: float | None = 50.0


def metered(
    *readings: tuple[str, str | None], end: str | None = "11:10", energy: str | None = "5", **columns: str
) -> Corner:
    """A session from 10:00 with the meter's readings."""
    meter = METER if end else {"energy_meter_start": "100"}
    return Corner([session("10:00", end, energy, **{**meter, **CHARGED, **columns})], samples(*readings))


CORNERS = {
    "nothing but a charger": Corner(),
    "one sample without a status": Corner(samples=samples(("10:00", None))),
    "whole hours": Corner([session("10:00", "12:00", "3")]),
    "the last microsecond of an hour": Corner(
        [session("10:59:59.999999", "11:00", "0.001", **CHARGED)], rated_power=None
    ),
    "the first microsecond of an hour": Corner(
        [session("11:00", "11:00:00.000001", "0.001", **CHARGED)], rated_power=None
    ),
    "a microsecond on either side": Corner(
        [session("10:59:59.999999", "11:00:00.000001", "0.001", **CHARGED)], rated_power=None
    ),
    "halves of a second": Corner(
        [session("10:00:00.5", "10:00:01.5"), session("10:00:01.5", "10:00:01.6", number=2)], rated_power=None
    ),
    "no duration, on the hour": Corner([session("11:00", "11:00", "0", **CHARGED)]),
    "no duration inside another": Corner([session("10:00", "12:00"), session("11:00", "11:00", "0", number=2)]),
    "no duration at the start of another, before it": Corner(
        [session("10:00", "10:00", "0"), session("10:00", "11:00", number=2)]
    ),
    "no duration at the start of another, after it": Corner(
        [session("10:00", "10:00", "0", number=2), session("10:00", "11:00")]
    ),
    "one after the other": Corner([session("10:00", "11:00"), session("11:00", "12:00", number=2)]),
    "one within another, and one after both": Corner(
        [session("10:00", "14:00"), session("11:00", "12:00", number=2), session("13:00", "15:00", number=3)]
    ),
    "three days": Corner([session("10:00", "82:17", "100", **CHARGED)]),
    "just 48 hours": Corner([session("10:00", "58:00", "100")]),
    "a microsecond more than 48 hours": Corner([session("10:00", "58:00:00.000001", "100")]),
    "60 days of the greatest amounts": Corner(
        [
            session(
                "10:00:00.000001",
                "1450:59:59.999999",
                HUGE,
                base_charge="9999.99",
                energy_charge="99999999.99",
                time_charge="-99999999.99",
                parking_charge="9.99",
                total_charge="9999999.99",
            )
        ],
        rated_power=None,
    ),
    "a register as great as can be": Corner(
        [session("10:00", "11:10", HUGE, energy_meter_start="999000000", energy_meter_end="999999999.999", **CHARGED)],
        samples(("10:29:59.999999", "999000000"), ("10:45", "999500000.001"), ("11:00", "999999999.998")),
        rated_power=None,
    ),
    "a register that rises as much as can be": Corner(
        [session("10:00", "11:10", HUGE, energy_meter_start="0", energy_meter_end="1000000", **CHARGED)],
        samples(("10:29:59.999999", "0.001"), ("10:45", "500000.001"), ("11:00", "999999.998")),
        rated_power=None,
    ),
    "a register that rises too much": Corner(
        [session("10:00", "11:10", HUGE, energy_meter_start="0", energy_meter_end="1000000.001", **CHARGED)],
        samples(("10:29:59.999999", "0.001"), ("10:45", "500000.001"), ("11:00", "999999.998")),
        rated_power=None,
    ),
    "NaN wherever it fits": Corner(
        [
            replace(
                session("10:00", "11:10", "1", **CHARGED),
                energy_delivered=NAN,
                energy_meter_start=NAN,
                base_charge=NAN,
                total_charge=NAN,
            )
        ],
        [Sample(1, "C1", at("10:30"), None, NAN, "IN_USE")],
    ),
    "open, without samples": metered(end=None, energy=None),
    "open, a sample at its start": metered(("10:00", "101"), end=None, energy=None),
    "open, samples before it only": metered(("9:59", "101"), end=None, energy=None),
    "open, rising": metered(*RISING, end=None, energy=None),
    "open, rising, then standing": metered(*RISING, ("11:15", "104"), ("11:30", "104"), end=None, energy=None),
    "open, the last sample without register": metered(*RISING, ("11:20", None), end=None, energy=None),
    "open with energy, the last sample without register": metered(*RISING, ("11:20", None), end=None),
    "open, no sample with a register": metered(("10:15", None), ("11:15", None), end=None),
    "open, the register fallen": metered(("10:15", "101"), ("10:30", "99"), end=None, energy=None),
    "open, two samples at the end": metered(*RISING, ("11:00", "103.5"), end=None, energy=None),
    "open, two samples at the end, one without register": metered(*RISING, ("11:00", None), end=None, energy=None),
    "open for three days": Corner(
        [session("10:00", None, None, energy_meter_start="1")],
        samples(*((f"{hour}:07", str(hour), "IN_USE") for hour in range(10, 83))),
    ),
    "open, the next at the same instant": Corner(
        [session("10:00", None, None, energy_meter_start="100"), session("10:00", "10:20", number=2)], samples(*RISING)
    ),
    "open, the next at a sample": Corner(
        [session("10:00", None, None, energy_meter_start="100"), session("10:30", "10:40", number=2)], samples(*RISING)
    ),
    "open, the next left out": Corner(
        [session("10:00", None, None, energy_meter_start="100"), session("10:40", "10:30", number=2)], samples(*RISING)
    ),
    "open twice": Corner(
        [
            session("10:00", None, None, energy_meter_start="100"),
            session("10:20", None, None, number=2, energy_meter_start="101.5"),
        ],
        samples(*RISING),
    ),
    "open in an overlap": Corner(
        [session("9:00", "10:30"), session("10:00", None, None, number=2, energy_meter_start="100")], samples(*RISING)
    ),
    "meter": metered(*RISING),
    "meter, standing at the end": metered(*RISING, energy_meter_end="104"),
    "meter, a sample at the start, below": metered(("10:00", "99"), *RISING),
    "meter, a sample at the start, above": metered(("10:00", "100.5"), *RISING),
    "meter, a sample at the end, below": metered(*RISING, ("11:10", "104.5")),
    "meter, a sample at the end, above": metered(*RISING, ("11:10", "106")),
    "meter, samples at one instant, falling by id": metered(*RISING, ("10:30", "101.5")),
    "meter, samples at one instant, too great": metered(*RISING, ("10:30", "103.001")),
    "meter, a sample without register": metered(*RISING, ("10:50", None)),
    "meter, reset": metered(*RISING[:2], ("10:45", "1"), *RISING[3:]),
    "meter, half an hour without": metered(*RISING[:1], *RISING[2:]),
    "meter, more than half an hour without": metered(("10:15", "101"), ("10:45:00.000001", "103"), ("11:00", "104")),
    "meter, more than half an hour to the end": metered(*RISING, end="11:30:00.000001"),
    "meter, more than half an hour from the start": metered(("10:30:00.000001", "101"), ("11:00", "104")),
    "meter, risen in one step": metered(("10:15", "100"), ("10:30", "104"), energy_meter_end="104", end="11:00"),
    "meter, ends below its start": metered(*RISING, energy_meter_end="99"),
    "meter, a session without duration in it": Corner(
        [session("10:00", "11:10", "5", **METER), session("10:30", "10:30", "0", number=2)], samples(*RISING)
    ),
    "meter, neighbours that touch": Corner(
        [
            session("9:00", "10:00", number=2),
            session("10:00", "11:10", "5", **METER),
            session("11:10", "11:20", number=3),
        ],
        samples(*RISING),
    ),
    "meter, an open neighbour before": Corner(
        [session("9:00", None, None, number=2, energy_meter_start="98"), session("10:00", "11:10", "5", **METER)],
        samples(("9:30", "99"), ("9:59", "99.5"), *RISING),
    ),
    "powers": Corner(
        [session("10:00", "11:00", max_power=9.5), session("12:00", "13:00", max_power=8.5, number=2)],
        [
            Sample(1, "C1", at("10:30"), 3.25),
            Sample(2, "C1", at("10:40"), 3.5),
            Sample(3, "C1", at("11:00"), 7.0),
            Sample(4, "C1", at("12:30"), None),
            Sample(5, "C1", at("13:00:00.000001"), 99.0),
        ],
    ),
    "faults at one instant": Corner(
        samples=samples(("10:00", None, "FAULT"), ("10:00", None, "AVAILABLE"), ("10:00", None, "FAULT"))
    ),
    "a fault after null": Corner(
        samples=[
            Sample(1, "C1", at("10:00"), charger_status="FAULT"),
            Sample(2, "C1", at("10:10"), charger_status=None),
            Sample(3, "C1", at("10:20"), charger_status="FAULT"),
        ]
    ),
    "a fault after just the longest gap": Corner(samples=samples(("10:00", None, "FAULT"), ("10:30", None, "FAULT"))),
    "a fault after a microsecond more": Corner(
        samples=samples(("10:00", None, "FAULT"), ("10:30:00.000001", None, "FAULT"))
    ),
    "a status up to the hour": Corner(samples=samples(("10:30", None, "OFFLINE"))),
    "a status a microsecond over the hour": Corner(samples=samples(("10:30:00.000001", None, "OFFLINE"))),
    "a status half a second over the hour": Corner(samples=samples(("10:30:00.5", None, "MAINTENANCE"))),
    "an unknown status": Corner(samples=samples(("10:00", None, "AVAILABLE"), ("10:10", None, "available"))),
    "a reserved charger": Corner(samples=samples(("10:50", None, "RESERVED"))),
    "a day of faults": Corner(
        samples=samples(
            *((f"{half // 2}:{half % 2 * 30:02}", None, ("FAULT", "AVAILABLE")[half % 2]) for half in range(96))
        )
    ),
    "97 percent of 12 hours": Corner(
        samples=samples(
            *((f"{15 + quarter // 4}:{quarter % 4 * 15:02}", None, "AVAILABLE") for quarter in range(46)),
            ("26:30", None, "AVAILABLE"),
            ("26:38:24", None, "OFFLINE"),
            ("27:00", None, "x"),
        )
    ),
}
# Each is tried alone: it could stop the runs of all others.
BEYOND = {
    "an average too great for its column": Corner(
        [session("10:00", "11:00", base_charge="99999999.99", total_charge="99999999.99", time_charge="99999999.99")],
    ),
    "a revenue too great for an average": Corner(
        [session("10:00", "11:00", base_charge="99999999.99", time_charge="0.01")],
    ),
    "a revenue just as great as an average may be": Corner([session("10:00", "11:00", base_charge="99999999.99")]),
    "a revenue too far below nothing": Corner(
        [session("10:00", "11:00", base_charge="-99999999.99", time_charge="-0.01")],
    ),
    "ends in the year 9999": Corner([replace(session("10:00", None), end_time=datetime(9999, 12, 31))]),  # noqa: DTZ001
    "the greatest durations": Corner(
        [
            session("10:00", "11:00", duration_minutes=2**31 - 1),
            session("12:00", "13:00", duration_minutes=-(2**31), number=2),
        ]
    ),
}


def all_corners(day: datetime = EXAMPLES_DAY) -> Raw:
    """All of CORNERS, moved to another day."""
    return raw_of(CORNERS.values(), day)


def raw_of(corners: Iterable[Corner], day: datetime = EXAMPLES_DAY) -> Raw:
    """Corners as rows, one charger each, moved to another day."""
    past = day - EXAMPLES_DAY
    parts = [(f"C{place}", corner, 1000 * place) for place, corner in enumerate(corners, start=1)]
    return Raw(
        sessions=tuple(session for part in parts for session in _moved_sessions(*part, past)),
        samples=tuple(
            replace(sample, id=first + sample.id, charger_id=charger, measurement_time=sample.measurement_time + past)
            for charger, corner, first in parts
            for sample in corner.samples
        ),
        chargers=tuple(Charger(charger, f"S{first % 3000}", corner.rated_power) for charger, corner, first in parts),
    )


def _moved_sessions(charger: str, corner: Corner, first: int, past: timedelta) -> Iterator[Session]:
    for row in corner.sessions:
        end = row.end_time if row.end_time is None or row.end_time.year == 9999 else row.end_time + past
        yield replace(
            row,
            id=first + row.id,
            charger_id=charger,
            start_time=row.start_time + past,
            end_time=end,
            created_at=row.created_at + past,
        )
