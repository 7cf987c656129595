"""The DAGs of charger statistics: when they run, and their tasks against a real database."""

from __future__ import annotations

import json
import re
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from pgpipelines.errors import ConfigurationError
from pgpipelines.ledger import Run
from pgpipelines.partitions import create_tables
from tests.dags.bag import DAGS, parsed, serialized
from tests.fixtures.servers import Database
from tests.fixtures.tasks import Done, as_task, connect
from tests.plugins.rollup.charging import add_session, hours, make_chargers

PIPELINES = """
rollups:
  both: {schedule: "10 * * * *", connection: there}
  by_time: {schedule: "@daily", connection: third, after_copies: false}
  by_copies: {schedule: null, connection: elsewhere}
  by_hand: {schedule: null, connection: fourth, after_copies: false}
partitions:
  months: {schedule: null, connection: there, keep_months: 1, detach: true}
"""
NOTHING = {"conn_id": "there", "rebuild_from": None, "rebuild_to": None}
TASKS = ("hourly", "daily", "station", "reconcile")


@pytest.fixture
def charging(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, target: Database) -> Database:
    """A database with chargers and one session, behind a connection."""
    (tmp_path / "pipelines.yaml").write_text(PIPELINES, encoding="utf-8")
    monkeypatch.setenv("PGPIPELINES_CONFIG", str(tmp_path / "pipelines.yaml"))
    connect(monkeypatch, "there", target)
    make_chargers(target)
    add_session(target, "2025-01-01 00:10", "2025-01-01 02:20", 10.001, total_charge=3500)
    return target


def run(task_id: str, **params: Any) -> Done:
    operator: Any = parsed(DAGS / "rollups.py").dags["both"].task_dict[task_id]
    return as_task(lambda: operator.python_callable(*operator.op_args, params={**NOTHING, **params}))


def test_a_run_brings_up_hours_then_days_then_stations_and_reconciles(charging: Database) -> None:
    done = {task_id: run(task_id) for task_id in TASKS}
    assert done["hourly"].result == {
        "sessions": 1,
        "written": 3,
        "deleted": 0,
        "everything": True,
        "quarantined": {},
        "flagged": {},
    }
    assert done["daily"].result["written"] == 1
    assert done["station"].result["written"] == 1
    totals = {"sessions": 1, "kwh": 10.001, "krw": 3500.0}
    assert done["reconcile"].result == {
        "log": totals,
        "hours": totals,
        "quarantine": {"sessions": 0, "kwh": 0.0, "krw": 0.0},
        "chargers_pending": 0,
    }


def test_each_table_is_an_asset_that_says_it_was_brought_up_to_date(charging: Database) -> None:
    names = [
        event.dest_asset_key.name
        for task_id in TASKS
        for accessor in run(task_id).events.values()
        for event in accessor.asset_alias_events
    ]
    assert names == [
        "there.public.hourly_charger_stats",
        "there.public.daily_charger_stats",
        "there.public.station_daily_stats",
    ]


def test_the_form_rebuilds_a_period(charging: Database) -> None:
    run("hourly")
    charging.run("UPDATE hourly_charger_stats SET total_energy = 1")
    assert run("hourly").result["written"] == 0
    assert run("hourly", rebuild_from="2025-01-01", rebuild_to="2025-01-01").result["written"] == 3
    assert sum(energy for (energy,) in hours(charging, "total_energy")) == Decimal("10.001")


@pytest.mark.parametrize(
    ("first", "last", "cause"),
    [
        ("2025-13-01", None, "rebuild_from: found '2025-13-01'"),
        ("2025-02-01", "2025-01-01", "rebuild_from 2025-02-01 comes after rebuild_to 2025-01-01"),
    ],
)
def test_days_that_can_not_be_meant_are_refused(charging: Database, first: str, last: str | None, cause: str) -> None:
    with pytest.raises(ConfigurationError, match=cause):
        run("hourly", rebuild_from=first, rebuild_to=last)


@pytest.mark.parametrize("hour", ["2025-01-01 10:59", "2025-01-01T01:30+00:00"])
def test_an_hour_is_explained_by_the_form(charging: Database, hour: str) -> None:
    operator: Any = parsed(DAGS / "explain_charger_stats.py").dags["explain_charger_stats"].task_dict["explain"]
    params = {"statistics": "both", "charger_id": " C1", "hour": hour}
    found = as_task(lambda: operator.python_callable(params=params)).result
    assert found["hour"] == "2025-01-01T10:00:00+09:00"
    assert [(row["method"], row["whole_energy"], row["energy"]) for row in found["sessions"]] == [
        ("by time", "10.001", "4.615")
    ]
    json.dumps(found)
    with pytest.raises(ConfigurationError, match="hour: found 'noon'"):
        as_task(lambda: operator.python_callable(params={**params, "hour": "noon"}))


def test_a_dag_runs_by_time_and_after_copies_as_its_pipeline_says(charging: Database) -> None:
    stored = {dag_id: dag["dag"]["timetable"] for dag_id, dag in serialized(parsed(DAGS / "rollups.py")).items()}
    texts = {dag_id: json.dumps(timetable) for dag_id, timetable in stored.items()}
    by_time = {dag_id for dag_id, text in texts.items() if "CronTriggerTimetable" in text}
    after_copies = {dag_id: re.findall(r"\w+\.public\.\w+", text) for dag_id, text in texts.items() if "public" in text}
    assert by_time == {"both", "by_time"}
    assert after_copies == {
        "both": ["there.public.charger_usage_log", "there.public.power_consumption"],
        "by_copies": ["elsewhere.public.charger_usage_log", "elsewhere.public.power_consumption"],
    }


def test_the_large_tables_are_kept_by_month_where_they_are_partitioned(charging: Database) -> None:
    charging.run("DROP TABLE power_consumption")
    create_tables(charging.endpoint, Run("tests", "run_1", "partitions"))
    charging.run(
        "CREATE TABLE power_consumption_2020_03 PARTITION OF power_consumption "
        "FOR VALUES FROM ('2020-03-01') TO ('2020-04-01')"
    )
    operator: Any = parsed(DAGS / "partitions.py").dags["months"].task_dict["maintain"]
    done = as_task(lambda: operator.python_callable(*operator.op_args)).result
    assert done["public.charger_usage_log"]["notices"] == ["the table is not partitioned"]
    assert done["public.power_consumption"] == {
        "made": [],
        "detached": [],
        "old": ["power_consumption_2020_03"],
        "stray_rows": 0,
        "notices": ["power_consumption_2020_03 stays: the sessions of its time are still attached"],
    }
