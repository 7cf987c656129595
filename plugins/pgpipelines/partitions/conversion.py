"""A plain table turned into the partitioned form with its rows, in one transaction.

The rows are brought into a partitioned table beside the plain one, which readers go on reading and writers wait for.
At the end both exchange their places, and from then on until the commit, readers wait too: for a moment, and not for
longer than the session's lock_timeout if others don't let go of the table. The plain table is not dropped: it stands in
schema pgpipelines, under its name, until somebody drops it.

Everything else goes with the name: indexes, foreign keys, sequence, owner, privileges, triggers, and views that read
it. What a partitioned table can't have is refused before anything is done.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import date, datetime, timezone
from typing import TYPE_CHECKING

from pgpipelines import ledger
from pgpipelines.catalog import describe, describe_existing
from pgpipelines.copy.definition.place import cut
from pgpipelines.endpoints import Endpoint
from pgpipelines.errors import ConfigurationError, ConflictError, VerificationError
from pgpipelines.partitions.months import FIRST_YEAR, MONTHLY, Month, span
from pgpipelines.partitions.tables import give_statement_triggers, make_default, make_month, partitions_of, run_written
from pgpipelines.sessions import Session
from pgpipelines.templates import QualifiedName, Sql, identifiers

if TYPE_CHECKING:
    from pgpipelines.catalog import Constraint, Table

PLAIN = "r"
KEPT_SCHEMA = "pgpipelines"
# Behind the name of what is made while the plain table still has the name.
BESIDE = "_by_month"

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Converted:
    """A table that is partitioned now: its rows, its partitions, and where the plain table stands."""

    table: QualifiedName
    rows: int
    partitions: tuple[str, ...]
    plain: QualifiedName


def convert(
    endpoint: Endpoint, run: ledger.Run, table: QualifiedName, *, months_ahead: int = 3, today: date | None = None
) -> Converted:
    """Turn a plain charger_usage_log or power_consumption into one that is partitioned by month, with its rows.

    Months are made from the first one with rows to `months_ahead` behind that of `today` (the server's date in UTC);
    rows of wrong clocks go into the default partition. Raises ConfigurationError for another table, ConflictError for
    what stands in the way, VerificationError where rows would differ: nothing has changed then.
    """
    key = MONTHLY.get(table.name)
    if key is None:
        raise ConfigurationError(f"{table} is no table by month", f"name one of {', '.join(MONTHLY)}")
    last = Month.of(today or datetime.now(timezone.utc)).plus(months_ahead)
    with Session(endpoint, run.application_name) as session:
        ledger.ensure_ledger(session)
        session.prefer_indexes()
        session.execute("partitions/hold_rows.sql", table=table)
        plain = describe_existing(session, table)
        _require_convertible(session, plain)
        afterwards = session.query("partitions/afterwards.sql", _oid(session, table))
        made = QualifiedName(table.schema, cut(table.name, BESIDE))
        rows = _fill(session, plain, made, key, last)
        _complete(session, plain, made, key)
        _exchange(session, plain, made)
        for statement in afterwards:
            run_written(session, statement.definition)
        partitions = [partition.name for partition in partitions_of(session, table)]
        for partition in partitions:
            give_statement_triggers(session, table, partition)
        session.execute("copy/analyze.sql", table=table)
        session.commit()
    names = tuple(partition.name for partition in partitions)
    log.info("%s: %s rows in %d partitions", table, f"{rows:,}", len(names))
    return Converted(table, rows, names, QualifiedName(KEPT_SCHEMA, table.name))


def _require_convertible(session: Session, plain: Table) -> None:
    if plain.kind != PLAIN or plain.partition is not None:
        raise ConflictError(f"{session.endpoint}: {plain.name} is no plain table", "leave it as it is")
    kept = QualifiedName(KEPT_SCHEMA, plain.name.name)
    if describe(session, kept) is not None:
        raise ConflictError(
            f"{session.endpoint}: {kept} stands already: the plain table is to be kept there",
            f"DROP TABLE {kept}; where nobody needs it",
        )
    obstacles = [row.obstacle for row in session.query("partitions/obstacles.sql", _oid(session, plain.name))]
    if obstacles:
        raise ConflictError(
            f"{session.endpoint}: {plain.name} can't be partitioned: {'; '.join(obstacles)}",
            "take these away first, and make them again afterwards where a partitioned table can have them",
        )


def _oid(session: Session, table: QualifiedName) -> dict[str, object]:
    return {"oid": session.one("catalog/table.sql", {"schema": table.schema, "name": table.name}).oid}


def _fill(session: Session, plain: Table, made: QualifiedName, key: str, last: Month) -> int:
    """Make the partitioned table with its months, and bring the rows there. Raises VerificationError."""
    session.execute("partitions/like.sql", made=made, table=plain.name, key=key)
    make_default(session, made, of=plain.name)
    for month in _months(session, plain.name, key, last):
        make_month(session, made, month, key, of=plain.name)
    columns = [column.name for column in plain.stored]
    rows = session.execute("partitions/fill.sql", made=made, table=plain.name, columns=columns)
    both = [session.one("partitions/content.sql", table=each, columns=columns) for each in (plain.name, made)]
    if both[0] != both[1]:
        raise VerificationError(
            f"{plain.name} has {both[0].rows:,} rows, its partitions would have {both[1].rows:,}, or others",
            "look for what changes rows on their way, such as a generated column; nothing has changed",
        )
    return rows


def _months(session: Session, table: QualifiedName, key: str, last: Month) -> list[Month]:
    """The months from the first that has rows to the last, leaving out what only a wrong clock says."""
    found = [Month.of(row.month) for row in session.query("partitions/months_of_rows.sql", table=table, key=key)]
    likely = [month for month in found if month.year >= FIRST_YEAR and month <= last]
    return list(span(min(likely), last)) if likely else [last]


def _complete(session: Session, plain: Table, made: QualifiedName, key: str) -> None:
    """Give the filled table keys that contain the time, indexes, its owner and foreign keys.

    Names that a schema has once are taken later.
    """
    for constraint in plain.constraints:
        if constraint.kind in "pu":
            definition = _with_time(constraint, key)
            name = cut(constraint.name, BESIDE)
            session.execute("copy/add_constraint.sql", table=made, name=name, definition=definition)
    for index in plain.indexes:
        name, definition = cut(index.name, BESIDE), index.definition
        session.execute("copy/create_index.sql", table=made, name=name, unique=False, definition=definition)
    if plain.comment:
        session.execute("copy/comment_table.sql", {"comment": plain.comment}, table=made)
    for table in (made, *(partition.name for partition in partitions_of(session, made))):
        session.execute("partitions/owner.sql", table=table, owner=plain.owner)
    for foreign in plain.foreign_keys:
        session.execute(
            "copy/add_foreign_key.sql",
            table=made,
            name=foreign.name,
            head=foreign.head,
            references=foreign.references,
            tail=foreign.tail,
        )


def _with_time(constraint: Constraint, key: str) -> Sql:
    columns = [*constraint.columns, *([] if key in constraint.columns else [key])]
    return Sql(f"{'PRIMARY KEY' if constraint.kind == 'p' else 'UNIQUE'} ({identifiers(columns)})")


def _exchange(session: Session, plain: Table, made: QualifiedName) -> None:
    """Put the plain table aside, with nothing that others need, and give its names to the partitioned one."""
    name = plain.name
    for column in plain.columns:
        if column.sequence is not None:
            if column.sequence.owned:
                session.execute("copy/own_sequence.sql", sequence=column.sequence.name, table=made, column=column.name)
            session.execute("copy/set_default.sql", table=name, column=column.name, expression=None)
    session.execute("partitions/set_aside.sql", table=name)
    session.execute("copy/rename_table.sql", table=made, name=name.name)
    for constraint in plain.constraints:
        if constraint.kind in "pu":
            beside = cut(constraint.name, BESIDE)
            session.execute("partitions/rename_constraint.sql", table=name, constraint=beside, name=constraint.name)
    for index in plain.indexes:
        beside_index = QualifiedName(name.schema, cut(index.name, BESIDE))
        session.execute("partitions/rename_index.sql", index=beside_index, name=index.name)
