"""A copy of a whole database: every relation holds what it holds in the source, and pg_dump prints both alike."""

from __future__ import annotations

import logging
import os
import re
import subprocess
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import datetime, timezone
from typing import Any

import pytest

from demo.servers import binaries
from demo.systems import SYSTEMS, System
from pgpipelines.errors import DriftError
from pgpipelines.tasks import copy_every_table
from pgpipelines.templates import QualifiedName, quoted, render
from pgpipelines.whole_database import every_table
from tests.fixtures.servers import Database
from tests.fixtures.tasks import as_task, connect
from tests.fixtures.waiting import until
from tests.plugins.copy.test_structure import ONLY_18, PARTITIONS, PLAIN

UNTIL = datetime(2025, 11, 20, 5, 30, tzinfo=timezone.utc)
OF_OUR_OWN = "n.nspname <> 'pgpipelines'"
RELATIONS = f"""
    SELECT n.nspname, c.relname FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p') AND c.relpersistence <> 't' AND c.oid >= 16384 AND {OF_OUR_OWN} ORDER BY 1, 2
"""

# What pg_dump calls the things that a copy does not carry, and why. Owners and privileges are those of the target's.
NOT_CARRIED = {
    "COMMENT SCHEMA": "schemas are places; a copy says nothing of them",
    "COMMENT EXTENSION": "extensions come with the server",
    "PUBLICATION": "replication is arranged for each server",
    "PUBLICATION TABLE": "goes with it",
    "VIEW": "reads tables, holds no rows",
    "MATERIALIZED VIEW": "a result that REFRESH makes again",
    "FUNCTION": "code: it may need languages, extensions or files of the source",
    "TRIGGER": "would write rows beside those of the copy",
    "RULE": "would rewrite what the copy writes",
    "POLICY": "names roles of the source",
    "ROW SECURITY": "would hide rows from the copy itself",
    "STATISTICS": "for the planner; ANALYZE fills it, if somebody wants it there",
}
# What no table needs.
UNUSED = {"SCHEMA -.unused", "TYPE unused.colour", "SEQUENCE unused.numbers"}
# A child table was a table of its own when its rows were loaded, so it declares what it inherits too.
DECLARES_MORE = {"TABLE public.grandchild", "DEFAULT public.grandchild id"}
# pg_dump takes an older server's NOT NULL for inherited where a parent has it too, and does not print it.
OLD_NOT_NULL = {"TABLE public.child"}
ALL_OF_THEM = """
    CREATE VIEW seen AS SELECT id FROM one;
    CREATE MATERIALIZED VIEW made AS SELECT id FROM one;
    CREATE FUNCTION nothing() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;
    CREATE TRIGGER noted BEFORE UPDATE ON one FOR EACH ROW EXECUTE FUNCTION nothing();
    CREATE RULE quiet AS ON DELETE TO two DO INSTEAD NOTHING;
    CREATE POLICY own_rows ON two USING (id > 0);
    ALTER TABLE two ENABLE ROW LEVEL SECURITY;
    CREATE PUBLICATION published FOR TABLE "Weird ""Schema"."표 %";
    COMMENT ON SCHEMA "Weird ""Schema" IS 'weird';
    CREATE SCHEMA unused;
    CREATE TYPE unused.colour AS ENUM ('red');
    CREATE SEQUENCE unused.numbers;
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

    def copy(source: Database, target: Database, settings: Mapping[str, Any] | None = None, **options: Any) -> Any:
        connect(monkeypatch, "everything", source)
        connect(monkeypatch, "copies", target)
        chosen = {"source": "everything", "target": "copies", **(settings or {})}
        done = as_task(lambda: copy_every_table(chosen, **options))
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


def dump(database: Database, major: int) -> str:
    """The definitions of a database as pg_dump prints them; owners and privileges are each server's own."""
    program = [
        str(binaries(major) / "pg_dump"),
        "--schema-only",
        "--no-owner",
        "--no-privileges",
        "--exclude-schema=pgpipelines",
        f"--dbname={database.dsn}",
    ]
    environment = {**os.environ, "LC_ALL": "C"}
    return subprocess.run(program, capture_output=True, text=True, check=True, env=environment).stdout


def definitions(database: Database, major: int) -> dict[str, str]:
    """Everything that pg_dump prints of a database, apart from what NOT_CARRIED names, by kind and name."""
    return dict(_entries(dump(database, major)))


def _entries(text: str) -> Iterator[tuple[str, str]]:
    _, *parts = re.split(r"^--\n-- Name: (.*?); Type: (.*?); Schema: (.*?); Owner: .*\n--\n", text, flags=re.MULTILINE)
    for name, kind, schema, body in zip(*(parts[place::4] for place in range(4)), strict=True):
        carried = {kind, f"{kind} {name.split()[0]}"}.isdisjoint(
            NOT_CARRIED
        ) and f"{kind} {schema}.{name}" not in UNUSED
        if carried:
            yield f"{kind} {schema}.{name}", re.sub(r"(?m)^(?:--.*|SET .*|\\(?:un)?restrict.*|\s*)\n", "", body).strip()


def differing(source: Database, target: Database, major: int = 18) -> set[str]:
    """What is not defined alike by both dumps."""
    here, there = definitions(source, major), definitions(target, major)
    return {name for name in here | there if here.get(name) != there.get(name)}


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
    older_server = OLD_NOT_NULL if newer > older else set()
    assert differing(source, target, newer) == older_server

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
    assert differing(source, target, newer) == DECLARES_MORE | older_server


@pytest.mark.parametrize("system", SYSTEMS, ids=lambda system: system.database)
def test_the_sample_systems_are_equal(
    database_of: Callable[..., Database], copy_of_all: Callable[..., Any], system: System
) -> None:
    source, target, restored = database_of(), database_of(), database_of()
    fill(source, system)
    # A server may print a constraint otherwise once it has read its own print: so it is with a restored dump.
    restored.run(re.sub(r"(?m)^\\.*$", "", dump(source, 18)))
    for _ in range(2):
        copy_of_all(source, target)
        assert contents(target) == contents(source)
        assert differing(restored, target) == set()


def fill(database: Database, system: System) -> None:
    """Make and fill a system's tables at its smallest."""
    values: dict[str, object] = {name: size.least for name, size in system.sizes.items()}
    values |= {"days": 60, "scale": 0.01, "seed": 7, "until": UNTIL}
    steps = [f"samples/{system.database}/{step}.sql" for step in system.fill]
    connection = database.connect()
    try:
        with connection, connection.cursor() as cursor:
            for template in (f"schema/{system.database}.sql", "samples/noise.sql", *steps, "samples/generation.sql"):
                cursor.execute(render(template, seed=7), values)
    finally:
        connection.close()


TREE = """
    CREATE TABLE readings (id bigserial, at date NOT NULL, v int, PRIMARY KEY (id, at)) PARTITION BY RANGE (at);
    CREATE TABLE readings_1 PARTITION OF readings FOR VALUES FROM ('2026-01-01') TO ('2026-02-01');
    CREATE TABLE readings_2 PARTITION OF readings FOR VALUES FROM ('2026-02-01') TO ('2026-03-01');
    INSERT INTO readings (at, v) SELECT date '2026-01-01' + i, i FROM generate_series(0, 50) AS i;
"""


def test_sequences_go_on_behind_what_was_copied(
    source: Database, target: Database, copy_of_all: Callable[..., Any]
) -> None:
    source.run(
        TREE
        + INHERITED
        + ONLY_18
        + """
        INSERT INTO numbered (v) SELECT generate_series(1, 9);
        INSERT INTO base (v) SELECT '' FROM generate_series(1, 9);
        INSERT INTO child (v) VALUES ('child');
    """
    )
    insertions = {
        "INSERT INTO readings (at) VALUES ('2026-01-01') RETURNING id": 52,
        "INSERT INTO numbered (v) VALUES (1) RETURNING id": 10,
        "INSERT INTO base (v) VALUES ('') RETURNING id": 11,
    }
    for times in range(2):
        copy_of_all(source, target)
        for insertion, first in insertions.items():
            assert (source.value(insertion), target.value(insertion)) == (first + times, first + times)


def test_incremental_runs_follow_partitions_and_children_apart(
    source: Database, target: Database, copy_of_all: Callable[..., Any]
) -> None:
    source.run(
        TREE
        + """
        CREATE TABLE base (id int PRIMARY KEY, v int);
        CREATE TABLE child (PRIMARY KEY (id)) INHERITS (base);
        INSERT INTO base SELECT i, i FROM generate_series(1, 9) AS i;
        INSERT INTO child SELECT i, -i FROM generate_series(1, 9) AS i;
    """
    )
    incremental: dict[str, Any] = {"settings": {"strategy": "incremental"}, "options": {"cursor": "xmin"}}
    copy_of_all(source, target, **incremental)
    source.run("""
        UPDATE base SET v = 100 WHERE id = 3;
        UPDATE ONLY base SET v = 200 WHERE id = 4;
        UPDATE readings SET v = -1 WHERE id IN (1, 40);
        INSERT INTO readings (at) VALUES ('2026-02-02');
    """)
    results, _ = copy_of_all(source, target, **incremental)
    assert contents(target) == contents(source)
    assert {result["table"]: result["rows"] for result in results} == {
        "public.base": 2,
        "public.child": 1,
        "public.readings": 0,
        "public.readings_1": 1,
        "public.readings_2": 2,
    }


def test_rows_may_refer_to_rows_of_other_partitions_where_the_foreign_key_is_deferrable(
    source: Database, target: Database, copy_of_all: Callable[..., Any]
) -> None:
    source.run("""
        CREATE TABLE parts (id int PRIMARY KEY, up int REFERENCES parts DEFERRABLE) PARTITION BY RANGE (id);
        CREATE TABLE parts_1 PARTITION OF parts FOR VALUES FROM (0) TO (10);
        CREATE TABLE parts_2 PARTITION OF parts FOR VALUES FROM (10) TO (20);
        INSERT INTO parts VALUES (1, NULL), (11, 1), (2, 11);
    """)
    copy_of_all(source, target)
    source.run("""
        INSERT INTO parts VALUES (12, NULL), (3, 12), (13, 3), (4, 13);
        UPDATE parts SET up = 4 WHERE id = 2;
        DELETE FROM parts WHERE id = 11;
    """)
    copy_of_all(source, target)
    assert contents(target) == contents(source)


def test_rows_that_others_refer_to_by_their_partitioned_table_leave_after_them(
    source: Database, target: Database, copy_of_all: Callable[..., Any]
) -> None:
    source.run("""
        CREATE TABLE z (id int PRIMARY KEY) PARTITION BY RANGE (id);
        CREATE TABLE z_1 PARTITION OF z FOR VALUES FROM (0) TO (10);
        CREATE TABLE a (id int PRIMARY KEY, z int REFERENCES z) PARTITION BY RANGE (id);
        CREATE TABLE a_1 PARTITION OF a FOR VALUES FROM (0) TO (10);
        INSERT INTO z VALUES (1), (2); INSERT INTO a VALUES (1, 1), (2, 2);
    """)
    copy_of_all(source, target)
    source.run("""
        DELETE FROM a WHERE id = 1; DELETE FROM z WHERE id = 1;
        INSERT INTO z VALUES (3); UPDATE a SET z = 3; DELETE FROM z WHERE id = 2;
        CREATE TABLE a_2 PARTITION OF a FOR VALUES FROM (10) TO (20);
        CREATE TABLE z_2 PARTITION OF z FOR VALUES FROM (10) TO (20);
        INSERT INTO z VALUES (15); INSERT INTO a VALUES (15, 15);
    """)
    copy_of_all(source, target)
    assert contents(target) == contents(source)
    assert differing(source, target) == set()


def test_a_column_that_comes_later_is_added_to_the_whole(
    source: Database, target: Database, copy_of_all: Callable[..., Any]
) -> None:
    source.run(TREE)
    copy_of_all(source, target)
    source.run("ALTER TABLE readings ADD note text; UPDATE readings SET note = 'x' WHERE v = 7")
    copy_of_all(source, target, {"on_drift": "widen"})
    assert contents(target) == contents(source)
    assert differing(source, target) == set()


def test_a_partition_of_a_foreign_table_is_copied_with_its_rows(
    database_of: Callable[..., Database], copy_of_all: Callable[..., Any]
) -> None:
    source, target = database_of(15), database_of(15)
    if not source.rows("SELECT FROM pg_available_extensions WHERE name = 'file_fdw'"):
        pytest.skip("file_fdw is not installed (Debian: apt-get install postgresql-contrib)")
    source.run("""
        CREATE EXTENSION file_fdw; CREATE SERVER files FOREIGN DATA WRAPPER file_fdw;
        CREATE TABLE p (id int) PARTITION BY RANGE (id);
        CREATE FOREIGN TABLE p_1 PARTITION OF p FOR VALUES FROM (0) TO (10) SERVER files OPTIONS (program 'echo 5');
        CREATE TABLE p_2 PARTITION OF p FOR VALUES FROM (10) TO (20);
        INSERT INTO p VALUES (15);
    """)
    for _ in range(2):
        copy_of_all(source, target)
        assert target.rows("SELECT tableoid::regclass::text, id FROM p ORDER BY 2") == [("p_1", 5), ("p_2", 15)]


def test_a_target_that_is_partitioned_otherwise_is_refused_with_what_to_do(
    source: Database, target: Database, copy_of_all: Callable[..., Any]
) -> None:
    source.run(TREE)
    target.run("CREATE TABLE readings (id bigint, at date, v int, PRIMARY KEY (id, at))")
    with pytest.raises(DriftError, match="is partitioned by RANGE in the source, but not here"):
        copy_of_all(source, target)
    target.run("""
        DROP TABLE readings;
        CREATE TABLE readings (id bigint, at date, v int, PRIMARY KEY (id, at)) PARTITION BY HASH (id);
    """)
    with pytest.raises(DriftError, match="is partitioned by RANGE in the source, but HASH here"):
        copy_of_all(source, target)
    target.run("DROP TABLE readings")
    copy_of_all(source, target)
    assert contents(target) == contents(source)


def test_a_partition_that_stands_in_the_way_of_another_is_named(
    source: Database, target: Database, copy_of_all: Callable[..., Any]
) -> None:
    source.run(TREE)
    copy_of_all(source, target)
    before = contents(target)
    source.run("""
        DROP TABLE readings_2;
        CREATE TABLE readings_3 PARTITION OF readings FOR VALUES FROM ('2026-02-01') TO ('2026-04-01');
        INSERT INTO readings (at) VALUES ('2026-02-02');
    """)
    with pytest.raises(DriftError, match='"readings_3" would overlap partition "readings_2"') as failure:
        copy_of_all(source, target)
    assert "DETACH PARTITION" in failure.value.remedy
    assert {table: rows for table, rows in contents(target).items() if "loading" not in table} == before
    target.run("ALTER TABLE readings DETACH PARTITION readings_2")
    copy_of_all(source, target)
    assert contents(target).items() >= contents(source).items()


def test_a_partition_that_was_detached_stays_one_and_is_told(
    source: Database, target: Database, copy_of_all: Callable[..., Any], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    source.run(TREE)
    copy_of_all(source, target)
    source.run("ALTER TABLE readings DETACH PARTITION readings_1; UPDATE readings_1 SET v = -1 WHERE id = 1")
    copy_of_all(source, target)
    assert contents(target) == contents(source)
    assert "the table is a partition of public.readings, but a table of its own in the source" in caplog.text


def test_a_table_that_is_dropped_while_the_copy_begins_is_told_and_the_others_are_copied(
    source: Database, target: Database, copy_of_all: Callable[..., Any]
) -> None:
    source.run(TREE + "CREATE TABLE going (id int PRIMARY KEY); INSERT INTO going VALUES (1)")
    copy_of_all(source, target)
    source.run("UPDATE readings SET v = -1 WHERE id = 1")
    with ThreadPoolExecutor(1) as pool, closing(source.connect()) as dropping, dropping.cursor() as cursor:
        cursor.execute("DROP TABLE going, readings_2")
        copying = pool.submit(copy_of_all, source, target)
        until(source, "SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'")
        dropping.commit()
        _, notices = copying.result()
    assert contents(target).items() >= contents(source).items()
    assert contents(target)["public.going"] == ["(1)"]
    assert notices == [
        f"public.{name} is gone from the source; public.{name} stays as it was" for name in ("going", "readings_2")
    ]


def test_a_plain_table_may_go_into_a_partitioned_one_as_before(
    source: Database, target: Database, copy_of_all: Callable[..., Any]
) -> None:
    target.run(TREE + "TRUNCATE readings; ALTER TABLE readings ALTER id DROP DEFAULT")
    source.run("""
        CREATE TABLE readings (id bigint, at date, v int, PRIMARY KEY (id, at));
        INSERT INTO readings SELECT i, date '2026-01-01' + i, i FROM generate_series(0, 50) AS i;
    """)
    for _ in range(2):
        copy_of_all(source, target)
        assert target.rows("SELECT * FROM readings ORDER BY id") == source.rows("SELECT * FROM readings ORDER BY id")
        source.run("UPDATE readings SET v = 1 - v WHERE id % 5 = 0; DELETE FROM readings WHERE id = 3")


def test_a_dry_run_shows_how_a_partitioned_table_would_be_made(
    source: Database, target: Database, copy_of_all: Callable[..., Any]
) -> None:
    source.run(TREE)
    results, _ = copy_of_all(source, target, dry_run=True)
    statements = {result["table"]: " ".join(result["statements"]) for result in results}
    assert "PARTITION BY RANGE (at)" in statements["public.readings"]
    assert "PARTITION" not in statements["public.readings_1"]
    assert contents(target) == {}


def test_what_others_are_made_of_comes_first_and_partitions_right_after_their_table(source: Database) -> None:
    source.run(f"""
        {PARTITIONS}
        CREATE SCHEMA s;
        CREATE TABLE s.a PARTITION OF ranges FOR VALUES FROM ('2030-01-01') TO ('2031-01-01');
        CREATE TABLE z_above (id int PRIMARY KEY);
        CREATE TABLE a_below (PRIMARY KEY (id)) INHERITS (z_above);
        ALTER TABLE z_above ADD FOREIGN KEY (id) REFERENCES a_below;
    """)
    tables = [str(table) for table in every_table(source.endpoint, "tests")]
    assert tables == [
        "public.z_above",
        "public.a_below",
        "public.computed",
        "public.computed_1",
        "public.lists",
        'public."lists %"',
        'public."리스트 0"',
        'public."리스트 1"',
        "public.parts",
        "public.parts_1",
        "public.ranges",
        "public.ranges_1",
        "public.ranges_2",
        "public.ranges_rest",
        "s.a",
        "public.refers",
    ]


def test_a_partitioned_table_is_left_out_with_its_partitions(source: Database) -> None:
    source.run(TREE + PARTITIONS)
    everything = every_table(source.endpoint, "tests")
    left = every_table(source.endpoint, "tests", ["readings", '"lists %"', "ranges_2"])
    assert {table.name for table in everything} - {table.name for table in left} == {
        "readings",
        "readings_1",
        "readings_2",
        "lists %",
        "리스트 0",
        "리스트 1",
        "ranges_2",
    }
