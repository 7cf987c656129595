"""Bring the charger statistics up to date with the raw log.

Hours come from the raw log (`charger_usage_log`, `power_consumption`), days from hours, days of stations from days of
their chargers. Each task is one transaction: readers see the old figures or the new ones, never half.

| task | what it brings up to date |
|---|---|
| `hourly` | `hourly_charger_stats`, and `pgpipelines.session_finding`: sessions that can't be right, or are odd |
| `daily` | `daily_charger_stats` |
| `station` | `station_daily_stats` |
| `reconcile` | nothing: it holds the whole log against hours and quarantine, in sessions, Wh and KRW |

Only what changed is computed, and that whole, from the raw rows: late rows, corrections and deletes are ordinary. The
first run puts up what it needs (columns, triggers on the raw tables, schema `pgpipelines`) and computes everything.

**Rebuild** a period by the form: `rebuild_from` and `rebuild_to`, business days, both included; the same path, the
same result. Empty: only what changed.

**Too much that can't be right** stops `hourly`, and the last good figures stay. The error counts the reasons, and
`pgpipelines.session_finding` lists what earlier runs found. Correct the raw rows, or raise the limits in
`include/pipelines.yaml` knowingly, and clear the task.

This DAG comes from `rollups` in `include/pipelines.yaml`: change it there.
"""

from __future__ import annotations

from typing import Any

from airflow.sdk import DAG, Asset, AssetOrTimeSchedule, Param, chain, task

from pgpipelines.configuration import Rollup, load
from pgpipelines.dag_policy import dag_settings, timetable
from pgpipelines.outlets import STATISTICS

RAW_TABLES = ("charger_usage_log", "power_consumption")


@task(outlets=[STATISTICS])
def hourly(settings: dict[str, Any], params: dict[str, Any]) -> dict[str, Any]:
    """Bring hourly_charger_stats up to date with the raw log."""
    from pgpipelines.rollup import tasks

    return tasks.roll_up_hours(settings, params)


@task(outlets=[STATISTICS])
def daily(settings: dict[str, Any], params: dict[str, Any]) -> dict[str, Any]:
    """Bring daily_charger_stats up to date with the hours."""
    from pgpipelines.rollup import tasks

    return tasks.roll_up_days(settings, params)


@task(outlets=[STATISTICS])
def station(settings: dict[str, Any], params: dict[str, Any]) -> dict[str, Any]:
    """Bring station_daily_stats up to date with the days."""
    from pgpipelines.rollup import tasks

    return tasks.roll_up_stations(settings, params)


@task
def reconcile(settings: dict[str, Any], params: dict[str, Any]) -> dict[str, Any]:
    """Hold the whole log against hours and quarantine."""
    from pgpipelines.rollup import tasks

    return tasks.reconcile(settings, params)


def form(rollup: Rollup) -> dict[str, Param]:
    """What a person may ask for when triggering the DAG."""
    day: dict[str, Any] = {"type": ["null", "string"], "format": "date"}
    return {
        "conn_id": Param(
            rollup.connection,
            type="string",
            minLength=1,
            title="Connection",
            description="The database that has the raw tables and the statistics.",
        ),
        "rebuild_from": Param(
            None, **day, title="Rebuild from", description="First business day to compute anew. Empty: what changed."
        ),
        "rebuild_to": Param(None, **day, title="Rebuild to", description="Last business day to compute anew."),
    }


def schedule(rollup: Rollup) -> Any:
    """By time, after each copy of a raw table, or both."""
    by_time = timetable(rollup.schedule, rollup.timezone)
    if not rollup.after_copies:
        return by_time
    sessions, samples = (Asset.ref(name=f"{rollup.connection}.{rollup.tables_schema}.{table}") for table in RAW_TABLES)
    copied = sessions | samples
    return copied if by_time is None else AssetOrTimeSchedule(timetable=by_time, assets=copied)


def rollup_dag(dag_id: str, rollup: Rollup) -> None:
    """Make the DAG of one pipeline; Airflow registers it."""
    with DAG(dag_id, schedule=schedule(rollup), params=form(rollup), **dag_settings(__doc__, tags=["rollup"])):
        settings = rollup.settings()
        # Airflow gives a task the parts of its context that it names.
        chain(*(step(settings) for step in (hourly, daily, station, reconcile)))  # type: ignore[call-arg]


for name, entry in load().rollups.items():
    rollup_dag(name, entry)
