"""Watch over the dumps: fail for each database whose newest proven set is too old.

Every hour a task for each database of `dumps` in `include/pipelines.yaml` reads its sets from their directory alone,
whatever became of the last runs that dump. It fails where the newest proven set (the newest whole one, where `drill`
is `none`) is older than `overdue_after`: let your alerts follow this DAG.

The sets and how far each can be trusted are in the task's log and in its XCom `sets`: set, state, time, MB, rows,
seconds to dump and to restore. `python -m pgpipelines.backup overdue` says the same to a monitor that shall not count
on Airflow's scheduler (docs/take-dumps.md).
"""

from __future__ import annotations

from typing import Any

from airflow.sdk import DAG, task

from pgpipelines.configuration import load
from pgpipelines.dag_policy import dag_settings, timetable

SCHEDULE, TIMEZONE = "30 * * * *", "Asia/Seoul"


@task(map_index_template="{{ task.op_kwargs['connection'] }}")
def newest_set(settings: dict[str, Any], connection: str) -> str:
    """Show the sets of a database, and fail where the newest good one is too old."""
    from pgpipelines.backup import tasks

    return tasks.watch(settings, connection)


WATCHED = [
    {"settings": pipeline.settings(), "connection": connection}
    for pipeline in load().dumps.values()
    for connection in pipeline.databases
]

if WATCHED:
    with DAG("postgres_dump_health", schedule=timetable(SCHEDULE, TIMEZONE), **dag_settings(__doc__, tags=["dumps"])):
        newest_set.expand_kwargs(WATCHED)
