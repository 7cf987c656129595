"""What the charger statistics of a database say, for the demo's report and its picture."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from demo.picture import Bar, Panel, draw
from pgpipelines.errors import PipelineError
from pgpipelines.ledger import Run
from pgpipelines.rollup.engine import reconcile
from pgpipelines.rollup.request import RollupRequest
from pgpipelines.sessions import Session

if TYPE_CHECKING:
    from pgpipelines.endpoints import Endpoint

RUN = Run("demo", "report", "statistics")
DAYS = 60


def picture(endpoint: Endpoint) -> str | None:
    """Energy by hour of day and revenue by day, as SVG; None where the statistics have no rows."""
    tables = RollupRequest(endpoint).tables
    with Session(endpoint, RUN.application_name) as session:
        hours, days = (
            session.query(f"report/{name}.sql", {"days": DAYS}, **tables)
            for name in ("energy_by_hour", "revenue_by_day")
        )
        if not hours or not days:
            return None
        zone = session.one("report/business_timezone.sql").name
    return draw(
        (
            Panel(f"Energy by hour of day, {zone}", f"kWh, all chargers, mean of {hours[0].days} days", bars(hours)),
            Panel(f"Revenue by day, {zone}", "KRW, all chargers, paid or not", bars(days)),
        )
    )


def bars(rows: Iterable[Any]) -> list[Bar]:
    """Rows as bars."""
    return [Bar(row.label, row.value) for row in rows]


def summary(endpoint: Endpoint) -> list[str]:
    """What was rolled up and found, and whether the log is reconciled, as lines for a person."""
    request = RollupRequest(endpoint)
    with Session(endpoint, RUN.application_name) as session:
        stands = session.one("report/statistics.sql", **request.tables)
        findings = session.query("report/findings.sql")
    return [
        f"statistics   {stands.sessions:,} sessions in {stands.hours:,} hours and {stands.days:,} days of chargers, "
        f"{stands.station_days:,} days of stations",
        f"quarantined  {found(findings, 'quarantine')}",
        f"flagged      {found(findings, 'flag')}",
        f"reconciled   {reconciled(request)}",
    ]


def found(findings: Iterable[Any], severity: str) -> str:
    """How many findings there are of a severity, and of which reasons."""
    chosen = [finding for finding in findings if finding.severity == severity]
    reasons = ", ".join(f"{finding.reason} {finding.sessions:,}" for finding in chosen)
    total = sum(finding.sessions for finding in chosen)
    return f"{total:,}: {reasons}" if chosen else "0"


def reconciled(request: RollupRequest) -> str:
    """What the log holds where hours and quarantine hold the same, else what is wrong."""
    try:
        done = reconcile(request, RUN)
    except PipelineError as error:
        return f"FAILED: {error.cause}"
    left_out = f"; {done.pending:,} chargers with newer rows left out" if done.pending else ""
    return f"{done.log} in the log, as many in hours and quarantine{left_out}"
