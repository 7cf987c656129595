"""What a copy is asked to do. Everything here is a frozen value, known before any connection is opened."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Literal

from pgpipelines.endpoints import Bounds, Endpoint
from pgpipelines.templates import QualifiedName, Sql

Strategy = Literal["full_refresh", "incremental"]
OnDrift = Literal["refuse", "widen"]
Verify = Literal["checksum", "count"]
IfLocked = Literal["wait", "skip"]

# The name that stands for the system column of every table, instead of a column that an application keeps.
XMIN = "xmin"


@dataclass(frozen=True)
class Cursor:
    """How rows that changed since the last run are found: by a column's value, or by xmin.

    `lookback` reaches further back, for clocks that applications set: a span of time, or a number for integers.
    """

    column: str
    lookback: timedelta | int = timedelta(0)

    @property
    def by_xmin(self) -> bool:
        """Tell whether the transaction that wrote a row stands for the column."""
        return self.column == XMIN


@dataclass(frozen=True)
class Selection:
    """What is read of the source: a table, its rows that meet `where`, or the rows of `select` instead.

    Both are the user's own SQL, already checked to be one condition and one query (`pgpipelines.copy.user_sql`).
    With `only`, the table is copied as a part of a structure: without the rows of its partitions and of tables that
    inherit from it, which are copied as tables of their own.
    """

    table: QualifiedName
    where: Sql | None = None
    select: Sql | None = None
    only: bool = False

    @property
    def whole(self) -> bool:
        """Tell whether the table is read as it is."""
        return self.where is None and self.select is None


@dataclass(frozen=True)
class TableCopy:
    """One table: what to read, where to write, and how its rows are told apart (`key`; empty: the table's own).

    `batch_size` (rows) is the unit of progress and of resume; rows that are large are cut into smaller units.
    """

    source: Selection
    target: QualifiedName
    key: tuple[str, ...] = ()
    cursor: Cursor | None = None
    batch_size: int = 10_000


@dataclass(frozen=True)
class CopyRequest:
    """Tables that share one snapshot of the source and are published in one transaction of the target.

    With `only_empty`, a table of the target that has rows is refused. `streams` is the number of connections to each
    side that load rows at the same time; `max_snapshot_age` bounds how long the source has to keep old rows for this
    copy.
    """

    source: Endpoint
    target: Endpoint
    tables: tuple[TableCopy, ...]
    strategy: Strategy = "full_refresh"
    streams: int = 1
    create_missing: bool = True
    only_empty: bool = False
    on_drift: OnDrift = "refuse"
    verify: Verify = "checksum"
    if_locked: IfLocked = "wait"
    dry_run: bool = False
    max_snapshot_age: timedelta = timedelta(hours=4)
    bounds: Bounds = field(default_factory=Bounds)
