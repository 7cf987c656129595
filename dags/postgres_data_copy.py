"""Copy tables from one PostgreSQL database to another on demand, with every setting at hand, and prove it.

Trigger it by the form, or with a configuration:

```json
{"tables": ["charger_usage_log"], "strategy": "incremental", "cursor": "xmin"}
```

| parameter | default | meaning |
|---|---|---|
| `source_conn_id` | `source_postgres_conn` | connection to read from |
| `target_conn_id` | `target_postgres_conn` | connection to write to |
| `tables` | | `table` or `schema.table`; `*` alone is every table of the source |
| `strategy` | `full_refresh` | or `incremental`: only what changed since the last run; finds no deletes |
| `target_schema` | the source's | schema of the target's tables |
| `key_columns` | the table's key | columns that tell rows apart |
| `cursor` | | column that grows with each change, or `xmin`; `incremental` needs it |
| `lookback` | | how far before the last run to read again: `90m`, `1h`, `2d`, or a whole number |
| `where` | | condition in SQL: which rows are copied |
| `select` | | query in SQL whose rows are copied instead; for exactly one table |
| `batch_size` | 10000 | rows between two lines of progress in the task's log |
| `parallel_streams` | 1 | connections to each side that load one table at the same time |
| `create_missing` | true | create tables that the target lacks |
| `on_drift` | `refuse` | where the source's definition has changed: `refuse`, or `widen` where nothing can be lost |
| `verify` | `checksum` | compare by content, or by `count` only |
| `dry_run` | false | report what a copy would change, and change nothing |

Key, cursor, lookback, where and batch size hold for every table that is named. All tables are read at one moment
of the source and appear in the target in one transaction.

A **dry run** reports in the log and in XCom, table by table: rows that would be inserted, updated and deleted, and
the statements that would be run. Look at it before the first copy into a table that matters.

A failed or killed run leaves the target as it was: mend what the error names and clear the task. Every run is
a row of `pgpipelines.ledger` in the target, and a success is an event of each target table's Asset.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from airflow.sdk import Param, dag, task

from pgpipelines.configuration.values import MAX_BATCH_SIZE, MAX_STREAMS
from pgpipelines.dag_policy import dag_settings
from pgpipelines.outlets import COPIED_TABLES

# A field that may be left empty comes as null from the form.
OPTIONAL_TEXT: Any = ["null", "string"]
OPTIONAL_LIST: Any = ["null", "array"]
TEXTS = {"type": "string"}
WHICH_ROWS, HOW, CARE = "Which rows", "How they travel", "Care"

FORM = {
    "source_conn_id": Param(
        "source_postgres_conn", type="string", minLength=1, title="Source connection", description="Where to read."
    ),
    "target_conn_id": Param(
        "target_postgres_conn", type="string", minLength=1, title="Target connection", description="Where to write."
    ),
    "tables": Param(
        type="array",
        items=TEXTS,
        minItems=1,
        title="Tables",
        description='One in each line: name or schema.name, with "double quotes" around what SQL wants quoted. '
        "A single * means every table of the source.",
    ),
    "strategy": Param(
        "full_refresh",
        type="string",
        enum=["full_refresh", "incremental"],
        values_display={
            "full_refresh": "full refresh: the target's content becomes the source's",
            "incremental": "incremental: what changed since the last run (needs a cursor)",
        },
        title="Strategy",
        description="An incremental copy is quicker, and does not notice rows that were deleted.",
    ),
    "target_schema": Param(
        "",
        type=OPTIONAL_TEXT,
        title="Target schema",
        description="Empty: each table keeps the schema that it has in the source. Created when it is missing.",
    ),
    "key_columns": Param(
        [],
        type=OPTIONAL_LIST,
        items=TEXTS,
        title="Key columns",
        description="Columns that tell rows apart, one in each line. Empty: the table's own key.",
        section=WHICH_ROWS,
    ),
    "cursor": Param(
        "",
        type=OPTIONAL_TEXT,
        title="Cursor",
        description="The column by which changed rows are found: timestamp, date, whole number, or text such as "
        "20251120. Write xmin where no column grows with each change.",
        section=WHICH_ROWS,
    ),
    "lookback": Param(
        "",
        type=OPTIONAL_TEXT,
        title="Lookback",
        description="How far before the last run to read again, where applications set the cursor: 90m, 1h, 2d; "
        "for a cursor of whole numbers, a whole number.",
        section=WHICH_ROWS,
    ),
    "where": Param(
        "",
        type=OPTIONAL_TEXT,
        format="multiline",
        title="Where",
        description="A condition in SQL, such as payment_status = 'completed'. Only rows that meet it are copied.",
        section=WHICH_ROWS,
    ),
    "select": Param(
        "",
        type=OPTIONAL_TEXT,
        format="multiline",
        title="Select",
        description="A query in SQL whose rows are copied instead of the table's own. For exactly one table.",
        section=WHICH_ROWS,
    ),
    "batch_size": Param(
        10_000,
        type="integer",
        minimum=1,
        maximum=MAX_BATCH_SIZE,
        title="Batch size",
        description="Rows between two lines of progress in the task's log.",
        section=HOW,
    ),
    "parallel_streams": Param(
        1,
        type="integer",
        minimum=1,
        maximum=MAX_STREAMS,
        title="Parallel streams",
        description="Connections to each side that load one table at the same time, where a table is large.",
        section=HOW,
    ),
    "create_missing": Param(
        True,
        type="boolean",
        title="Create missing tables",
        description="Off: a table that the target lacks is an error.",
        section=HOW,
    ),
    "on_drift": Param(
        "refuse",
        type="string",
        enum=["refuse", "widen"],
        values_display={
            "refuse": "refuse: an error that prints the ALTER TABLE",
            "widen": "widen: change the target where nothing can be lost",
        },
        title="Changed definitions",
        description="What happens where the source has other columns or types than the target.",
        section=CARE,
    ),
    "verify": Param(
        "checksum",
        type="string",
        enum=["checksum", "count"],
        values_display={"checksum": "checksum: content against content", "count": "count: number of rows only"},
        title="Verification",
        description="How both sides are compared before the commit.",
        section=CARE,
    ),
    "dry_run": Param(
        False,
        type="boolean",
        title="Dry run",
        description="Report what the copy would change, rows and statements, and change nothing.",
        section=CARE,
    ),
}


@dag(schedule=None, params=FORM, **dag_settings(__doc__, tags=["copy", "full_refresh", "incremental"]))
def postgres_data_copy() -> None:
    """Copy what the form asks for."""

    @task(outlets=[COPIED_TABLES])
    def copy(params: dict[str, Any]) -> Sequence[Mapping[str, Any]]:
        """Copy the tables under one snapshot, and prove it."""
        from pgpipelines.tasks import copy_by_form

        return copy_by_form(params)

    copy()  # type: ignore[call-arg, misc]  # Airflow gives a task the parts of its context that it names


postgres_data_copy()
