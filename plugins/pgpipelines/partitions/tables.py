"""What is done to a partitioned table, whatever for: its partitions are read, and one is made."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from pgpipelines.copy.locking import patiently
from pgpipelines.endpoints import Bounds
from pgpipelines.errors import ConflictError
from pgpipelines.partitions.months import Month, Partition, default_table, month_table
from pgpipelines.templates import QualifiedName, escaped

if TYPE_CHECKING:
    from collections.abc import Callable

    from pgpipelines.sessions import Session

T = TypeVar("T")
# A lock that would stop readers is waited for so briefly that those behind us hardly notice, and that PostgreSQL does
# not look for deadlocks yet (deadlock_timeout is a second): it is always we who give way, and try again.
PATIENT = Bounds(lock_timeout=500, lock_attempts=120)


def when_free(session: Session, table: QualifiedName, work: Callable[[], T]) -> T:
    """Do what needs locks of a table and commits, as often as it takes to get them.

    Raises ConflictError where others hold the table for as long as the session's bounds allow.
    """

    def do() -> tuple[T]:
        done = work()
        session.commit()
        return (done,)

    found = patiently(session, do, f"another session holds {table}")
    if found is None:
        raise ConflictError(
            f"{session.endpoint}: another session holds {table}",
            "let it finish (pg_locks and pg_blocking_pids show it), then run this again",
        )
    return found[0]


def partitions_of(session: Session, table: QualifiedName) -> list[Partition]:
    """The partitions of a table, in the order of their times."""
    rows = session.query("partitions/partitions.sql", {"schema": table.schema, "name": table.name})
    return [
        Partition(QualifiedName(row.schema, row.name), row.is_default, row.from_time, row.until_time) for row in rows
    ]


def make_default(session: Session, table: QualifiedName, of: QualifiedName | None = None) -> QualifiedName:
    """Make the partition for stray times, named as one `of` another table, if that is given."""
    default = default_table(of or table)
    session.execute("partitions/default.sql", default=default, table=table)
    give_statement_triggers(session, table, default)
    return default


def make_month(
    session: Session,
    table: QualifiedName,
    month: Month,
    key: str,
    *,
    default: QualifiedName | None = None,
    of: QualifiedName | None = None,
) -> QualifiedName:
    """Make the partition of a month, with the rows of that month that the default partition holds, if one is given.

    It is named as one `of` another table, if that is given.
    """
    made = month_table(of or table, month)
    bounds = {"from_time": month.begin, "until_time": month.end}
    session.execute("partitions/month.sql", month=made, table=table)
    if default is not None:
        session.execute("partitions/move.sql", bounds, default=default, month=made, key=key)
    give_statement_triggers(session, table, made)
    session.execute("partitions/attach.sql", bounds, table=table, month=made)
    return made


def give_statement_triggers(session: Session, table: QualifiedName, partition: QualifiedName) -> None:
    """Give a partition the triggers of its table that fire once for a statement."""
    values = {"schema": table.schema, "name": table.name, "partition": partition.name}
    for row in session.query("partitions/statement_triggers.sql", values):
        run_written(session, row.definition)


def run_written(session: Session, statement: str) -> None:
    """Run a statement that the server's catalog functions wrote."""
    session.execute("partitions/run.sql", statement=escaped(statement))
