from __future__ import annotations

from pathlib import Path
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
    tables: [parent, child: {batch_size: 500}, '"Weird.Name"']
  by_hand: {schedule: null, source: here, target: there, tables: [t]}
"""
BROKEN = CONFIGURATION + "  broken: {schedule: never, source: here, target: there, tables: [u]}\n"


def dags_of(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, text: str) -> tuple[dict[str, DAG], dict[str, str]]:
    path = tmp_path / "pipelines.yaml"
    path.write_text(text, encoding="utf-8")
    monkeypatch.setenv("PGPIPELINES_CONFIG", str(path))
    bag = parsed()
    return {dag_id: dag for dag_id, dag in bag.dags.items() if "full_refresh" in dag.tags}, bag.import_errors


def test_a_pipeline_becomes_one_mapped_task_with_its_tables_in_order(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    dags, import_errors = dags_of(monkeypatch, tmp_path, CONFIGURATION)
    assert import_errors == {}
    dag = dags["refresh"]
    task: Any = dag.task_dict["copy"]
    assert dag.task_ids == ["copy"]
    assert task.partial_kwargs["op_kwargs"] == {"source_conn_id": "here", "target_conn_id": "there"}
    assert task.op_kwargs_expand_input.value == [
        {"source_table": "public.parent", "target_table": "mirror.parent", "batch_size": 10000},
        {"source_table": "public.child", "target_table": "mirror.child", "batch_size": 500},
        {"source_table": 'public."Weird.Name"', "target_table": 'mirror."Weird.Name"', "batch_size": 10000},
    ]
    assert dag.max_active_tasks == 3
    assert "| `public.child` | `mirror.child` | 500 |" in (dag.doc_md or "")


def test_a_schedule_is_in_its_own_time_zone_or_absent(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    dags, _ = dags_of(monkeypatch, tmp_path, CONFIGURATION)
    timetable: Any = dags["refresh"].timetable
    assert (timetable.expression, str(timetable.timezone)) == ("0 2 * * *", "Europe/Berlin")
    assert dags["by_hand"].schedule is None


def test_one_bad_pipeline_is_one_import_error_and_leaves_the_others(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    dags, import_errors = dags_of(monkeypatch, tmp_path, BROKEN)
    assert sorted(dags) == ["by_hand", "refresh", "simple_postgres_copy"]
    ((file, message),) = import_errors.items()
    assert file == "pipelines_check.py"
    assert f'{tmp_path}/pipelines.yaml: copies.broken.schedule: found "never"; allowed: five cron' in message
    assert "Remedy: correct the file" in message
    assert "keep running" in message


def test_a_file_that_is_no_yaml_is_one_import_error(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    dags, import_errors = dags_of(monkeypatch, tmp_path, "copies: [")
    assert list(dags) == ["simple_postgres_copy"]
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
