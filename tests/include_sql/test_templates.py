"""Every statement of the engine says what it takes and locks, is used, and runs."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from jinja2 import Environment

from pgpipelines import templates
from pgpipelines.copy import progress
from pgpipelines.errors import MissingObjectError, VerificationError
from pgpipelines.templates import SQL_FOLDER
from pgpipelines.whole_database import dropped_tables, every_table
from tests.fixtures.copying import RUN, copied, copy_table, request
from tests.fixtures.servers import Database
from tests.plugins.copy.drift_cases import BEGINNING
from tests.plugins.copy.test_drift import findings
from tests.plugins.copy.test_structure import PARTITIONS, PLAIN, copied_definitions

ROOT = Path(__file__).resolve().parents[2]
FAMILIES = ("session", "catalog", "checksum", "copy")
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
    source.run("""
        CREATE TYPE mood AS ENUM ('a'); CREATE DOMAIN amount AS int CHECK (VALUE > 0);
        CREATE TABLE t (id serial PRIMARY KEY, m mood, a amount, code int); CREATE INDEX ON t (code);
        COMMENT ON TABLE t IS 'table'; COMMENT ON COLUMN t.code IS 'column';
        INSERT INTO t (code) VALUES (1), (2);
        CREATE TABLE loose (v int); INSERT INTO loose VALUES (1);
    """)
    for table in ("t", "loose"):
        copied(source, target, table, f"made.{table}")
    target.run("ALTER TABLE made.t ADD UNIQUE (code)")
    source.run("UPDATE t SET code = 3 - code; INSERT INTO loose VALUES (2)")
    for table in ("t", "loose"):
        copied(source, target, table, f"made.{table}")
    with pytest.raises(MissingObjectError):
        copied(source, target, "nowhere")
    assert len(every_table(source.endpoint, "tests")) == 2
    assert dropped_tables(source.endpoint, target.endpoint, "tests") == ()
    target.run("""
        CREATE FUNCTION spoil() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$;
        CREATE TRIGGER spoil BEFORE INSERT ON made.loose FOR EACH ROW EXECUTE FUNCTION spoil();
    """)
    with pytest.raises(VerificationError):
        copy_table(request(source, target, "loose", "made.loose"), RUN)
    copied(source, target, "t", "made.selected", {"select": "TABLE t", "where": "true"})
    define_everything(database_of(), database_of())
    assert {name for name in rendered if name.startswith(FAMILIES)} == set(ENGINE)


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
    source.run(PLAIN + PARTITIONS + "CREATE TABLE child () INHERITS (unlogged)")
    copied_definitions(source, target)
