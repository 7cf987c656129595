from __future__ import annotations

from typing import Any

import pytest

from pgpipelines.catalog import describe_existing
from pgpipelines.checksum import Comparison, buckets_for
from pgpipelines.copy.request import Selection
from pgpipelines.sessions import Session
from pgpipelines.templates import QualifiedName, render
from tests.fixtures.servers import Database

ROWS = 200_000


def computation(context: dict[str, Any]) -> str:
    """The statement that computes a checksum, as EXPLAIN takes it."""
    text = render("checksum/send_buckets.sql", **context)
    return text[text.index("WITH hashed") :].replace(") TO STDOUT", "")


@pytest.mark.parametrize("workers", [0, 2])
@pytest.mark.parametrize("key", [("id",), ()])
def test_a_checksum_sorts_no_rows_and_uses_workers_where_there_are_some(
    source: Database, workers: int, key: tuple[str, ...]
) -> None:
    source.run("CREATE TABLE t (id int PRIMARY KEY, body text, amount numeric)")
    source.run(f"INSERT INTO t SELECT n, repeat('x', 200) || n, n FROM generate_series(1, {ROWS}) AS n")
    source.run("ANALYZE t")
    with Session(source.endpoint, "test") as session:
        table = describe_existing(session, QualifiedName("public", "t"))
    context = Comparison(table.stored, key, transcode=False).context(Selection(table.name), buckets=buckets_for(ROWS))
    explain = f"SET max_parallel_workers_per_gather = {workers}; EXPLAIN {computation(context)}"
    plan = "\n".join(row[0] for row in source.rows(explain))
    # What is aggregated comes straight from the scan; the few buckets may be sorted afterwards.
    below = plan[plan.index("HashAggregate") :]
    assert "Sort" not in below.replace("Sort Key", "")
    assert ("Partial HashAggregate" in plan) == (workers > 0)
    with Session(source.endpoint, "test") as session:
        assert sum(bucket.rows for bucket in session.query("dump/checksum.sql", **context)) == ROWS
