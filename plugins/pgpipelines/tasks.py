"""What Airflow tasks call: connections by id, tables by name, results that read well in the UI."""

from __future__ import annotations

import logging
from typing import Any, TypedDict

from airflow.sdk import AssetAlias, get_current_context

from pgpipelines.connections import endpoint, table_asset
from pgpipelines.copy.engine import VERIFICATION, CopyRequest, CopyResult
from pgpipelines.copy.engine import copy_table as copy
from pgpipelines.errors import PipelineError
from pgpipelines.ledger import Run
from pgpipelines.table_names import parse_table_name

# Tasks whose table is known only when they run name this as their outlet.
COPIED_TABLES = AssetAlias("pgpipelines copied tables", group="pgpipelines")

log = logging.getLogger(__name__)


class CopySummary(TypedDict):
    """The XCom of a copied table: rows by what happened to them, bytes read, seconds in all, how it was verified."""

    table: str
    rows: int
    inserted: int
    updated: int
    deleted: int
    bytes: int
    seconds: float
    verified: str


def copy_table(
    *, source_conn_id: str, target_conn_id: str, source_table: str, target_table: str, batch_size: int
) -> CopySummary:
    """Copy one table in the current task, and say so by an event of the target's Asset.

    Table names may carry a schema; an empty `target_table` means the source's name. The task must name
    COPIED_TABLES among its outlets. Raises a PipelineError.
    """
    context: Any = get_current_context()
    source_name = parse_table_name(source_table)
    request = CopyRequest(
        source=endpoint(source_conn_id),
        target=endpoint(target_conn_id),
        source_table=source_name,
        target_table=parse_table_name(target_table) if target_table.strip() else source_name,
        batch_size=batch_size,
    )
    try:
        result = copy(request, _run(context))
    except PipelineError as error:
        # What the driver said stands in the cause; its traceback would only bury it.
        raise error.with_traceback(None) from None
    summary = _summary(request, result)
    log.info("%s", "  ".join(f"{name}={value}" for name, value in summary.items()))
    asset = table_asset(request.target, request.target_table)
    context["outlet_events"][COPIED_TABLES].add(asset, extra={**summary, "snapshot": result.snapshot})
    return summary


def _run(context: Any) -> Run:
    task = context["ti"]
    return Run(
        dag_id=task.dag_id,
        run_id=task.run_id,
        task_id=task.task_id,
        map_index=-1 if task.map_index is None else task.map_index,
        try_number=task.try_number,
    )


def _summary(request: CopyRequest, result: CopyResult) -> CopySummary:
    return CopySummary(
        table=str(request.target_table),
        rows=result.rows,
        inserted=result.changes.inserted,
        updated=result.changes.updated,
        deleted=result.changes.deleted,
        bytes=result.bytes,
        seconds=round(sum(result.seconds.values()), 3),
        verified=VERIFICATION,
    )
