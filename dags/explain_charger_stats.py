"""Say of which sessions and samples an hour of a charger's statistics is made.

Trigger it by the form, or with a configuration:

```json
{"charger_id": "JEJU-0001-00001", "hour": "2026-01-31 14:00"}
```

| parameter | default | meaning |
|---|---|---|
| `statistics` | the first of `rollups` in `include/pipelines.yaml` | whose settings and database count |
| `charger_id` | | the charger |
| `hour` | | a moment in the hour, on the business clock; or with an offset: `2026-10-25T02:30+01:00` |

The task's log and its XCom list each session that the hour got something of: the session's own energy and revenue, the
part of this hour, and how it was shaped (by meter or by time); then the meter samples. The parts add up to the row of
`hourly_charger_stats`. It reads the raw rows of now, and changes nothing: a row that was written since the last run of
the statistics shows here already.
"""

from __future__ import annotations

from typing import Any

from airflow.sdk import Param, dag, task

from pgpipelines.configuration import load
from pgpipelines.dag_policy import dag_settings

ROLLUPS = load().rollups
FORM = {
    "statistics": Param(
        next(iter(ROLLUPS), None),
        type="string",
        enum=list(ROLLUPS) or None,
        title="Statistics",
        description="Whose settings and database count.",
    ),
    "charger_id": Param(type="string", minLength=1, title="Charger", description="Its charger_id."),
    "hour": Param(
        type="string",
        minLength=1,
        title="Hour",
        description="A moment in it on the business clock, such as 2026-01-31 14:00; or with an offset.",
    ),
}


@dag(schedule=None, params=FORM, **dag_settings(__doc__, tags=["rollup", "explain"]))
def explain_charger_stats() -> None:
    """Explain the hour that the form names."""

    @task
    def explain(params: dict[str, Any]) -> dict[str, Any]:
        """List the sessions and samples of one hour of one charger."""
        from pgpipelines.rollup import tasks

        rollup = ROLLUPS[params["statistics"]]
        return tasks.explain_bucket(rollup.settings(), {**params, "conn_id": rollup.connection})

    explain()  # type: ignore[call-arg, misc]  # Airflow gives a task the parts of its context that it names


# Without statistics there is nothing to explain.
if ROLLUPS:
    explain_charger_stats()
