"""Make the target's tables equal to the source's.

Each table is one task, named after the table in the target. For each, this run

1. reads one snapshot of the source, so that what it copies belongs together;
2. stages the rows in the target by COPY and changes only what differs, in one transaction;
3. compares source and target, content against content, **before** it commits.

Readers of the target see the old table or the new one, never half. A task that fails or is killed leaves
the target as it was: mend what the error names and clear the task, or wait for the next run. Every run of a
task is a row of `pgpipelines.ledger` in the target, and a success is an event of the target table's Asset.

Tables are copied in the order of the list, `parallel` at a time. This DAG comes from `copies` in
`include/pipelines.yaml`: change it there.
"""

from __future__ import annotations

from airflow.sdk import DAG, task

from pgpipelines.configuration import Copy, load
from pgpipelines.dag_policy import dag_settings, timetable
from pgpipelines.tasks import COPIED_TABLES, CopySummary, copy_table


@task(map_index_template="{{ task.op_kwargs['target_table'] }}", outlets=[COPIED_TABLES], multiple_outputs=True)
def copy(
    source_conn_id: str, target_conn_id: str, source_table: str, target_table: str, batch_size: int
) -> CopySummary:
    """Copy one table and prove it."""
    return copy_table(
        source_conn_id=source_conn_id,
        target_conn_id=target_conn_id,
        source_table=source_table,
        target_table=target_table,
        batch_size=batch_size,
    )


def copy_dag(dag_id: str, pipeline: Copy) -> None:
    """Make the DAG of one pipeline; Airflow registers it."""
    with DAG(
        dag_id,
        schedule=timetable(pipeline.schedule, pipeline.timezone),
        max_active_tasks=pipeline.parallel,
        **dag_settings(documentation(pipeline), tags=["copy", pipeline.strategy]),
    ):
        copy.partial(source_conn_id=pipeline.source, target_conn_id=pipeline.target).expand_kwargs(
            [
                {
                    "source_table": str(table.source),
                    "target_table": str(table.target),
                    "batch_size": table.batch_size,
                }
                for table in pipeline.table_copies()
            ]
        )


def documentation(pipeline: Copy) -> str:
    """Describe one pipeline: what all of them do, and its own tables."""
    rows = [f"| `{table.source}` | `{table.target}` | {table.batch_size} |" for table in pipeline.table_copies()]
    heading = f"| from `{pipeline.source}` | to `{pipeline.target}` | rows per batch |"
    return "\n".join([(__doc__ or "").strip(), "", heading, "|---|---|---:|", *rows])


for name, entry in load().copies.items():
    copy_dag(name, entry)
