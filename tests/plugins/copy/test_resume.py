"""Loads that were broken off go on where they stopped, and end equal to one snapshot of the source."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import pytest

from pgpipelines.copy import initial_load, loading
from pgpipelines.copy.publishing import TableResult
from pgpipelines.errors import ServerError
from tests.fixtures import copying
from tests.fixtures.copying import content
from tests.fixtures.servers import Database

ROWS = 20_000
FILLED = f"""
    CREATE TABLE t (id int PRIMARY KEY, name text UNIQUE, n int);
    INSERT INTO t SELECT g, 'name ' || g, 0 FROM generate_series(1, {ROWS}) AS g;
    CREATE INDEX ON t (n); ANALYZE t;
"""
CHANGED = f"""
    UPDATE t SET n = 1 WHERE id % 7 = 0; DELETE FROM t WHERE id % 11 = 0;
    INSERT INTO t SELECT g, 'name ' || g, 2 FROM generate_series({ROWS + 1}, {ROWS + 500}) AS g;
    UPDATE t SET name = 'swap' WHERE id = 1; UPDATE t SET name = 'name 1' WHERE id = 2;
    UPDATE t SET name = 'name 2' WHERE id = 1;
"""
FILLED_TARGETS = {
    "missing": "",
    "empty": "CREATE TABLE t (id int PRIMARY KEY, name text UNIQUE, n int); CREATE VIEW seen AS SELECT * FROM t",
}


def copied(
    source: Database, target: Database, table: str = "t", to: str | None = None, streams: int = 1
) -> TableResult:
    """Copy in many pieces."""
    return copying.copied(source, target, table, to, {"batch_size": 200}, streams=streams)


@pytest.fixture(autouse=True)
def small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    """Many pieces of a table that is small enough for a test."""
    monkeypatch.setattr(loading, "LEAST_CHUNK_BYTES", 8192)


def nothing_left(target: Database) -> bool:
    left = "SELECT count(*) FROM pg_class WHERE relname LIKE 'pgpipelines%loading%'"
    return bool(target.value(left) == 0 and target.value("SELECT count(*) FROM pgpipelines.load") == 0)


def break_after(monkeypatch: pytest.MonkeyPatch, calls: int, module: Any = loading, name: str = "_load_chunk") -> None:
    """Let a run fail once so many pieces are loaded."""
    real: Callable[..., Any] = getattr(module, name)
    done = 0

    def failing(*arguments: Any, **options: Any) -> Any:
        nonlocal done
        done += 1
        if done > calls:
            raise ServerError("the lights went out", "wait for the electrician")
        return real(*arguments, **options)

    monkeypatch.setattr(module, name, failing)


@pytest.mark.parametrize("streams", [1, 3])
@pytest.mark.parametrize("there", FILLED_TARGETS)
def test_a_load_goes_on_where_it_stopped(
    source: Database, target: Database, there: str, streams: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    source.run(FILLED)
    target.run(FILLED_TARGETS[there] or "SELECT 1")
    with monkeypatch.context() as broken:
        break_after(broken, 20)
        with pytest.raises(ServerError, match="lights"):
            copied(source, target, streams=streams)
    assert target.value("SELECT sum(rows) FROM pgpipelines.load_chunk") > 0
    if there == "empty":
        assert content(target, "seen") == []
    result = copied(source, target, streams=streams)
    assert content(source) == content(target)
    assert result.rows == ROWS
    assert nothing_left(target)


def test_less_than_a_fifth_is_sent_again(source: Database, target: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    source.run(FILLED)
    whole = copied(source, target, "t", "whole").bytes
    with monkeypatch.context() as broken:
        break_after(broken, 40)
        with pytest.raises(ServerError, match="lights"):
            copied(source, target, streams=2)
    before = target.value("SELECT sum(bytes)::bigint FROM pgpipelines.load_chunk")
    assert copied(source, target, streams=2).bytes <= whole - before + whole / 5


@pytest.mark.parametrize("there", FILLED_TARGETS)
def test_what_changed_in_between_is_put_right(
    source: Database, target: Database, there: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    source.run(FILLED)
    target.run(FILLED_TARGETS[there] or "SELECT 1")
    with monkeypatch.context() as broken:
        break_after(broken, 30)
        with pytest.raises(ServerError, match="lights"):
            copied(source, target)
    source.run(CHANGED)
    copied(source, target)
    assert content(source) == content(target)
    assert nothing_left(target)


def test_a_run_that_ends_while_indexes_are_built_goes_on(
    source: Database, target: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    source.run(FILLED)
    with monkeypatch.context() as broken:
        break_after(broken, 0, initial_load, "_prove")
        with pytest.raises(ServerError, match="lights"):
            copied(source, target)
    source.run(CHANGED)
    assert copied(source, target).bytes == 0
    assert content(source) == content(target)
    assert nothing_left(target)


def test_a_changed_definition_starts_anew(
    source: Database, target: Database, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    source.run(FILLED)
    with monkeypatch.context() as broken:
        break_after(broken, 20)
        with pytest.raises(ServerError, match="lights"):
            copied(source, target)
    source.run("ALTER TABLE t ADD more int DEFAULT 7")
    copied(source, target)
    assert content(source) == content(target)
    assert not any("going on" in line for line in caplog.messages)
    assert nothing_left(target)


def test_a_table_that_somebody_made_meanwhile_is_used(
    source: Database, target: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    source.run(FILLED)
    with monkeypatch.context() as broken:
        break_after(broken, 20)
        with pytest.raises(ServerError, match="lights"):
            copied(source, target)
    target.run("CREATE TABLE t (id int PRIMARY KEY, name text, n int); INSERT INTO t VALUES (-1, 'mine', 0)")
    copied(source, target)
    assert content(source) == content(target)
    assert nothing_left(target)


def test_partitions_and_children_are_loaded_whole(source: Database, target: Database) -> None:
    source.run("""
        CREATE TABLE t (id int PRIMARY KEY, v text) PARTITION BY RANGE (id);
        CREATE TABLE t1 PARTITION OF t FOR VALUES FROM (0) TO (5000);
        CREATE TABLE t2 PARTITION OF t FOR VALUES FROM (5000) TO (10000) PARTITION BY RANGE (id);
        CREATE TABLE t21 PARTITION OF t2 DEFAULT;
        INSERT INTO t SELECT g, repeat('x', g % 50) FROM generate_series(0, 9999) AS g;
        CREATE TABLE p (id int, v text); CREATE TABLE c (more int) INHERITS (p);
        INSERT INTO p SELECT g, 'p' FROM generate_series(1, 3000) AS g;
        INSERT INTO c SELECT g, 'c', g FROM generate_series(1, 3000) AS g;
        ANALYZE;
    """)
    copied(source, target, streams=2)
    copied(source, target, "p", streams=2)
    assert content(source) == content(target)
    assert content(source, "p") == content(target, "p")
