"""What a run of the statistics is asked for, and the settings that decide the figures."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from pgpipelines.errors import ConfigurationError
from pgpipelines.templates import QualifiedName

if TYPE_CHECKING:
    from pgpipelines.endpoints import Endpoint

# A zone whose clock never changes, so that raw times are in the order of their instants.
UTC_NAMES = frozenset({"UTC", "Etc/UTC", "Zulu", "GMT"})
MOST_CLOCKS_CHANGE = timedelta(hours=2)
LONGEST_SAMPLE_PERIOD = timedelta(hours=1)


@dataclass(frozen=True)
class Period:
    """Business days, both included; None means from the beginning, or until the end."""

    first: date | None = None
    last: date | None = None


@dataclass(frozen=True)
class RollupSettings:
    """What decides the figures. Shares are of what a run evaluates; `uptime_target` is in percent."""

    schema: str = "public"
    source_timezone: str = "UTC"
    business_timezone: str = "Asia/Seoul"
    sample_period: timedelta = timedelta(minutes=15)
    max_status_gap: timedelta | None = None
    earliest_start: date = date(2000, 1, 1)
    power_tolerance: Decimal = Decimal("1.5")
    future_tolerance: timedelta = timedelta(hours=1)
    quarantine_energy_share: Decimal = Decimal("0.01")
    quarantine_row_share: Decimal = Decimal("0.02")
    quarantine_at_least: int = 10
    uptime_target: Decimal = Decimal(97)
    maintenance_faults: int = 3
    workers: int = 2

    def __post_init__(self) -> None:
        """Raise ConfigurationError for a sample period that the arithmetic of registers is not made for."""
        if not timedelta(0) < self.sample_period <= LONGEST_SAMPLE_PERIOD:
            raise ConfigurationError(
                f"sample_period is {self.sample_period}", f"choose one of {LONGEST_SAMPLE_PERIOD} at most"
            )

    @property
    def status_holds(self) -> timedelta:
        """How long a status holds without another sample: two sample periods unless said otherwise."""
        return 2 * self.sample_period if self.max_status_gap is None else self.max_status_gap

    @property
    def values(self) -> dict[str, object]:
        """What the templates bind."""
        margin = timedelta(0) if self.source_timezone in UTC_NAMES else MOST_CLOCKS_CHANGE
        return {**asdict(self), "max_status_gap": self.status_holds, "margin": margin}

    @property
    def figures(self) -> str:
        """The settings that the figures depend on, as JSON."""
        others = ("quarantine_energy_share", "quarantine_row_share", "quarantine_at_least", "workers")
        deciding = {name: value for name, value in self.values.items() if name not in others}
        return json.dumps(deciding, default=str, sort_keys=True)


@dataclass(frozen=True)
class RollupRequest:
    """Which database's statistics to bring up to date; `rebuild` computes a period anew, marked dirty or not."""

    endpoint: Endpoint
    settings: RollupSettings = field(default_factory=RollupSettings)
    rebuild: Period | None = None

    @property
    def tables(self) -> dict[str, Any]:
        """The raw tables and the statistics, by the names that the templates use."""
        names = {
            "log": "charger_usage_log",
            "samples": "power_consumption",
            "chargers": "charger_info",
            "hourly": "hourly_charger_stats",
            "daily": "daily_charger_stats",
            "station": "station_daily_stats",
        }
        return {short: QualifiedName(self.settings.schema, name) for short, name in names.items()}
