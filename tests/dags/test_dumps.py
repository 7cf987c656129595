"""The DAG of dumps: its tasks, run against a real database, one after the other."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from pgpipelines.errors import ConnectionFailedError, OverdueError, VerificationError
from tests.dags.bag import DAGS, parsed, serialized
from tests.fixtures.servers import Database
from tests.fixtures.tasks import Done, as_task, connect
from tests.plugins.backup.databases import fill, left_in, list_sets
from tests.plugins.backup.test_retention import write_set

PIPELINES = """
dumps:
  nightly: {schedule: "0 0 * * *", databases: [here, there], keep: {daily: 1, weekly: 0, monthly: 0}}
  elsewhere: {schedule: null, databases: [here], directory: other, drill: lent}
  unproven: {schedule: null, databases: [here], directory: elsewhere, drill: none}
"""


@pytest.fixture
def directory(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, source: Database) -> Path:
    """Where a pipeline dumps a database to that is behind a connection."""
    (tmp_path / "pipelines.yaml").write_text(PIPELINES, encoding="utf-8")
    monkeypatch.setenv("PGPIPELINES_CONFIG", str(tmp_path / "pipelines.yaml"))
    monkeypatch.setenv("PGPIPELINES_DUMP_DIRECTORY", str(tmp_path / "dumps"))
    connect(monkeypatch, "here", fill(source))
    return tmp_path / "dumps"


def task(dag_id: str, task_id: str) -> Any:
    return parsed(DAGS / "dumps.py").dags[dag_id].task_dict[f"database.{task_id}"]


def run(task_id: str, **arguments: Any) -> Done:
    operator = task("nightly", task_id)
    return as_task(lambda: operator.python_callable(operator.op_kwargs["settings"], **arguments))


def test_a_night_takes_a_set_proves_it_and_removes_the_last_one(directory: Path, source: Database) -> None:
    first = run("take", connection="here").result
    drilled = run("drill", taken=first).result
    assert run("retain", taken=drilled).result == []
    second = run("drill", taken=run("take", connection="here").result).result
    assert run("retain", taken=second).result == [first["set"]]
    (left,) = list_sets(directory)
    assert (left.name, left.state) == (second["set"], "proven")
    assert (first["state"], second["state"]) == ("whole", "proven")
    assert second["connection"] == "here"
    assert second["database"] == source.name
    assert second["tables"] == 8


def test_a_set_is_an_event_of_an_asset(directory: Path) -> None:
    taken = run("take", connection="here")
    proven = run("drill", taken=taken.result)
    events = [event for done in (taken, proven) for each in done.events.values() for event in each.asset_alias_events]
    assert [event.dest_asset_key.name for event in events] == ["dump of here", "dump of here"]
    assert [event.extra["state"] for event in events] == ["whole", "proven"]
    figures = events[1].extra
    assert set(figures) >= {"bytes", "sha256", "lsn", "server_version", "client_version", "seconds", "proven_at"}
    assert json.loads(json.dumps(figures)) == figures


def test_a_drill_takes_place_where_the_pipeline_says(
    directory: Path, monkeypatch: pytest.MonkeyPatch, database_of: Callable[..., Database]
) -> None:
    connect(monkeypatch, "lent", database_of(nth=1))
    settings = {**task("elsewhere", "drill").op_kwargs["settings"], "directory": str(directory)}
    taken = run("take", connection="here").result
    proven = as_task(lambda: task("elsewhere", "drill").python_callable(settings, taken)).result
    assert proven["state"] == "proven"


def test_a_dump_that_fails_leaves_nothing(directory: Path, monkeypatch: pytest.MonkeyPatch, source: Database) -> None:
    address = f"postgresql://postgres:wrong-canary@127.0.0.1:{source.server.port}/{source.name}"
    monkeypatch.setenv("AIRFLOW_CONN_HERE", address)
    with pytest.raises(ConnectionFailedError, match="password authentication failed") as error:
        run("take", connection="here")
    assert "wrong-canary" not in str(error.value)
    assert left_in(directory) == []


def test_a_set_that_fails_its_drill_fails_the_task(directory: Path) -> None:
    taken = run("take", connection="here").result
    dump = directory / taken["set"] / "database.dump"
    content = bytearray(dump.read_bytes())
    content[len(content) // 2] ^= 1
    dump.write_bytes(content)
    with pytest.raises(VerificationError, match=r"database.dump in .* is not what was written"):
        run("drill", taken=taken)
    assert [each.state for each in list_sets(directory)] == ["failed drill"]


def watched(connection: str) -> Done:
    mapped: Any = parsed(DAGS / "dump_health.py").dags["postgres_dump_health"].task_dict["newest_set"]
    given = next(each for each in mapped.op_kwargs_expand_input.value if each["connection"] == connection)
    return as_task(lambda: mapped.unmap({"op_kwargs": given}).python_callable(**given))


def test_the_health_of_dumps_is_shown_whatever_became_of_the_last_run(directory: Path) -> None:
    first = run("drill", taken=run("take", connection="here").result).result
    second = run("take", connection="here").result
    shown = watched("here")
    assert shown.result == f"ok here: {first['set']} is 0.0 h old (26.0 h allowed)"
    assert [(each["set"], each["state"]) for each in shown.pushed["sets"]] == [
        (second["set"], "whole"),
        (first["set"], "proven"),
    ]
    assert shown.pushed["sets"][1]["rows"] == "508"
    assert json.loads(json.dumps(shown.pushed)) == shown.pushed


def test_a_database_without_a_young_proven_set_fails_its_task(directory: Path) -> None:
    with pytest.raises(OverdueError, match="OVERDUE there: there is no good set"):
        watched("there")
    write_set(directory, datetime.now(timezone.utc) - timedelta(hours=30), proven=True, conn_id="there")
    with pytest.raises(OverdueError, match=r"OVERDUE there: there/.* is 30.0 h old \(26.0 h allowed\)\n  Remedy: "):
        watched("there")


def test_no_dumps_are_no_mistake_of_the_dag(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "pipelines.yaml").write_text("dumps: {}", encoding="utf-8")
    monkeypatch.setenv("PGPIPELINES_CONFIG", str(tmp_path / "pipelines.yaml"))
    bag = parsed(DAGS / "dump_health.py")
    assert (dict(bag.dags), bag.import_errors) == ({}, {})


def test_a_pipeline_without_drills_takes_and_retains(directory: Path) -> None:
    dags = serialized(parsed(DAGS / "dumps.py"))
    tasks = {dag_id: [each["__var"]["task_id"] for each in dag["dag"]["tasks"]] for dag_id, dag in dags.items()}
    assert tasks == {
        "nightly": ["database.take", "database.drill", "database.retain"],
        "elsewhere": ["database.take", "database.drill", "database.retain"],
        "unproven": ["database.take", "database.retain"],
    }
    assert task("nightly", "retain").trigger_rule == "all_success"
    assert task("unproven", "take").op_kwargs["settings"]["directory"] == "elsewhere"
