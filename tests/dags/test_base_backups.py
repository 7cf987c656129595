"""The DAG of physical backups: its tasks, run against a real server, one after the other."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from pgpipelines.backup.physical.backups import list_backups
from pgpipelines.configuration import load
from pgpipelines.errors import ConnectionFailedError, VerificationError
from tests.dags.bag import DAGS, ROOT, parsed, serialized
from tests.fixtures.archiving import PASSWORD, ROLE, Archiving
from tests.fixtures.servers import server_folder
from tests.fixtures.tasks import Done, as_task
from tests.plugins.backup.databases import left_in

PIPELINES = """
base_backups:
  weekly: {{schedule: "0 4 * * 0", servers: [here, there], wal_archive: {archive}, keep: 1}}
  unproven: {{schedule: null, servers: [elsewhere], wal_archive: /wal, drill: none, incrementals: 6}}
"""


@pytest.fixture(scope="module")
def archiving(archiving_of: Callable[..., Archiving]) -> Archiving:
    return archiving_of()


@pytest.fixture
def directory(monkeypatch: pytest.MonkeyPatch, archiving: Archiving) -> Iterator[Path]:
    """Where a pipeline keeps the backups of a server that is behind a connection."""
    folder = server_folder("pgpipelines-base-backups-")
    (folder / "wal").mkdir()
    (folder / "wal" / "here").symlink_to(archiving.archive)
    (folder / "pipelines.yaml").write_text(PIPELINES.format(archive=folder / "wal"), encoding="utf-8")
    monkeypatch.setenv("PGPIPELINES_CONFIG", str(folder / "pipelines.yaml"))
    monkeypatch.setenv("PGPIPELINES_DUMP_DIRECTORY", str(folder))
    log_in(monkeypatch, archiving, PASSWORD)
    yield folder / "@base_backups"
    shutil.rmtree(folder)


def log_in(monkeypatch: pytest.MonkeyPatch, archiving: Archiving, password: str) -> None:
    address = f"postgresql://{ROLE}:{password}@127.0.0.1:{archiving.database.server.port}/postgres"
    monkeypatch.setenv("AIRFLOW_CONN_HERE", address)


def task(dag_id: str, task_id: str) -> Any:
    return parsed(DAGS / "base_backups.py").dags[dag_id].task_dict[f"server.{task_id}"]


def run(task_id: str, **arguments: Any) -> Done:
    operator = task("weekly", task_id)
    return as_task(lambda: operator.python_callable(operator.op_kwargs["settings"], **arguments))


def test_a_week_takes_a_backup_proves_it_and_removes_the_last_one(directory: Path, archiving: Archiving) -> None:
    first = run("take", connection="here")
    drilled = run("drill", taken=first.result)
    run("retain", taken=drilled.result)
    before = archiving.switch()
    second = run("drill", taken=run("take", connection="here").result).result
    removed = run("retain", taken=second).result
    assert removed[0] == first.result["backup"]
    assert before in removed
    assert not (archiving.archive / before).exists()
    (left,) = list_backups(directory, "here")
    assert (left.name, left.state) == (second["backup"], "proven")
    events = [event for done in (first, drilled) for each in done.events.values() for event in each.asset_alias_events]
    assert [event.dest_asset_key.name for event in events] == ["base backup of here", "base backup of here"]
    assert [event.extra["state"] for event in events] == ["whole", "proven"]
    figures = events[1].extra
    assert set(figures) >= {"bytes", "start_lsn", "stop_lsn", "server_version", "recovered_to", "proven_at"}
    assert json.loads(json.dumps(figures)) == figures
    assert PASSWORD not in json.dumps(figures)


def test_a_backup_that_fails_leaves_nothing(
    directory: Path, monkeypatch: pytest.MonkeyPatch, archiving: Archiving
) -> None:
    log_in(monkeypatch, archiving, "wrong-canary")
    with pytest.raises(ConnectionFailedError, match="password authentication failed") as error:
        run("take", connection="here")
    assert "wrong-canary" not in str(error.value)
    assert left_in(directory) == []


def test_a_backup_that_fails_its_drill_fails_the_task(directory: Path) -> None:
    taken = run("take", connection="here").result
    (directory / taken["backup"] / "data" / "PG_VERSION").write_text("19\n")
    with pytest.raises(VerificationError, match="PG_VERSION: changed"):
        run("drill", taken=taken)
    assert [each.state for each in list_backups(directory, "here")] == ["failed drill"]


def test_the_example_that_ships_is_sound(tmp_path: Path) -> None:
    shipped = (ROOT / "include" / "pipelines.yaml").read_text(encoding="utf-8")
    example = shipped[shipped.index("# base_backups:") :]
    (tmp_path / "pipelines.yaml").write_text(example.replace("# ", ""), encoding="utf-8")
    loaded = load(tmp_path / "pipelines.yaml")
    assert loaded.mistakes == ()
    assert list(loaded.base_backups) == ["postgres_base_backup"]


def test_a_pipeline_without_drills_takes_and_retains(directory: Path) -> None:
    dags = serialized(parsed(DAGS / "base_backups.py"))
    tasks = {dag_id: [each["__var"]["task_id"] for each in dag["dag"]["tasks"]] for dag_id, dag in dags.items()}
    assert tasks == {
        "weekly": ["server.take", "server.drill", "server.retain"],
        "unproven": ["server.take", "server.retain"],
    }
    assert task("weekly", "retain").trigger_rule == "all_success"
    assert task("unproven", "take").op_kwargs["settings"]["incrementals"] == 6
