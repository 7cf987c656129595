"""What a task does around a copy: connections by id, names as written, a result and an event that people read."""

from __future__ import annotations

import logging
from typing import Any, cast

import pytest
from airflow.sdk import Asset
from airflow.sdk.definitions.context import Context
from airflow.sdk.execution_time.context import OutletEventAccessors, set_current_context

from pgpipelines.errors import ConfigurationError, MissingObjectError
from pgpipelines.tasks import COPIED_TABLES, copy_table
from tests.fixtures.servers import Database


class TaskInstance:
    """The part of Airflow's task instance that a copy writes down."""

    dag_id = "simple_postgres_copy"
    run_id = "manual__1"
    task_id = "copy"
    map_index: int | None = None
    try_number = 2


@pytest.fixture
def connected(monkeypatch: pytest.MonkeyPatch, source: Database, target: Database) -> tuple[Database, Database]:
    """Source and target with a table of three rows, behind the default connections."""
    for database, conn_id in ((source, "SOURCE_POSTGRES_CONN"), (target, "TARGET_POSTGRES_CONN")):
        password = database.server.password
        address = f"postgresql://postgres:{password}@127.0.0.1:{database.server.port}/{database.name}"
        monkeypatch.setenv(f"AIRFLOW_CONN_{conn_id}", address)
    source.run("CREATE TABLE t (id int PRIMARY KEY, v text); INSERT INTO t VALUES (1, '가'), (2, NULL), (3, '')")
    return source, target


def run(**options: Any) -> tuple[Any, OutletEventAccessors]:
    """Run the copy as a task does; its result, and the events that it would send."""
    events = OutletEventAccessors()
    context = cast("Context", {"ti": TaskInstance(), "outlet_events": events})
    settings = {
        "source_conn_id": "source_postgres_conn",
        "target_conn_id": "target_postgres_conn",
        "source_table": "t",
        "target_table": "",
        "batch_size": 10_000,
    }
    with set_current_context(context):
        return copy_table(**{**settings, **options}), events


def test_the_result_is_small_and_says_what_happened(connected: tuple[Database, Database]) -> None:
    result, _ = run()
    assert result.pop("seconds") > 0
    assert result.pop("bytes") > 0
    assert result == {
        "table": "public.t",
        "rows": 3,
        "inserted": 3,
        "updated": 0,
        "deleted": 0,
        "verified": "checksum",
    }
    assert connected[1].rows("SELECT * FROM t ORDER BY id") == [(1, "가"), (2, None), (3, "")]


def test_the_targets_asset_gets_an_event_with_the_same(connected: tuple[Database, Database]) -> None:
    result, events = run(target_table="archive.t")
    target = connected[1]
    (event,) = events[COPIED_TABLES].asset_alias_events
    uri = f"postgres://127.0.0.1:{target.server.port}/{target.name}/archive/t"
    assert Asset(name="target_postgres_conn.archive.t", uri=uri).uri == event.dest_asset_key.uri
    assert event.dest_asset_key.name == "target_postgres_conn.archive.t"
    assert {name: event.extra[name] for name in result} == result
    assert event.extra["snapshot"]


def test_the_ledger_names_dag_run_task_and_try(connected: tuple[Database, Database]) -> None:
    run()
    assert connected[1].rows("SELECT dag_id, run_id, task_id, map_index, try_number FROM pgpipelines.ledger") == [
        ("simple_postgres_copy", "manual__1", "copy", -1, 2)
    ]


def test_a_failure_is_raised_without_the_drivers_traceback(
    connected: tuple[Database, Database], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    with pytest.raises(MissingObjectError, match=r"table public\.tt does not exist") as failure:
        run(source_table="tt")
    assert failure.value.__cause__ is None
    assert failure.value.__suppress_context__
    assert connected[0].server.password not in caplog.text + str(failure.value)


def test_a_name_that_can_not_be_meant_is_refused(connected: tuple[Database, Database]) -> None:
    with pytest.raises(ConfigurationError, match=r"not a table name: 'a\.b\.c'"):
        run(source_table="a.b.c")
