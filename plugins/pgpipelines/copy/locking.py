"""Keeps two runs from writing to one table at a time."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from pgpipelines.errors import AlreadyRunningError, ConflictError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pgpipelines.copy.request import CopyRequest
    from pgpipelines.sessions import Session
    from pgpipelines.templates import QualifiedName

log = logging.getLogger(__name__)


def hold_tables(target: Session, request: CopyRequest) -> None:
    """Keep other runs away from the target tables for as long as this session lives.

    Waits for others as often as the session's bounds say, then raises ConflictError. Where the request says to skip,
    raises AlreadyRunningError at once.
    """
    # Always in the same order, so that two runs that share tables can't wait for each other.
    for name in sorted({table.target for table in request.tables}):
        if request.if_locked == "skip":
            if not target.one("copy/try_lock.sql", {"table": str(name)}).held:
                raise AlreadyRunningError(*_running(target, name))
        else:
            _wait_for(target, name)
    target.commit()


def _wait_for(target: Session, name: QualifiedName) -> None:
    attempts = target.bounds.lock_attempts
    for attempt in range(1, attempts + 1):
        try:
            target.execute("copy/lock.sql", {"table": str(name)})
        except ConflictError:
            target.rollback()
            log.info("%s: another run holds it, waiting (%d of %d)", name, attempt, attempts)
        else:
            return
    raise ConflictError(*_running(target, name))


def _running(target: Session, name: QualifiedName) -> tuple[str, str]:
    """Cause and remedy."""
    return (
        f"{target.endpoint}: another run holds {name}",
        "let it finish (pg_stat_activity shows a run by DAG and task), then clear this task",
    )


def hold_definitions(target: Session, names: Iterable[QualifiedName]) -> None:
    """Keep the definitions of tables as they are until this transaction ends; it must be at its start.

    Readers and writers go on. Raises ConflictError where one stays locked by others.
    """
    wanted = sorted(names)
    attempts = target.bounds.lock_attempts
    for attempt in range(1, attempts + 1):
        if _hold(target, wanted, attempt):
            return
    raise ConflictError(
        f"{target.endpoint}: another session holds {', '.join(map(str, wanted))}",
        "let it finish (pg_locks and pg_blocking_pids show it), then clear this task",
    )


def _hold(target: Session, names: Sequence[QualifiedName], attempt: int) -> bool:
    try:
        for name in names:
            target.execute("copy/hold_definition.sql", table=name)
    except ConflictError as error:
        target.rollback()
        log.info("waiting for a lock (%d of %d): %s", attempt, target.bounds.lock_attempts, error.cause)
        return False
    return True
