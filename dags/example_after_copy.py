r"""An example: run SQL of your own on the target whenever a table has been copied.

It is scheduled on the Asset of a copied table, not on a time: each successful copy of `charger_usage_log`, by any DAG
of this package, starts a run, which refreshes the small table `reports.energy_by_type` in the target. A dbt run or
any other DAG is scheduled in the same way. It is paused until you switch it on.

**The name of an Asset** is the id of the target connection and the table's name with its schema, such as
`target_postgres_conn.public.charger_usage_log`; Airflow's page *Assets* lists it within a minute of its first copy.
`Asset.ref(name=…)` refers to it by that name alone, so that this DAG need not know where the database is.

| schedule | the DAG runs |
|---|---|
| `SESSIONS` | after each copy of one table |
| `SESSIONS \| CHARGERS` | after each copy of either |
| `SESSIONS & CHARGERS` | once both have been copied since its last run |

**What the copy did** stands in the event (`context["triggering_asset_events"]`): rows, inserted, updated, deleted,
bytes, seconds, verified, snapshot.

The SQL is `include/sql/example/energy_by_type.sql`. It is rendered as all SQL of this package is: names go through the
filter `identifier`, and a text that went through no filter is refused.
"""

from __future__ import annotations

from airflow.providers.common.sql.operators.sql import SQLExecuteQueryOperator
from airflow.sdk import Asset, dag

from pgpipelines.dag_policy import dag_settings, sql_templates

SESSIONS = Asset.ref(name="target_postgres_conn.public.charger_usage_log")


@dag(schedule=SESSIONS, **sql_templates(), **dag_settings(__doc__, tags=["example", "report"]))
def example_after_copy() -> None:
    """Refresh a report after each copy of its table."""
    SQLExecuteQueryOperator(
        task_id="refresh_report",
        conn_id="target_postgres_conn",
        sql="example/energy_by_type.sql",
        params={"schema": "reports", "source_schema": "public"},
        split_statements=True,
        do_xcom_push=False,
    )


example_after_copy()
