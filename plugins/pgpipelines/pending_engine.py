"""Stands in for `pgpipelines.copy.engine` until that takes a CopyRequest: full refreshes, one table after another."""

from __future__ import annotations

from dataclasses import dataclass

from pgpipelines.copy import engine
from pgpipelines.copy.request import CopyRequest, TableCopy
from pgpipelines.errors import ConfigurationError, ConflictError
from pgpipelines.ledger import Run
from pgpipelines.templates import QualifiedName


class AlreadyRunningError(ConflictError):
    """Another run writes the target, and this one is to skip its turn."""


@dataclass(frozen=True)
class TableResult:
    """What a copy did to one table. `rows` and `bytes` were read; `seconds` are by step."""

    source: str
    target: QualifiedName
    strategy: str
    rows: int
    bytes: int
    inserted: int
    updated: int
    deleted: int
    seconds: dict[str, float]
    verification: str
    statements: tuple[str, ...] = ()
    notices: tuple[str, ...] = ()


@dataclass(frozen=True)
class CopyReport:
    """What a copy did, by table."""

    tables: tuple[TableResult, ...]
    snapshot: str
    seconds: dict[str, float]


def copy_tables(request: CopyRequest, run: Run) -> CopyReport:
    """Copy the tables. Raises a PipelineError."""
    if request.dry_run:
        raise ConfigurationError("a dry run is not possible yet", "switch dry_run off")
    done = [(table, engine.copy_table(_request(request, table), run)) for table in request.tables]
    results = tuple(
        TableResult(
            source=str(table.source.table),
            target=table.target,
            strategy="full_refresh",
            rows=result.rows,
            bytes=result.bytes,
            inserted=result.changes.inserted,
            updated=result.changes.updated,
            deleted=result.changes.deleted,
            seconds=result.seconds,
            verification=engine.VERIFICATION,
        )
        for table, result in done
    )
    return CopyReport(results, ", ".join(dict.fromkeys(result.snapshot for _, result in done)), {})


def _request(request: CopyRequest, table: TableCopy) -> engine.CopyRequest:
    return engine.CopyRequest(
        source=request.source,
        target=request.target,
        source_table=table.source.table,
        target_table=table.target,
        batch_size=table.batch_size,
        bounds=request.bounds,
    )
