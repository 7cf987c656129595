"""One table of a run: what both servers say of it, and what is to be done with it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, ClassVar

from pgpipelines.catalog import Table
from pgpipelines.checksum import Comparison
from pgpipelines.copy.changes import Position
from pgpipelines.copy.definition import Definition, Statement, same_type
from pgpipelines.copy.ordering import ordered
from pgpipelines.copy.request import Selection, TableCopy
from pgpipelines.copy.selection import runs_others_sql
from pgpipelines.templates import QualifiedName, Sql

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


@dataclass(frozen=True)
class Plan:
    """One table of a run. `target` is the table as it stood before, None where this copy makes it.

    `number` tells the tables of a run apart. With `load`, the target is missing or empty: all rows are loaded beside
    it.
    A partitioned table that stays one (`definition.partitioned`) has no rows to load or to merge.
    `widenings` make room for the rows in an existing target; they have been run, unless this is a dry run. `position`
    is what the cursor, where there is one, tells of the source. `parts` are the source tables that the rows are in.
    """

    number: int
    copy: TableCopy
    source: Table
    target: Table | None
    definition: Definition
    comparison: Comparison
    load: bool
    widenings: tuple[Statement, ...] = ()
    position: Position | None = None
    parts: frozenset[QualifiedName] = frozenset()

    @property
    def name(self) -> QualifiedName:
        """The target table's name."""
        return self.copy.target

    @property
    def selection(self) -> Selection:
        """What is read of the source."""
        return self.copy.source

    @property
    def only(self) -> bool:
        """Tell whether the target's rows are its own alone; a table that is partitioned here only keeps none itself."""
        return self.selection.only and (self.target is None or self.target.kind == "r")

    @property
    def others_sql(self) -> bool:
        """Tell whether reading runs SQL of the user's, or of a view."""
        return runs_others_sql(self.selection, self.source)

    @property
    def columns(self) -> list[str]:
        """The names of the columns that are copied."""
        return [column.name for column in self.source.stored]

    @property
    def key_types(self) -> list[Sql]:
        """The types of the key's columns, as the source writes them."""
        return [self.source.by_name[name].type for name in self.comparison.key]

    @cached_property
    def binary(self) -> bool:
        """Tell whether every column may travel in binary: its value names nothing of one database, its type is one."""
        for column in self.source.stored:
            target = None if self.target is None else self.target.by_name[column.name]
            if not column.binary or (target is not None and not same_type(target, column, self.definition)):
                return False
        return True

    @property
    def workspace(self) -> Workspace:
        """The temporary tables in which this table's rows are prepared."""
        return Workspace(*(QualifiedName("pg_temp", f"pgpipelines_{name}_{self.number}") for name in Workspace.NAMES))


@dataclass(frozen=True)
class Workspace:
    """Temporary tables of one table: rows from the source, keys wanted of it, and keys of rows that stand in the way.

    `displaced` rows go and come back; rows `in_the_way` go before others that leave.
    """

    NAMES: ClassVar[tuple[str, ...]] = ("staging", "wanted", "displaced", "in_the_way")

    staging: QualifiedName
    wanted: QualifiedName
    displaced: QualifiedName
    in_the_way: QualifiedName


def selection_digest(selection: Selection) -> str:
    """A short text that is another one for every other selection."""
    parts = (str(selection.table), selection.where or "", selection.select or "", "only" if selection.only else "")
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]


def parents_first(plans: Sequence[Plan]) -> list[Plan]:
    """Order tables so that one comes after those that its foreign keys point to, and else as they were listed.

    The target's foreign keys count: those of tables that this run makes are added once all rows are there. Those of a
    partitioned table are those of its partitions, which come after it. Where they go in a circle, one table comes too
    early.
    """
    referring = {
        plan.name: {reference.table for reference in plan.target.references} if plan.target else set() for plan in plans
    }

    def parents(plan: Plan) -> Iterator[QualifiedName]:
        yield from (name for name, others in referring.items() if plan.name in others)
        if plan.target and plan.target.partition:
            yield plan.target.partition.parent

    return list(ordered({plan.name: plan for plan in plans}, parents).values())
