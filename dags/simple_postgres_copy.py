"""Copy one table from one PostgreSQL database to another, and prove it.

Trigger it by the form, or with a configuration:

```json
{"source_table": "charger_info"}
```

| parameter | default | meaning |
|---|---|---|
| `source_conn_id` | `source_postgres_conn` | connection to read from |
| `target_conn_id` | `target_postgres_conn` | connection to write to |
| `source_table` | | `table` or `schema.table`; quote what SQL wants quoted |
| `target_table` | same name | created when missing, with its schema, types, key and indexes |
| `batch_size` | 10000 | rows between two lines of progress in the task's log |

What a run does: it takes one snapshot of the source, streams the rows into the target's database, changes only
the rows that differ, compares both tables by checksum, and then commits. Readers of the target see the old
table or the new one, never half. Views, grants, foreign keys, triggers and indexes of the target stay.

A failed or killed run leaves the target as it was: mend what the error names and clear the task. Every run is
a row of `pgpipelines.ledger` in the target, and a success is an event of the target table's Asset.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from airflow.sdk import Param, dag, task

from pgpipelines.dag_policy import dag_settings
from pgpipelines.outlets import COPIED_TABLES

FORM = {
    "source_conn_id": Param(
        "source_postgres_conn", type="string", minLength=1, title="Source connection", description="Where to read."
    ),
    "target_conn_id": Param(
        "target_postgres_conn", type="string", minLength=1, title="Target connection", description="Where to write."
    ),
    "source_table": Param(
        type="string",
        minLength=1,
        title="Source table",
        description='Name or schema.name, with "double quotes" around what SQL wants quoted.',
    ),
    "target_table": Param(
        "",
        type=["null", "string"],
        title="Target table",
        description="Empty: the source's name. Created when it is missing.",
    ),
    "batch_size": Param(
        10_000,
        type="integer",
        minimum=1,
        maximum=10_000_000,
        title="Batch size",
        description="Rows between two lines of progress in the task's log.",
    ),
}


@dag(schedule=None, params=FORM, **dag_settings(__doc__, tags=["copy", "full_refresh"]))
def simple_postgres_copy() -> None:
    """Copy the table that the form names."""

    @task(outlets=[COPIED_TABLES], multiple_outputs=True)
    def copy(params: dict[str, Any]) -> Mapping[str, Any]:
        """Copy one table and prove it."""
        from pgpipelines.tasks import copy_tables

        target_table = (params["target_table"] or "").strip()
        table = {
            "source": params["source_table"],
            "batch_size": params["batch_size"],
            **({"target": target_table} if target_table else {}),
        }
        (summary,) = copy_tables({"source": params["source_conn_id"], "target": params["target_conn_id"]}, [table])
        return summary

    copy()  # type: ignore[call-arg, misc]  # Airflow gives a task the parts of its context that it names


simple_postgres_copy()
