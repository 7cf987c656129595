"""The tasks of the DAG files, run against real databases."""

from __future__ import annotations

from typing import Any

import pytest

from tests.dags.bag import DAGS, form_of, parsed
from tests.fixtures.servers import Database
from tests.fixtures.tasks import Done, as_task, connect

PIPELINES = """
copies:
  pipeline:
    {schedule: null, source: here, target: there, target_schema: m, tables: [group: [charger_info, charger_usage_log]]}
  whole: {schedule: null, source: here, target: there, tables: "*"}
"""


@pytest.fixture
def databases(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Any, source: Database, target: Database
) -> tuple[Database, Database]:
    """A source with chargers and sessions, and an empty target, behind connections."""
    (tmp_path / "pipelines.yaml").write_text(PIPELINES, encoding="utf-8")
    monkeypatch.setenv("PGPIPELINES_CONFIG", str(tmp_path / "pipelines.yaml"))
    for conn_id, database in (("here", source), ("there", target), ("target_postgres_conn", target)):
        connect(monkeypatch, conn_id, database)
    source.run(
        """
        CREATE TABLE charger_info (charger_id text PRIMARY KEY, charger_type text);
        CREATE TABLE charger_usage_log (
            id int PRIMARY KEY, charger_id text REFERENCES charger_info, end_time timestamp,
            energy_delivered numeric(10, 3), total_charge numeric(10, 2)
        );
        INSERT INTO charger_info VALUES ('a', 'FAST'), ('b', 'SLOW'), ('c', 'SLOW');
        INSERT INTO charger_usage_log VALUES
        (1, 'a', '2026-01-01', 5.5, 100), (2, 'b', '2026-01-01', 1, 10), (3, 'c', '2026-01-02', 2, 20),
        (4, 'c', NULL, NULL, NULL);
        """
    )
    return source, target


def task(file: str, dag_id: str, task_id: str) -> Any:
    return parsed(DAGS / file).dags[dag_id].task_dict[task_id]


def tables_of(done: Done) -> list[str]:
    return [summary["table"] for summary in done.result]


def test_a_pipelines_task_copies_its_group(databases: tuple[Database, Database]) -> None:
    mapped = task("copies.py", "pipeline", "copy")
    (group,) = mapped.op_kwargs_expand_input.value["tables"]
    operator = mapped.unmap({"op_kwargs": {**mapped.partial_kwargs["op_kwargs"], "tables": group}})
    done = as_task(lambda: operator.python_callable(**operator.op_kwargs))
    assert tables_of(done) == ["m.charger_info", "m.charger_usage_log"]
    assert databases[1].value("SELECT count(*) FROM m.charger_usage_log") == 4


def test_a_whole_database_is_copied_by_one_task(databases: tuple[Database, Database]) -> None:
    operator = task("copies.py", "whole", "copy_whole_database")
    done = as_task(lambda: operator.python_callable(*operator.op_args))
    assert tables_of(done) == ["public.charger_info", "public.charger_usage_log"]


def test_the_form_copies_what_it_names(databases: tuple[Database, Database]) -> None:
    params = {name: field.value for name, field in form_of("postgres_data_copy").items()}
    params |= {"source_conn_id": "here", "tables": ["charger_info"], "target_schema": "on_demand"}
    operator = task("postgres_data_copy.py", "postgres_data_copy", "copy")
    assert tables_of(as_task(lambda: operator.python_callable(params=params))) == ["on_demand.charger_info"]


@pytest.mark.parametrize("target_table", ["", None, " ", "other"])
def test_the_simple_form_copies_one_table(databases: tuple[Database, Database], target_table: str | None) -> None:
    params = {
        "source_conn_id": "here",
        "target_conn_id": "there",
        "source_table": "charger_info",
        "target_table": target_table,
        "batch_size": 10_000,
    }
    operator = task("simple_postgres_copy.py", "simple_postgres_copy", "copy")
    done = as_task(lambda: operator.python_callable(params=params))
    assert done.result["table"] == ("public.other" if target_table == "other" else "public.charger_info")


def test_the_example_refreshes_its_report_as_often_as_it_runs(databases: tuple[Database, Database]) -> None:
    pipeline = task("copies.py", "whole", "copy_whole_database")
    as_task(lambda: pipeline.python_callable(*pipeline.op_args))
    report = "SELECT charger_type, sessions, energy_kwh::text FROM reports.energy_by_type ORDER BY charger_type"
    for _ in range(2):
        operator = task("example_after_copy.py", "example_after_copy", "refresh_report")
        context: Any = {"params": operator.params}
        operator.render_template_fields(context)
        operator.execute(context)
        assert databases[1].rows(report) == [("FAST", 1, "5.500"), ("SLOW", 2, "3.000")]


def test_the_examples_sql_refuses_a_text_that_went_through_no_filter(databases: tuple[Database, Database]) -> None:
    operator = task("example_after_copy.py", "example_after_copy", "refresh_report")
    operator.sql = "DROP TABLE {{ params.schema }}"
    with pytest.raises(TypeError, match="unquoted value in an SQL template: 'reports'"):
        operator.render_template_fields({"params": operator.params})
