"""The DAG of restores: its form, and its task run against a real server."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pgpipelines.backup.sets import DumpSet
from pgpipelines.backup.storage.folder import Folder
from pgpipelines.backup.taking import take_set
from pgpipelines.connections import endpoint
from pgpipelines.errors import ConfigurationError, VerificationError
from tests.dags.bag import DAGS, form_of, parsed
from tests.fixtures.servers import Database
from tests.fixtures.tasks import Done, as_task, connect
from tests.plugins.backup.databases import fill, prove
from tests.plugins.backup.restore.test_restoring import content, missing

PIPELINES = """
dumps:
  nightly: {schedule: "0 0 * * *", databases: [here, there]}
  more: {schedule: null, databases: [here, elsewhere], directory: ELSEWHERE, drill: none}
"""


@pytest.fixture(autouse=True)
def directory(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, source: Database) -> Path:
    """Where a pipeline dumps a database to that is behind a connection."""
    text = PIPELINES.replace("ELSEWHERE", str(tmp_path / "elsewhere"))
    (tmp_path / "pipelines.yaml").write_text(text, encoding="utf-8")
    monkeypatch.setenv("PGPIPELINES_CONFIG", str(tmp_path / "pipelines.yaml"))
    monkeypatch.setenv("PGPIPELINES_DUMP_DIRECTORY", str(tmp_path / "dumps"))
    connect(monkeypatch, "here", fill(source))
    return tmp_path / "dumps"


@pytest.fixture
def taken(directory: Path) -> DumpSet:
    """A set that is proven."""
    return prove(take_set(endpoint("here"), Folder(directory), "tests.take"))


@pytest.fixture
def place(source: Database) -> Iterator[Database]:
    yield from missing(source)


def restore(**given: Any) -> Done:
    """Fill in the form, and run the task."""
    fields = form_of("postgres_restore")
    params = {name: given.pop(name, field.value) for name, field in fields.items()}
    assert given == {}
    for name, value in params.items():
        fields[name].resolve(value)
    operator: Any = parsed(DAGS / "postgres_restore.py").dags["postgres_restore"].task_dict["restore"]
    return as_task(lambda: operator.python_callable(params=params))


def test_the_connections_that_are_dumped_are_a_list_to_choose_from() -> None:
    fields = form_of("postgres_restore")
    assert fields["connection"].value == "here"
    assert fields["connection"].schema["enum"] == ["here", "there", "elsewhere"]


def test_without_a_pipeline_of_dumps_the_form_still_opens(tmp_path: Path) -> None:
    (tmp_path / "pipelines.yaml").write_text("copies: {}", encoding="utf-8")
    with pytest.raises(VerificationError, match="there is no proven set"):
        restore(target_conn_id="here")


def test_the_newest_proven_set_is_restored_under_the_name_that_is_given(
    taken: DumpSet, directory: Path, source: Database, place: Database
) -> None:
    take_set(endpoint("here"), Folder(directory), "tests.take")
    done = restore(target_conn_id="here", database=place.name)
    assert content(place) == content(source)
    result = done.result
    assert {name: result[name] for name in ("set", "state", "database", "mode", "tables", "rows")} == {
        "set": taken.name,
        "state": "proven",
        "database": place.name,
        "mode": "whole",
        "tables": 8,
        "rows": 508,
    }
    (event,) = [event for each in done.events.values() for event in each.asset_alias_events]
    assert event.dest_asset_key.name == f"restore of {place.name} by here"
    assert json.loads(json.dumps(event.extra)) == result


def test_without_a_name_the_database_that_was_dumped_is_meant(taken: DumpSet, source: Database) -> None:
    with pytest.raises(ConfigurationError, match=f"/{source.name}\\): the database is not empty"):
        restore(target_conn_id="here")


def test_nothing_is_restored_where_no_set_is_good(directory: Path) -> None:
    take_set(endpoint("here"), Folder(directory), "tests.take")
    with pytest.raises(VerificationError, match="there is no proven set"):
        restore(target_conn_id="here")


@pytest.mark.parametrize(("mode", "tables"), [("tables", []), ("whole", ["t"]), ("data_only", ["t"])])
def test_tables_are_named_where_tables_are_meant(taken: DumpSet, mode: str, tables: list[str]) -> None:
    with pytest.raises(ConfigurationError, match="tables: "):
        restore(target_conn_id="here", mode=mode, tables=tables)
