"""The story of one run: lock, place, load, publish. docs/how-a-copy-is-proven.md says why.

A run copies tables that share one snapshot of the source, and publishes all of them in one transaction of the target.
"""

from __future__ import annotations

import logging
import time
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import TYPE_CHECKING

from pgpipelines import ledger
from pgpipelines.copy import initial_load, publishing
from pgpipelines.copy.definition import Place
from pgpipelines.copy.locking import hold_tables
from pgpipelines.copy.placing import place_all, require_sensible, still_there
from pgpipelines.copy.progress import Progress
from pgpipelines.copy.publishing import TableResult
from pgpipelines.copy.selection import require_held_in_time, require_same_parts
from pgpipelines.copy.sides import Sides, Snapshot
from pgpipelines.copy.writers import look_at_writers
from pgpipelines.errors import (
    AlreadyRunningError,
    ConnectionFailedError,
    PipelineError,
    RetriableError,
    VerificationError,
)
from pgpipelines.sessions import Session
from pgpipelines.snapshot_age import SnapshotAge

if TYPE_CHECKING:
    from pgpipelines.copy.request import CopyRequest

# A run starts anew, with what was loaded kept, this often; then the task fails and Airflow retries it.
ATTEMPTS = 3
ATTEMPT_SECONDS = 5.0

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class CopyReport:
    """What a run did to each of its tables, of which snapshot of the source, in how many seconds."""

    tables: tuple[TableResult, ...]
    snapshot: str
    seconds: float


def copy_tables(request: CopyRequest, run: ledger.Run) -> CopyReport:
    """Make the target's tables equal to what is selected of the source at one snapshot, in one transaction.

    Raises a PipelineError, with the targets unchanged and the failure in the ledger (that of a dry run is none of a
    copy, and is not).
    """
    started_at = datetime.now(timezone.utc)
    try:
        require_sensible(request)
        return _try_again(request, run, started_at)
    except PipelineError as error:
        if not request.dry_run:
            _record_failure(request, run, started_at, error)
        raise


def _try_again(request: CopyRequest, run: ledger.Run, started_at: datetime) -> CopyReport:
    """Run until it is done, or until a failure that no new attempt can mend; what was loaded is kept in between."""
    broken: RetriableError | None = None
    for attempt in range(1, ATTEMPTS + 1):
        try:
            return _copy(request, run, started_at)
        except RetriableError as error:
            broken = error
            log.warning("attempt %d of %d ended: %s", attempt, ATTEMPTS, error.cause)
        except ConnectionFailedError as error:
            # A server that breaks a connection may be away for a while.
            if broken is None:
                raise
            log.warning("attempt %d of %d ended: %s", attempt, ATTEMPTS, error.cause)
        if attempt < ATTEMPTS:
            time.sleep(ATTEMPT_SECONDS)
    raise broken or RetriableError("no attempt was made", "retry")


def _copy(request: CopyRequest, run: ledger.Run, started_at: datetime) -> CopyReport:
    progress = Progress(request.target, run)
    name, bounds = run.application_name, request.bounds
    with ExitStack() as stack:
        target = stack.enter_context(Session(request.target, name, snapshot=True, readonly=False, bounds=bounds))
        stack.callback(progress.close)
        target.prefer_indexes()
        ledger.ensure_ledger(target)
        hold_tables(target, request)
        # A run that was killed could not do so itself.
        ledger.forget_progress(target, [str(table.target) for table in request.tables])
        # The snapshot comes after the lock: a run that waited must not publish older rows than the one before it.
        source = stack.enter_context(Session(request.source, name, snapshot=True, bounds=bounds))
        source.prefer_indexes()
        writers = look_at_writers(source)
        age = stack.enter_context(SnapshotAge(request.source, request.max_snapshot_age))
        age.cover(source, target)
        sides = Sides(request, run, source, target, _take_snapshot(source), writers, Place(target), progress, age)
        plans = place_all(sides, still_there(source, request.tables))
        require_held_in_time(source)
        if any(plan.others_sql for plan in plans):
            source.use_user_search_path()
        to_load = [] if request.dry_run else [plan for plan in plans if plan.load]
        try:
            loaded = {plan.number: initial_load.load(sides, plan) for plan in to_load}
            results = publishing.publish(sides, plans, loaded, started_at)
        except VerificationError:
            # What got another part while it was read differs from itself, and a new attempt will do.
            require_same_parts(source, plans)
            raise
    seconds = (datetime.now(timezone.utc) - started_at).total_seconds()
    return CopyReport(tuple(results), sides.snapshot.text, seconds)


def _take_snapshot(source: Session) -> Snapshot:
    may = source.one("copy/origin_privileges.sql")
    taken = source.one("copy/snapshot.sql", system=may.system)
    return Snapshot(taken.snapshot, taken.taken_at, taken.origin, source.export_snapshot())


def _record_failure(request: CopyRequest, run: ledger.Run, started_at: datetime, error: PipelineError) -> None:
    """Note the failure in the ledger, if the target can be reached; what failed is raised by the caller anyway."""
    status = "skipped" if isinstance(error, AlreadyRunningError) else "failed"
    try:
        with Session(request.target, run.application_name) as target:
            ledger.ensure_ledger(target)
            for table in request.tables:
                entry = ledger.Entry(
                    source=str(request.source),
                    source_table=str(table.source.table),
                    target_table=str(table.target),
                    strategy=request.strategy,
                    started_at=started_at,
                    status=status,
                    error=error.cause,
                )
                ledger.record(target, run, entry)
            target.commit()
    except PipelineError as second:
        log.warning("the failure is not in the ledger: %s", second.cause)
