"""All hours anew: several sessions that share one snapshot evaluate shares of the chargers, and stream them into one
transaction.
"""

from __future__ import annotations

import io
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pgpipelines.copy.sharing import shared
from pgpipelines.rollup.evaluation import Amounts, Evaluated, Evaluation
from pgpipelines.rollup.funnel import BLOCK_BYTES, Mouth, funnel
from pgpipelines.rollup.writing import FINDING_COLUMNS, HOUR_COLUMNS
from pgpipelines.sessions import Session
from pgpipelines.templates import QualifiedName, render

if TYPE_CHECKING:
    from collections.abc import Callable

    from pgpipelines.rollup.request import RollupRequest

# More shares than workers: while one is streamed, another is read.
SHARES_PER_WORKER = 2


@dataclass(frozen=True)
class Share:
    """What became of one share of the chargers; `findings` as COPY prints them."""

    evaluated: Evaluated
    findings: bytes


def evaluate_everything(
    session: Session, request: RollupRequest, evaluation: Evaluation, hours: QualifiedName
) -> tuple[Evaluated, int]:
    """Stream all hours into a table, and the findings into rollup_finding; return what was evaluated, and the hours."""
    sharers = request.settings.workers * SHARES_PER_WORKER
    snapshot = session.export_snapshot()
    receive = render("rollup/receive.sql", table=hours, columns=HOUR_COLUMNS)
    with ExitStack() as stack:
        workers = [
            stack.enter_context(Session(request.endpoint, session.application_name, snapshot=True, readonly=False))
            for _ in range(request.settings.workers)
        ]
        for worker in workers:
            worker.prefer_indexes()
        open_mouth, end = stack.enter_context(funnel(session, receive))

        def work(worker: Session, share: int) -> Share:
            worker.adopt_snapshot(snapshot)
            return _evaluate_share(worker, evaluation.of_share(sharers, share), open_mouth)

        with shared(range(sharers), workers, work, Session.cancel) as results:
            shares = results()
        written = end()
    session.execute("rollup/create_findings.sql")
    taking = render("rollup/receive.sql", table=QualifiedName("pg_temp", "rollup_finding"), columns=FINDING_COLUMNS)
    session.copy(taking, io.BytesIO(b"".join(share.findings for share in shares)), BLOCK_BYTES)
    return sum((share.evaluated for share in shares), Evaluated(0, 0, Amounts())), written


def _evaluate_share(worker: Session, evaluation: Evaluation, open_mouth: Callable[[], Mouth]) -> Share:
    worker.execute("rollup/planning_whole.sql")
    evaluation.run(worker, "open_sessions", "sessions", "findings", "samples", "readings", "shapes")
    with open_mouth() as mouth:
        worker.copy(evaluation.render("stream_hours"), mouth, BLOCK_BYTES, evaluation.values)
    findings = io.BytesIO()
    worker.copy(evaluation.render("stream_findings"), findings, BLOCK_BYTES)
    share = Share(Evaluated.of(worker), findings.getvalue())
    worker.commit()
    return share
