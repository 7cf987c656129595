"""Keep the large tables of chargers partitioned by month.

Where `charger_usage_log` or `power_consumption` is partitioned by month (docs/partitions.md says how it becomes so),
each run

1. makes the months to come, `months_ahead` of them, with the indexes, foreign keys and triggers of their table;
2. gives rows that fell into the default partition their month;
3. reports the months that are older than `keep_months`, or, with `detach: true`, detaches them: each becomes a table of
   its own, with its rows, and its statistics stay. Nothing is ever dropped.

A plain table is left as it is, and named in the result's `notices`. Each month is a transaction of its own: what a run
that was killed has done stays, and the next one goes on.

This DAG comes from `partitions` in `include/pipelines.yaml`: change it there.
"""

from __future__ import annotations

from typing import Any

from airflow.sdk import DAG, task

from pgpipelines.configuration import Partitions, load
from pgpipelines.dag_policy import dag_settings, timetable


@task
def maintain(settings: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Make the months to come, and report or detach those that are old."""
    from pgpipelines.partitions.tasks import keep_partitions

    return keep_partitions(settings)


def partitions_dag(dag_id: str, pipeline: Partitions) -> None:
    """Make the DAG of one pipeline; Airflow registers it."""
    with DAG(
        dag_id,
        schedule=timetable(pipeline.schedule, pipeline.timezone),
        **dag_settings(__doc__, tags=["partitions"]),
    ):
        maintain(pipeline.settings())


for name, entry in load().partitions.items():
    partitions_dag(name, entry)
