"""All hours, or all days, anew: sessions that share one snapshot compute shares, and stream into one transaction."""

from __future__ import annotations

import io
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from itertools import zip_longest
from typing import TYPE_CHECKING, TypeVar

from pgpipelines.copy.sharing import shared
from pgpipelines.rollup.evaluation import Amounts, Evaluated, Evaluation
from pgpipelines.rollup.funnel import BLOCK_BYTES, funnel
from pgpipelines.rollup.writing import DAY_COLUMNS, FINDING_COLUMNS, HOUR_COLUMNS
from pgpipelines.sessions import Session
from pgpipelines.templates import QualifiedName, render

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from io import BufferedWriter

    from pgpipelines.rollup.request import RollupRequest

    T = TypeVar("T")
    Work = Callable[[Session, Evaluation, BufferedWriter], T]

# Each share of the hours reads all of the raw tables; those of the days, found by index, are more, so that the first
# are streamed while others are read.
HOUR_SHARES, DAY_SHARES = 1, 8
FINDINGS = QualifiedName("pg_temp", "rollup_finding")


@dataclass(frozen=True)
class Into:
    """A table, the columns that streamed rows have, and how many shares of the chargers each worker has."""

    table: QualifiedName
    columns: Sequence[str]
    shares: int


@dataclass(frozen=True)
class Share:
    """What became of one share of the chargers; `findings` as COPY prints them."""

    evaluated: Evaluated
    findings: bytes


def evaluate_everything(
    session: Session, request: RollupRequest, evaluation: Evaluation, hours: QualifiedName
) -> tuple[Evaluated, int]:
    """Stream all hours into a table, and the findings into rollup_finding; return what was evaluated, and the hours."""
    shares, rows = _stream(session, request, evaluation, Into(hours, HOUR_COLUMNS, HOUR_SHARES), _evaluate_share)
    finding = QualifiedName("pgpipelines", "session_finding")
    session.execute("rollup/create_computed.sql", name=FINDINGS.name, like=finding, columns=FINDING_COLUMNS)
    taking = render("rollup/receive.sql", table=FINDINGS, columns=FINDING_COLUMNS)
    session.copy(taking, io.BytesIO(b"".join(share.findings for share in shares)), BLOCK_BYTES)
    return sum((share.evaluated for share in shares), Evaluated(0, 0, Amounts())), rows


def stream_every_day(session: Session, request: RollupRequest, evaluation: Evaluation, days: QualifiedName) -> int:
    """Stream all days of chargers into a table, and return how many there are."""
    into = Into(days, DAY_COLUMNS, DAY_SHARES)
    return _stream(session, request, evaluation, into, partial(_stream_share, step="stream_days"))[1]


def _stream(
    session: Session,
    request: RollupRequest,
    evaluation: Evaluation,
    into: Into,
    work: Work[T],
) -> tuple[list[T], int]:
    """Have workers, which see what the session sees, stream share by share into a table; return what they return."""
    snapshot = session.export_snapshot()
    count = request.settings.workers
    shares = _shares(session, request, evaluation, count * into.shares)
    with ExitStack() as stack:
        workers = [
            stack.enter_context(Session(request.endpoint, session.application_name, snapshot=True, readonly=False))
            for _ in range(count)
        ]
        for worker in workers:
            worker.prefer_indexes()
        receive = render("rollup/receive.sql", table=into.table, columns=into.columns)
        open_mouth, end = stack.enter_context(funnel(session, receive))

        def do(worker: Session, share: Evaluation) -> T:
            worker.adopt_snapshot(snapshot)
            worker.execute("rollup/planning_whole.sql", compiling=False)
            done = work(worker, share, open_mouth())
            worker.commit()
            return done

        with shared(shares, workers, do, Session.cancel) as results:
            done = results()
        return done, end()


def _shares(session: Session, request: RollupRequest, evaluation: Evaluation, count: int) -> list[Evaluation]:
    rows = session.query("rollup/shares.sql", {"shares": count}, chargers=request.tables["chargers"])
    bounds = ["", *(row.first_charger for row in rows[1:])]
    return [evaluation.of_share(first, end) for first, end in zip_longest(bounds, bounds[1:])]


def _evaluate_share(worker: Session, share: Evaluation, mouth: BufferedWriter) -> Share:
    share.run(worker, "open_sessions", "sessions", "findings", "samples", "statuses", "readings", "shapes")
    findings = io.BytesIO()
    worker.copy(render("rollup/stream_findings.sql"), findings, BLOCK_BYTES)
    done = Share(Evaluated.of(worker), findings.getvalue())
    worker.execute("rollup/planning_whole.sql", compiling=True)
    _stream_share(worker, share, mouth, "stream_hours")
    return done


def _stream_share(worker: Session, share: Evaluation, mouth: BufferedWriter, step: str) -> None:
    with mouth:
        worker.copy(render(f"rollup/{step}.sql", **share.context), mouth, BLOCK_BYTES, share.values)
