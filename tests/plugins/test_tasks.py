"""What a task does around a copy: connections by id, names as written, a result and an event that people read."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Any, NoReturn

import pytest
from airflow.sdk import Asset
from airflow.sdk.exceptions import AirflowSkipException

from pgpipelines.copy.engine import CopyReport
from pgpipelines.copy.merging import Changes
from pgpipelines.copy.publishing import TableResult
from pgpipelines.copy.request import CopyRequest, Cursor
from pgpipelines.copy_form import CopyForm
from pgpipelines.errors import AlreadyRunningError, ConfigurationError, MissingObjectError
from pgpipelines.outlets import COPIED_TABLES
from pgpipelines.tasks import copy_by_form, copy_every_table, copy_tables
from pgpipelines.templates import QualifiedName
from pgpipelines.whole_database import every_table
from tests.dags.bag import form_of
from tests.fixtures.servers import Database
from tests.fixtures.tasks import Done, as_task, connect


@pytest.fixture
def connected(monkeypatch: pytest.MonkeyPatch, source: Database, target: Database) -> tuple[Database, Database]:
    """Source and target with a table of three rows, behind the default connections."""
    connect(monkeypatch, "source_postgres_conn", source)
    connect(monkeypatch, "target_postgres_conn", target)
    source.run("CREATE TABLE t (id int PRIMARY KEY, v text); INSERT INTO t VALUES (1, '가'), (2, NULL), (3, '')")
    return source, target


SETTINGS = {"source": "source_postgres_conn", "target": "target_postgres_conn"}
FORM = {name: param.value for name, param in form_of("postgres_data_copy").items()}


def copied(*tables: dict[str, Any], **settings: Any) -> Done:
    """Copy tables as a task of a pipeline does."""
    return as_task(lambda: copy_tables({**SETTINGS, **settings}, tables))


def filled_in(**params: Any) -> Done:
    """Copy what a form asks for; what is not named keeps the form's default."""
    return as_task(lambda: copy_by_form({**FORM, **params}))


def test_the_result_is_small_and_says_what_happened(connected: tuple[Database, Database]) -> None:
    (result,) = copied({"source": "t"}).result
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


def test_each_targets_asset_gets_an_event_with_the_same(connected: tuple[Database, Database]) -> None:
    connected[0].run("CREATE TABLE u (id int)")
    done = copied({"source": "t", "target": "archive.t"}, {"source": "u"})
    target = connected[1]
    first, second = done.events[COPIED_TABLES].asset_alias_events
    uri = f"postgres://127.0.0.1:{target.server.port}/{target.name}/archive/t"
    assert Asset(name="target_postgres_conn.archive.t", uri=uri).uri == first.dest_asset_key.uri
    assert first.dest_asset_key.name == "target_postgres_conn.archive.t"
    assert second.dest_asset_key.name == "target_postgres_conn.public.u"
    assert {name: first.extra[name] for name in done.result[0]} == done.result[0]
    assert first.extra["snapshot"]


def test_a_group_gives_a_result_for_each_table(connected: tuple[Database, Database]) -> None:
    connected[0].run("CREATE TABLE u (id int)")
    results = copied({"source": "t"}, {"source": "u"}, target_schema="mirror").result
    assert [(result["table"], result["rows"]) for result in results] == [("mirror.t", 3), ("mirror.u", 0)]


def test_the_log_has_a_line_for_each_table(
    connected: tuple[Database, Database], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "pgpipelines.tasks")
    copied({"source": "t"})
    (line,) = [record.getMessage() for record in caplog.records if record.name == "pgpipelines.tasks"]
    assert line.startswith("table=public.t  rows=3  inserted=3  updated=0  deleted=0  bytes=")


def test_the_ledger_names_dag_run_task_and_try(connected: tuple[Database, Database]) -> None:
    copied({"source": "t"})
    assert connected[1].rows("SELECT dag_id, run_id, task_id, map_index, try_number FROM pgpipelines.ledger") == [
        ("some_dag", "manual__1", "copy", -1, 2)
    ]


def test_a_failure_is_raised_without_the_drivers_traceback(
    connected: tuple[Database, Database], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    with pytest.raises(MissingObjectError, match=r"table public\.tt does not exist") as failure:
        copied({"source": "tt"})
    assert failure.value.__cause__ is None
    assert failure.value.__suppress_context__
    assert connected[0].server.password not in caplog.text + str(failure.value)


@pytest.mark.parametrize(
    ("table", "settings", "message"),
    [
        ({"source": "a.b.c"}, {}, r"not a table name: 'a\.b\.c'"),
        ({"source": "t", "target": "T"}, {}, 'target: found "T"; allowed: t, or "T" in double quotes'),
        ({"source": "t"}, {"source": "my conn"}, 'source: found "my conn"; allowed: the id of an Airflow connection'),
    ],
)
def test_what_can_not_be_meant_is_refused_in_one_line(
    connected: tuple[Database, Database], table: dict[str, Any], settings: dict[str, Any], message: str
) -> None:
    with pytest.raises(ConfigurationError, match=message) as failure:
        copied(table, **settings)
    assert "\n" not in failure.value.cause


def test_a_run_that_is_to_skip_its_turn_is_skipped(
    connected: tuple[Database, Database], monkeypatch: pytest.MonkeyPatch
) -> None:
    def held(*_: object) -> NoReturn:
        raise AlreadyRunningError("another run writes public.t", "let it finish")

    monkeypatch.setattr("pgpipelines.tasks.copy", held)
    with pytest.raises(AirflowSkipException, match=r"another run writes public\.t"):
        copied({"source": "t"}, if_locked="skip")


def test_what_the_settings_say_is_what_the_engine_is_asked(
    connected: tuple[Database, Database], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[CopyRequest] = []

    def note(request: CopyRequest, _: object) -> CopyReport:
        asked.append(request)
        return CopyReport((), "", 0.0)

    monkeypatch.setattr("pgpipelines.tasks.copy", note)
    copied({"source": "t", "cursor": "id", "lookback": 5}, strategy="incremental", streams=4, max_snapshot_age="30m")
    (request,) = asked
    assert (request.strategy, request.streams, request.dry_run) == ("incremental", 4, False)
    assert request.max_snapshot_age == timedelta(minutes=30)
    assert request.tables[0].cursor == Cursor("id", 5)


def test_a_dry_run_is_reported_and_no_event(
    connected: tuple[Database, Database], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "pgpipelines.tasks")
    statements = ("CREATE TABLE t (id integer);",)
    result = TableResult(
        source="public.t",
        target=QualifiedName("public", "t"),
        strategy="full_refresh",
        rows=3,
        bytes=9,
        changes=Changes(inserted=2, updated=1),
        seconds={"load": 0.5},
        verification="checksum",
        statements=statements,
    )
    monkeypatch.setattr("pgpipelines.tasks.copy", lambda *_: CopyReport((result,), "1:1:", 0.5))
    done = filled_in(tables=["t"], dry_run=True)
    (summary,) = done.result
    assert summary["statements"] == list(statements)
    assert (summary["inserted"], summary["updated"]) == (2, 1)
    assert done.events[COPIED_TABLES].asset_alias_events == []
    assert [record.getMessage() for record in caplog.records if record.name == "pgpipelines.tasks"] == [
        "A dry run: this is what a copy would do. Nothing was changed.",
        "table=public.t  rows=3  inserted=2  updated=1  deleted=0  bytes=9  seconds=0.5  verified=checksum",
        "public.t would run: CREATE TABLE t (id integer);",
    ]


def whole(**options: Any) -> tuple[list[str], list[str]]:
    """Copy every table as a task does: the tables, and the notices that it leaves in XCom."""
    done = as_task(lambda: copy_every_table(SETTINGS, **options))
    return [result["table"] for result in done.result], done.pushed.get("notices", [])


def test_every_table_comes_along_new_ones_too(connected: tuple[Database, Database]) -> None:
    connected[0].run(
        """
        CREATE SCHEMA s;
        CREATE TABLE s.u (id int);
        CREATE TABLE p (id int) PARTITION BY LIST (id);
        CREATE TABLE p1 PARTITION OF p FOR VALUES IN (1);
        CREATE TABLE scratch (id int);
        CREATE VIEW v AS SELECT 1;
        CREATE SCHEMA pgpipelines;
        CREATE TABLE pgpipelines.ledger (id int);
        """
    )
    assert whole(leave_out=["scratch"]) == (["public.p", "public.p1", "public.t", "s.u"], [])
    connected[0].run("CREATE TABLE n (id int)")
    assert whole(leave_out=["scratch"])[0] == ["public.n", "public.p", "public.p1", "public.t", "s.u"]


def test_a_table_that_is_gone_from_the_source_is_named_and_stays(
    connected: tuple[Database, Database], caplog: pytest.LogCaptureFixture
) -> None:
    connected[0].run('CREATE TABLE "Old" (id int); INSERT INTO "Old" VALUES (7)')
    assert whole()[1] == []
    connected[0].run('DROP TABLE "Old"')
    notice = 'public."Old" is gone from the source; public."Old" stays as it was'
    assert whole(leave_out=["nowhere"])[1] == [notice]
    assert notice in caplog.text
    assert connected[1].rows('SELECT * FROM "Old"') == [(7,)]
    connected[1].run('DROP TABLE "Old"')
    assert whole()[1] == []


def test_a_referenced_table_comes_before_those_that_point_to_it_and_circles_are_no_trouble(
    connected: tuple[Database, Database],
) -> None:
    connected[0].run(
        """
        CREATE TABLE z (id int PRIMARY KEY);
        CREATE TABLE b (id int PRIMARY KEY REFERENCES z, parent int REFERENCES b);
        CREATE TABLE a (id int PRIMARY KEY REFERENCES b);
        CREATE TABLE c1 (id int PRIMARY KEY);
        CREATE TABLE c2 (id int PRIMARY KEY REFERENCES c1);
        ALTER TABLE c1 ADD FOREIGN KEY (id) REFERENCES c2;
        """
    )
    tables = every_table(connected[0].endpoint, "tests")
    assert [table.name for table in tables] == ["z", "b", "a", "c2", "c1", "t"]


def test_a_source_without_tables_is_refused(connected: tuple[Database, Database]) -> None:
    with pytest.raises(MissingObjectError, match="there is no table to copy"):
        whole(leave_out=["t"])


def test_a_form_with_tables_alone_copies_them(connected: tuple[Database, Database]) -> None:
    connected[0].run("CREATE TABLE u (id int)")
    results = filled_in(tables=[" t ", "", "u"], target_schema="mirror").result
    assert [result["table"] for result in results] == ["mirror.t", "mirror.u"]


@pytest.mark.parametrize("tables", [["t", "public.t"], ["t", "s.t"]])
def test_tables_that_would_become_one_are_refused(connected: tuple[Database, Database], tables: list[str]) -> None:
    with pytest.raises(ConfigurationError, match=r"public\.t and (public|s)\.t would both be copied to mirror\.t"):
        filled_in(tables=tables, target_schema="mirror")


def test_a_star_in_the_form_is_every_table(connected: tuple[Database, Database]) -> None:
    connected[0].run("CREATE TABLE u (id int)")
    results = filled_in(tables=["*"], batch_size=1).result
    assert [result["table"] for result in results] == ["public.t", "public.u"]


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"tables": [" "]}, "tables: there is none"),
        ({"tables": ["t", "*"]}, r"tables: \* beside other names"),
        ({"tables": ["t", "u"], "select": "SELECT 1"}, "select: given for 2 tables"),
        ({"tables": ["*"], "select": "SELECT 1"}, "select: given for every table"),
        ({"strategy": "incremental"}, "cursor: an incremental copy needs one"),
        ({"cursor": "Updated"}, 'cursor: found "Updated"; allowed: updated'),
        ({"cursor": "id", "lookback": "soon"}, 'lookback: found "soon"; allowed: a whole number'),
        ({"lookback": "1h"}, "found lookback without cursor"),
        ({"where": "x", "select": "SELECT 1"}, "found where and select"),
        ({"key_columns": ["a", "a"]}, r"key_columns: found \['a', 'a'\]; allowed: a list of different columns"),
        ({"target_schema": "a.b"}, 'target_schema: found "a.b"'),
        ({"source_conn_id": "my conn"}, 'source_conn_id: found "my conn"'),
    ],
)
def test_a_form_that_can_not_be_meant_is_refused_in_one_line(params: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigurationError, match=message) as failure:
        filled_in(**{"tables": ["t"], **params})
    assert "\n" not in failure.value.cause


def test_a_form_that_is_filled_in_becomes_settings_and_options() -> None:
    form = CopyForm.read(
        {
            **FORM,
            "tables": ["t"],
            "strategy": "incremental",
            "key_columns": ["id", ""],
            "cursor": "seq",
            "lookback": "1000",
            "where": " x > 1\n",
            "parallel_streams": 4,
            "on_drift": "widen",
        }
    )
    assert form.options == {
        "key": ["id"],
        "cursor": "seq",
        "lookback": 1000,
        "where": "x > 1",
        "batch_size": 10_000,
    }
    assert (form.settings["streams"], form.settings["on_drift"], form.tables) == (4, "widen", ("t",))


def test_what_the_form_leaves_empty_may_be_null() -> None:
    empty = dict.fromkeys(["target_schema", "key_columns", "cursor", "lookback", "where", "select"])
    assert CopyForm.read({**FORM, **empty, "tables": ["t"]}) == CopyForm.read({**FORM, "tables": ["t"]})
