"""The hourly run: take marks, close them, evaluate the sessions that touch them, verify, put the hours in place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pgpipelines.rollup.installation import is_repeatable
from pgpipelines.rollup.quality import require_conserved, require_quality
from pgpipelines.rollup.reports import Found, HoursReport
from pgpipelines.rollup.writing import replace

if TYPE_CHECKING:
    from pgpipelines.rollup.request import RollupRequest
    from pgpipelines.sessions import Session


@dataclass(frozen=True)
class Evaluation:
    """How sessions are evaluated: bound values, and what the templates are told."""

    values: dict[str, Any]
    context: dict[str, Any]


def roll_up(session: Session, request: RollupRequest) -> HoursReport:
    """Do so in the session's transaction, and leave it open."""
    values = {**request.settings.values, "now": session.one("rollup/now.sql").now}
    if request.rebuild is not None:
        session.execute("rollup/mark_period.sql", {**values, **vars(request.rebuild)})
    session.execute("rollup/take_marks.sql", values)
    taken = session.one("rollup/marks.sql")
    if not taken.marks:
        return HoursReport()
    context = {**request.tables, "whole": taken.whole, "repeatable": is_repeatable(session, request)}
    evaluation = Evaluation(values, {**context, "sharers": 1, "share": 0})
    session.execute("rollup/open_sessions.sql", values, **evaluation.context)
    if not taken.whole:
        session.execute("rollup/spans.sql", values, **context)
    evaluate(session, evaluation)
    require_conserved(session, request)
    if not taken.whole:
        session.execute("rollup/trim.sql")
    evaluated = session.one("rollup/evaluated.sql")
    found = tuple(Found(*row) for row in session.query("rollup/found.sql"))
    session.execute("rollup/replace_findings.sql", whole=taken.whole)
    written = replace(session, "rollup/replace_hours.sql", "rollup_hour", context)
    report = HoursReport(
        taken.marks,
        taken.whole,
        False,
        evaluated.sessions,
        evaluated.energy_wh,
        found,
        written.written,
        written.deleted,
    )
    require_quality(request, report)
    return report


def evaluate(session: Session, evaluation: Evaluation) -> None:
    """Judge and apportion sessions: rollup_session, rollup_finding and rollup_hour hold what came of it."""
    for step in ("sessions", "findings", "samples", "readings", "shapes", "hours"):
        session.execute(f"rollup/{step}.sql", evaluation.values, **evaluation.context)
