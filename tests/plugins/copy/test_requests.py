"""What else a request says: try only, count only, wait or skip, create or not, widen or not, how long, how many."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta

import pytest

from pgpipelines.copy import loading
from pgpipelines.copy.engine import CopyReport, copy_tables
from pgpipelines.copy.request import Cursor, Selection, TableCopy
from pgpipelines.endpoints import Bounds
from pgpipelines.errors import (
    AlreadyRunningError,
    ConfigurationError,
    ConflictError,
    DriftError,
    MissingObjectError,
    RetriableError,
    ServerError,
    VerificationError,
)
from tests.fixtures.copying import RUN, content, copied, ledger_rows, name_of, request
from tests.fixtures.servers import Database

SHORT = Bounds(lock_timeout=100, lock_attempts=2)
ORDERS = """
    CREATE TYPE state AS ENUM ('open', 'it''s paid');
    CREATE TABLE t (
        id serial PRIMARY KEY, code varchar(10) UNIQUE, v text DEFAULT 'it''s 100%', s state, n int CHECK (n > 0)
    );
    CREATE INDEX t_v_idx ON t (lower(v)) WHERE n > 5;
    COMMENT ON TABLE t IS 'orders, 5% of all';
    INSERT INTO t (code, v, s, n) SELECT 'c' || g, 'v', 'open', g FROM generate_series(1, 100) AS g;
"""
# Every row of the user's tables and where it is stored, and every relation, type and constraint.
ROWS = "SELECT xmin::text, ctid::text, t::text FROM t ORDER BY ctid"
OBJECTS = """
    SELECT 'relation', oid::text, relfilenode::text, relname FROM pg_class
    WHERE relnamespace::regnamespace::text NOT IN ('pgpipelines', 'pg_toast')
    UNION ALL SELECT 'type', oid::text, '', typname FROM pg_type WHERE typnamespace = 'public'::regnamespace
    UNION ALL SELECT 'column', attrelid::text, format_type(atttypid, atttypmod), attname
    FROM pg_attribute INNER JOIN pg_class ON pg_class.oid = attrelid AND relnamespace = 'public'::regnamespace
    UNION ALL SELECT 'constraint', oid::text, pg_get_constraintdef(oid), conname FROM pg_constraint
    WHERE connamespace = 'public'::regnamespace
    UNION ALL SELECT 'schema', oid::text, '', nspname FROM pg_namespace
    WHERE nspname NOT LIKE 'pg\\_%' AND nspname <> 'pgpipelines'
    ORDER BY 1, 2, 3, 4
"""
DEFINITION = """
    SELECT column_name, data_type, character_maximum_length, column_default, is_nullable
    FROM information_schema.columns WHERE table_name = %s AND table_schema = 'public' ORDER BY ordinal_position
"""
INDEXES = "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public' ORDER BY 1"
CONSTRAINTS = """
    SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint
    WHERE connamespace = 'public'::regnamespace ORDER BY 1, 2
"""


def group(source: Database, target: Database, *tables: str, **settings: object) -> CopyReport:
    """Copy several tables under one snapshot."""
    names = [name_of(table) for table in tables]
    one = request(source, target, tables[0])
    listed = tuple(TableCopy(Selection(name), name) for name in names)
    return copy_tables(replace(one, tables=listed, **settings), RUN)  # type: ignore[arg-type]


@contextmanager
def holding(target: Database) -> Iterator[None]:
    """Hold the target table t as a run does."""
    connection = target.connect()
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(hashtextextended('pgpipelines:public.t', 0))")
        yield
    connection.close()


# ------------------------------------------------------------------------------------------------------------ dry runs


def test_a_dry_run_shows_every_statement_that_makes_a_missing_table_and_runs_none(
    source: Database, target: Database
) -> None:
    source.run(ORDERS)
    before = target.rows(OBJECTS)
    result = copied(source, target, dry_run=True)
    assert target.rows(OBJECTS) == before
    assert target.value("SELECT count(*) FROM pgpipelines.load") == 0
    assert ledger_rows(target, "succeeded") == []
    assert (result.rows, result.changes.inserted, result.verification) == (100, 100, "none")
    shown = " ".join(result.statements)
    for part in ("CREATE TYPE", "CREATE TABLE", "CREATE SEQUENCE", "CREATE UNIQUE INDEX", "PRIMARY KEY", "COMMENT ON"):
        assert part in shown
    for statement in result.statements:
        target.run(statement)
    assert target.rows(DEFINITION, ("t",)) == source.rows(DEFINITION, ("t",))
    assert target.rows(INDEXES) == source.rows(INDEXES)
    assert target.rows(CONSTRAINTS) == source.rows(CONSTRAINTS)
    assert copied(source, target).changes.inserted == 100


def test_the_statements_that_a_dry_run_of_several_tables_shows_can_be_run_one_after_the_other(
    source: Database, target: Database
) -> None:
    source.run("""
        CREATE TABLE parent (id int PRIMARY KEY); CREATE TABLE child (id int REFERENCES parent, up int);
        CREATE TABLE self (id int PRIMARY KEY, up int REFERENCES self);
        ALTER TABLE parent ADD favourite int REFERENCES self;
    """)
    report = group(source, target, "child", "parent", "self", dry_run=True)
    for table in report.tables:
        for statement in table.statements:
            target.run(statement)
    assert target.rows(CONSTRAINTS) == source.rows(CONSTRAINTS)


def test_a_dry_run_counts_what_a_copy_would_change_and_writes_nothing(source: Database, target: Database) -> None:
    source.run(ORDERS)
    copied(source, target)
    source.run("UPDATE t SET v = NULL WHERE id <= 3; DELETE FROM t WHERE id > 98; INSERT INTO t (n) VALUES (7)")
    target.run("UPDATE t SET s = 'it''s paid' WHERE id = 50; INSERT INTO t (id) VALUES (1000)")
    rows, objects = target.rows(ROWS), target.rows(OBJECTS)
    result = copied(source, target, dry_run=True)
    assert (result.changes.inserted, result.changes.updated, result.changes.deleted) == (1, 4, 3)
    assert (target.rows(ROWS), target.rows(OBJECTS)) == (rows, objects)
    assert result.statements == ()
    assert ledger_rows(target, "succeeded") == [None]
    assert copied(source, target).changes == result.changes


def test_a_dry_run_counts_for_a_table_without_a_key(source: Database, target: Database) -> None:
    source.run("CREATE TABLE t (v int, w text); INSERT INTO t VALUES (1, 'a'), (1, 'a'), (2, 'b'), (NULL, NULL)")
    copied(source, target)
    source.run("INSERT INTO t VALUES (1, 'a'), (3, NULL); DELETE FROM t WHERE v = 2")
    rows = target.rows(ROWS)
    expected = copied(source, target, dry_run=True).changes
    assert (expected.inserted, expected.deleted) == (4, 3)
    assert target.rows(ROWS) == rows
    assert copied(source, target).changes == expected


def test_a_dry_run_of_a_part_counts_no_rows_of_its_children(source: Database, target: Database) -> None:
    for database in (source, target):
        database.run("CREATE TABLE t (v text); CREATE TABLE child () INHERITS (t); INSERT INTO child VALUES ('a')")
    source.run("INSERT INTO t VALUES ('a'), ('b')")
    target.run("INSERT INTO t VALUES ('b')")
    (table,) = request(source, target).tables
    part = replace(request(source, target), tables=(replace(table, source=replace(table.source, only=True)),))
    expected = copy_tables(replace(part, dry_run=True), RUN).tables[0].changes
    assert (expected.inserted, expected.deleted) == (1, 0)
    assert copy_tables(part, RUN).tables[0].changes == expected


def test_a_dry_run_counts_for_an_empty_target(source: Database, target: Database) -> None:
    source.run(ORDERS)
    target.run("""
        CREATE TYPE state AS ENUM ('open', 'it''s paid');
        CREATE TABLE t (id int PRIMARY KEY, code text, v text, s state, n int);
    """)
    result = copied(source, target, dry_run=True)
    assert (result.changes.inserted, result.statements, content(target)) == (100, (), [])


def test_a_dry_run_counts_what_an_incremental_copy_would_bring_and_leaves_the_watermark(
    source: Database, target: Database
) -> None:
    options = {"cursor": Cursor("xmin")}
    source.run(ORDERS)
    copied(source, target, options=options, strategy="incremental")
    source.run("UPDATE t SET v = 'new' WHERE id <= 5; INSERT INTO t (n) VALUES (7)")
    rows = target.rows(ROWS)
    watermark = "SELECT watermark FROM pgpipelines.ledger ORDER BY id"
    before = target.rows(watermark)
    expected = copied(source, target, options=options, strategy="incremental", dry_run=True).changes
    assert (expected.inserted, expected.updated, expected.deleted) == (1, 5, 0)
    assert (target.rows(ROWS), target.rows(watermark)) == (rows, before)
    assert copied(source, target, options=options, strategy="incremental").changes == expected


def test_a_dry_run_shows_how_a_target_would_be_widened_and_leaves_it(source: Database, target: Database) -> None:
    source.run("CREATE TABLE t (id bigint PRIMARY KEY, v varchar(20), more text); INSERT INTO t VALUES (2, 'b', 'c')")
    target.run("CREATE TABLE t (id int PRIMARY KEY, v varchar(10)); INSERT INTO t VALUES (1, 'a')")
    rows, objects = target.rows(ROWS), target.rows(OBJECTS)
    result = copied(source, target, on_drift="widen", dry_run=True)
    assert (target.rows(ROWS), target.rows(OBJECTS)) == (rows, objects)
    assert len(result.statements) == 3
    assert all(statement.startswith('ALTER TABLE "public"."t"') for statement in result.statements)
    assert "rows are compared once these statements have been run" in result.notices
    for statement in result.statements:
        target.run(statement)
    assert copied(source, target).changes.inserted == 1


def test_a_dry_run_that_is_refused_is_no_failure_of_a_copy(source: Database, target: Database) -> None:
    source.run("CREATE TABLE t (id int PRIMARY KEY)")
    copied(source, target)
    source.run("ALTER TABLE t ADD v int")
    with pytest.raises(DriftError):
        copied(source, target, dry_run=True)
    assert ledger_rows(target, "failed") == []
    assert target.value("SELECT last_status FROM pgpipelines.freshness") == "succeeded"


def test_a_dry_run_does_not_touch_a_load_that_was_broken_off(
    source: Database, target: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    source.run(ORDERS)

    def fail(*_: object, **__: object) -> None:
        raise ServerError("the lights went out", "wait")

    with monkeypatch.context() as broken:
        broken.setattr(loading, "_load_chunk", fail)
        with pytest.raises(ServerError, match="lights"):
            copied(source, target)
    load = "SELECT * FROM pgpipelines.load"
    before, objects = target.rows(load), target.rows(OBJECTS)
    assert before != []
    copied(source, target, dry_run=True)
    assert (target.rows(load), target.rows(OBJECTS)) == (before, objects)


# ------------------------------------------------------------------------------------------------------- by count only


@pytest.mark.parametrize("there", ["", "CREATE TABLE t (id int PRIMARY KEY, v text)"])
def test_a_load_can_be_held_against_its_source_by_count_alone(source: Database, target: Database, there: str) -> None:
    source.run("CREATE TABLE t (id int PRIMARY KEY, v text); INSERT INTO t SELECT g, 'v' FROM generate_series(1, 9) g")
    if there:
        target.run(there)
    assert copied(source, target, verify="count").verification == "count"
    assert content(target) == content(source)


def test_rows_that_a_trigger_swallows_are_missed_by_count(source: Database, target: Database) -> None:
    source.run("CREATE TABLE t (id int PRIMARY KEY, v text); INSERT INTO t SELECT g, 'v' FROM generate_series(1, 9) g")
    target.run("""
        CREATE TABLE t (id int PRIMARY KEY, v text);
        CREATE FUNCTION swallow() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN IF NEW.id = 3 THEN RETURN NULL; END IF; RETURN NEW; END $$;
        CREATE TRIGGER swallow BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION swallow();
    """)
    with pytest.raises(VerificationError, match=r"public\.t would have 8 rows, public\.t has 9"):
        copied(source, target, verify="count")
    assert content(target) == []


def test_a_refresh_compares_contents_whatever_is_verified(source: Database, target: Database) -> None:
    source.run(ORDERS)
    copied(source, target)
    target.run("UPDATE t SET v = 'edited' WHERE id = 7")
    assert copied(source, target, verify="count").changes.updated == 1
    assert content(target) == content(source)


# ------------------------------------------------------------------------------------------------------- wait or skip


def test_a_run_that_is_to_skip_does_so_while_another_holds_its_table(source: Database, target: Database) -> None:
    source.run(ORDERS)
    with holding(target):
        with pytest.raises(AlreadyRunningError, match=r"another run holds public\.t"):
            copied(source, target, if_locked="skip")
        assert target.value("SELECT to_regclass('public.t') IS NULL")
    (error,) = ledger_rows(target, "skipped")
    assert error is not None
    assert "another run holds public.t" in error
    assert copied(source, target, if_locked="skip").rows == 100


def test_a_run_that_waits_gives_up_after_as_many_waits_as_its_bounds_say(source: Database, target: Database) -> None:
    source.run(ORDERS)
    with holding(target), pytest.raises(ConflictError, match=r"another run holds public\.t") as caught:
        copied(source, target, bounds=SHORT)
    assert not isinstance(caught.value, AlreadyRunningError)
    assert ledger_rows(target, "failed") == [caught.value.cause]


# ----------------------------------------------------------------------------------------------- create, widen, refuse


def test_a_missing_target_is_refused_where_none_may_be_created(source: Database, target: Database) -> None:
    source.run(ORDERS)
    before = target.rows(OBJECTS)
    with pytest.raises(MissingObjectError, match=r"table public\.t does not exist") as caught:
        copied(source, target, create_missing=False)
    assert "create_missing" in caught.value.remedy
    assert target.rows(OBJECTS) == before


def test_an_existing_target_needs_no_leave_to_create(source: Database, target: Database) -> None:
    source.run(ORDERS)
    copied(source, target)
    source.run("DELETE FROM t WHERE id = 1")
    assert copied(source, target, create_missing=False).changes.deleted == 1


WIDENINGS = {
    "a column more": ("ALTER TABLE t ADD more text; UPDATE t SET more = 'm' WHERE id > 10", 'ADD COLUMN "more" text'),
    "a longer varchar": ("ALTER TABLE t ALTER code TYPE varchar(30); UPDATE t SET code = 'x' || repeat(code, 5)", "30"),
    "a bigint": ("ALTER TABLE t ALTER n TYPE bigint; UPDATE t SET n = n + 5000000000", '"n" TYPE bigint'),
    "a label more": ("ALTER TYPE state ADD VALUE 'lost' BEFORE 'open'", "ADD VALUE"),
}


@pytest.mark.parametrize("what", WIDENINGS)
def test_room_for_the_rows_is_made_or_refused_as_asked(source: Database, target: Database, what: str) -> None:
    change, shown = WIDENINGS[what]
    source.run(ORDERS)
    copied(source, target)
    source.run(change)
    if what == "a label more":
        source.run("UPDATE t SET s = 'lost' WHERE id = 3")
    before, objects = target.rows(ROWS), target.rows(OBJECTS)
    with pytest.raises(DriftError) as caught:
        copied(source, target)
    assert shown in caught.value.remedy
    assert (target.rows(ROWS), target.rows(OBJECTS)) == (before, objects)
    result = copied(source, target, on_drift="widen")
    assert result.changes.updated > 0
    assert content(target) == content(source)
    assert target.rows(DEFINITION, ("t",)) == source.rows(DEFINITION, ("t",))
    changes = copied(source, target).changes
    assert (changes.inserted, changes.updated, changes.deleted) == (0, 0, 0)


def test_an_incremental_copy_widens_too_and_brings_what_the_new_column_holds(
    source: Database, target: Database
) -> None:
    options = {"cursor": Cursor("xmin")}
    source.run(ORDERS)
    copied(source, target, options=options, strategy="incremental")
    source.run("ALTER TABLE t ADD more text; UPDATE t SET more = 'm' WHERE id > 10")
    copied(source, target, options=options, strategy="incremental", on_drift="widen")
    assert content(target) == content(source)


def test_a_key_that_no_index_of_the_target_holds_is_refused(source: Database, target: Database) -> None:
    source.run("CREATE TABLE t (id int PRIMARY KEY, code int NOT NULL); INSERT INTO t VALUES (1, 5)")
    target.run("CREATE TABLE t (id int PRIMARY KEY, code int NOT NULL); INSERT INTO t VALUES (2, 7)")
    with pytest.raises(ConfigurationError, match=r"no unique index on the key \(code\)") as caught:
        copied(source, target, options={"key": ("code",)})
    assert content(target) == [b"2\t7"]
    target.run(caught.value.remedy.split(";")[0])
    copied(source, target, options={"key": ("code",)})
    assert content(target) == content(source)


def test_a_key_of_columns_that_are_not_copied_is_refused(source: Database, target: Database) -> None:
    source.run("CREATE TABLE t (id int PRIMARY KEY)")
    with pytest.raises(ConfigurationError, match="the key's column code is not among those that are copied"):
        copied(source, target, options={"key": ("code",)})


# ----------------------------------------------------------------------------------------------- how long and how many


def test_a_snapshot_that_grows_too_old_ends_the_run_and_what_was_loaded_is_kept(
    source: Database, target: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loading, "LEAST_CHUNK_BYTES", 8192)
    source.run("CREATE TABLE t (id int PRIMARY KEY, v text)")
    source.run("INSERT INTO t SELECT g, 'v' FROM generate_series(1, 9000) AS g")
    fast = "CREATE OR REPLACE FUNCTION ready(id int) RETURNS boolean LANGUAGE sql AS $$ SELECT true $$"
    source.run(f"{fast}; ANALYZE t")
    options = {"where": "ready(id)", "batch_size": 500}
    whole = copied(source, target, "t", "whole", options=options).bytes
    source.run("""
        CREATE OR REPLACE FUNCTION ready(id int) RETURNS boolean LANGUAGE plpgsql AS
            $$ BEGIN IF id = 8000 THEN PERFORM pg_sleep(3600); END IF; RETURN true; END $$
    """)
    # Each try keeps what it loaded, so that one of them comes as far as to the slow row.
    kept = "SELECT coalesce(sum(rows), 0), coalesce(sum(bytes), 0)::bigint FROM pgpipelines.load_chunk"
    rows, sent = 0, 0
    while not rows:
        with pytest.raises(ServerError, match=r"the snapshot of .* is older than 1 s") as caught:
            copied(source, target, options=options, max_snapshot_age=timedelta(seconds=1))
        assert not isinstance(caught.value, RetriableError)
        assert "what was loaded is kept" in caught.value.remedy
        assert target.value("SELECT to_regclass('public.t') IS NULL")
        rows, sent = target.rows(kept)[0]
    assert rows < 9000
    source.run(fast)
    assert copied(source, target, options=options).bytes == whole - sent
    assert content(target) == content(source)


@pytest.mark.parametrize("streams", [1, 2, 3, 4])
def test_as_many_connections_load_at_the_same_time_as_the_request_says(
    source: Database, target: Database, streams: int
) -> None:
    # Every partition is a piece of its own, and none is read before so many are being read.
    source.run("""
        CREATE TABLE t (id int PRIMARY KEY, v text) PARTITION BY HASH (id);
        CREATE FUNCTION together(wanted int) RETURNS boolean LANGUAGE plpgsql AS $$
        DECLARE deadline timestamptz := clock_timestamp() + interval '30 s';
        BEGIN
            IF current_query() !~ 'ONLY' THEN RETURN true; END IF;  -- the checksum reads the whole table, alone
            PERFORM pg_advisory_lock_shared(4711);
            LOOP
                IF (SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = 4711
                    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())) >= wanted
                THEN RETURN true; END IF;
                IF clock_timestamp() > deadline THEN RAISE 'never were % reading', wanted; END IF;
                PERFORM pg_sleep(0.01);
            END LOOP;
        END $$;
    """)
    for number in range(streams):
        source.run(
            f"CREATE TABLE t{number} PARTITION OF t FOR VALUES WITH (MODULUS {streams}, REMAINDER {number})",
        )
    source.run("INSERT INTO t SELECT g, 'v' || g FROM generate_series(1, 400) AS g")
    source.run("CREATE TABLE plain (LIKE t INCLUDING ALL); INSERT INTO plain TABLE t; CREATE INDEX ON plain (v)")
    where = f"CASE WHEN id % 10 = 0 THEN together({streams}) ELSE true END"
    assert copied(source, target, options={"where": where}, streams=streams).rows == 400
    assert content(target) == content(source)
    copied(source, target, "plain", streams=streams)
    source.run("UPDATE plain SET v = 'new' WHERE id < 9; DELETE FROM plain WHERE id > 390")
    copied(source, target, "plain", streams=streams)
    assert content(target, "plain") == content(source, "plain")
