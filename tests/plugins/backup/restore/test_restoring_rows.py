"""Rows come back into tables that are there: all that were named, or none."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from pgpipelines.backup.__main__ import main
from pgpipelines.backup.programs import client_for
from pgpipelines.backup.restore.some_tables import write_entries
from pgpipelines.backup.sets import DumpSet
from pgpipelines.errors import ConfigurationError, ConflictError, MissingObjectError
from pgpipelines.table_names import parse_table_name
from pgpipelines.templates import QualifiedName
from tests.fixtures.servers import Database
from tests.plugins.backup.databases import fill, folder_of, take
from tests.plugins.backup.restore.test_restoring import content, databases_of, restored

CHANGES = """
UPDATE shop.item SET price = price + 1 WHERE id < 10;
DELETE FROM shop.item WHERE id BETWEEN 20 AND 30;
INSERT INTO shop.item (price) VALUES (1), (2);
DELETE FROM "Ünïcode ""t";
INSERT INTO parts VALUES (7, '2026-01-07'), (8, '2027-01-07');
UPDATE child SET more = 'y';
TRUNCATE fleeting;
INSERT INTO parent SELECT nextval('called') FROM generate_series(1, 40);
"""
ITEM = (parse_table_name("shop.item"),)


@pytest.fixture
def taken(source: Database, tmp_path: Path) -> DumpSet:
    """A set of everything, after which everything changes."""
    taken = take(fill(source), tmp_path)
    source.run(CHANGES)
    return taken


def rows(database: Database) -> dict[QualifiedName, tuple[int, str]]:
    contents, _ = content(database)
    return {each.table: (each.rows, each.hash) for each in contents.tables if each.table.schema != "pgpipelines"}


def wanted(taken: DumpSet) -> dict[QualifiedName, tuple[int, str]]:
    return {each.table: (each.rows, each.hash) for each in taken.require_manifest().contents.tables}


def test_the_rows_of_all_tables_are_replaced(taken: DumpSet, source: Database) -> None:
    source.run("CREATE VIEW over AS SELECT * FROM shop.item; CREATE TABLE another AS SELECT 1 AS id")
    done = restored(taken, source, mode="data_only", replace=True)
    another, nothing = QualifiedName("public", "another"), QualifiedName("public", "nothing")
    assert rows(source) == {**wanted(taken), another: rows(source)[another], nothing: rows(source)[nothing]}
    # Rows without a key are inserted or deleted, a changed one both.
    assert done.rows == (9 + 11 + 2) + 2 + 2 + 2 + 1 + 40
    positions = {each.sequence: each.after for each in taken.require_manifest().sequences}
    assert {name: at for name, at in content(source)[1].items() if name.schema != "pgpipelines"} == positions
    assert source.value("SELECT count(*) FROM over") == 500
    assert databases_of(source) == [source.name]
    assert done.notices == (
        "public.nothing is left as it is",
        "large objects are left as they are: they are restored with the whole database only",
    )


def test_the_rows_of_some_tables_are_replaced(taken: DumpSet, source: Database) -> None:
    before = rows(source)
    restored(taken, source, mode="tables", tables=ITEM, replace=True)
    assert rows(source) == {**before, ITEM[0]: wanted(taken)[ITEM[0]]}
    assert source.value("INSERT INTO shop.item (price) VALUES (1) RETURNING id") == 503


def test_a_partitioned_table_is_replaced_by_its_name(taken: DumpSet, source: Database) -> None:
    before = rows(source)
    restored(taken, source, mode="tables", tables=(parse_table_name("parts"),), replace=True)
    parts = {name: each for name, each in wanted(taken).items() if name.name.startswith("parts_")}
    assert rows(source) == {**before, **parts}


@pytest.mark.parametrize("mode", ["tables", "data_only"])
def test_a_table_that_has_rows_is_not_touched(taken: DumpSet, source: Database, mode: str) -> None:
    before = rows(source)
    with pytest.raises(ConfigurationError, match="has rows, and nothing was to be replaced"):
        restored(taken, source, mode=mode, tables=ITEM if mode == "tables" else ())
    assert rows(source) == before
    assert databases_of(source) == [source.name]


def test_an_empty_table_is_filled(taken: DumpSet, source: Database) -> None:
    source.run("TRUNCATE shop.item")
    restored(taken, source, mode="tables", tables=ITEM)
    assert rows(source)[ITEM[0]] == wanted(taken)[ITEM[0]]


def test_rows_that_others_need_stay_and_nothing_changes(taken: DumpSet, source: Database) -> None:
    source.run("CREATE TABLE ordered AS SELECT max(id) AS item FROM shop.item")
    source.run("ALTER TABLE ordered ADD FOREIGN KEY (item) REFERENCES shop.item (id)")
    before = rows(source)
    with pytest.raises(ConflictError, match="ordered"):
        restored(taken, source, mode="tables", tables=(parse_table_name("child"), *ITEM), replace=True)
    assert rows(source) == before
    assert databases_of(source) == [source.name]


@pytest.mark.parametrize(
    ("change", "tables", "words"),
    [
        ("CREATE TABLE more (id int)", ("more",), "the set has no table public.more"),
        ("CREATE TABLE more (id int) PARTITION BY LIST (id)", ("more",), "the set has no table public.more"),
        ("DROP TABLE child", ("child",), "table public.child does not exist"),
        ("DROP TABLE child", (), "table public.child does not exist"),
    ],
)
def test_a_table_that_is_missing_on_either_side_is_named(
    taken: DumpSet, source: Database, change: str, tables: tuple[str, ...], words: str
) -> None:
    source.run(change)
    named = tuple(map(parse_table_name, tables))
    with pytest.raises(MissingObjectError, match=words):
        restored(taken, source, mode="tables" if named else "data_only", tables=named, replace=True)


def test_there_must_be_a_database(taken: DumpSet, source: Database) -> None:
    nowhere = Database(source.server, f"{source.name}_new")
    with pytest.raises(MissingObjectError, match="there is no database"):
        restored(taken, nowhere, mode="data_only")


def test_the_command_replaces_tables(
    taken: DumpSet, source: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "pipelines.yaml").write_text("dumps: {a: {schedule: null, databases: [x]}, b: {}}", encoding="utf-8")
    server = {"HOST": "127.0.0.1", "PORT": str(source.server.port), "USER": "postgres"}
    places = {"CONFIG": str(tmp_path / "pipelines.yaml"), "DUMP_DIRECTORY": str(tmp_path)}
    variables = {f"PG{name}": value for name, value in {**server, "PASSWORD": source.server.password}.items()}
    for name, value in {**variables, **{f"PGPIPELINES_{name}": value for name, value in places.items()}}.items():
        monkeypatch.setenv(name, value)
    named = ["restore", "--set", taken.name, "--tables", "child", "shop.item"]
    assert main(named) == 1
    assert main([*named, "--replace"]) == 0
    assert {name: each for name, each in rows(source).items() if name.name in {"child", "item"}} == {
        name: each for name, each in wanted(taken).items() if name.name in {"child", "item"}
    }


HOSTILE = QualifiedName("line\nbreak", 'a"b; drop %s')


def test_of_the_rows_of_a_set_only_those_that_are_wanted_are_restored(source: Database, tmp_path: Path) -> None:
    source.run(
        """
        CREATE SCHEMA "line\nbreak"; CREATE TABLE a (id int PRIMARY KEY); INSERT INTO a VALUES (1);
        CREATE TABLE "line\nbreak"."a""b; drop %%s" (id int REFERENCES a); SELECT lo_from_bytea(0, 'x');
        INSERT INTO "line\nbreak"."a""b; drop %%s" VALUES (1); CREATE MATERIALIZED VIEW m AS SELECT 1 / id AS x FROM a
        """,
        (),
    )
    taken = take(source, tmp_path)
    entries = write_entries(client_for(18), folder_of(taken), taken.require_manifest(), [HOSTILE], tmp_path / "entries")
    kinds = re.findall(r"(?m)^\d+; \d+ \d+ ([A-Z ]+?) (?=[^A-Z])", entries.read_text())
    assert [kind for kind in kinds if kind.endswith("DATA") or "KEY" in kind or "CONSTRAINT" in kind] == [
        "TABLE DATA",
        "CONSTRAINT",
    ]
    source.run('TRUNCATE "line\nbreak"."a""b; drop %%s"', ())
    restored(taken, source, mode="tables", tables=(HOSTILE,))
    assert rows(source) == wanted(taken)
