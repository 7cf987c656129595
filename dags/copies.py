"""Copy tables by schedule, as include/pipelines.yaml says, and prove it.

Each table, or group of tables, is one task, named after its tables in the target. For each, this run

1. reads one snapshot of the source, so that what it copies belongs together;
2. finds the rows that differ: a full refresh among all rows, an incremental copy among those whose cursor says that
   they changed (it finds no deleted rows);
3. stages them in the target by COPY and changes only what differs, in one transaction;
4. compares source and target **before** it commits.

Readers of the target see the old tables or the new ones, never half. A task that fails or is killed leaves
the target as it was: mend what the error names and clear the task, or wait for the next run. Every run of a
task is a row of `pgpipelines.ledger` in the target, and a success is an event of each target table's Asset.

Tasks run in the order of the list, `parallel` at a time. This DAG comes from `copies` in
`include/pipelines.yaml`: change it there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from airflow.sdk import DAG, task

from pgpipelines.configuration import Copy, Table, load
from pgpipelines.dag_policy import dag_settings, pool, timetable
from pgpipelines.outlets import COPIED_TABLES

FULL_REFRESH = "Make the target's tables equal to the source's."
INCREMENTAL = "Bring to the target's tables what changed in the source since the last run."
EVERY_TABLE = "Copy every table of a database into another one: new tables come along, dropped ones are named."
# Airflow keeps 250 characters of a name.
NAMES_OF_TABLES = "{{ task.op_kwargs['tables'] | map(attribute='target') | join(', ') | truncate(250, True, '…', 0) }}"


@task(map_index_template=NAMES_OF_TABLES, outlets=[COPIED_TABLES])
def copy(settings: dict[str, Any], tables: list[dict[str, Any]]) -> Sequence[Mapping[str, Any]]:
    """Copy one table, or a group under one snapshot, and prove it."""
    from pgpipelines.tasks import copy_tables

    return copy_tables(settings, tables)


@task(outlets=[COPIED_TABLES])
def copy_whole_database(settings: dict[str, Any], leave_out: list[str]) -> Sequence[Mapping[str, Any]]:
    """Copy every table that the source has now, under one snapshot, and prove it."""
    from pgpipelines.tasks import copy_every_table

    return copy_every_table(settings, leave_out=leave_out)


def copy_dag(dag_id: str, pipeline: Copy) -> None:
    """Make the DAG of one pipeline; Airflow registers it."""
    with DAG(
        dag_id,
        schedule=timetable(pipeline.schedule, pipeline.timezone),
        max_active_tasks=pipeline.parallel,
        **dag_settings(documentation(pipeline), tags=["copy", pipeline.strategy]),
    ):
        settings = pipeline.settings()
        if pipeline.every_table:
            copy_whole_database.override(pool=pool(pipeline.pool))(settings, list(pipeline.leave_out))
        else:
            copy.override(pool=pool(pipeline.pool)).partial(settings=settings).expand(
                tables=[[table.settings(pipeline.target_schema) for table in group] for group in pipeline.groups()]
            )


def documentation(pipeline: Copy) -> str:
    """Describe one pipeline: what all of them do, and its own tables."""
    _, _, common = (__doc__ or "").strip().partition("\n")
    summary = EVERY_TABLE if pipeline.every_table else FULL_REFRESH
    heading = f"| from `{pipeline.source}` | to `{pipeline.target}` | how changes are found |"
    text = [INCREMENTAL if pipeline.strategy == "incremental" else summary, common, "", heading, "|---|---|---|"]
    if pipeline.every_table:
        left_out = "".join(f", without `{name}`" for name in pipeline.leave_out)
        schema = f"schema `{pipeline.target_schema}`" if pipeline.target_schema else "the same schemas"
        return "\n".join([*text, f"| every table{left_out} | {schema} | all rows are compared |"])
    return "\n".join([*text, *(row(pipeline, group) for group in pipeline.groups())])


def row(pipeline: Copy, group: tuple[Table, ...]) -> str:
    """Describe the tables of one task."""
    copies = [table.copy_to(pipeline.target_schema) for table in group]
    found = [found_by(pipeline, table) for table in group]
    columns = (
        [f"`{copy.source.table}`" for copy in copies],
        [f"`{copy.target}`" for copy in copies],
        # Said once where it is the same for all.
        found if len(set(found)) > 1 else found[:1],
    )
    return "| " + " | ".join("<br>".join(column) for column in columns) + " |"


def found_by(pipeline: Copy, table: Table) -> str:
    """Say how the rows that changed are found."""
    cursor = "" if table.cursor is None else f"`{table.cursor}`"
    if pipeline.strategy == "incremental":
        return cursor if table.lookback is None else f"{cursor} ({table.lookback} back)"
    return f"all rows are compared; {cursor} is noted for incremental copies" if cursor else "all rows are compared"


for name, entry in load().copies.items():
    copy_dag(name, entry)
