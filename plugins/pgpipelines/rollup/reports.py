"""What a run of the statistics did, for people to read."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal


@dataclass(frozen=True)
class Found:
    """Sessions with one finding, their energy (Wh) and revenue (KRW)."""

    severity: str
    reason: str
    sessions: int
    energy_wh: int
    revenue: Decimal


@dataclass(frozen=True)
class HoursReport:
    """What an hourly run evaluated, found and wrote.

    `whole` tells that everything was computed anew, `installed` that tracking or tables had to be put up first.
    """

    marks: int = 0
    whole: bool = False
    installed: bool = False
    sessions: int = 0
    buckets: int = 0
    written: int = 0
    deleted: int = 0
    findings: tuple[Found, ...] = field(default=())


@dataclass(frozen=True)
class DaysReport:
    """Days of chargers that were dirty, and the rows of daily_charger_stats written and deleted."""

    days: int = 0
    written: int = 0
    deleted: int = 0


@dataclass(frozen=True)
class StationsReport:
    """Days of stations that were dirty, and the rows of station_daily_stats written and deleted."""

    days: int = 0
    written: int = 0
    deleted: int = 0
