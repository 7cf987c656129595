"""What a run of the statistics did, for people to read."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal


@dataclass(frozen=True)
class Found:
    """Sessions with one finding: how many, their energy (Wh, whatever its sign) and revenue (KRW).

    `new_` are those that no run had found before.
    """

    severity: str
    reason: str
    sessions: int
    energy_wh: int
    revenue: Decimal
    new_sessions: int
    new_energy_wh: int


@dataclass(frozen=True)
class HoursReport:
    """What an hourly run took (marks), evaluated (sessions, and their energy in Wh), found, wrote and deleted (rows).

    `whole` tells that everything was computed anew, `installed` that tracking or tables had to be put up first.
    """

    marks: int = 0
    whole: bool = False
    installed: bool = False
    sessions: int = 0
    energy_wh: int = 0
    findings: tuple[Found, ...] = field(default=())
    written: int = 0
    deleted: int = 0

    @property
    def quarantined(self) -> tuple[Found, ...]:
        """What can't be right, by reason."""
        return tuple(found for found in self.findings if found.severity == "quarantine")


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


@dataclass(frozen=True)
class Totals:
    """Sessions, their energy (Wh) and revenue (KRW)."""

    sessions: int
    energy_wh: int
    revenue: Decimal

    def __str__(self) -> str:
        """As messages say it."""
        return f"{self.sessions:,} sessions, {self.energy_wh / 1000:,.3f} kWh, {self.revenue:,.2f} KRW"

    def __add__(self, other: Totals) -> Totals:
        """Add up two sides."""
        return Totals(self.sessions + other.sessions, self.energy_wh + other.energy_wh, self.revenue + other.revenue)


@dataclass(frozen=True)
class Reconciliation:
    """What charger_usage_log holds, and where it is; `pending` chargers, whose marks no run has taken, are left out.

    `late` sessions were written into months that are detached: they are in the log, and nowhere else.
    """

    log: Totals
    hours: Totals
    quarantine: Totals
    pending: int
    late: int = 0
