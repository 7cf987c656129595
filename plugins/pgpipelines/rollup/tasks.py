"""What Airflow tasks call: settings as plain values, a connection by id, results that read well in the UI."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from airflow.sdk import get_current_context

from pgpipelines.configuration import RollupRules
from pgpipelines.configuration.values import parse_duration
from pgpipelines.connections import endpoint, table_asset
from pgpipelines.errors import ConfigurationError
from pgpipelines.ledger import Run
from pgpipelines.outlets import STATISTICS
from pgpipelines.rollup import engine
from pgpipelines.rollup.explanation import explain
from pgpipelines.rollup.reports import DaysReport, Found, HoursReport, StationsReport, Totals
from pgpipelines.rollup.request import Period, RollupRequest, RollupSettings
from pgpipelines.table_names import parse_name
from pgpipelines.tasks import current_run, plain_errors

Summary = dict[str, Any]

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Rollup:
    """A rollup as the current task runs it: the request, and the run's name in the database."""

    request: RollupRequest
    run: Run

    @classmethod
    def of_task(cls, settings: Mapping[str, Any], params: Mapping[str, Any]) -> Rollup:
        """Read the pipeline's settings and the form's parameters. Raises ConfigurationError."""
        rules = RollupRules.model_validate(settings)
        request = RollupRequest(endpoint(params["conn_id"]), figures_of(rules), _period(params))
        return cls(request, current_run())

    def announce(self, table: str, figures: Mapping[str, Any]) -> None:
        """Say by an event of the table's Asset that it was brought up to date."""
        asset = table_asset(self.request.endpoint, self.request.tables[table])
        context: Any = get_current_context()
        context["outlet_events"][STATISTICS].add(asset, extra=dict(figures))


def figures_of(rules: RollupRules) -> RollupSettings:
    """The engine's settings, as the file's rules say."""
    gap = rules.max_status_gap
    return RollupSettings(
        schema=parse_name(rules.tables_schema),
        source_timezone=rules.source_timezone,
        business_timezone=rules.business_timezone,
        sample_period=parse_duration(rules.sample_period),
        max_status_gap=None if gap is None else parse_duration(gap),
        power_tolerance=rules.power_tolerance,
        future_tolerance=parse_duration(rules.future_tolerance),
        quarantine_energy_share=rules.quarantine_energy_share,
        quarantine_row_share=rules.quarantine_row_share,
        quarantine_at_least=rules.quarantine_at_least,
        uptime_target=rules.uptime_target,
        maintenance_faults=rules.maintenance_faults,
        workers=rules.workers,
    )


def roll_up_hours(settings: Mapping[str, Any], params: Mapping[str, Any]) -> Summary:
    """Bring hourly_charger_stats up to date. Raises a PipelineError, with nothing changed."""
    with plain_errors():
        rollup = Rollup.of_task(settings, params)
        report = engine.roll_up_hours(rollup.request, rollup.run)
    for finding in report.findings:
        log.warning("%s (%s): %s sessions", finding.reason, finding.severity, f"{finding.sessions:,}")
    summary = _of_hours(report)
    rollup.announce("hourly", summary)
    return summary


def roll_up_days(settings: Mapping[str, Any], params: Mapping[str, Any]) -> Summary:
    """Bring daily_charger_stats up to date with the hours. Raises a PipelineError, with nothing changed."""
    return _roll_up("daily", engine.roll_up_days, settings, params)


def roll_up_stations(settings: Mapping[str, Any], params: Mapping[str, Any]) -> Summary:
    """Bring station_daily_stats up to date with the days. Raises a PipelineError, with nothing changed."""
    return _roll_up("station", engine.roll_up_stations, settings, params)


def _roll_up(
    table: str,
    work: Callable[[RollupRequest, Run], DaysReport | StationsReport],
    settings: Mapping[str, Any],
    params: Mapping[str, Any],
) -> Summary:
    with plain_errors():
        rollup = Rollup.of_task(settings, params)
        summary = asdict(work(rollup.request, rollup.run))
    rollup.announce(table, summary)
    return summary


def reconcile(settings: Mapping[str, Any], params: Mapping[str, Any]) -> Summary:
    """Hold the raw log against hours and quarantine. Raises VerificationError where they differ."""
    with plain_errors():
        rollup = Rollup.of_task(settings, params)
        found = engine.reconcile(rollup.request, rollup.run)
    sides = {"log": found.log, "hours": found.hours, "quarantine": found.quarantine}
    for name, totals in sides.items():
        log.info("%-10s %s", name, totals)
    return {**{name: _totals(side) for name, side in sides.items()}, "chargers_pending": found.pending}


def explain_bucket(settings: Mapping[str, Any], params: Mapping[str, Any]) -> Summary:
    """Say of which sessions and samples an hour of a charger is made, and what it got of each."""
    with plain_errors():
        rollup = Rollup.of_task(settings, {"rebuild_from": None, "rebuild_to": None, **params})
        hour = _hour(params["hour"], rollup.request.settings.business_timezone)
        found = explain(rollup.request, rollup.run, params["charger_id"].strip(), hour)
    sessions = [_readable(row) for row in found.sessions]
    samples = [_readable(row) for row in found.samples]
    for kind, rows in (("session", sessions), ("sample", samples)):
        for row in rows:
            log.info("%s  %s", kind, "  ".join(f"{name}={value}" for name, value in row.items()))
    return {"hour": hour.isoformat(), "sessions": sessions, "samples": samples}


def _hour(text: str, zone: str) -> datetime:
    """The instant at which the hour begins that holds a moment of the business clock, or one with an offset."""
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        raise ConfigurationError(f"hour: found {text!r}", "write an hour such as 2026-01-31 14:00") from None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=ZoneInfo(zone))
    # In the business zone, whose hours may begin at half past those of UTC.
    return moment.astimezone(ZoneInfo(zone)).replace(minute=0, second=0, microsecond=0)


def _readable(row: Any) -> Summary:
    """A row as JSON and a person take it: instants with their offset, exact numbers as they are written."""
    return {
        name: value if value is None or isinstance(value, bool | int | str) else _text(value)
        for name, value in row._asdict().items()
    }


def _text(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)


def _period(params: Mapping[str, Any]) -> Period | None:
    """The days that the form wants computed anew, if any."""
    first, last = (_day(params, name) for name in ("rebuild_from", "rebuild_to"))
    if first is not None and last is not None and first > last:
        raise ConfigurationError(f"rebuild_from {first} comes after rebuild_to {last}", "exchange them")
    return None if first is last is None else Period(first, last)


def _day(params: Mapping[str, Any], name: str) -> date | None:
    text = (params[name] or "").strip()
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise ConfigurationError(f"{name}: found {text!r}", "write a day such as 2026-01-31, or nothing") from None


def _of_hours(report: HoursReport) -> Summary:
    return {
        "sessions": report.sessions,
        "written": report.written,
        "deleted": report.deleted,
        "everything": report.whole,
        "quarantined": _by_reason(report.quarantined),
        "flagged": _by_reason(found for found in report.findings if found.severity == "flag"),
    }


def _totals(side: Totals) -> Summary:
    return {"sessions": side.sessions, "kwh": side.energy_wh / 1000, "krw": float(side.revenue)}


def _by_reason(findings: Iterable[Found]) -> dict[str, int]:
    return {found.reason: found.sessions for found in findings}
