from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from airflow.sdk import DAG, RetryAction

from pgpipelines import errors
from tests.dags.bag import parsed

CONFIGURATION = """
copies:
  refresh:
    schedule: "0 2 * * *"
    timezone: Europe/Berlin
    source: here
    target: there
    target_schema: mirror
    parallel: 3
    pool: here_4
    tables: [parent, child: {batch_size: 500}, group: ['"Weird.Name"', u: {cursor: seen_at, lookback: 1h}]]
  by_hand: {schedule: null, source: here, target: there, tables: [t]}
  hourly: {schedule: "@hourly", source: here, target: there, strategy: incremental, tables: [t: {cursor: xmin}]}
  whole: {schedule: null, source: here, target: backup, pool: here_4, tables: "*", except: [scratch]}
"""
SETTINGS = {
    "source": "here",
    "target": "there",
    "strategy": "full_refresh",
    "streams": 1,
    "create_missing": True,
    "on_drift": "refuse",
    "verify": "checksum",
    "if_locked": "wait",
    "max_snapshot_age": "4h",
}
OWN_FILES = {"example_after_copy", "postgres_data_copy", "postgres_restore", "simple_postgres_copy"}
BROKEN = CONFIGURATION + "  broken: {schedule: never, source: here, target: there, tables: [u]}\n"


def dags_of(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, text: str) -> tuple[dict[str, DAG], dict[str, str]]:
    path = tmp_path / "pipelines.yaml"
    path.write_text(text, encoding="utf-8")
    monkeypatch.setenv("PGPIPELINES_CONFIG", str(path))
    bag = parsed()
    return {dag_id: dag for dag_id, dag in bag.dags.items() if dag_id not in OWN_FILES}, bag.import_errors


def test_a_pipeline_becomes_one_mapped_task_with_its_tables_and_groups_in_order(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    dags, import_errors = dags_of(monkeypatch, tmp_path, CONFIGURATION)
    assert import_errors == {}
    dag = dags["refresh"]
    task: Any = dag.task_dict["copy"]
    assert dag.task_ids == ["copy"]
    assert task.partial_kwargs["op_kwargs"] == {"settings": {**SETTINGS, "target_schema": "mirror"}}
    assert task.op_kwargs_expand_input.value["tables"] == [
        [{"source": "public.parent", "target": "mirror.parent"}],
        [{"source": "public.child", "target": "mirror.child", "batch_size": 500}],
        [
            {"source": 'public."Weird.Name"', "target": 'mirror."Weird.Name"'},
            {"source": "public.u", "target": "mirror.u", "cursor": "seen_at", "lookback": "1h"},
        ],
    ]
    assert dag.max_active_tasks == 3


def test_every_table_is_one_task_that_finds_them(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    dags, _ = dags_of(monkeypatch, tmp_path, CONFIGURATION)
    task: Any = dags["whole"].task_dict["copy_whole_database"]
    assert task.op_args == ({**SETTINGS, "target": "backup"}, ["scratch"])


def test_the_page_of_a_dag_says_what_it_copies(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    dags, _ = dags_of(monkeypatch, tmp_path, CONFIGURATION)
    rows = {name: (dag.doc_md or "").partition("|---|---|---|\n")[2].splitlines() for name, dag in dags.items()}
    assert rows == {
        "refresh": [
            "| `public.parent` | `mirror.parent` | all rows are compared |",
            "| `public.child` | `mirror.child` | all rows are compared |",
            '| `public."Weird.Name"`<br>`public.u` | `mirror."Weird.Name"`<br>`mirror.u` '
            "| all rows are compared<br>all rows are compared; `seen_at` is noted for incremental copies |",
        ],
        "by_hand": ["| `public.t` | `public.t` | all rows are compared |"],
        "hourly": ["| `public.t` | `public.t` | `xmin` |"],
        "whole": ["| every table, without `scratch` | the same schemas | all rows are compared |"],
    }
    assert {name: (dag.description or "").partition(" ")[0] for name, dag in dags.items()} == {
        "refresh": "Make",
        "by_hand": "Make",
        "hourly": "Bring",
        "whole": "Copy",
    }


def test_a_task_is_named_by_the_tables_that_it_writes(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    dags, _ = dags_of(monkeypatch, tmp_path, CONFIGURATION)
    task: Any = dags["refresh"].task_dict["copy"]
    template = dags["refresh"].get_template_env().from_string(task.map_index_template)
    groups = task.op_kwargs_expand_input.value["tables"]
    names = [template.render(task=SimpleNamespace(op_kwargs={"tables": group})) for group in groups]
    assert names == ["mirror.parent", "mirror.child", 'mirror."Weird.Name", mirror.u']
    many = {"tables": [{"target": f"public.table_{number}"} for number in range(100)]}
    assert len(template.render(task=SimpleNamespace(op_kwargs=many))) == 250


@pytest.mark.parametrize(
    ("made", "pool"),
    [(None, "default_pool"), ("", "default_pool"), ("other=2", "default_pool"), ("other=2, here_4=4", "here_4")],
)
def test_tasks_are_in_their_pool_where_somebody_has_made_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, made: str | None, pool: str
) -> None:
    monkeypatch.delenv("PGPIPELINES_POOLS", raising=False)
    if made is not None:
        monkeypatch.setenv("PGPIPELINES_POOLS", made)
    dags, _ = dags_of(monkeypatch, tmp_path, CONFIGURATION)
    pools = {name: dag.tasks[0].pool for name, dag in dags.items()}
    assert pools == {"refresh": pool, "whole": pool, "by_hand": "default_pool", "hourly": "default_pool"}


def test_a_schedule_is_in_its_own_time_zone_or_absent(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    dags, _ = dags_of(monkeypatch, tmp_path, CONFIGURATION)
    timetable: Any = dags["refresh"].timetable
    assert (timetable.expression, str(timetable.timezone)) == ("0 2 * * *", "Europe/Berlin")
    assert dags["by_hand"].schedule is None


def test_one_bad_pipeline_is_one_import_error_and_leaves_the_others(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    dags, import_errors = dags_of(monkeypatch, tmp_path, BROKEN)
    assert sorted(dags) == ["by_hand", "hourly", "refresh", "whole"]
    ((file, message),) = import_errors.items()
    assert file == "pipelines_check.py"
    assert f'{tmp_path}/pipelines.yaml: copies.broken.schedule: found "never"; allowed: five cron' in message
    assert "Remedy: correct the file" in message
    assert "keep running" in message


def test_a_file_that_is_no_yaml_is_one_import_error(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    dags, import_errors = dags_of(monkeypatch, tmp_path, "copies: [")
    assert dags == {}
    ((file, message),) = import_errors.items()
    assert file == "pipelines_check.py"
    assert "line 1, column 10" in message
    assert "keep running" not in message


@pytest.mark.parametrize(
    ("error", "action"),
    [
        (errors.PrivilegeError, RetryAction.FAIL),
        (errors.MissingObjectError, RetryAction.FAIL),
        (errors.VerificationError, RetryAction.FAIL),
        (errors.ConnectionFailedError, RetryAction.DEFAULT),
        (errors.ConflictError, RetryAction.DEFAULT),
        (errors.ServerError, RetryAction.DEFAULT),
    ],
)
def test_only_what_may_pass_is_tried_again(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    error: type[errors.PipelineError],
    action: RetryAction,
) -> None:
    dags, _ = dags_of(monkeypatch, tmp_path, CONFIGURATION)
    (task,) = dags["refresh"].tasks
    assert task.retry_policy is not None
    decision = task.retry_policy.evaluate(error("cause", "remedy"), try_number=1, max_tries=2)
    assert decision.action is action
