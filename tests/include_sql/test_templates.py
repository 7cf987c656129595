"""Every statement of the engine says what it takes and locks, is used, and runs."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from jinja2 import Environment

from demo.report import copies_of
from pgpipelines import templates
from pgpipelines.copy import loading, progress
from pgpipelines.copy.engine import copy_tables
from pgpipelines.copy.request import Cursor, Selection, TableCopy
from pgpipelines.errors import ConflictError, MissingObjectError, VerificationError
from pgpipelines.sessions import Session
from pgpipelines.templates import SQL_FOLDER
from pgpipelines.whole_database import dropped_tables, every_table
from tests.fixtures.copying import RUN, copied, name_of, request
from tests.fixtures.servers import Database
from tests.plugins.copy.drift_cases import BEGINNING
from tests.plugins.copy.test_drift import findings
from tests.plugins.copy.test_structure import PARTITIONS, PLAIN, copied_definitions

ROOT = Path(__file__).resolve().parents[2]
FAMILIES = ("session/", "catalog/", "checksum/", "copy/", "load/", "ledger/")
ALL = sorted(str(path.relative_to(SQL_FOLDER)) for path in SQL_FOLDER.rglob("*.sql"))
ENGINE = [name for name in ALL if name.startswith(FAMILIES)]


def opening_comment(name: str) -> str:
    text = (SQL_FOLDER / name).read_text(encoding="utf-8")
    found = re.match(r"(?:--[^\n]*\n|\{#.*?#\}\n)+", text, re.DOTALL)
    assert found is not None, f"{name} begins without a comment"
    return found[0]


@pytest.mark.parametrize("name", ENGINE)
def test_a_template_says_what_it_takes_and_what_it_locks(name: str) -> None:
    comment = opening_comment(name)
    assert "Parameters: " in comment
    assert re.search(r"\bLocks\b|\block\b|part of other templates", comment)


@pytest.mark.parametrize("name", ALL)
def test_a_template_is_named_where_it_is_used(name: str) -> None:
    places = [*ROOT.glob("plugins/**/*.py"), *ROOT.glob("demo/**/*.py"), *ROOT.glob("docker/**/*.py")]
    places += [*ROOT.glob("benchmarks/**/*.py"), *ROOT.glob("tests/**/*.py"), *SQL_FOLDER.rglob("*.sql")]
    folder, _, last = name.rpartition("/")
    used = re.compile(rf"['\"/]({re.escape(name)}|{re.escape(last)}|{re.escape(last.removesuffix('.sql'))})['\"]")
    assert any(used.search(place.read_text(encoding="utf-8")) for place in places), folder


@pytest.fixture
def rendered(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """The names of the templates rendered during a test, included ones too."""
    names: set[str] = set()
    environment = templates.environment()
    get_template = Environment.get_template

    def record(name: str, *more: object) -> object:
        names.add(name)
        return get_template(environment, name, *more)  # type: ignore[arg-type]

    monkeypatch.setattr(environment, "get_template", record)
    return names


def test_every_template_of_the_engine_runs(
    source: Database,
    target: Database,
    database_of: Callable[..., Database],
    rendered: set[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(progress, "LINE_SECONDS", 0)
    monkeypatch.setattr(loading, "LEAST_CHUNK_BYTES", 0)
    source.run("""
        CREATE TYPE mood AS ENUM ('a'); CREATE DOMAIN amount AS int CHECK (VALUE > 0);
        CREATE TABLE t (id serial PRIMARY KEY, m mood, a amount, code int); CREATE INDEX ON t (code);
        COMMENT ON TABLE t IS 'table'; COMMENT ON COLUMN t.code IS 'column';
        INSERT INTO t (code) SELECT generate_series(1, 1000);
        CREATE TABLE loose (v int); INSERT INTO loose VALUES (1);
    """)
    refresh(source, target)
    go_on_with_a_load(source, target)
    follow(source, target, "xmin")
    for kind, value in CURSORS.items():
        follow(source, target, "at", kind, value)
    copy_a_group(source, target)
    copied(source, target, "t", "made.selected", {"select": "SELECT id, code FROM t", "where": "id > 1"})
    find_out_a_trigger(source, target)
    with pytest.raises(MissingObjectError):
        copied(source, target, "nowhere")
    assert dropped_tables(source.endpoint, target.endpoint, "tests") == ()
    assert every_table(source.endpoint, "tests") != ()
    assert copies_of([], target.endpoint) == []
    define_everything(database_of(), database_of())
    with Session(source.endpoint, "tests") as session:
        assert session._served_by().pid == session.backend, "what is asked behind a pooler"
    assert {name for name in rendered if name.startswith(FAMILIES)} == set(ENGINE)


def refresh(source: Database, target: Database) -> None:
    """Make tables, change them on either side, and copy them again: as they are, on trial, or into empty ones."""
    for table in ("t", "loose"):
        copied(source, target, table, f"made.{table}", {"batch_size": 1}, if_locked="skip")
    copied(source, target, "t", "made.counted", verify="count", streams=2)
    target.run("ALTER TABLE made.t ADD UNIQUE (code); TRUNCATE made.counted")
    source.run("UPDATE t SET code = 3 - code WHERE code < 3; INSERT INTO loose VALUES (2)")
    for table in ("t", "loose"):
        copied(source, target, table, f"made.{table}", dry_run=True)
    for table, made in (("t", "t"), ("loose", "loose"), ("t", "counted")):
        copied(source, target, table, f"made.{made}")
    source.run("UPDATE t SET m = 'a'")
    copied(source, target, "t", "made.t")


def go_on_with_a_load(source: Database, target: Database) -> None:
    """Break a load off, and let the next run go on with it."""
    view = "CREATE OR REPLACE VIEW broken AS SELECT id, id / (code - code / {n} * {n}) AS v FROM t"
    options = {"key": ("id",)}
    source.run(view.format(n=500))
    with pytest.raises(ConflictError, match="division by zero"):
        copied(source, target, "broken", "made.whole", options)
    source.run(view.format(n=5000))
    ((schema, table),) = target.rows("SELECT loading_schema, loading_table FROM pgpipelines.load")
    target.run(f"CREATE INDEX ON {schema}.{table} (v)")
    copied(source, target, "broken", "made.whole", options)


# A cursor column of each type, and what it holds.
CURSORS = {"timestamptz": "'2026-01-01'", "bigserial": "DEFAULT", "text": "'20260101'"}


def follow(source: Database, target: Database, cursor: str, kind: str = "int", value: str = "1") -> None:
    """Copy a table again and again, following a cursor."""
    source.run(f"CREATE TABLE followed (id int PRIMARY KEY, at {kind})")
    for number in range(3):
        source.run(f"INSERT INTO followed VALUES ({number}, {value})")
        copied(source, target, "followed", None, {"cursor": Cursor(cursor)}, strategy="incremental")
    for database in (source, target):
        database.run("DROP TABLE followed")


def copy_a_group(source: Database, target: Database) -> None:
    """Copy a table with one that refers to it, both of which lose rows."""
    source.run("""
        CREATE TABLE parent (id int PRIMARY KEY); CREATE TABLE child (id int PRIMARY KEY REFERENCES parent);
        INSERT INTO parent VALUES (1), (2); INSERT INTO child VALUES (1), (2);
    """)
    tables = tuple(TableCopy(Selection(name_of(table)), name_of(table)) for table in ("parent", "child"))
    for _ in range(2):
        copy_tables(replace(request(source, target), tables=tables), RUN)
        source.run("DELETE FROM child WHERE id = 1; DELETE FROM parent WHERE id = 1")


def find_out_a_trigger(source: Database, target: Database) -> None:
    """Copy to a table that swallows rows."""
    target.run("""
        CREATE FUNCTION spoil() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$;
        CREATE TRIGGER spoil BEFORE INSERT ON made.loose FOR EACH ROW EXECUTE FUNCTION spoil();
    """)
    source.run("INSERT INTO loose VALUES (3)")
    with pytest.raises(VerificationError):
        copied(source, target, "loose", "made.loose")


def define_everything(source: Database, target: Database) -> None:
    """Make and compare tables that differ in every way."""
    for database in (source, target):
        database.run(BEGINNING)
    source.run("""
        ALTER TYPE mood ADD VALUE 'keen'; ALTER TABLE t RENAME price TO prices; COMMENT ON TABLE t IS 'x';
        ALTER TABLE t ADD more int, DROP wide, ALTER n TYPE bigint, ALTER fixed DROP NOT NULL,
            ALTER fixed SET DEFAULT 2, ALTER at SET NOT NULL,
            ALTER twice DROP EXPRESSION, DROP CONSTRAINT t_pkey, ADD PRIMARY KEY (id, code);
    """)
    assert all(finding.remedy for finding in findings(source, target))
    for database in (source, target):
        database.run("DROP TABLE t; DROP TYPE pair, mood; DROP DOMAIN amount")
    source.run("CREATE TABLE t (id int)")
    target.run("CREATE TABLE whole (id int) PARTITION BY RANGE (id); CREATE TABLE t PARTITION OF whole DEFAULT")
    assert all(finding.remedy for finding in findings(source, target))
    source.run("DROP TABLE t")
    target.run("DROP TABLE whole")
    source.run(PLAIN + PARTITIONS + "CREATE TABLE child () INHERITS (unlogged)")
    copied_definitions(source, target)
    source.run("ALTER TABLE ranges DETACH PARTITION ranges_1")
    assert all(finding.remedy for finding in findings(source, target, name_of("ranges_1")))
