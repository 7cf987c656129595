"""What Airflow tasks call: connections by id, tables by name, results that read well in the UI."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, TypedDict

from airflow.sdk import get_current_context
from airflow.sdk.exceptions import AirflowSkipException
from pydantic import ValidationError
from typing_extensions import NotRequired

from pgpipelines.configuration import CopySettings, copy_of
from pgpipelines.configuration.mistakes import refused
from pgpipelines.configuration.values import parse_duration
from pgpipelines.connections import endpoint, table_asset
from pgpipelines.copy.engine import copy_tables as copy
from pgpipelines.copy.publishing import TableResult
from pgpipelines.copy.request import CopyRequest, TableCopy
from pgpipelines.copy_form import CopyForm
from pgpipelines.errors import AlreadyRunningError, PipelineError
from pgpipelines.ledger import Run
from pgpipelines.outlets import COPIED_TABLES
from pgpipelines.whole_database import dropped_tables, every_table

log = logging.getLogger(__name__)


class CopySummary(TypedDict):
    """A copied table in XCom: rows by what happened to them, bytes read, seconds in all, how it was verified.

    `notices` are there where a person should know something more, `statements` after a dry run.
    """

    table: str
    rows: int
    inserted: int
    updated: int
    deleted: int
    bytes: int
    seconds: float
    verified: str
    notices: NotRequired[list[str]]
    statements: NotRequired[list[str]]


def copy_tables(
    settings: Mapping[str, Any],
    tables: Sequence[Mapping[str, Any]],
    *,
    dry_run: bool = False,
) -> list[CopySummary]:
    """Copy tables under one snapshot in the current task, and say so by an event of each target's Asset.

    `settings` are what CopySettings takes, `tables` what `copy_of` reads. The task must name COPIED_TABLES among its
    outlets. Raises a PipelineError; or AirflowSkipException where another run is at it, and this one is to skip.
    """
    with plain_errors():
        chosen = CopySettings.model_validate(settings)
        return _copy(chosen, [copy_of(table, chosen.target_schema) for table in tables], dry_run=dry_run)


def copy_every_table(
    settings: Mapping[str, Any],
    *,
    leave_out: Sequence[str] = (),
    options: Mapping[str, Any] | None = None,
    dry_run: bool = False,
) -> list[CopySummary]:
    """Do the same with every table of the source but `leave_out`, each with the same `options`.

    Tables that were copied once and are gone from the source are named in the log, and in the XCom `notices`.
    """
    context: Any = get_current_context()
    name = current_run().application_name
    with plain_errors():
        chosen = CopySettings.model_validate(settings)
        source, target = endpoint(chosen.source), endpoint(chosen.target)
        found = [{"source": str(table), **(options or {})} for table in every_table(source, name, leave_out)]
        tables = [_as_part(copy_of(table, chosen.target_schema)) for table in found]
        summaries = _copy(chosen, tables, dry_run=dry_run)
        notices = dropped_tables(source, target, name)
    for notice in notices:
        log.warning("%s", notice)
    if notices:
        context["ti"].xcom_push("notices", list(notices))
    return summaries


def _as_part(table: TableCopy) -> TableCopy:
    """The copy of a table as a part of its database: partitions, and tables that inherit, are copies of their own."""
    return replace(table, source=replace(table.source, only=True))


def copy_by_form(params: Mapping[str, Any]) -> list[CopySummary]:
    """Copy what the form of postgres_data_copy asks for; raises as `copy_tables` does."""
    with plain_errors():
        form = CopyForm.read(params)
    if form.every_table:
        return copy_every_table(form.settings, options=form.options, dry_run=form.dry_run)
    tables = [{"source": table, **form.options} for table in form.tables]
    return copy_tables(form.settings, tables, dry_run=form.dry_run)


@contextmanager
def plain_errors() -> Iterator[None]:
    """Let a task fail with what a person should read, or be skipped."""
    try:
        yield
    except AlreadyRunningError as error:
        raise AirflowSkipException(error.cause) from None
    except ValidationError as error:
        raise refused(error) from None
    except PipelineError as error:
        # What the driver said stands in the cause; its traceback would only bury it.
        raise error.with_traceback(None) from None


def _copy(chosen: CopySettings, tables: Sequence[TableCopy], *, dry_run: bool) -> list[CopySummary]:
    context: Any = get_current_context()
    request = CopyRequest(
        source=endpoint(chosen.source),
        target=endpoint(chosen.target),
        tables=tuple(tables),
        strategy=chosen.strategy,
        streams=chosen.streams,
        create_missing=chosen.create_missing,
        on_drift=chosen.on_drift,
        verify=chosen.verify,
        if_locked=chosen.if_locked,
        dry_run=dry_run,
        max_snapshot_age=parse_duration(chosen.max_snapshot_age),
    )
    report = copy(request, current_run())
    if dry_run:
        log.info("A dry run: this is what a copy would do. Nothing was changed.")
    summaries = [_summary(result) for result in report.tables]
    for result, summary in zip(report.tables, summaries, strict=True):
        _say(summary)
        if not dry_run:
            # An event is for machines: what a person should read stays in the log and in XCom.
            figures = {name: value for name, value in summary.items() if name not in {"notices", "statements"}}
            asset = table_asset(request.target, result.target)
            context["outlet_events"][COPIED_TABLES].add(asset, extra={**figures, "snapshot": report.snapshot})
    return summaries


def current_run() -> Run:
    """The current task, as the database knows it."""
    context: Any = get_current_context()
    task = context["ti"]
    return Run(
        dag_id=task.dag_id,
        run_id=task.run_id,
        task_id=task.task_id,
        map_index=-1 if task.map_index is None else task.map_index,
        try_number=task.try_number,
    )


def _summary(result: TableResult) -> CopySummary:
    summary = CopySummary(
        table=str(result.target),
        rows=result.rows,
        inserted=result.changes.inserted,
        updated=result.changes.updated,
        deleted=result.changes.deleted,
        bytes=result.bytes,
        seconds=round(sum(result.seconds.values()), 3),
        verified=result.verification,
    )
    if result.notices:
        summary["notices"] = list(result.notices)
    if result.statements:
        summary["statements"] = list(result.statements)
    return summary


def _say(summary: CopySummary) -> None:
    """One line for each table, one for each notice, and the statements of a dry run as they could be run."""
    figures = [f"{name}={value}" for name, value in summary.items() if name not in {"notices", "statements"}]
    log.info("%s", "  ".join(figures))
    for notice in summary.get("notices", ()):
        log.warning("%s: %s", summary["table"], notice)
    for statement in summary.get("statements", ()):
        log.info("%s would run: %s", summary["table"], statement)
