from __future__ import annotations

import ast
import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from airflow._shared.module_loading import find_path_from_directory
from airflow.dag_processing.dagbag import DagBag
from airflow.sdk import AssetOrTimeSchedule, CronTriggerTimetable
from airflow.sdk.definitions.timetables.assets import AssetTriggeredTimetable
from airflow.sdk.definitions.timetables.simple import NullTimetable
from airflow.utils.dag_version_inflation_checker import check_dag_file_stability
from airflow.utils.file import might_contain_dag

from pgpipelines.configuration import load
from pgpipelines.configuration.values import TAKEN_DAG_IDS
from pgpipelines.dag_policy import require_known_parameters
from tests.dags.bag import DAGS, ROOT, parsed, serialized

# Every file and every DAG is listed here, so that none comes or goes unnoticed.
DAGS_BY_FILE = {
    "base_backups.py": set(),  # the demo's servers archive nothing
    "copies.py": {
        "agentic_ai_full_refresh",
        "agentic_ai_incremental_copy",
        "agentic_ai_weekly_backup",
        "chat_full_refresh",
        "chat_incremental_copy",
        "chat_weekly_backup",
        "erp_full_refresh",
        "erp_incremental_copy",
        "erp_weekly_backup",
        "postgres_full_refresh",
        "postgres_incremental_copy",
        "postgres_weekly_backup",
    },
    "dump_health.py": {"postgres_dump_health"},
    "dumps.py": {"postgres_nightly_dump"},
    "example_after_copy.py": {"example_after_copy"},
    "explain_charger_stats.py": {"explain_charger_stats"},
    "partitions.py": {"charger_partitions"},
    "pipelines_check.py": set(),
    "postgres_data_copy.py": {"postgres_data_copy"},
    "postgres_restore.py": {"postgres_restore"},
    "rollups.py": {"charger_stats"},
    "simple_postgres_copy.py": {"simple_postgres_copy"},
}
DAG_IDS = sorted(set().union(*DAGS_BY_FILE.values()))

ALLOWED_AIRFLOW_MODULES = ("airflow.sdk", "airflow.providers")


@pytest.fixture(scope="module")
def bag() -> DagBag:
    return parsed()


def test_every_file_imports(bag: DagBag) -> None:
    assert bag.import_errors == {}
    assert bag.captured_warnings == {}


def test_every_file_and_dag_is_listed(bag: DagBag) -> None:
    found: dict[str, set[str]] = {path.name: set() for path in DAGS.glob("*.py")}
    for dag_id, dag in bag.dags.items():
        found[Path(dag.fileloc).name].add(dag_id)
    assert found == DAGS_BY_FILE


def test_airflow_discovers_every_file() -> None:
    assert all(might_contain_dag(str(DAGS / name), safe_mode=True) for name in DAGS_BY_FILE)


def test_no_pipeline_can_take_the_id_of_a_dag_with_a_file_of_its_own() -> None:
    loaded = load()
    sections = (loaded.copies, loaded.rollups, loaded.partitions, loaded.dumps, loaded.base_backups)
    assert set(DAG_IDS).difference(*sections) == TAKEN_DAG_IDS


@pytest.mark.parametrize("dag_id", DAG_IDS)
def test_a_dag_holds_to_the_policy(bag: DagBag, dag_id: str) -> None:
    dag = bag.dags[dag_id]
    assert dag.doc_md is not None
    assert len(dag.doc_md.splitlines()) > 3
    assert dag.description == dag.doc_md.splitlines()[0]
    assert "pgpipelines" in dag.tags
    assert len(dag.tags) > 1
    assert dag.catchup is False
    assert dag.max_active_runs == 1
    assert isinstance(dag.dagrun_timeout, timedelta)
    by_time = dag.timetable.timetable if isinstance(dag.timetable, AssetOrTimeSchedule) else dag.timetable
    assert isinstance(by_time, CronTriggerTimetable | NullTimetable | AssetTriggeredTimetable)
    if isinstance(by_time, CronTriggerTimetable):
        assert str(by_time.timezone) not in {"", "UTC"}


@pytest.mark.parametrize("dag_id", DAG_IDS)
def test_a_task_holds_to_the_policy(bag: DagBag, dag_id: str) -> None:
    dag = bag.dags[dag_id]
    assert dag.tasks
    for task in dag.tasks:
        assert task.owner == "pgpipelines"
        assert task.retries
        assert task.retry_delay >= timedelta(seconds=30)
        assert task.retry_policy is not None
        if dag.params:
            assert vars(task)["_pre_execute_hook"] is require_known_parameters
        assert isinstance(task.execution_timeout, timedelta)
        assert dag.dagrun_timeout is None or task.execution_timeout < dag.dagrun_timeout


def imported_modules(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


def test_of_airflow_only_the_sdk_and_the_providers_are_imported() -> None:
    others = {
        (path.relative_to(ROOT).as_posix(), module)
        for folder in ("dags", "plugins")
        for path in (ROOT / folder).rglob("*.py")
        for module in imported_modules(path)
        if module.partition(".")[0] == "airflow" and not module.startswith(ALLOWED_AIRFLOW_MODULES)
    }
    assert others == set()


def test_no_module_imports_a_dag() -> None:
    names = {path.stem for path in DAGS.glob("*.py")} | {"dags"}
    importers = {
        (path.name, module)
        for path in (ROOT / "plugins").rglob("*.py")
        for module in imported_modules(path)
        if module.partition(".")[0] in names
    }
    assert importers == set()


@pytest.mark.parametrize("name", sorted(DAGS_BY_FILE))
def test_a_file_is_stable_in_the_eyes_of_airflow(name: str) -> None:
    result = check_dag_file_stability(str(DAGS / name))
    assert result.check_level.value == "error"
    assert result.format_warnings() is None


def test_parsing_again_gives_the_same_dags(bag: DagBag) -> None:
    assert serialized(parsed()) == serialized(bag)


def test_another_process_gives_the_same_dags(bag: DagBag) -> None:
    script = (
        "import json, tests.fixtures.airflow_home\n"
        "from tests.dags.bag import parsed, serialized\n"
        "print('\\n' + json.dumps(serialized(parsed())))"
    )
    assert json.loads(run(script, PYTHONHASHSEED="7").splitlines()[-1]) == json.loads(json.dumps(serialized(bag)))


def test_parsing_opens_no_connection_and_reads_nothing_but_code_pipelines_yaml_and_templates() -> None:
    found = json.loads(run((ROOT / "tests/dags/parse_probe.py").read_text(encoding="utf-8")).splitlines()[-1])
    opened = ["include/pipelines.yaml", "include/sql/example/energy_by_type.sql"]
    assert found == {"dags": DAG_IDS, "opened": opened, "refused": []}


def run(script: str, **environment: str) -> str:
    return subprocess.run(
        [sys.executable, "-c", script],
        cwd=ROOT,
        env={"PYTHONPATH": f"{ROOT}:{ROOT / 'plugins'}", "PATH": "", "HOME": "/nonexistent", **environment},
        capture_output=True,
        text=True,
        check=True,
    ).stdout


@pytest.mark.filterwarnings("ignore:GitWildMatchPattern")  # Airflow's own use of a library
def test_airflow_does_not_run_each_module_as_a_plugin() -> None:
    assert list(find_path_from_directory(ROOT / "plugins", ".airflowignore", "glob")) == []
