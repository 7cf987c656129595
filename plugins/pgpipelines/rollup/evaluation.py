"""How sessions are judged and apportioned: the steps, each a template, and what they amount to."""

from __future__ import annotations

from dataclasses import astuple, dataclass, replace
from typing import TYPE_CHECKING, Any

from pgpipelines.templates import QualifiedName

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pgpipelines.sessions import Session

COMPUTED_HOURS = QualifiedName("pg_temp", "rollup_hour")


@dataclass(frozen=True)
class Amounts:
    """Sessions, Wh, 0.01 KRW, minutes, and seconds of the chargers' time."""

    sessions: int = 0
    energy_wh: int = 0
    revenue: int = 0
    minutes: int = 0
    seconds: int = 0

    def __add__(self, other: Amounts) -> Amounts:
        """Add up two shares."""
        return Amounts(*(left + right for left, right in zip(astuple(self), astuple(other), strict=True)))


@dataclass(frozen=True)
class Evaluated:
    """Sessions that were looked at, their energy (Wh, whatever its sign), and what the valid ones amount to."""

    sessions: int
    energy_wh: int
    amounts: Amounts

    @classmethod
    def of(cls, session: Session) -> Evaluated:
        """What the session has in rollup_session."""
        evaluated = session.one("rollup/evaluated.sql")
        return cls(evaluated.sessions, evaluated.energy_wh, Amounts(*session.one("rollup/of_sessions.sql")))

    def __add__(self, other: Evaluated) -> Evaluated:
        """Add up two shares."""
        return Evaluated(self.sessions + other.sessions, self.energy_wh + other.energy_wh, self.amounts + other.amounts)


@dataclass(frozen=True)
class Evaluation:
    """What the steps are bound to, and what their templates are told."""

    values: Mapping[str, Any]
    context: Mapping[str, Any]

    def of_share(self, first_charger: str, end_charger: str | None) -> Evaluation:
        """The same of a share of the chargers, from one on, up to another."""
        return replace(self, values={**self.values, "first_charger": first_charger, "end_charger": end_charger})

    def run(self, session: Session, *steps: str) -> None:
        """Run steps, one after the other."""
        for step in steps:
            session.execute(f"rollup/{step}.sql", self.values, **self.context)


def hours_amount_to(session: Session, hours: QualifiedName) -> Amounts:
    """What the rows of a table like hourly_charger_stats amount to."""
    return Amounts(*session.one("rollup/of_hours.sql", hours=hours))
