"""Databases to dump: one of everything that a dump may lose."""

from __future__ import annotations

from datetime import datetime, timezone
from pathlib import Path

from pgpipelines.backup.sets import DrillReport, DumpSet
from pgpipelines.backup.storage.folder import Folder
from pgpipelines.backup.taking import take_set
from tests.fixtures.servers import Database

MANY_KINDS = """
CREATE SCHEMA shop;
CREATE TYPE shop.mood AS ENUM ('sad', 'ok');
CREATE TABLE shop.item (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, price numeric(9, 2), mood shop.mood,
    kind varchar(9) CHECK (kind IN ('a', 'it''s, (b]')), CHECK (price BETWEEN -1e7 AND 1e7 AND (id > 0 OR price < 1)),
    twice numeric GENERATED ALWAYS AS (price * 2) STORED);
INSERT INTO shop.item (price, mood) SELECT n, 'ok' FROM generate_series(1, 500) AS n;
CREATE TABLE "Ünïcode ""t" (a text, b jsonb, c float8, d bytea, e timestamptz, f int[]);
INSERT INTO "Ünïcode ""t" VALUES
('가', '{"a": 1.0}', '-0', '\\x00', 'infinity', '{1, NULL}'),
(NULL, NULL, NULL, NULL, NULL, NULL);
CREATE TABLE parts (id int, day date) PARTITION BY RANGE (day);
CREATE TABLE parts_1 PARTITION OF parts FOR VALUES FROM ('2026-01-01') TO ('2026-02-01');
CREATE TABLE parts_rest PARTITION OF parts DEFAULT;
INSERT INTO parts VALUES (1, '2026-01-05'), (2, '2026-03-05');
CREATE TABLE parent (id int);
CREATE TABLE child (more text) INHERITS (parent);
INSERT INTO parent VALUES (1);
INSERT INTO child VALUES (2, 'x');
CREATE TABLE nothing ();
INSERT INTO nothing DEFAULT VALUES;
CREATE UNLOGGED TABLE fleeting AS SELECT 1 AS id;
CREATE MATERIALIZED VIEW seen AS SELECT count(*) FROM shop.item;
CREATE SEQUENCE loose START 7;
CREATE SEQUENCE called;
SELECT nextval('called'), nextval('called');
SELECT lo_from_bytea(0, 'large'), lo_from_bytea(0, '\\x0000'), lo_create(0);
"""
TABLES = {
    "shop.item": 500,
    'public."Ünïcode ""t"': 2,
    "public.parts_1": 1,
    "public.parts_rest": 1,
    "public.parent": 1,
    "public.child": 1,
    "public.nothing": 1,
    "public.fleeting": 1,
}


def fill(database: Database) -> Database:
    """Make one of everything."""
    database.run(MANY_KINDS)
    return database


def take(database: Database, directory: Path) -> DumpSet:
    """Take a set of a database."""
    return take_set(database.endpoint, Folder(directory), "tests.take")


def list_sets(directory: Path, conn_id: str | None = None) -> list[DumpSet]:
    """The sets of a directory."""
    return Folder(directory).sets(conn_id)


def again(found: DumpSet) -> DumpSet:
    """The set as it is now."""
    return found.store.read(found.name)


def folder_of(found: DumpSet) -> Path:
    """Where a set is on this machine."""
    assert isinstance(found.store, Folder)
    return found.store.path / found.name


def prove(taken: DumpSet) -> DumpSet:
    """Say of a set that it is proven."""
    report = DrillReport(proven=True, at=datetime.now(timezone.utc), seconds=2.5, server_version="18.1")
    taken.store.note(taken.name, report)
    return again(taken)


def left_in(directory: Path) -> list[str]:
    """Every file and folder below, but for locks: what a failed run may not leave under a final name."""
    return sorted(
        path.relative_to(directory).as_posix()
        for path in directory.rglob("*")
        if path.is_file() and path.name != ".lock"
    )
