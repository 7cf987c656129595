"""Keeps two runs from writing to one table at a time."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, TypeVar

from psycopg2.errorcodes import LOCK_NOT_AVAILABLE

from pgpipelines.catalog import Table, describe, find
from pgpipelines.copy.readiness import WRITABLE_KINDS, require_writable
from pgpipelines.diagnosis import sqlstate
from pgpipelines.errors import AlreadyRunningError, ConflictError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from pgpipelines.copy.request import CopyRequest
    from pgpipelines.sessions import Session
    from pgpipelines.templates import QualifiedName

T = TypeVar("T")
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
    def lock() -> bool:
        target.execute("copy/lock.sql", {"table": str(name)})
        return True

    if not patiently(target, lock, f"another run holds {name}"):
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

    def lock() -> bool:
        for name in wanted:
            target.execute("copy/hold_definition.sql", table=name)
        return True

    if not patiently(target, lock, "another session holds a target table"):
        raise held_by_others(target, wanted)


def describe_held(target: Session, name: QualifiedName) -> Table | None:
    """The description of a target table that this role may write, and that nobody else is changing; None if missing.

    The transaction in which that holds goes on. Raises ConflictError where the table stays locked by others, and what
    `require_writable` raises.
    """

    def describe_it() -> tuple[Table | None]:
        found = find(target, name)
        if found is None:
            return (None,)
        # The lock comes first in its transaction, so that what is read afterwards is what it holds. Who may not take it
        # is told below, from the whole description, what is lacking.
        target.commit()
        if found.kind in WRITABLE_KINDS and found.may_use_schema and (found.may_update or found.may_delete):
            target.execute("copy/hold_definition.sql", table=name)
        table = describe(target, name)
        if table is not None:
            require_writable(target, table)
        return (table,)

    found = patiently(target, describe_it, f"another session holds {name}")
    if found is None:
        raise held_by_others(target, [name])
    return found[0]


def held_by_others(session: Session, names: Sequence[QualifiedName]) -> ConflictError:
    """The error for tables of either side that somebody else has locked for too long."""
    return ConflictError(
        f"{session.endpoint}: another session holds {', '.join(map(str, names))}",
        "let it finish (pg_locks and pg_blocking_pids show it), then clear this task",
    )


def patiently(target: Session, work: Callable[[], T], obstacle: str) -> T | None:
    """Do what may have to wait for a lock, as often as the session's bounds say; None where none was granted."""
    attempts = target.bounds.lock_attempts
    for attempt in range(1, attempts + 1):
        try:
            return work()
        except ConflictError as error:
            if sqlstate(error) != LOCK_NOT_AVAILABLE:
                raise
            target.rollback()
            log.info("%s, waiting (%d of %d)", obstacle, attempt, attempts)
    return None
