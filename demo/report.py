"""What the runs did, as a table for a person."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from demo.runs import SUCCEEDED, Run
from pgpipelines.endpoints import Endpoint
from pgpipelines.sessions import Session

HEADINGS = ("DAG", "table", "rows", "MB", "seconds", "rows/s", "verified")
# Text columns are read from their left end, figures compared at their right end.
TEXT_COLUMNS = frozenset(("DAG", "table", "verified"))
APPLICATION_NAME = "pgpipelines demo"


@dataclass(frozen=True)
class Copy:
    """One table of a run, from the ledger: `rows` and `bytes` were read, in `seconds` from start to commit."""

    dag_id: str
    table: str
    rows: int
    bytes: int
    seconds: float
    succeeded: bool
    verification: str

    def cells(self) -> tuple[str, ...]:
        """The line of the table."""
        rate = f"{self.rows / self.seconds:,.0f}" if self.seconds else ""
        proof = self.verification if self.succeeded else "FAILED"
        figures = (f"{self.rows:,}", f"{self.bytes / 1e6:,.1f}", f"{self.seconds:.1f}", rate)
        return (self.dag_id, self.table, *figures, proof or "no")


def copies_of(runs: Iterable[Run], target: Endpoint) -> list[Copy]:
    """Read what the ledger of `target` says about the runs: nothing where none has got as far as one."""
    with Session(target, APPLICATION_NAME) as session:
        if not session.one("ledger/exists.sql").present:
            return []
        run_ids = [run.run_id for run in runs]
        return [as_copy(row) for row in session.query("ledger/of_runs.sql", {"run_ids": run_ids})]


def as_copy(row: Any) -> Copy:
    """A line of the ledger."""
    return Copy(
        dag_id=row.dag_id,
        table=row.target_table,
        rows=row.rows_read or 0,
        bytes=row.bytes or 0,
        seconds=row.seconds,
        succeeded=row.status == "succeeded",
        verification=row.verification or "",
    )


def succeeded(runs: Sequence[Run], copies: Sequence[Copy]) -> bool:
    """Whether every run, and every table of each, succeeded and was verified."""
    return all(run.state == SUCCEEDED for run in runs) and all(copy.succeeded and copy.verification for copy in copies)


def report(runs: Sequence[Run], copies: Sequence[Copy]) -> str:
    """The table of copies, and one line below it for each run that failed."""
    lines = table(HEADINGS, [copy.cells() for copy in copies])
    failures = [f"FAILED {run.dag_id}: {run.cause}" for run in runs if run.state != SUCCEEDED]
    return "\n".join([*lines, *failures])


def table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """Lines of aligned columns under their headings."""
    widths = [max(map(width, column)) for column in zip(headings, *rows, strict=True)]
    body = [" ".join(map(padded, row, widths, headings)).rstrip() for row in (headings, *rows)]
    return [body[0], " ".join("-" * size for size in widths), *body[1:]]


def padded(cell: str, size: int, heading: str) -> str:
    """A cell filled up to its column's width."""
    space = " " * (size - width(cell))
    return cell + space if heading in TEXT_COLUMNS else space + cell


def width(text: str) -> int:
    """Columns of a terminal that the text takes: Korean letters take two."""
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in text)
