"""Checksums of content, equal exactly where a reader of both sides would see equal rows.

Rows fall into buckets by a hash of their key; a bucket's checksum is its number of rows and the sum of their
64-bit hashes, computed by the server in one scan that may run in parallel. Two contents are compared bucket by
bucket, so a difference is found among few rows. Those are compared on the target's server.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from operator import add
from typing import TYPE_CHECKING, Any, TypeVar

from pgpipelines.catalog import Column
from pgpipelines.copy.request import Selection
from pgpipelines.templates import QualifiedName, Sql, render

if TYPE_CHECKING:
    from pgpipelines.sessions import Session

# How content becomes a number. Sets of dumps keep such numbers for years: whatever changes them raises this.
DEFINITION = 1
ROWS_PER_BUCKET = 16
# Each takes about 60 bytes here while two sides are compared, and 100 on their servers.
MOST_BUCKETS = 2**18
BLOCK_BYTES = 128 * 1024
# The sums of a bucket without rows.
NOTHING = (0, 0, 0)
# A row that is looked up by index costs as much as so many that are read one after the other, by several workers.
LOOKED_UP = 8

T = TypeVar("T")


@dataclass(frozen=True)
class Seeded:
    """A column, and the number that its hash starts from."""

    column: Column
    seed: int


@dataclass(frozen=True)
class SeededGroup:
    """Columns that share a hash, and the number that it starts from."""

    columns: tuple[Column, ...]
    seed: int


@dataclass(frozen=True)
class RowHash:
    """The parts of a row's hash (checksum/row_hash.sql).

    `alone` are columns with an expression of their own; `together` the others, as one record. `signed` and `floats`
    are those of the first whose signs need a part of their own.
    """

    alone: tuple[Seeded, ...]
    together: SeededGroup
    signed: SeededGroup
    floats: SeededGroup

    @property
    def single_boolean(self) -> Column | None:
        """The only column that is hashed as a record, where it is a boolean."""
        column = self.together.columns[0] if len(self.together.columns) == 1 else None
        return column if column and column.hashing == "native" and column.base == "bool" else None


@dataclass(frozen=True)
class Comparison:
    """How two contents are compared: by the same columns and the same key, as the target's table has them.

    `transcode` is set where the databases store text in different encodings.
    """

    columns: tuple[Column, ...]
    key: tuple[str, ...]
    transcode: bool

    @property
    def key_columns(self) -> list[Column]:
        """The columns of the key, in the key's order; empty where rows can only be told apart by their content."""
        by_name = {column.name: column for column in self.columns}
        return [by_name[name] for name in self.key]

    @cached_property
    def hashed(self) -> RowHash:
        """How the rows are hashed."""
        return hash_of(self.columns, transcode=self.transcode)

    @cached_property
    def key_hashed(self) -> RowHash:
        """How the keys are hashed, to spread them over buckets."""
        return hash_of(self.key_columns, transcode=self.transcode)

    def context(
        self, selection: Selection, *, buckets: int = 1, keyed: bool = False, chosen: bool = False, sought: bool = False
    ) -> dict[str, Any]:
        """What the templates of this comparison need to read a selection."""
        return {
            "selection": selection,
            "columns": self.columns,
            "hashed": self.hashed,
            "key_columns": self.key_columns,
            "key_hashed": self.key_hashed,
            "transcode": self.transcode,
            "buckets": buckets,
            "keyed": keyed,
            "chosen": chosen,
            "sought": sought,
        }


@dataclass(frozen=True)
class Compared:
    """The checksums of both contents: for each, a line for each bucket, in their order (checksum/send_buckets.sql)."""

    expected: bytes
    found: bytes

    @cached_property
    def differing(self) -> list[int]:
        """The numbers of the buckets that are not equal."""
        return [bucket for bucket, _, _ in _differing(self.expected, self.found)]

    def unexplained(self, staged: bytes) -> list[int]:
        """Those of them that still would not be, if the staged rows were in their place (checksum/send_staged.sql)."""
        changes = io.BytesIO(staged)
        change = next(changes, b"")
        left = []
        for bucket, line, other in _differing(self.expected, self.found):
            while _bucket(change) < bucket:
                change = next(changes, b"")
            added = _sums(change) if _bucket(change) == bucket else NOTHING
            if _sums(line) != tuple(map(add, _sums(other), added)):
                left.append(bucket)
        return left


@dataclass(frozen=True)
class Contents:
    """Two contents to compare: a selection of the source, and `found` of the target as its transaction sees it.

    `indexed_rows` is about how many rows each side has, where both have an index of a key that is one number; else 0.
    """

    source: Session
    selection: Selection
    target: Session
    found: Selection
    comparison: Comparison
    buckets: int
    indexed_rows: int = 0

    def compare(self) -> Compared:
        """Read both sides, each at the same time.

        The source is read once: asked again, this tells how the target stands to that by then. A replaced object has
        forgotten what it read.
        """
        with in_background(lambda: self._expected, self.source.cancel) as expected:
            found = self._sums(self.target, self.found)
            return Compared(expected.result(), found)

    def staged(self, staging: QualifiedName) -> bytes:
        """What staged rows would add to the target's checksum, as the lines of its buckets."""
        return self._read(self.target, self.found, "checksum/send_staged.sql", staging=staging)

    @cached_property
    def _expected(self) -> bytes:
        return self._sums(self.source, self.selection)

    def _sums(self, session: Session, selection: Selection) -> bytes:
        """The checksum of a selection: a line for each bucket, in their order."""
        return self._read(session, selection, "checksum/send_buckets.sql")

    def _read(self, session: Session, selection: Selection, template: str, **more: object) -> bytes:
        stream = io.BytesIO()
        context = self.comparison.context(selection, buckets=self.buckets)
        session.copy(render(template, **more, **context), stream, BLOCK_BYTES)
        return stream.getvalue()

    def send_rows(self, buckets: list[int]) -> Sql:
        """The statement that streams keys and hashes of the source's rows in these buckets, which are to be bound."""
        return render("checksum/send_rows.sql", **self._rows_of(buckets, self.selection))

    def expect_rows(self) -> Sql:
        """Make room for them in the target; return the statement that takes them in."""
        self.target.execute("checksum/expect_rows.sql", table=self.found.table, key=self.comparison.key)
        return render("checksum/take_rows.sql")

    def find_rows(self, buckets: list[int]) -> None:
        """Find keys and hashes of the target's rows in the chosen buckets."""
        context = self._rows_of(buckets, self.found)
        self.target.execute("checksum/find_rows.sql", {"chosen_buckets": buckets}, **context)

    def _rows_of(self, buckets: list[int], selection: Selection) -> dict[str, Any]:
        """What the templates need to read the rows of some buckets: by index, where those are few."""
        few = self.are_few(buckets)
        return self.comparison.context(selection, buckets=self.buckets, keyed=True, chosen=True, sought=few)

    def are_few(self, buckets: list[int]) -> bool:
        """Tell whether the rows of some buckets are found by index, on both sides."""
        if not self.indexed_rows:
            return False
        return self._slices * len(buckets) * ROWS_PER_BUCKET * LOOKED_UP <= self.indexed_rows

    @cached_property
    def _slices(self) -> int:
        """Into how many slices the keys fall on the side where these are more, when first asked."""
        (key,) = self.comparison.key
        return max(
            int(session.one("checksum/slices.sql", table=at.table, only=at.only, key=key, buckets=self.buckets).slices)
            for session, at in ((self.source, self.selection), (self.target, self.found))
        )

    def list_differing_rows(self, wanted: QualifiedName) -> int:
        """Add the keys of the rows that are not found as expected to `wanted`; return their number."""
        return self.target.execute("checksum/differing_rows.sql", wanted=wanted, key=self.comparison.key)

    def list_repeated_rows(self, wanted: QualifiedName) -> int:
        """Add the keys that either side has more than once to `wanted`, after the others; return their number."""
        if not self.comparison.key:
            return 0
        return self.target.execute("checksum/repeated_rows.sql", wanted=wanted, key=self.comparison.key)


def hash_of(columns: Sequence[Column], *, transcode: bool) -> RowHash:
    """How rows of these columns are hashed. Text that is transcoded is a text no more, but bytes."""
    together = {"native", "sent", "text", "printed"} if transcode else {"native", "sent"}

    def group(hashings: set[str], nth: int) -> SeededGroup:
        return SeededGroup(tuple(column for column in columns if column.hashing in hashings), seed(nth))

    alone = [Seeded(column, seed(nth)) for nth, column in enumerate(columns, start=3) if column.hashing not in together]
    return RowHash(tuple(alone), group(together, 0), group({"signed"}, 1), group({"float"}, 2))


def seed(nth: int) -> int:
    """The number that the nth hash of a row starts from: 64 bits without a pattern, always the same.

    Needed, because the server's hash of a zero or of NaN is hardly more than its seed.
    """
    return int.from_bytes(hashlib.sha256(str(nth).encode()).digest()[:8], "big", signed=True)


def buckets_for(rows: int) -> int:
    """The number of buckets for about so many rows: a power of two, a few rows each."""
    buckets = 1
    while buckets * ROWS_PER_BUCKET < rows and buckets < MOST_BUCKETS:
        buckets *= 2
    return buckets


def _differing(expected: bytes, found: bytes) -> Iterator[tuple[int, bytes, bytes]]:
    """The buckets whose lines are not the same in both, with these; nothing for a line that one side lacks."""
    if expected == found:
        return
    lines, others = io.BytesIO(expected), io.BytesIO(found)
    line, other = next(lines, b""), next(others, b"")
    while line or other:
        bucket, other_bucket = (0, 0) if line == other else (_bucket(line), _bucket(other))
        if line != other:
            yield (
                min(bucket, other_bucket),
                line if bucket <= other_bucket else b"",
                other if other_bucket <= bucket else b"",
            )
        if bucket <= other_bucket:
            line = next(lines, b"")
        if other_bucket <= bucket:
            other = next(others, b"")


def _bucket(line: bytes) -> int:
    """The number of a line's bucket; behind the last line, more than any."""
    return int(line.partition(b"\t")[0]) if line else MOST_BUCKETS


def _sums(line: bytes) -> tuple[int, ...]:
    """A line's rows, and both halves of the sum of their hashes."""
    return tuple(map(int, line.split(b"\t")[1:])) if line else NOTHING


@contextmanager
def in_background(work: Callable[[], T], cancel: Callable[[], None]) -> Iterator[Future[T]]:
    """Run `work` in a thread while the block runs; cancel it when the block fails."""
    with ThreadPoolExecutor(1, thread_name_prefix="checksum") as pool:
        future = pool.submit(work)
        try:
            yield future
        except BaseException:
            cancel()
            raise
