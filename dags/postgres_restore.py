"""Bring a set of `postgres_nightly_dump` back: a whole database, its rows, or some tables, proven before it is used.

Trigger it by the form, or with a configuration:

```json
{"target_conn_id": "restore_postgres_conn", "database": "charger_db", "replace": true}
```

| parameter | default | meaning |
|---|---|---|
| `connection` | the first of `dumps` | whose sets are meant: the connection that was dumped |
| `set` | newest proven | a set's name, or a time with its zone: the newest good set not after it |
| `target_conn_id` | | connection to the server to restore to; its role may make databases |
| `database` | the set's | database to restore into, whatever the connection says; `whole` makes one that is missing |
| `mode` | `whole` | `data_only`: the rows of all tables, into tables that are there; `tables`: of some |
| `tables` | | with mode `tables`: `table` or `schema.table` |
| `replace` | false | without it, a database or table with anything in it is refused |
| `end_sessions` | false | throw out who is in the database that is replaced; else they must leave by themselves |
| `roles` | true | make roles that the server lacks; one that it has is never altered |

What a run does: it restores the set into a database of its own beside the others, compares every table, sequence,
large object and definition with the manifest, and only then lets it take its place, by renaming, in one transaction.
The database that had the name before is **kept**: the result says under which name, and how to drop it. With
`data_only` and `tables`, the rows are copied from there, as copies are: in one transaction, only what differs,
compared before the commit; views, grants, indexes and triggers stay.

A failed or killed run leaves everything as it was, but for roles it may have made; the next one into the same
database drops what it has left. Every restore is an event of the Asset `restore of <database> by <connection>`
(docs/restore-dumps.md).
"""

from __future__ import annotations

from typing import Any

from airflow.sdk import Param, dag, task

from pgpipelines.configuration import load
from pgpipelines.dag_policy import TRY_AGAIN_IF_RETRIABLE, dag_settings
from pgpipelines.outlets import RESTORES

# A field that may be left empty comes as null from the form.
OPTIONAL_TEXT: Any = ["null", "string"]
OPTIONAL_LIST: Any = ["null", "array"]
CARE = "Care"
DUMPED = list(dict.fromkeys(conn_id for pipeline in load().dumps.values() for conn_id in pipeline.databases))

FORM = {
    "connection": Param(
        DUMPED[0] if DUMPED else None,
        type="string" if DUMPED else OPTIONAL_TEXT,
        enum=DUMPED or [None],
        title="Dumped connection",
        description="Whose sets are meant: the connection that the database was dumped through.",
    ),
    "set": Param(
        "",
        type=OPTIONAL_TEXT,
        title="Set",
        description="Empty: the newest that is proven. A name, as the task take returned it; or a time with its zone, "
        "such as 2026-11-20 03:00 Asia/Seoul, for the newest good set that is not after it.",
    ),
    "target_conn_id": Param(
        type="string",
        minLength=1,
        title="Target connection",
        description="The server to restore to, by a role that may make databases there (docs/roles.md).",
    ),
    "database": Param(
        "",
        type=OPTIONAL_TEXT,
        title="Database",
        description="Empty: the name that it had when it was dumped, whatever database the connection names. Another "
        "name puts the set beside the database that is in use, which is the careful way to look into it.",
    ),
    "mode": Param(
        "whole",
        type="string",
        enum=["whole", "data_only", "tables"],
        values_display={
            "whole": "whole: the database, with all that is in it",
            "data_only": "data only: the rows of all tables, into tables that are there",
            "tables": "tables: the rows of some tables, into tables that are there",
        },
        title="How much",
        description="The rest of a database is left as it is by the last two.",
    ),
    "tables": Param(
        [],
        type=OPTIONAL_LIST,
        items={"type": "string"},
        title="Tables",
        description='For mode tables. One in each line: name or schema.name, with "double quotes" around what SQL '
        "wants quoted.",
    ),
    "replace": Param(
        False,
        type="boolean",
        title="Replace what is there",
        description="Off: a database (or a table, with the other modes) with anything in it is refused. On: the old "
        "database is kept under another name; rows of tables become those of the set.",
        section=CARE,
    ),
    "end_sessions": Param(
        False,
        type="boolean",
        title="Throw sessions out",
        description="When the new database takes its place, nobody may be in the old one. Off: the run waits a minute, "
        "then keeps the new one beside it and says who is there. On: they are thrown out.",
        section=CARE,
    ),
    "roles": Param(
        True,
        type="boolean",
        title="Make missing roles",
        description="Roles of the set that the server lacks are made, with passwords and memberships; this needs a "
        "superuser. A role that is there is never altered.",
        section=CARE,
    ),
}


@dag(schedule=None, params=FORM, **dag_settings(__doc__, tags=["dumps", "restore"]))
def postgres_restore() -> None:
    """Restore what the form asks for."""

    @task(outlets=[RESTORES], retry_policy=TRY_AGAIN_IF_RETRIABLE, task_id="restore")
    def bring_back(params: dict[str, Any]) -> dict[str, Any]:
        """Restore a set beside what is there, prove it, and let it take its place."""
        from pgpipelines.backup.restore.tasks import restore

        return restore(params)

    bring_back()  # type: ignore[call-arg, misc]  # Airflow gives a task the parts of its context that it names


postgres_restore()
