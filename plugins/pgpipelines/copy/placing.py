"""Reads both definitions of a table, and decides what the run has to do with it, before any row moves."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from pgpipelines import ledger
from pgpipelines.catalog import PARTITIONED, Table, describe_existing, readable_names
from pgpipelines.checksum import Comparison
from pgpipelines.copy import loading
from pgpipelines.copy.changes import Position, observe
from pgpipelines.copy.cursors import storage, track
from pgpipelines.copy.definition import Definition, Statement, widenings, with_key
from pgpipelines.copy.locking import describe_held
from pgpipelines.copy.plan import Plan, selection_digest
from pgpipelines.copy.selection import describe_selection, parts_of, runs_others_sql, users_names
from pgpipelines.copy.watermark import Watermark
from pgpipelines.errors import ConfigurationError, DriftError, MissingObjectError, PrivilegeError
from pgpipelines.table_names import is_system_schema
from pgpipelines.templates import QualifiedName, quoted

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pgpipelines.copy.request import CopyRequest, TableCopy
    from pgpipelines.copy.sides import Sides
    from pgpipelines.sessions import Session

MOST_COLUMNS = 1600
# What the names of the columns begin with that templates put beside a table's (include/sql/copy, include/sql/checksum).
OWN_COLUMNS = "pgpipelines "

log = logging.getLogger(__name__)


def require_sensible(request: CopyRequest) -> None:
    """Refuse targets that no copy may write to. Raises ConfigurationError."""
    source, target = request.source, request.target
    same_database = (source.host, source.port, source.database) == (target.host, target.port, target.database)
    written: dict[QualifiedName, TableCopy] = {}
    for table in request.tables:
        if is_system_schema(table.target.schema):
            raise ConfigurationError(
                f"schema {table.target.schema} is not for copies", "name a target table in another schema"
            )
        if same_database and table.source.table == table.target:
            raise ConfigurationError(
                f"{table.target} would be copied onto itself ({source})",
                "name another target table, or another target connection",
            )
        other = written.setdefault(table.target, table)
        if other is not table:
            raise ConfigurationError(
                f"{other.source.table} and {table.source.table} would both be copied to {table.target}",
                "name each table once; tables of one name in several schemas need targets in several schemas",
            )


def still_there(source: Session, tables: Sequence[TableCopy]) -> list[TableCopy]:
    """The tables of a run, without those of a whole database that were dropped since these were listed.

    Raises MissingObjectError where none is left.
    """
    if not any(table.source.only for table in tables):
        return list(tables)
    present = set(readable_names(source))
    left = []
    for table in tables:
        if table.source.table in present:
            left.append(table)
        else:
            log.warning("%s was dropped while the copy began; %s stays as it was", table.source.table, table.target)
    if not left:
        raise MissingObjectError(f"{source.endpoint}: there is no table to copy", "name another source connection")
    return left


def place_all(sides: Sides, tables: Iterable[TableCopy]) -> list[Plan]:
    """Plan every table. Raises what `place` does, but one error for all tables that don't fit or lack privileges."""
    plans: list[Plan] = []
    refused: list[DriftError | PrivilegeError] = []
    for number, table in enumerate(tables):
        try:
            plans.append(place(sides, number, table))
        except (DriftError, PrivilegeError) as error:
            if error.__cause__ is not None:
                raise  # the server's own word: its transaction is over
            refused.append(error)
    if len(refused) == 1:
        raise refused[0]
    if refused:
        causes = dict.fromkeys(error.cause for error in refused)
        # Statements that can be run as they stand, and words that can be told from them.
        remedies = dict.fromkeys(f"{error.remedy.removesuffix(';')};" for error in refused)
        raise type(refused[0])(" · ".join(causes), " ".join(remedies))
    return plans


def place(sides: Sides, number: int, table: TableCopy) -> Plan:
    """Plan one table: describe both sides, and check that the target may take the rows. Commits the target's session.

    Raises ConfigurationError, MissingObjectError, PrivilegeError or DriftError.
    """
    dry_run = sides.request.dry_run
    source_table = describe_selection(sides.source, table.source)
    _require_room(source_table)
    partitioned = _stays_partitioned(table, source_table)
    definition = Definition(source_table, table.target, partitioned)
    target_table = describe_held(sides.target, table.target)
    planned: list[Statement] = []
    if target_table is None:
        empty = not partitioned
        _require_may_create(sides.request, table)
        definition = Definition(with_key(source_table, table.target, table.key), table.target, partitioned)
    else:
        if partitioned:
            _require_partitioned(sides.target, definition, target_table)
        planned = _widenings(sides, definition, target_table)
        if planned and not dry_run:
            target_table = _widen(sides.target, planned, table.target)
        empty = not partitioned and _is_empty(sides.target, table, target_table)
        if sides.request.only_empty and not empty and not partitioned:
            raise ConfigurationError(
                f"{sides.target.endpoint}: {table.target} has rows, and none were to be replaced",
                "let its content be replaced, or name another table",
            )
    plan = Plan(
        number=number,
        copy=table,
        source=source_table,
        target=target_table,
        definition=definition,
        comparison=_comparison(sides, table, source_table, target_table),
        load=empty,
        widenings=tuple(planned),
        position=_position(sides, table, source_table),
        parts=parts_of(sides.source, table.source),
    )
    if not plan.load and not dry_run:
        loading.abandon(sides.target, plan)
    sides.target.commit()
    return plan


def _position(sides: Sides, table: TableCopy, source_table: Table) -> Position | None:
    """What the last run into this table has left to be read, and what this one leaves; None without a cursor."""
    if table.cursor is None or _stays_partitioned(table, source_table):
        return None
    tracking = track(sides.source, table.source, table.cursor, source_table.columns)
    digest = selection_digest(table.source)
    last = ledger.last_watermark(sides.target, str(table.target), sides.snapshot.origin, digest, table.cursor.column)
    kept = None if last is None else Watermark.from_json(last)
    filled = storage(sides.target, table.target, only=table.source.only)
    with users_names(sides.source, needed=runs_others_sql(table.source, source_table)):
        return observe(sides.source, tracking, sides.writers, kept, filled)


def _widenings(sides: Sides, definition: Definition, target_table: Table) -> list[Statement]:
    """The statements that make room for the source's rows. Raises DriftError where there is room only with a loss."""
    source, target = str(definition.source.name), str(definition.target)
    last_columns = ledger.last_columns(sides.target, source, target)
    widen = sides.request.on_drift == "widen"
    return widenings(sides.place, definition, target_table, last_columns, widen=widen)


def _widen(target: Session, planned: list[Statement], name: QualifiedName) -> Table:
    """Run the statements, each in a transaction of its own: nothing is lost by them, whatever comes after."""
    target.commit()
    for statement in planned:
        log.info("%s: %s", name, statement.text)
        target.use_role_search_path()
        statement.run(target)
        target.commit()
    return describe_existing(target, name)


def _require_room(source_table: Table) -> None:
    """Raise DriftError for a table beside whose columns none of our own fits."""
    if len(source_table.stored) >= MOST_COLUMNS:
        raise DriftError(
            f"{source_table.name} has {len(source_table.stored)} columns; a copy needs one more while rows are merged, "
            f"and PostgreSQL allows {MOST_COLUMNS}",
            "leave a column out by a SELECT of your own, or the table (except)",
        )
    for column in source_table.stored:
        if column.name.startswith(OWN_COLUMNS):
            raise DriftError(
                f"column {quoted(column.name)} of {source_table.name} has a name such as a copy gives to columns "
                "of its own while rows are merged",
                f"rename it, or give it another name by a SELECT of your own (… {quoted(column.name)} AS …)",
            )


def _require_may_create(request: CopyRequest, table: TableCopy) -> None:
    if not request.create_missing:
        raise MissingObjectError(
            f"{request.target}: table {table.target} does not exist",
            "create it, or allow the copy to (create_missing)",
        )


def _stays_partitioned(table: TableCopy, source_table: Table) -> bool:
    """Tell whether a table is copied without its rows, which are those of its partitions."""
    return table.source.only and source_table.kind == PARTITIONED


def _require_partitioned(target: Session, definition: Definition, table: Table) -> None:
    """Raise DriftError for a target that can't have the source's partitions."""
    here, there = _strategy(table), _strategy(definition.source)
    if here != there:
        raise DriftError(
            f"{target.endpoint}: {table.name} is partitioned by {there} in the source, but {here or 'not'} here",
            f"ALTER TABLE {quoted(table.name)} RENAME TO …; the copy then makes it anew, with its partitions",
        )


def _strategy(table: Table) -> str:
    """RANGE, LIST or HASH; empty for a table that is not partitioned."""
    return "" if table.partition_key is None else table.partition_key.partition(" ")[0]


def _is_empty(target: Session, table: TableCopy, found: Table) -> bool:
    only = table.source.only and found.kind != PARTITIONED
    return bool(target.one("copy/is_empty.sql", table=found.name, only=only).empty)


def _comparison(sides: Sides, table: TableCopy, source_table: Table, target_table: Table | None) -> Comparison:
    columns = source_table.stored
    if target_table is not None:
        # The target's type may be the wider one: what it could hold decides how values are compared. A dry run may
        # find columns that are to be added.
        columns = tuple(target_table.by_name.get(column.name, column) for column in columns)
    return Comparison(
        columns=columns,
        key=_key(sides, table, source_table, target_table),
        transcode=_encoding(sides.source) != _encoding(sides.target),
    )


def _key(sides: Sides, table: TableCopy, source_table: Table, target_table: Table | None) -> tuple[str, ...]:
    """The columns that tell rows apart; empty where there are none. Raises ConfigurationError where some are needed."""
    copied = {column.name for column in source_table.stored}
    known = source_table.keys if target_table is None else _known_keys(source_table, target_table)
    keys = [key for key in known if copied.issuperset(key)]
    if table.key:
        return _declared_key(table, copied, keys, target_table)
    # The target's key is enough to match rows (a view has none): what it can't tell apart, the target can't hold.
    has_rows = not _stays_partitioned(table, source_table)
    if not keys and has_rows and sides.request.strategy == "incremental":
        raise ConfigurationError(
            f"{table.target} has no key, which an incremental copy needs to tell rows apart",
            "give the target a primary key, or a unique index on NOT NULL columns, or name the key",
        )
    return keys[0] if keys else ()


def _known_keys(source_table: Table, target_table: Table) -> tuple[tuple[str, ...], ...]:
    """The keys of the target, those that tell its rows apart best first.

    A key of a table that is partitioned by time has to contain the time. The source's key, where the rest of it is one,
    comes first: by both together, a row whose time is corrected would be another row, and the old one would stay.
    """
    if _strategy(target_table) != "RANGE":
        return target_table.keys
    within = [key for key in source_table.keys if any(set(key) < set(known) for known in target_table.keys)]
    return (*within, *target_table.keys)


def _declared_key(
    table: TableCopy, copied: set[str], keys: list[tuple[str, ...]], target_table: Table | None
) -> tuple[str, ...]:
    missing = [name for name in table.key if name not in copied]
    if missing:
        raise ConfigurationError(
            f"{table.source.table}: the key's column {missing[0]} is not among those that are copied",
            f"name columns of {', '.join(sorted(copied))}",
        )
    if target_table is not None and not any(set(key) == set(table.key) for key in keys):
        columns = ", ".join(quoted(name) for name in table.key)
        raise ConfigurationError(
            f"{table.target} has no unique index on the key ({', '.join(table.key)}) whose columns are NOT NULL",
            f"CREATE UNIQUE INDEX ON {quoted(table.target)} ({columns}); and ALTER TABLE … ALTER COLUMN … SET NOT NULL",
        )
    return table.key


def _encoding(session: Session) -> str:
    return str(session.one("catalog/server_encoding.sql").name)
