"""A copy of a whole database: every relation holds what it holds in the source, and pg_dump prints both alike."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Callable, Iterator
from datetime import datetime, timezone
from typing import Any

import pytest

from demo.servers import binaries
from demo.systems import SYSTEMS, System
from pgpipelines.tasks import copy_every_table
from pgpipelines.templates import QualifiedName, quoted, render
from tests.fixtures.servers import Database
from tests.fixtures.tasks import as_task, connect
from tests.plugins.copy.test_structure import ONLY_18, PARTITIONS, PLAIN

UNTIL = datetime(2025, 11, 20, 5, 30, tzinfo=timezone.utc)
OF_OUR_OWN = "n.nspname <> 'pgpipelines'"
RELATIONS = f"""
    SELECT n.nspname, c.relname FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p') AND c.relpersistence <> 't' AND c.oid >= 16384 AND {OF_OUR_OWN} ORDER BY 1, 2
"""

# What pg_dump calls the things that a copy does not carry, and why. Owners and privileges are those of the target's.
NOT_CARRIED = {
    "VIEW": "reads tables, holds no rows",
    "MATERIALIZED VIEW": "a result that REFRESH makes again",
    "FUNCTION": "code: it may need languages, extensions or files of the source",
    "TRIGGER": "would write rows beside those of the copy",
    "RULE": "would rewrite what the copy writes",
    "POLICY": "names roles of the source",
    "ROW SECURITY": "would hide rows from the copy itself",
    "STATISTICS": "for the planner; ANALYZE fills it, if somebody wants it there",
}
ALL_OF_THEM = """
    CREATE VIEW seen AS SELECT id FROM one;
    CREATE MATERIALIZED VIEW made AS SELECT id FROM one;
    CREATE FUNCTION nothing() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;
    CREATE TRIGGER noted BEFORE UPDATE ON one FOR EACH ROW EXECUTE FUNCTION nothing();
    CREATE RULE quiet AS ON DELETE TO two DO INSTEAD NOTHING;
    CREATE POLICY own_rows ON two USING (id > 0);
    ALTER TABLE two ENABLE ROW LEVEL SECURITY;
    CREATE STATISTICS both_columns ON low, high FROM everything;
"""

INHERITED = """
    CREATE TABLE base (id serial PRIMARY KEY, v text);
    CREATE TABLE other (o int);
    CREATE TABLE child (id int DEFAULT nextval('base_id_seq'), v text, more int, o int, UNIQUE (more));
    ALTER TABLE child ALTER id SET NOT NULL, INHERIT base, INHERIT other;
    CREATE TABLE "A points to base" (base_id int REFERENCES base, id int PRIMARY KEY);
"""

ROWS = r"""
    INSERT INTO ranges (at, v, n) SELECT date '2025-06-01' + 30 * i, 'v' || i, i FROM generate_series(1, 40) AS i;
    INSERT INTO lists SELECT kind, i FROM generate_series(1, 20) AS i, unnest(ARRAY['a%', 'it''s']) AS kind;
    INSERT INTO refers SELECT kind, id FROM lists WHERE id % 3 = 0;
    INSERT INTO computed SELECT generate_series(0, 99);
    INSERT INTO parts SELECT i, i / 2 FROM generate_series(0, 20) AS i;
    INSERT INTO "Weird ""Schema"."표 %" (m, a, w, p)
        SELECT '좋음', i, 'w' || i,
            ROW(i, ARRAY['it''s', NULL]::"Weird ""Schema".mood[])::pair FROM generate_series(1, 20) AS i;
    INSERT INTO everything (code, low, high, doc, big, parent, weird)
        SELECT 'c' || i, 10 * i, 10 * i + 5, '{"a": [1, null]}', repeat('x', 3000), nullif(i / 2, 0), 7 + i
        FROM generate_series(1, 15) AS i;
    INSERT INTO unlogged SELECT generate_series(1, 5);
    INSERT INTO one SELECT FROM generate_series(1, 5);
    INSERT INTO two SELECT FROM generate_series(1, 5);
    INSERT INTO base (v) SELECT 'base ' || i FROM generate_series(1, 10) AS i;
    INSERT INTO other VALUES (1), (2), (2);
    -- The same keys as in base: only those who look at one relation alone can tell the rows apart.
    INSERT INTO child SELECT i, 'child ' || i, i, i FROM generate_series(1, 10) AS i;
    INSERT INTO child (v, more) VALUES ('numbered', 99);
    INSERT INTO "A points to base" SELECT i, i FROM generate_series(1, 5) AS i;
"""
ROWS_18 = """
    INSERT INTO virtual (a, c) SELECT i, i FROM generate_series(1, 9) AS i;
    INSERT INTO temporal VALUES ('[1,5)', '[2026-01-01,2026-02-01)'), ('[1,5)', '[2026-02-01,2026-03-01)');
    INSERT INTO unenforced VALUES (-1), (1);
    INSERT INTO numbered (v) SELECT generate_series(1, 9);
"""

CHANGES = """
    UPDATE ranges SET v = v || '!' WHERE n % 7 = 0;
    UPDATE ranges SET at = at + 365 WHERE n IN (3, 4, 5);
    DELETE FROM ranges WHERE n IN (1, 12, 39);
    CREATE TEMPORARY TABLE moving ON COMMIT DROP AS SELECT * FROM ranges WHERE at >= '2027-01-01' AND at < '2028-01-01';
    DELETE FROM ranges_rest WHERE at IN (SELECT at FROM moving);
    CREATE TABLE ranges_3 PARTITION OF ranges FOR VALUES FROM ('2027-01-01') TO ('2028-01-01');
    INSERT INTO ranges SELECT * FROM moving;
    INSERT INTO ranges (at, v) VALUES ('2024-01-01', 'new'), ('2026-05-05', 'new'), ('2027-05-05', 'new');
    DELETE FROM refers WHERE id IN (3, 6);
    DELETE FROM lists WHERE id IN (3, 4);
    UPDATE lists SET id = id + 100 WHERE id IN (1, 2, 5, 7);
    INSERT INTO lists VALUES ('a%', 50), ('it''s', 51);
    INSERT INTO refers VALUES ('a%', 50);
    UPDATE computed SET id = id + 1 WHERE id % 9 = 0 AND id < 99;
    DELETE FROM computed WHERE id = 50;
    DELETE FROM parts WHERE id = 20;
    INSERT INTO parts VALUES (22, 21), (21, 3);
    UPDATE parts SET up = 0 WHERE id = 7;
    UPDATE "Weird ""Schema"."표 %" SET m = 'it''s', p = NULL WHERE id = 20;
    INSERT INTO "Weird ""Schema"."표 %" (w) VALUES ('new');
    DELETE FROM everything WHERE id = 2;
    UPDATE everything SET doc = '{}' WHERE id = 3;
    UPDATE everything SET low = low + 1, weird = 27 WHERE id = 4;
    INSERT INTO everything (code) VALUES ('new');
    UPDATE unlogged SET id = 7 WHERE id = 2;
    DELETE FROM one WHERE id = (SELECT min(id) FROM one);
    INSERT INTO two SELECT;
    INSERT INTO two VALUES (3), (3);
    UPDATE base SET v = 'both' WHERE id = 9;
    UPDATE ONLY base SET v = 'only the parent' WHERE id = 8;
    DELETE FROM ONLY base WHERE id IN (6, 7);
    DELETE FROM child WHERE id IN (1, 6);
    INSERT INTO child VALUES (7, 'moved', 70);
    INSERT INTO base (v) VALUES ('new');
    UPDATE other SET o = 3 WHERE o = 1;
    DELETE FROM "A points to base" WHERE id = 1;
    CREATE TABLE "new one" (id int PRIMARY KEY, base_id int REFERENCES base);
    INSERT INTO "new one" VALUES (1, 8);
    CREATE TABLE grandchild (n int) INHERITS (child);
    INSERT INTO grandchild VALUES (1, 'grandchild', 1, 1, 1);
    DROP TABLE unlogged;
"""
CHANGES_18 = """
    UPDATE virtual SET a = 20 WHERE c = 2;
    DELETE FROM temporal WHERE valid @> date '2026-01-05';
    INSERT INTO temporal VALUES ('[1,5)', '[2025-01-01,2026-02-01)');
    UPDATE unenforced SET a = -2 WHERE a = 1;
    UPDATE numbered SET v = 100 WHERE id = 1;
    DELETE FROM numbered WHERE id = 2;
    INSERT INTO numbered (v) VALUES (101);
"""


@pytest.fixture
def copy_of_all(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """Copy every table of a database, as the task of a pipeline does; its results and notices."""

    def copy(source: Database, target: Database, **options: Any) -> Any:
        connect(monkeypatch, "everything", source)
        connect(monkeypatch, "copies", target)
        done = as_task(lambda: copy_every_table({"source": "everything", "target": "copies"}, **options))
        return done.result, done.pushed.get("notices", [])

    return copy


def contents(database: Database) -> dict[str, list[str]]:
    """What each relation holds itself, printed."""
    return {
        str(QualifiedName(*row)): sorted(
            text for (text,) in database.rows(f"SELECT t::text FROM ONLY {quoted(QualifiedName(*row))} AS t")
        )
        for row in database.rows(RELATIONS)
    }


def tuples(database: Database) -> dict[str, list[tuple[Any, ...]]]:
    """Where each row is stored, and which transaction wrote it."""
    return {
        str(QualifiedName(*row)): database.rows(f"SELECT ctid, xmin FROM ONLY {quoted(QualifiedName(*row))} ORDER BY 1")
        for row in database.rows(RELATIONS)
    }


def definitions(database: Database, major: int) -> dict[str, str]:
    """Everything that pg_dump prints of a database, apart from what NOT_CARRIED names, by kind and name."""
    program = [
        str(binaries(major) / "pg_dump"),
        "--schema-only",
        "--no-owner",
        "--no-privileges",
        "--exclude-schema=pgpipelines",
        f"--dbname={database.dsn}",
    ]
    text = subprocess.run(program, capture_output=True, text=True, check=True, env={**os.environ, "LC_ALL": "C"}).stdout
    return dict(_entries(text))


def _entries(dump: str) -> Iterator[tuple[str, str]]:
    _, *parts = re.split(r"^--\n-- Name: (.*?); Type: (.*?); Schema: (.*?); Owner: .*\n--\n", dump, flags=re.MULTILINE)
    for name, kind, schema, body in zip(*(parts[place::4] for place in range(4)), strict=True):
        if kind not in NOT_CARRIED and not (kind == "COMMENT" and name.startswith("EXTENSION")):
            yield f"{kind} {schema}.{name}", re.sub(r"(?m)^(?:--.*|SET .*|\\(?:un)?restrict.*|\s*)\n", "", body).strip()


def differing(source: Database, target: Database, major: int = 18) -> dict[str, tuple[str | None, str | None]]:
    """The definitions that are not equal, as the source's and the target's dump print them."""
    here, there = definitions(source, major), definitions(target, major)
    return {name: (here.get(name), there.get(name)) for name in here | there if here.get(name) != there.get(name)}


@pytest.mark.parametrize(("older", "newer"), [(18, 18), (15, 15), (16, 18)])
def test_a_copy_of_a_whole_database_is_equal_before_and_after_changes(
    database_of: Callable[..., Database], copy_of_all: Callable[..., Any], older: int, newer: int
) -> None:
    source, target = database_of(older), database_of(newer)
    source.run(PLAIN + PARTITIONS + INHERITED + ROWS + ALL_OF_THEM)
    if older == 18:
        source.run(ONLY_18 + ROWS_18)
    copy_of_all(source, target)
    assert contents(target) == contents(source)
    assert differing(source, target, newer) == {}

    before = tuples(target)
    results, notices = copy_of_all(source, target)
    assert tuples(target) == before
    assert [result for result in results if result["inserted"] or result["updated"] or result["deleted"]] == []
    assert notices == []

    source.run(CHANGES + (CHANGES_18 if older == 18 else ""))
    _, notices = copy_of_all(source, target)
    gone = contents(target)
    assert len(gone.pop("public.unlogged")) == 5
    assert gone == contents(source)
    assert notices == ["public.unlogged is gone from the source; public.unlogged stays as it was"]
    target.run("DROP TABLE unlogged")
    assert differing(source, target, newer) == {}


@pytest.mark.parametrize("system", SYSTEMS, ids=lambda system: system.database)
def test_the_sample_systems_are_equal(
    source: Database, target: Database, copy_of_all: Callable[..., Any], system: System
) -> None:
    fill(source, system)
    for _ in range(2):
        copy_of_all(source, target)
        assert contents(target) == contents(source)
        assert differing(source, target) == {}


def fill(database: Database, system: System) -> None:
    """Make and fill a system's tables at its smallest."""
    values: dict[str, object] = {name: size.least for name, size in system.sizes.items()}
    values |= {"days": 60, "scale": 0.01, "seed": 7, "until": UNTIL}
    steps = [f"samples/{system.database}/{step}.sql" for step in system.fill]
    for template in (f"schema/{system.database}.sql", "samples/noise.sql", *steps, "samples/generation.sql"):
        database.run(render(template, seed=7), values)
