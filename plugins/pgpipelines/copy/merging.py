"""Rows beside the target, and how they become its content: only what differs is written.

Staged rows come from the source with the hash that it computed of each, so that afterwards the target's rows can be
held against it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from psycopg2 import errorcodes

from pgpipelines.copy.relay import Relayed, relay
from pgpipelines.copy.request import Selection
from pgpipelines.errors import ConflictError
from pgpipelines.templates import QualifiedName, Sql, render

if TYPE_CHECKING:
    from pgpipelines.catalog import Column, Reference, Table, Unique
    from pgpipelines.copy.changes import Condition
    from pgpipelines.copy.plan import Plan
    from pgpipelines.sessions import Session

HASH = "pgpipelines hash"
# pg_constraint.confdeltype of a foreign key that only has to hold when the statement ends.
NO_ACTION = "a"
# How the server refuses a row whose unique value another one holds, or one that an exclusion constraint keeps apart.
HELD = frozenset({errorcodes.UNIQUE_VIOLATION, errorcodes.EXCLUSION_VIOLATION})
# Keys that one query asks the source for. By content, each query reads the whole table.
KEYS_AT_ONCE = 10_000
HASHES_AT_ONCE = 200_000
KEYS_TO_NAME = 5


@dataclass(frozen=True)
class Changes:
    """Rows that a copy wrote to the target."""

    inserted: int = 0
    updated: int = 0
    deleted: int = 0

    def __add__(self, other: Changes) -> Changes:
        """Add up what two steps wrote."""
        return Changes(self.inserted + other.inserted, self.updated + other.updated, self.deleted + other.deleted)


@dataclass(frozen=True)
class Merged:
    """What a merge has changed, and what it read of the source for that.

    `written` counts the row changes that it took: a row that goes and comes back is two, and one that was taken back
    counts.
    """

    changes: Changes
    written: int
    relayed: Relayed = field(default=Relayed(0, 0))


@dataclass(frozen=True)
class UnequalRow:
    """A row that is not as the source's: its key, and how it differs.

    `kind` is missing, extra, different, repeated (the target has the key more than once) or ambiguous (the source has).
    """

    key: str
    kind: str

    def __str__(self) -> str:
        """As a message names it."""
        return f"{self.key} ({self.kind})"


@dataclass(frozen=True)
class Merging:
    """The rows of one table on their way into `table`, in the transaction of `target`.

    `report` is called while rows travel; it tells whether the target still takes them.
    """

    source: Session
    target: Session
    plan: Plan
    table: Table
    report: Callable[[], bool]

    def prepare(self) -> None:
        """Make the temporary tables, empty."""
        names, space = self.plan.columns, self.plan.workspace
        key = self.plan.comparison.key
        self.target.execute("copy/create_staging.sql", staging=space.staging, table=self.table.name, columns=names)
        for column in self._computed if key else ():
            self.target.execute("copy/add_column.sql", table=space.staging, column=column, virtual=False)
        self.target.execute("copy/create_wanted.sql", wanted=space.wanted, table=self.table.name, key=key)

    def stage_changed(self, change: Condition) -> Relayed:
        """Stage the rows that changed since the last run."""
        return self._stage_changed(change, change.values, self.plan.comparison.context(self.plan.selection))

    def stage_changed_among(self, change: Condition, number: int, buckets: list[int]) -> Relayed:
        """Stage those of some buckets, of so many in all."""
        context = self.plan.comparison.context(self.plan.selection, buckets=number, chosen=True)
        return self._stage_changed(change, {**change.values, "chosen_buckets": buckets}, context)

    def _stage_changed(self, change: Condition, values: dict[str, object], context: dict[str, Any]) -> Relayed:
        read = render("copy/read_changed.sql", binary=self.plan.binary, change=change, **context)
        return self._stage(read, values)

    def stage_wanted(self) -> Relayed:
        """Stage the rows of the wanted keys, as far as the source has them."""
        key, space = self.plan.comparison.key, self.plan.workspace
        read = render(
            "copy/read_wanted.sql",
            binary=self.plan.binary,
            key_types=self.plan.key_types,
            **self.plan.comparison.context(self.plan.selection),
        )
        sent = Relayed(0, 0)
        size = KEYS_AT_ONCE if key else HASHES_AT_ONCE
        tables = {"wanted": space.wanted, "staging": space.staging}
        for batch in self.target.batches("copy/wanted_keys.sql", None, size, **tables, key=key):
            values = {f"key_{number}": list(part) for number, part in enumerate(zip(*batch, strict=True), start=1)}
            sent += self._stage(read, values)
        return sent

    def _stage(self, read: Sql, values: Mapping[str, object]) -> Relayed:
        columns, binary = [*self.plan.columns, HASH], self.plan.binary
        write = render("copy/write.sql", table=self.plan.workspace.staging, columns=columns, binary=binary)
        with self.target.names_of_role():
            return relay(self.source, self.target, read, write, self.report, values=values)

    def merge(self, *, later: bool) -> Merged:
        """Write what differs, in one statement.

        With `later`, rows that go wait for `delete_vanished`, because other tables of the run may still refer to them.
        Raises ConflictError where rows that others refer to would have to go for a moment.
        """
        space, key = self.plan.workspace, self.plan.comparison.key
        unique = {name for unique in self._contended for name in unique.columns}
        by = list(key) or [HASH]
        joined = [(space.staging, [*by, *sorted(unique - {*by})]), (space.wanted, by)]
        self.target.execute("copy/analyze_temporary.sql", tables=joined)
        if not key:
            return self._exchange()
        for table in (space.displaced, space.in_the_way):
            self.target.execute("copy/create_displaced.sql", displaced=table, table=self.table.name, key=key)
        taken_back = 0
        if self._contended and not self._identities:
            # Few merges move unique values between rows: most need not look for those that hold the staged ones'.
            before = self.written()
            merged = self.target.attempt(lambda: self._write(0, later=later), HELD)
            if merged is not None:
                return merged
            taken_back = self.written() - before
        relayed = self.stage_unknown()
        merged = self._write(self._find_displaced(), later=later)
        return replace(merged, written=merged.written + taken_back, relayed=relayed)

    def _write(self, displaced: int, *, later: bool) -> Merged:
        """Merge, with the rows that were found to be displaced or in the way."""
        space, key, columns = self.plan.workspace, self.plan.comparison.key, self.plan.columns
        with self.target.names_of_role():
            done = self.target.one(
                "copy/merge.sql",
                **self._tables,
                displaced=space.displaced,
                in_the_way=space.in_the_way,
                key=list(key),
                columns=columns,
                changeable=[name for name in columns if _changeable(self.table.by_name[name], key)],
                any_displaced=displaced > 0,
                kept=[column.name for column in self.table.stored if column.name not in columns],
                later=later,
            )
        changes = Changes(inserted=done.inserted, updated=done.updated, deleted=done.deleted)
        return Merged(changes, done.inserted + done.updated + done.deleted + displaced)

    def written(self) -> int:
        """How many rows of the target this transaction has inserted, updated and deleted so far, by whatever means."""
        return written(self.target, self.table.name)

    def delete_vanished(self) -> Changes:
        """Let the rows go that had to wait for other tables."""
        with self.target.names_of_role():
            deleted = self.target.execute("copy/delete_vanished.sql", **self._tables, key=self.plan.comparison.key)
        return Changes(deleted=deleted)

    def preview(self) -> Changes:
        """Count what a merge would write."""
        comparison = self.plan.comparison
        done = self.target.one(
            "copy/preview.sql" if comparison.key else "copy/preview_exchange.sql",
            **self._tables,
            key=comparison.key,
            names=self.plan.columns,
            **comparison.context(Selection(self.table.name)),
        )
        return Changes(inserted=done.inserted, updated=done.updated, deleted=done.deleted)

    def unequal_rows(self) -> list[UnequalRow]:
        """Name some rows that are not as the source said."""
        space = self.plan.workspace
        rows = self.target.query(
            "copy/unequal_rows.sql",
            {"most": KEYS_TO_NAME},
            staging=space.staging,
            wanted=space.wanted,
            **self.plan.comparison.context(Selection(self.table.name, only=self.plan.only)),
        )
        return [UnequalRow(row.key, row.kind) for row in rows]

    def named_rows(self) -> list[UnequalRow]:
        """Name some of the wanted rows; those that a merge can't mend come first."""
        rows = self.target.query(
            "copy/named_rows.sql",
            {"most": KEYS_TO_NAME},
            wanted=self.plan.workspace.wanted,
            key=self.plan.comparison.key,
        )
        return [UnequalRow(row.key, row.kind) for row in rows]

    def _exchange(self) -> Merged:
        """Replace the rows whose content differs: what a table without a key allows."""
        harmful = self._harmful
        if harmful:
            raise ConflictError(
                f"{self.target.endpoint}: {self.table.name} has no key among the copied columns, so a row that changes "
                f"is deleted for a moment, and {harmful[0].table} refers to it by {harmful[0].name} with an ON DELETE "
                "action",
                "give the target a primary key, or a unique index on NOT NULL columns that the source has too",
            )
        with self.target.names_of_role():
            done = self.target.one(
                "copy/exchange.sql",
                **self._tables,
                names=self.plan.columns,
                **self.plan.comparison.context(Selection(self.table.name, only=self.plan.only)),
            )
        return Merged(Changes(inserted=done.inserted, deleted=done.deleted), done.inserted + done.deleted)

    @property
    def _tables(self) -> dict[str, Any]:
        """What the templates name of the target and of its workspace."""
        space = self.plan.workspace
        return {
            "table": self.table.name,
            "only": self.plan.only,
            "staging": space.staging,
            "wanted": space.wanted,
        }

    @property
    def _harmful(self) -> list[Reference]:
        """The foreign keys by which rows that are gone for a moment take, or change, rows of other tables."""
        return [reference for reference in self.table.references if reference.on_delete != NO_ACTION]

    @property
    def _contended(self) -> list[Unique]:
        """The unique indexes and exclusion constraints whose values may have to move from row to row."""
        key = {*self.plan.comparison.key}
        staged = {*self.plan.columns, *(column.name for column in self._computed)}
        others = (unique for unique in self.table.uniques if unique.kind != "columns" or {*unique.columns} != key)
        return [unique for unique in others if {*unique.columns} <= staged]

    @cached_property
    def _computed(self) -> list[Column]:
        """The columns that the server computes and that are to be unique: staged rows have them too, if they can."""
        if len(self.table.stored) > len(self.plan.columns):
            return []  # they may be computed of what the target alone knows
        unique = {name for unique in self.table.uniques for name in unique.columns}
        return [column for column in self.table.columns if column.generated and column.name in unique]

    @property
    def _identities(self) -> list[str]:
        """The columns that UPDATE may not set: rows that differ in one of them must go and come back."""
        copied = [self.table.by_name[name] for name in self.plan.columns if name not in self.plan.comparison.key]
        return [column.name for column in copied if column.identity == "a"]

    def _find(self, into: QualifiedName, among: str, identities: list[str]) -> int:
        if not (self._contended or identities):
            return 0
        with self.target.names_of_role():
            return self.target.execute(
                "copy/find_displaced.sql",
                into=into,
                among=among,
                **self._tables,
                key=list(self.plan.comparison.key),
                uniques=self._contended,
                identities=identities,
            )

    def _find_displaced(self) -> int:
        """List the rows that must go before others can change; return how many of them come back."""
        space = self.plan.workspace
        self._find(space.in_the_way, "vanished", [])
        displaced = self._find(space.displaced, "staged", self._identities)
        self._require_unreferenced(displaced)
        return displaced

    def stage_unknown(self) -> Relayed:
        """Stage the rows that stand in the way and that the source has not spoken of, as far as it has them."""
        relayed = Relayed(0, 0)
        while self.plan.comparison.key and self._find(self.plan.workspace.wanted, "unknown", []):
            relayed += self.stage_wanted()
        return relayed

    def _require_unreferenced(self, displaced: int) -> None:
        """Raise ConflictError where rows that go and come back would take, or change, rows that refer to them."""
        harmful = self._harmful
        if displaced and harmful:
            raise ConflictError(
                f"{self.target.endpoint}: {displaced} rows of {self.table.name} exchange unique values, so they have "
                f"to be deleted for a moment, and {harmful[0].table} refers to them by {harmful[0].name} with an ON "
                "DELETE action",
                "make the unique constraint DEFERRABLE (an identity column GENERATED BY DEFAULT), "
                "or the foreign key ON DELETE NO ACTION",
            )


def written(target: Session, table: QualifiedName) -> int:
    """How many rows of a table this transaction has inserted, updated and deleted so far, by whatever means."""
    return int(target.one("copy/written.sql", {"schema": table.schema, "name": table.name}).rows)


def _changeable(column: Column, key: tuple[str, ...]) -> bool:
    """Tell whether rows with the same key may differ in a column, and UPDATE may set it."""
    return column.identity != "a" and not (column.name in key and column.exact)
