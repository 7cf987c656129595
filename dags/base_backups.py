"""Take physical backups of servers, and prove each by going back to a moment.

Each server by itself goes through three tasks:

1. `take` takes a backup: pg_basebackup with the WAL that it needs. It gets its name only when every file was read back
   and has the SHA-256 that the server has sent.
2. `drill` recovers the backup and the WAL archive to a random moment, in a server that lives only for that: it must
   have the last transaction before it, and not the next. Only then is the backup proven. A missing WAL file is named
   before anything is restored.
3. `retain` removes backups that need not be kept, and WAL that no kept backup needs: never the newest proven backup,
   and nothing when this run's own is no good.

A run that fails or is killed leaves no backup, and removes none; the next one clears what it left behind. Mend what
the error names and clear the task. `python -m pgpipelines.backup.physical list` shows the backups from their directory
alone, `overdue` tells a monitor, and `restore` goes back to a moment (docs/physical-backup.md).

This DAG comes from `base_backups` in `include/pipelines.yaml`: change it there.
"""

from __future__ import annotations

from typing import Any

from airflow.sdk import DAG, task, task_group

from pgpipelines.configuration import BaseBackups, load
from pgpipelines.dag_policy import dag_settings, timetable
from pgpipelines.outlets import BASE_BACKUPS

CONNECTION = "{{ task.op_kwargs['connection'] }}"
CONNECTION_OF_BACKUP = "{{ task.op_kwargs['taken']['connection'] }}"


@task(map_index_template=CONNECTION, outlets=[BASE_BACKUPS])
def take(settings: dict[str, Any], connection: str) -> dict[str, Any]:
    """Take a backup of a server."""
    from pgpipelines.backup.physical import tasks

    return tasks.take(settings, connection)


@task(map_index_template=CONNECTION_OF_BACKUP, outlets=[BASE_BACKUPS])
def drill(settings: dict[str, Any], taken: Any) -> dict[str, Any]:
    """Prove the backup by recovering it to a moment."""
    from pgpipelines.backup.physical import tasks

    return tasks.drill(settings, taken)


@task(map_index_template=CONNECTION_OF_BACKUP)
def retain(settings: dict[str, Any], taken: Any) -> list[str]:
    """Remove the backups that need not be kept, and the WAL that none needs."""
    from pgpipelines.backup.physical import tasks

    return tasks.retain(settings, taken)


def base_backups_dag(dag_id: str, pipeline: BaseBackups) -> None:
    """Make the DAG of one pipeline; Airflow registers it."""
    settings = pipeline.settings()

    @task_group
    def server(connection: str) -> None:
        """One server: its own backup, its own drill, its own retention."""
        taken = take(settings=settings, connection=connection)
        good = drill(settings=settings, taken=taken) if pipeline.drill == "embedded" else taken
        retain(settings=settings, taken=good)

    own = dag_settings(__doc__, tags=["base backups"])
    with DAG(dag_id, schedule=timetable(pipeline.schedule, pipeline.timezone), **own):
        server.expand(connection=list(pipeline.servers))


for name, entry in load().base_backups.items():
    base_backups_dag(name, entry)
