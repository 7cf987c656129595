"""Somebody alters the source's tables while a copy begins, or while it reads.

A table that was rewritten or truncated is shown as empty to every snapshot that is older: PostgreSQL says so of ALTER
TABLE and TRUNCATE. A copy that believed it would empty the target, and find both sides equal.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from typing import Any

import psycopg2
import pytest

from pgpipelines.copy import differences, loading
from pgpipelines.copy.engine import copy_tables
from pgpipelines.copy.request import Selection, TableCopy
from pgpipelines.copy.selection import describe_selection
from pgpipelines.errors import RetriableError
from pgpipelines.sessions import Session
from tests.fixtures.copying import RUN, content, copied, name_of, request
from tests.fixtures.servers import Database
from tests.fixtures.waiting import until

ROWS = 100
WAITING = "SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
ASLEEP = "SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'PgSleep'"


def fill(source: Database) -> None:
    source.run(
        f"CREATE TABLE t (id int PRIMARY KEY, v int); INSERT INTO t SELECT g, g FROM generate_series(1, {ROWS}) AS g"
    )


@pytest.mark.parametrize("options", [{}, {"where": "id > 0"}, {"select": "SELECT id, v FROM public.t"}])
@pytest.mark.parametrize(
    "change",
    [
        "ALTER TABLE t ALTER v TYPE bigint",
        "TRUNCATE t; INSERT INTO t SELECT g, -g FROM generate_series(1, 100) AS g",
        "ALTER TABLE t RENAME TO old; CREATE TABLE t (id int PRIMARY KEY, v int); INSERT INTO t SELECT * FROM old",
    ],
)
def test_a_table_that_is_altered_while_a_copy_begins_is_read_as_it_is_then(
    source: Database, target: Database, options: dict[str, Any], change: str
) -> None:
    fill(source)
    copied(source, target, options=options)
    copying = threading.Thread(target=copied, args=(source, target), kwargs={"options": options, "on_drift": "widen"})
    with closing(source.connect()) as altering, altering.cursor() as cursor:
        cursor.execute(change)
        copying.start()
        until(source, WAITING)
        altering.commit()
    copying.join()
    assert content(target) == content(source)
    assert target.value("SELECT count(*) FROM t") == ROWS


def test_a_column_that_is_dropped_while_a_copy_begins_is_no_failure(source: Database, target: Database) -> None:
    fill(source)
    copying = threading.Thread(target=copied, args=(source, target))
    with closing(source.connect()) as altering, altering.cursor() as cursor:
        cursor.execute("ALTER TABLE t DROP COLUMN v")
        copying.start()
        until(source, WAITING)
        altering.commit()
    copying.join()
    assert content(target) == content(source)


def test_no_table_of_a_group_is_altered_before_its_turn_has_come(source: Database, target: Database) -> None:
    fill(source)
    source.run("CREATE VIEW slow AS SELECT 1 AS id, pg_sleep(0.5)::text")
    names = [name_of("slow"), name_of("t")]
    group = replace(request(source, target), tables=tuple(TableCopy(Selection(name), name) for name in names))
    copied(source, target)
    copying = threading.Thread(target=copy_tables, args=(group, RUN))
    copying.start()
    until(source, ASLEEP)
    with pytest.raises(psycopg2.errors.LockNotAvailable):
        source.run("SET lock_timeout = '50ms'; ALTER TABLE t ALTER v TYPE bigint")
    copying.join()
    assert content(target) == content(source)


MORE = "CREATE TABLE more (id int PRIMARY KEY, v text); INSERT INTO more SELECT g FROM generate_series(51, 90) AS g"
PARTS = {
    "partition": (
        f"CREATE TABLE t (id int PRIMARY KEY, v text) PARTITION BY RANGE (id); {MORE};"
        " CREATE TABLE few PARTITION OF t FOR VALUES FROM (1) TO (51)",
        "ALTER TABLE t ATTACH PARTITION more FOR VALUES FROM (51) TO (91)",
    ),
    "child": (f"CREATE TABLE t (id int PRIMARY KEY, v text); {MORE}", "ALTER TABLE more INHERIT t"),
}


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize("step", [(loading, "load"), (differences, "list_differing")], ids=["loaded", "compared"])
def test_a_part_that_comes_while_a_table_is_read_is_copied_whole(
    source: Database, target: Database, monkeypatch: pytest.MonkeyPatch, part: str, step: tuple[Any, str]
) -> None:
    tables, change = PARTS[part]
    source.run(f"{tables}; INSERT INTO t SELECT g FROM generate_series(1, 50) AS g")
    module, name = step
    if module is differences:
        copied(source, target)
        target.run("UPDATE t SET v = 'spoilt' WHERE id = 3")
    go, changes = getattr(module, name), [change]

    def slowly(*arguments: Any) -> Any:
        if changes:
            source.run(changes.pop())
        return go(*arguments)

    monkeypatch.setattr(module, name, slowly)
    copied(source, target)
    assert content(target) == content(source)
    assert (changes, len(content(target))) == ([], 90)


def test_a_foreign_table_that_changes_while_it_is_loaded_is_copied_as_it_is_then(
    database_of: Callable[..., Database], target: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = database_of(15)
    if not source.rows("SELECT FROM pg_available_extensions WHERE name = 'file_fdw'"):
        pytest.skip("file_fdw is not installed (Debian: apt-get install postgresql-contrib)")
    rows = f"{source.value('SHOW data_directory')}/{source.name}.rows"
    source.run(f"COPY (VALUES (1), (2)) TO '{rows}'")
    source.run(f"""
        CREATE EXTENSION file_fdw; CREATE SERVER files FOREIGN DATA WRAPPER file_fdw;
        CREATE FOREIGN TABLE t (id int) SERVER files OPTIONS (filename '{rows}');
    """)
    load = loading.load

    def slowly(*arguments: Any) -> Any:
        loaded = load(*arguments)
        source.run(f"COPY (VALUES (2), (3)) TO '{rows}'")
        return loaded

    monkeypatch.setattr(loading, "load", slowly)
    copied(source, target)
    assert content(target) == [b"2", b"3"]


def test_a_table_that_is_dropped_between_the_snapshot_and_its_description_is_no_riddle(source: Database) -> None:
    fill(source)
    with Session(source.endpoint, "tests", snapshot=True) as session:
        session.export_snapshot()
        source.run("DROP TABLE t")
        with pytest.raises(RetriableError, match=r"public\.t was dropped meanwhile"):
            describe_selection(session, Selection(name_of("t")))
