"""The statistics' entry points: hours from the raw log, days from hours, stations from days, and their reconciliation.

Each is one transaction: it takes the marks that it sees, computes whole what they mark, and puts it in place. What is
written to the raw tables meanwhile stays marked for the next run.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace as with_changes
from typing import TYPE_CHECKING

from pgpipelines.copy.locking import patiently
from pgpipelines.errors import ConflictError
from pgpipelines.rollup import days, hours
from pgpipelines.rollup.evaluation import Evaluation
from pgpipelines.rollup.installation import ensure_installed, is_repeatable
from pgpipelines.rollup.quality import require_reconciled
from pgpipelines.rollup.reports import DaysReport, HoursReport, Reconciliation, StationsReport, Totals
from pgpipelines.rollup.writing import replace
from pgpipelines.sessions import Session

if TYPE_CHECKING:
    from pgpipelines.ledger import Run
    from pgpipelines.rollup.request import RollupRequest


def roll_up_hours(request: RollupRequest, run: Run) -> HoursReport:
    """Bring hourly_charger_stats and the findings up to date.

    Raises a PipelineError, with nothing changed: VerificationError where the figures don't add up, QualityError where
    too much of what was read can't be right.
    """
    with _held(request, run) as session:
        installed = ensure_installed(session, request)
        report = hours.roll_up(session, request, by_triggers=installed.by_triggers)
        session.commit()
    return with_changes(report, installed=installed.anew)


def roll_up_days(request: RollupRequest, run: Run) -> DaysReport:
    """Bring daily_charger_stats up to date with the hours. Raises a PipelineError, with nothing changed."""
    with _held(request, run) as session:
        taken = session.one("rollup/take_days.sql")
        if not taken.days:
            return DaysReport()
        evaluation = Evaluation(request.settings.values, {**request.tables, "whole": taken.whole})
        done = days.roll_up(session, request, evaluation, whole=taken.whole)
        session.commit()
    return DaysReport(taken.days, done.written, done.deleted)


def roll_up_stations(request: RollupRequest, run: Run) -> StationsReport:
    """Bring station_daily_stats up to date with the days. Raises a PipelineError, with nothing changed."""
    with _held(request, run) as session:
        taken = session.one("rollup/take_station_days.sql", **request.tables)
        session.execute("rollup/station_days.sql", **request.tables)
        done = replace(session, "rollup/replace_station_days.sql", "rollup_station", request.tables)
        session.commit()
    return StationsReport(taken.days, done.written, done.deleted)


def reconcile(request: RollupRequest, run: Run) -> Reconciliation:
    """Hold everything that the raw log has against hours and quarantine, in one snapshot.

    Raises VerificationError where sessions, energy or revenue are missing, or there twice.
    """
    # Not read-only: it makes a temporary table.
    with Session(request.endpoint, run.application_name, snapshot=True, readonly=False) as session:
        values = {**request.settings.values, "now": session.one("rollup/now.sql").now}
        context = {**request.tables, "whole": True, "repeatable": is_repeatable(session, request)}
        session.execute("rollup/frozen.sql", values)
        Evaluation(values, context).of_share("", None).run(session, "open_sessions")
        sides = session.query("rollup/reconcile.sql", values, **context)
    totals = {side.name: Totals(side.sessions, side.energy_wh, side.revenue) for side in sides}
    found = Reconciliation(totals["log"], totals["hours"], totals["quarantine"], sides[0].pending, sides[0].late)
    require_reconciled(request, found)
    return found


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
