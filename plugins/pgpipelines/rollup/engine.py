"""The stories of a run of the statistics: hours from the raw log, days from hours, stations from days.

Each is one transaction: it takes the marks that it sees, computes whole what they mark, and puts it in place. What is
written to the raw tables meanwhile stays marked for the next run.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from pgpipelines.copy.locking import patiently
from pgpipelines.errors import ConflictError
from pgpipelines.rollup.installation import ensure_installed, is_repeatable
from pgpipelines.rollup.reports import DaysReport, Found, HoursReport, StationsReport
from pgpipelines.sessions import Session

if TYPE_CHECKING:
    from pgpipelines.ledger import Run
    from pgpipelines.rollup.request import RollupRequest


def roll_up_hours(request: RollupRequest, run: Run) -> HoursReport:
    """Bring hourly_charger_stats and the findings up to date. Raises a PipelineError, with nothing changed."""
    with _held(request, run) as session:
        installed = ensure_installed(session, request)
        settings, tables = request.settings.values, request.tables
        if request.rebuild is not None:
            period = {"first": request.rebuild.first, "last": request.rebuild.last}
            session.execute("rollup/mark_period.sql", {**settings, **period})
        values = {**settings, "now": session.one("rollup/now.sql").now}
        session.execute("rollup/take_marks.sql", values)
        taken = session.one("rollup/marks.sql")
        if not taken.marks:
            session.commit()
            return HoursReport(installed=installed)
        context: dict[str, Any] = {**tables, "whole": taken.whole, "repeatable": is_repeatable(session, request)}
        if not taken.whole:
            session.execute("rollup/spans.sql", values, **context)
        session.execute("rollup/sessions.sql", values, **context, sharers=1, share=0)
        session.execute("rollup/findings.sql")
        session.execute("rollup/hours.sql", values, **context)
        session.execute("rollup/replace_findings.sql", whole=taken.whole)
        done = session.one("rollup/replace_hours.sql", columns=_columns(session, "rollup_hour"), **context)
        evaluated = session.one("rollup/evaluated.sql")
        found = session.query("rollup/found.sql")
        session.commit()
    return HoursReport(
        marks=taken.marks,
        whole=taken.whole,
        installed=installed,
        sessions=evaluated.sessions,
        buckets=evaluated.buckets,
        written=done.written,
        deleted=done.deleted,
        findings=tuple(Found(row.severity, row.reason, row.sessions, int(row.energy_wh), row.revenue) for row in found),
    )


def roll_up_days(request: RollupRequest, run: Run) -> DaysReport:
    """Bring daily_charger_stats up to date with the hours. Raises a PipelineError, with nothing changed."""
    with _held(request, run) as session:
        taken = session.one("rollup/take_days.sql")
        if not taken.days:
            return DaysReport()
        context: dict[str, Any] = {**request.tables, "whole": taken.whole}
        session.execute("rollup/days.sql", request.settings.values, **context)
        done = session.one("rollup/replace_days.sql", columns=_columns(session, "rollup_daily"), **context)
        session.commit()
    return DaysReport(taken.days, done.written, done.deleted)


def roll_up_stations(request: RollupRequest, run: Run) -> StationsReport:
    """Bring station_daily_stats up to date with the days. Raises a PipelineError, with nothing changed."""
    with _held(request, run) as session:
        days = session.one("rollup/take_station_days.sql", **request.tables).days
        session.execute("rollup/station_days.sql", **request.tables)
        columns = _columns(session, "rollup_station")
        done = session.one("rollup/replace_station_days.sql", columns=columns, **request.tables)
        session.commit()
    return StationsReport(days, done.written, done.deleted)


@contextmanager
def _held(request: RollupRequest, run: Run) -> Iterator[Session]:
    """A session that keeps other runs away from the statistics of this schema for as long as it lives."""
    with Session(request.endpoint, run.application_name, snapshot=True, readonly=False) as session:
        session.prefer_indexes()

        def lock() -> bool:
            session.execute("copy/lock.sql", {"table": f"statistics of {request.settings.schema}"})
            session.commit()
            return True

        if not patiently(session, lock, "another run holds the statistics"):
            raise ConflictError(
                f"{request.endpoint}: another run holds the statistics of {request.settings.schema}",
                "let it finish (pg_stat_activity shows a run by DAG and task), then clear this task",
            )
        yield session


def _columns(session: Session, table: str) -> list[str]:
    """The columns of a temporary table, but for its key, which is two."""
    return [row.name for row in session.query("rollup/columns.sql", {"name": table})][2:]
