"""Where a bucket came from: its sessions, with what it got of each, and its samples."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pgpipelines.rollup.evaluation import Evaluation
from pgpipelines.rollup.installation import is_repeatable
from pgpipelines.sessions import Session

if TYPE_CHECKING:
    from datetime import datetime

    from pgpipelines.ledger import Run
    from pgpipelines.rollup.request import RollupRequest


@dataclass(frozen=True)
class Explanation:
    """Rows of rollup/explain_sessions.sql and of rollup/explain_samples.sql, as named tuples."""

    sessions: list[Any]
    samples: list[Any]


def explain(request: RollupRequest, run: Run, charger_id: str, hour: datetime) -> Explanation:
    """Explain a bucket by the raw rows of now; `hour` is the instant at which it begins. Changes nothing."""
    # Not read-only: it makes temporary tables, which go with its transaction.
    with Session(request.endpoint, run.application_name, snapshot=True, readonly=False) as session:
        session.prefer_indexes()
        now = session.one("rollup/now.sql").now
        values = {**request.settings.values, "now": now, "charger_id": charger_id, "hour": hour}
        context = {**request.tables, "whole": False, "repeatable": is_repeatable(session, request)}
        evaluation = Evaluation(values, context).of_share("", None)
        evaluation.run(session, "explain_bucket", "open_sessions", "sessions", "samples", "readings", "shapes")
        return Explanation(
            session.query("rollup/explain_sessions.sql", values),
            session.query("rollup/explain_samples.sql", values, **context),
        )
