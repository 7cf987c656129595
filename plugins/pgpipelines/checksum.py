"""Checksums of a table's content, equal exactly where a reader of both tables would see equal rows.

Rows fall into buckets by a hash of their key; a bucket's checksum is its number of rows and the sum of their
64-bit hashes, computed by the server in one scan that may run in parallel. Two tables are compared bucket by
bucket, so a difference is found among few rows and can be named.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from pgpipelines.catalog import Column
from pgpipelines.templates import QualifiedName

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pgpipelines.sessions import Session

ROWS_PER_BUCKET = 4096
MOST_BUCKETS = 2**16
# Differing rows are fetched from this many buckets at most: enough to name examples, bounded in memory.
BUCKETS_TO_NAME = 4
KEYS_TO_NAME = 5


class Bucket(NamedTuple):
    """Number of rows of a bucket, and the sum of their signed 64-bit hashes."""

    rows: int
    hash: int


@dataclass(frozen=True)
class Comparison:
    """How two tables are compared: the same columns and key, cut into the same number of buckets.

    `transcode` is set where the databases store text in different encodings.
    """

    columns: tuple[Column, ...]
    key: tuple[str, ...]
    buckets: int
    transcode: bool

    def checksum(self, session: Session, table: QualifiedName) -> dict[int, Bucket]:
        """Compute the checksum of a table: its buckets by number; empty ones are absent."""
        rows = session.query("checksum/buckets.sql", **self._context(table, named=False))
        return {row.bucket: Bucket(row.rows, int(row.hash)) for row in rows}

    def differing_keys(
        self,
        source: Session,
        source_table: QualifiedName,
        target: Session,
        target_table: QualifiedName,
        buckets: list[int],
    ) -> list[str]:
        """Name some rows that differ: `key (missing)`, `(extra)` or `(different)`; by hash without a key."""
        wanted = {"wanted": buckets[:BUCKETS_TO_NAME]}
        expected = Counter(source.query("checksum/bucket_rows.sql", wanted, **self._context(source_table, named=True)))
        found = Counter(target.query("checksum/bucket_rows.sql", wanted, **self._context(target_table, named=True)))
        missing = {_row_name(row) for row in expected - found}
        extra = {_row_name(row) for row in found - expected}
        kinds = {name: "different" if name in extra else "missing" for name in missing}
        kinds |= dict.fromkeys(extra - missing, "extra")
        return [f"{name} ({kind})" for name, kind in sorted(kinds.items())[:KEYS_TO_NAME]]

    def _context(self, table: QualifiedName, *, named: bool) -> dict[str, Any]:
        return {
            "table": table,
            "columns": self.columns,
            "key_columns": [column for column in self.columns if column.name in self.key],
            "buckets": self.buckets,
            "transcode": self.transcode,
            "named": named,
        }


def buckets_for(rows: int) -> int:
    """The number of buckets for about so many rows: a power of two, a few thousand rows each."""
    buckets = 1
    while buckets * ROWS_PER_BUCKET < rows and buckets < MOST_BUCKETS:
        buckets *= 2
    return buckets


def differing_buckets(left: Mapping[int, Bucket], right: Mapping[int, Bucket]) -> list[int]:
    """The numbers of the buckets that are not equal on both sides."""
    return sorted(number for number in left.keys() | right.keys() if left.get(number) != right.get(number))


def _row_name(row: tuple[str | None, int]) -> str:
    key, row_hash = row
    return f"row with hash {row_hash}" if key is None else key
