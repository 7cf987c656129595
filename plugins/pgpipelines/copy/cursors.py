"""What may serve as a cursor, and what is known of the relation that it is read from.

A column whose values grow as rows are written, or xmin: the transaction that wrote a row, which every table has.
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from pgpipelines.copy.request import XMIN, Selection
from pgpipelines.errors import ConfigurationError
from pgpipelines.templates import Sql

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pgpipelines.catalog import Column
    from pgpipelines.copy.request import Cursor
    from pgpipelines.copy.watermark import Storage
    from pgpipelines.sessions import Session
    from pgpipelines.templates import QualifiedName

LONGEST_LOOKBACK = timedelta(days=36525)
MOST_LOOKBACK = 2**62
# Table access methods that keep the writing transaction in xmin.
ACCESS_METHOD = "heap"


@dataclass(frozen=True)
class Kind:
    """How values of a cursor are ordered and given back to the server; `type` is what a bound value is cast to.

    `name` is one of xmin, integer, timestamptz, timestamp, date and yyyymmdd.
    """

    name: str
    type: Sql

    @property
    def is_time(self) -> bool:
        """Tell whether a clock sets the values."""
        return self.name not in {XMIN, "integer"}

    @property
    def has_zone(self) -> bool:
        """Tell whether a value names one moment, wherever the clock that set it stands."""
        return self.name == "timestamptz"


KIND_OF_XMIN = Kind(XMIN, Sql("xid8"))
KINDS = {
    "timestamptz": Kind("timestamptz", Sql("timestamptz")),
    "timestamp": Kind("timestamp", Sql("timestamp")),
    "date": Kind("date", Sql("date")),
    "text": Kind("yyyymmdd", Sql("text")),
    "varchar": Kind("yyyymmdd", Sql("text")),
    "bpchar": Kind("yyyymmdd", Sql("bpchar")),
    "int2": Kind("integer", Sql("bigint")),
    "int4": Kind("integer", Sql("bigint")),
    "int8": Kind("integer", Sql("bigint")),
    "numeric": Kind("integer", Sql("numeric")),
}
ALLOWED = "timestamptz, timestamp, date, smallint, integer, bigint, numeric, text that holds yyyymmdd, or the name xmin"


@dataclass(frozen=True)
class Leaf:
    """A relation that holds rows itself: a plain table, a partition, a child table; or a view.

    `file` is the storage that it had at the snapshot: TRUNCATE and what rewrites a table give it another.
    """

    oid: int
    file: int
    has_xmin: bool
    not_null: bool


@dataclass(frozen=True)
class Tracking:
    """A relation and the cursor that tells what changed in it; `column` is None for xmin.

    `leaves` is empty where the user's own SELECT is read.
    """

    selection: Selection
    cursor: Cursor
    kind: Kind
    column: Column | None
    leaves: tuple[Leaf, ...]

    @property
    def has_xmin(self) -> bool:
        """Tell whether every row names the transaction that wrote it."""
        return _all_have_xmin(self.leaves)

    @property
    def nullable(self) -> bool:
        """Tell whether the cursor of some row may be NULL."""
        return not self.leaves or not all(leaf.not_null for leaf in self.leaves)

    @property
    def storage(self) -> Storage:
        """What holds the rows."""
        return _storage(self.leaves)


def track(session: Session, selection: Selection, cursor: Cursor, columns: Sequence[Column]) -> Tracking:
    """Look at the relation in the session's snapshot. `columns` are those of the table, or of the user's SELECT.

    Raises ConfigurationError for a cursor that can't tell what changed.
    """
    leaves = _leaves(session, selection, cursor.column) if selection.select is None else ()
    if cursor.by_xmin:
        tracking = Tracking(selection, cursor, KIND_OF_XMIN, None, leaves)
        _require_xmin(tracking)
    else:
        column = _column(selection, cursor, columns)
        tracking = Tracking(selection, cursor, KINDS[column.base], column, leaves)
    _require_lookback(tracking)
    return tracking


def has_xmin(session: Session, selection: Selection) -> bool:
    """Tell whether every row of a selection names the transaction that wrote it."""
    return selection.select is None and _all_have_xmin(_leaves(session, selection, XMIN))


def _all_have_xmin(leaves: tuple[Leaf, ...]) -> bool:
    return bool(leaves) and all(leaf.has_xmin for leaf in leaves)


def storage(session: Session, table: QualifiedName, *, only: bool) -> Storage:
    """What holds a table's rows, as the session's transaction sees it; nothing where there is no such table."""
    return _storage(_leaves(session, Selection(table, only=only), None))


def _storage(leaves: Sequence[Leaf]) -> Storage:
    return frozenset((leaf.oid, leaf.file) for leaf in leaves)


def _leaves(session: Session, selection: Selection, column: str | None) -> tuple[Leaf, ...]:
    rows = session.query(
        "copy/leaves.sql",
        {
            "schema": selection.table.schema,
            "name": selection.table.name,
            "column": column,
            "access_method": ACCESS_METHOD,
        },
        only=selection.only,
    )
    return tuple(Leaf(row.oid, row.file, row.has_xmin, row.not_null) for row in rows)


def _column(selection: Selection, cursor: Cursor, columns: Sequence[Column]) -> Column:
    by_name = {column.name: column for column in columns}
    column = by_name.get(cursor.column)
    if column is None:
        near = difflib.get_close_matches(cursor.column, by_name, n=3)
        raise ConfigurationError(
            f"{selection.table} has no column {cursor.column} to be the cursor",
            f"did you mean {' or '.join(near)}?" if near else f"choose among {', '.join(by_name)}, or xmin",
        )
    if not column.builtin or column.is_array or column.base not in KINDS:
        raise ConfigurationError(
            f"column {cursor.column} of {selection.table} is of type {column.type}, which can't be a cursor",
            f"choose a column of type {ALLOWED}",
        )
    return column


def _require_xmin(tracking: Tracking) -> None:
    """Raise ConfigurationError where rows don't name the transaction that wrote them."""
    if tracking.has_xmin:
        return
    table, by_select = tracking.selection.table, tracking.selection.select is not None
    what = (
        f"the SELECT that is read for {table}"
        if by_select
        else f"{table}, which is no ordinary table or has such parts,"
    )
    raise ConfigurationError(
        f"{what} has no xmin that tells when a row was written",
        "name a cursor column; xmin is for tables that PostgreSQL stores itself",
    )


def _require_lookback(tracking: Tracking) -> None:
    """Raise ConfigurationError for a lookback that does not suit the cursor."""
    lookback, kind, name = tracking.cursor.lookback, tracking.kind, tracking.cursor.column
    if not lookback:  # nothing, whatever it is counted in
        return
    if kind.name == XMIN:
        raise ConfigurationError("lookback has no meaning for the cursor xmin", "leave lookback out")
    wanted, example = (timedelta, "1h") if kind.is_time else (int, "1000")
    if not isinstance(lookback, wanted):
        raise ConfigurationError(
            f"lookback of cursor {name} ({tracking.kind.name}) is {lookback}",
            f"give {'a span of time' if kind.is_time else 'a whole number'}, for example {example}",
        )
    longest = LONGEST_LOOKBACK if isinstance(lookback, timedelta) else MOST_LOOKBACK
    if not type(lookback)(0) < lookback <= longest:  # type: ignore[operator] # both are of one type
        raise ConfigurationError(
            f"lookback of cursor {name} is {lookback}", f"give something above zero, at most {longest}"
        )
