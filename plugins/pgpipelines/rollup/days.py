"""The daily run: compute dirty days of chargers from their hours, and put them in place."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pgpipelines.rollup.everything import stream_every_day
from pgpipelines.rollup.setting_aside import put_back
from pgpipelines.rollup.writing import DAY_COLUMNS, Written, replace
from pgpipelines.templates import QualifiedName

if TYPE_CHECKING:
    from pgpipelines.rollup.evaluation import Evaluation
    from pgpipelines.rollup.request import RollupRequest
    from pgpipelines.sessions import Session

COMPUTED_DAYS = QualifiedName("pg_temp", "rollup_daily")


def roll_up(session: Session, request: RollupRequest, evaluation: Evaluation, *, whole: bool) -> Written:
    """Compute the days in rollup_day, or all of them, in the session's transaction, and leave it open."""
    daily = request.tables["daily"]
    if whole and session.one("rollup/is_empty.sql", table=daily).is_empty:
        rows = stream_every_day(session, request, evaluation, daily)
        put_back(session, daily)
        session.execute("rollup/mark_every_station_day.sql")
        return Written(rows, 0)
    # Rows are replaced by their key.
    put_back(session, daily)
    if whole:
        session.execute("rollup/create_computed.sql", name=COMPUTED_DAYS.name, like=daily, columns=DAY_COLUMNS)
        stream_every_day(session, request, evaluation, COMPUTED_DAYS)
    else:
        evaluation.run(session, "days")
    return replace(session, "rollup/replace_days.sql", COMPUTED_DAYS.name, evaluation.context)
