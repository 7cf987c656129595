"""Dump databases, and prove each dump by restoring it.

Each database by itself goes through three tasks:

1. `take` takes a set: dump, roles and tablespaces, and a manifest with the rows and the checksum of every table, all
   of one snapshot, while others write. It gets its name only when it was written, synced and read back.
2. `drill` restores the set into a server that lives only for that, or one that is lent for drills, and compares every
   table, definition and role. Only then is the set proven.
3. `retain` removes sets that need not be kept: never the newest proven one, and nothing when this run's set is no good.

A run that fails or is killed leaves no set, and removes none; the next one clears what it left behind. Mend what the
error names and clear the task. `python -m pgpipelines.backup list` shows the sets from their directory alone, and
`python -m pgpipelines.backup overdue` tells a monitor whether the newest proven one is too old (docs/take-dumps.md).

This DAG comes from `dumps` in `include/pipelines.yaml`: change it there.
"""

from __future__ import annotations

from typing import Any

from airflow.sdk import DAG, task, task_group

from pgpipelines.configuration import Dumps, load
from pgpipelines.dag_policy import dag_settings, timetable
from pgpipelines.outlets import DUMPS

CONNECTION = "{{ task.op_kwargs['connection'] }}"
CONNECTION_OF_SET = "{{ task.op_kwargs['taken']['connection'] }}"


@task(map_index_template=CONNECTION, outlets=[DUMPS])
def take(settings: dict[str, Any], connection: str) -> dict[str, Any]:
    """Take a set of a database."""
    from pgpipelines.backup import tasks

    return tasks.take(settings, connection)


@task(map_index_template=CONNECTION_OF_SET, outlets=[DUMPS])
def drill(settings: dict[str, Any], taken: Any) -> dict[str, Any]:
    """Prove the set by restoring it."""
    from pgpipelines.backup import tasks

    return tasks.drill(settings, taken)


@task(map_index_template=CONNECTION_OF_SET)
def retain(settings: dict[str, Any], taken: Any) -> list[str]:
    """Remove the sets that need not be kept."""
    from pgpipelines.backup import tasks

    return tasks.retain(settings, taken)


def dumps_dag(dag_id: str, pipeline: Dumps) -> None:
    """Make the DAG of one pipeline; Airflow registers it."""
    settings = pipeline.settings()

    @task_group
    def database(connection: str) -> None:
        """One database: its own set, its own drill, its own retention."""
        taken = take(settings=settings, connection=connection)
        good = drill(settings=settings, taken=taken) if pipeline.drill != "none" else taken
        retain(settings=settings, taken=good)

    with DAG(dag_id, schedule=timetable(pipeline.schedule, pipeline.timezone), **dag_settings(__doc__, tags=["dumps"])):
        database.expand(connection=list(pipeline.databases))


for name, entry in load().dumps.items():
    dumps_dag(name, entry)
