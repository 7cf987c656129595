"""The hourly run: take marks, close them, evaluate the sessions that touch them, verify, put the hours in place."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pgpipelines.rollup.evaluation import COMPUTED_HOURS, Evaluated, Evaluation, hours_amount_to
from pgpipelines.rollup.everything import evaluate_everything
from pgpipelines.rollup.installation import is_repeatable
from pgpipelines.rollup.needs import require_even_hours
from pgpipelines.rollup.quality import require_conserved, require_quality
from pgpipelines.rollup.reports import Found, HoursReport
from pgpipelines.rollup.setting_aside import put_back
from pgpipelines.rollup.writing import HOUR_COLUMNS, KEY_COLUMNS, Written, replace

if TYPE_CHECKING:
    from pgpipelines.rollup.request import RollupRequest
    from pgpipelines.sessions import Session


def roll_up(session: Session, request: RollupRequest, *, by_triggers: bool) -> HoursReport:
    """Do so in the session's transaction, and leave it open; where no triggers have marked, compare checksums first."""
    values = {**request.settings.values, "now": session.one("rollup/now.sql").now}
    require_even_hours(session, request, values)
    if request.rebuild is not None:
        session.execute("rollup/mark_period.sql", {**values, **vars(request.rebuild)}, **request.tables)
    if not by_triggers:
        session.execute("rollup/mark_differing.sql", values, **request.tables)
    session.execute("rollup/take_marks.sql", values)
    taken = session.one("rollup/marks.sql")
    if not taken.marks:
        return HoursReport()
    context = {**request.tables, "whole": taken.whole, "repeatable": is_repeatable(session, request)}
    evaluation = Evaluation(values, context).of_share("", None)
    session.execute("rollup/frozen.sql", values)
    evaluated, written = (_everything if taken.whole else _marked)(session, request, evaluation)
    session.execute("rollup/replace_findings.sql", values, whole=taken.whole)
    put_back(session, request.tables["hourly"])
    report = HoursReport(
        marks=taken.marks,
        whole=taken.whole,
        sessions=evaluated.sessions,
        energy_wh=evaluated.energy_wh,
        findings=tuple(Found(*row) for row in session.query("rollup/found.sql")),
        written=written.written,
        deleted=written.deleted,
    )
    require_quality(request, report)
    return report


def _marked(session: Session, request: RollupRequest, evaluation: Evaluation) -> tuple[Evaluated, Written]:
    """Compute what is marked anew: looked up by index, whatever the size of the raw log."""
    evaluation.run(
        session, "open_sessions", "spans", "sessions", "findings", "samples", "statuses", "readings", "shapes", "hours"
    )
    evaluated = Evaluated.of(session)
    require_conserved(request, evaluated.amounts, hours_amount_to(session, COMPUTED_HOURS))
    session.execute("rollup/trim.sql")
    session.execute("rollup/keep_frozen.sql", columns=HOUR_COLUMNS, **evaluation.context)
    return evaluated, replace(session, "rollup/replace_hours.sql", "rollup_hour", evaluation.context)


def _everything(session: Session, request: RollupRequest, evaluation: Evaluation) -> tuple[Evaluated, Written]:
    """Compute everything anew, into a table beside the present hours, or in their place where there are none."""
    hourly = request.tables["hourly"]
    fills = session.one("rollup/is_empty.sql", table=hourly).is_empty
    if not fills:
        session.execute("rollup/create_computed.sql", name=COMPUTED_HOURS.name, like=hourly, columns=HOUR_COLUMNS)
    hours = hourly if fills else COMPUTED_HOURS
    evaluated, rows = evaluate_everything(session, request, evaluation, hours)
    require_conserved(request, evaluated.amounts, hours_amount_to(session, hours))
    if fills:
        session.execute("rollup/analyze.sql", table=hourly, key=HOUR_COLUMNS[:KEY_COLUMNS])
        session.execute("rollup/mark_every_day.sql")
        return evaluated, Written(rows, 0)
    session.execute("rollup/keep_frozen.sql", columns=HOUR_COLUMNS, **evaluation.context)
    return evaluated, replace(session, "rollup/replace_hours.sql", "rollup_hour", evaluation.context)
