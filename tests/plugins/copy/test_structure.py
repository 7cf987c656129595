"""Partitioned and inherited tables come out as they were, by pg_dump's own account of both sides."""

from __future__ import annotations

import difflib
import os
import re
import subprocess
from collections.abc import Callable

import pytest

from demo.servers import binaries
from pgpipelines.catalog import describe, describe_existing
from pgpipelines.copy.definition import (
    Definition,
    Place,
    attachment,
    creation,
    foreign_keys,
    indexes,
    run_all,
    structure,
)
from pgpipelines.sessions import Session
from pgpipelines.templates import QualifiedName
from tests.fixtures.servers import Database

TABLES = """
    SELECT n.nspname, c.relname FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p') AND c.oid >= 16384 ORDER BY c.oid
"""


def dumped(database: Database, major: int) -> list[str]:
    """The definitions of a database as pg_dump prints them, without comments of its own and without empty lines."""
    program = [
        str(binaries(major) / "pg_dump"),
        "--schema-only",
        "--no-owner",
        "--no-privileges",
        f"--dbname={database.dsn}",
    ]
    text = subprocess.run(program, capture_output=True, text=True, check=True, env={**os.environ, "LC_ALL": "C"}).stdout
    return [
        line for line in text.splitlines() if line and not re.match(r"--|\\(un)?restrict|SET |SELECT pg_catalog", line)
    ]


def copied_definitions(source: Database, target: Database) -> int:
    """Make in the target what every table of the source is, as a copy of a whole database does; count statements."""
    names = [QualifiedName(*row) for row in source.rows(TABLES)]
    with Session(source.endpoint, "tests", snapshot=True) as there, Session(target.endpoint, "tests") as here:
        tables = [describe_existing(there, name) for name in names]
        group = [
            (Definition(table, table.name, partitioned=table.kind == "p"), describe(here, table.name))
            for table in tables
        ]
        for definition, existing in group:
            if not definition.partitioned and existing is None:
                loading = QualifiedName(definition.target.schema, "being loaded")
                run_all(here, creation(Place(here), definition, loading))
                run_all(here, indexes(Place(here), definition, loading))
                run_all(here, attachment(Place(here), definition, loading))
        statements = [*structure(Place(here), group), *foreign_keys(group)]
        run_all(here, statements)
        here.commit()
    return len(statements)


def difference(source: Database, target: Database, major: int = 18) -> list[str]:
    """The lines that only one side's dump has."""
    lines = difflib.unified_diff(dumped(source, major), dumped(target, major), "source", "target", n=0, lineterm="")
    return [line for line in lines if not line.startswith(("---", "+++", "@@"))]


PARTITIONS = """
    CREATE TABLE ranges (id serial, at date NOT NULL, v text DEFAULT 'x', n int CHECK (n > 0), PRIMARY KEY (id, at))
        PARTITION BY RANGE (at);
    CREATE INDEX by_v ON ranges (v) WHERE v <> 'y';
    CREATE UNIQUE INDEX by_lower ON ranges (at, lower(v));
    CREATE TABLE ranges_1 PARTITION OF ranges FOR VALUES FROM (MINVALUE) TO ('2026-01-01');
    CREATE TABLE ranges_2 (v text DEFAULT 'y', dropped int,
        n int CONSTRAINT ranges_n_check CHECK (n > 0), at date NOT NULL,
        id int NOT NULL DEFAULT nextval('ranges_id_seq'), CONSTRAINT other_check CHECK (n < 100));
    ALTER TABLE ranges_2 DROP dropped;
    ALTER TABLE ranges ATTACH PARTITION ranges_2 FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
    CREATE INDEX own ON ranges_2 (n);
    CREATE TABLE ranges_rest PARTITION OF ranges DEFAULT WITH (fillfactor = 60);
    CREATE TABLE lists (kind text NOT NULL, id bigint NOT NULL, UNIQUE (kind, id)) PARTITION BY LIST (kind);
    CREATE TABLE "lists %" PARTITION OF lists FOR VALUES IN ('a%', 'it''s', NULL) PARTITION BY HASH (id);
    CREATE TABLE "리스트 0" PARTITION OF "lists %" FOR VALUES WITH (MODULUS 2, REMAINDER 0);
    CREATE TABLE "리스트 1" PARTITION OF "lists %" FOR VALUES WITH (MODULUS 2, REMAINDER 1);
    CREATE TABLE computed (id int) PARTITION BY RANGE ((id / 10));
    CREATE TABLE computed_1 PARTITION OF computed FOR VALUES FROM (0) TO (10);
    CREATE TABLE refers (kind text, id bigint, FOREIGN KEY (kind, id) REFERENCES lists (kind, id) ON DELETE CASCADE);
    CREATE TABLE parts (id int PRIMARY KEY, up int REFERENCES parts DEFERRABLE) PARTITION BY RANGE (id);
    CREATE TABLE parts_1 PARTITION OF parts DEFAULT;
    COMMENT ON TABLE ranges IS '표'; COMMENT ON INDEX by_v IS 'i'; COMMENT ON CONSTRAINT ranges_pkey ON ranges IS 'key';
    COMMENT ON COLUMN ranges.v IS 'v'; COMMENT ON INDEX ranges_pkey IS 'key index';
"""

PLAIN = r"""
    CREATE SCHEMA "Weird ""Schema";
    CREATE TYPE "Weird ""Schema".mood AS ENUM ('좋음', 'it''s');
    CREATE DOMAIN amount AS numeric(10,2) DEFAULT 0 NOT NULL CONSTRAINT positive CHECK (VALUE >= 0);
    CREATE DOMAIN words AS text COLLATE "C" CHECK (VALUE <> '');
    CREATE TYPE pair AS (a int, "B b" "Weird ""Schema".mood[]);
    CREATE TYPE span AS RANGE (subtype = float8, subtype_diff = float8mi);
    CREATE TABLE "Weird ""Schema"."표 %" (
        id int GENERATED ALWAYS AS IDENTITY (START WITH 7) PRIMARY KEY,
        "Größe" int GENERATED BY DEFAULT AS IDENTITY,
        m "Weird ""Schema".mood DEFAULT 'it''s', a amount, w words, p pair, s span,
        stored int GENERATED ALWAYS AS ("Größe" * 2) STORED
    ) WITH (fillfactor = 70, autovacuum_enabled = off);
    CREATE TABLE everything (
        id bigserial PRIMARY KEY, code varchar(9) COLLATE "C" NOT NULL, low int, high int, doc jsonb, big text,
        other text, parent bigint, weird int REFERENCES "Weird ""Schema"."표 %" DEFERRABLE INITIALLY DEFERRED,
        CONSTRAINT ordered CHECK (low < high) NOT VALID,
        CONSTRAINT pair_key UNIQUE (low, high) DEFERRABLE INITIALLY DEFERRED,
        CONSTRAINT apart EXCLUDE USING gist (int4range(low, high) WITH &&) WHERE (low > 0),
        CONSTRAINT up FOREIGN KEY (parent) REFERENCES everything ON DELETE SET NULL
    );
    ALTER TABLE everything ADD CONSTRAINT later FOREIGN KEY (parent) REFERENCES everything NOT VALID;
    CREATE UNIQUE INDEX distinct_nulls ON everything (code, other) NULLS NOT DISTINCT;
    CREATE INDEX including ON everything (low DESC NULLS LAST) INCLUDE (high, doc) WITH (fillfactor = 80);
    CREATE INDEX expression ON everything (lower(other) text_pattern_ops, (low + 1)) WHERE other IS NOT NULL;
    CREATE INDEX gin ON everything USING gin (doc jsonb_path_ops);
    CREATE INDEX brin ON everything USING brin (id) WITH (pages_per_range = 4);
    ALTER TABLE everything ALTER big SET STORAGE EXTERNAL, ALTER big SET COMPRESSION pglz, ALTER low SET STATISTICS 500;
    CREATE UNLOGGED TABLE unlogged (id int);
    CREATE SEQUENCE shared;
    CREATE TABLE one (id int DEFAULT nextval('shared'));
    CREATE TABLE two (id int DEFAULT nextval('shared'));
    COMMENT ON TABLE everything IS 'all % of it'; COMMENT ON COLUMN everything.code IS 'it''s \n';
    COMMENT ON INDEX gin IS 'gin'; COMMENT ON CONSTRAINT apart ON everything IS 'x';
    COMMENT ON CONSTRAINT up ON everything IS 'y';
    COMMENT ON TYPE pair IS 'two'; COMMENT ON DOMAIN amount IS 'money';
"""

ONLY_18 = """
    CREATE TABLE virtual (a int, b int GENERATED ALWAYS AS (a + 1) VIRTUAL, c int CONSTRAINT own NOT NULL);
    ALTER TABLE virtual ADD CONSTRAINT unproven NOT NULL a NOT VALID;
    CREATE TABLE temporal (at int4range, valid daterange, PRIMARY KEY (at, valid WITHOUT OVERLAPS));
    CREATE TABLE unenforced (a int, CONSTRAINT n CHECK (a > 0) NOT ENFORCED);
    CREATE TABLE numbered (id int GENERATED ALWAYS AS IDENTITY, v int) PARTITION BY RANGE (v);
    CREATE TABLE numbered_1 PARTITION OF numbered DEFAULT;
"""


@pytest.mark.parametrize("major", [18, 16, 15])
@pytest.mark.parametrize("part", [PARTITIONS, PLAIN], ids=["partitions", "plain"])
def test_definitions_are_equal_by_their_dumps(database_of: Callable[..., Database], major: int, part: str) -> None:
    source, target = database_of(major), database_of(major)
    source.run(part)
    copied_definitions(source, target)
    assert difference(source, target, major) == []


def test_what_only_the_newest_server_knows_is_equal_too(source: Database, target: Database) -> None:
    source.run(ONLY_18)
    copied_definitions(source, target)
    assert difference(source, target) == []


def test_inherited_tables_declare_the_columns_that_they_inherit(source: Database, target: Database) -> None:
    source.run("""
        CREATE TABLE base (id serial PRIMARY KEY, v text NOT NULL CONSTRAINT filled CHECK (v <> ''));
        CREATE TABLE other (o int);
        CREATE TABLE child (more int, UNIQUE (id)) INHERITS (base, other);
    """)
    copied_definitions(source, target)
    # The child was a table of its own before: its columns and their constraints would outlive the parent's.
    assert [line for line in difference(source, target) if not line.startswith("+")] == [
        "-    more integer",
        "-ALTER TABLE ONLY public.child ALTER COLUMN id SET DEFAULT nextval('public.base_id_seq'::regclass);",
    ]
    parents = "SELECT inhparent::regclass::text FROM pg_inherits WHERE inhrelid = 'child'::regclass ORDER BY inhseqno"
    assert target.rows(parents) == [("base",), ("other",)]


def test_a_partition_that_comes_later_is_attached_and_nothing_else_is_done(source: Database, target: Database) -> None:
    source.run(PARTITIONS)
    copied_definitions(source, target)
    assert copied_definitions(source, target) == 0
    source.run("CREATE TABLE ranges_3 PARTITION OF ranges FOR VALUES FROM ('2027-01-01') TO ('2028-01-01')")
    assert copied_definitions(source, target) == 1
    assert difference(source, target) == []


def test_the_indexes_of_partitions_become_parts_of_their_parents(source: Database, target: Database) -> None:
    source.run(PARTITIONS)
    copied_definitions(source, target)
    count = "SELECT relkind, count(*) FROM pg_class WHERE relkind IN ('i', 'I') AND relnamespace = 2200 GROUP BY 1"
    attached = "SELECT count(*) FROM pg_inherits AS h JOIN pg_class AS c ON c.oid = h.inhrelid WHERE c.relkind = 'i'"
    for query in (count, attached):
        assert sorted(target.rows(query)) == sorted(source.rows(query))
