"""Incremental copies into real targets: what changed arrives, whatever was in flight, and nothing else is read."""

from __future__ import annotations

import os
import random
from contextlib import ExitStack
from datetime import timedelta
from typing import Any

import pytest

from pgpipelines.copy.request import Cursor
from pgpipelines.errors import ConfigurationError, VerificationError
from tests.fixtures.copying import content, copied
from tests.fixtures.servers import Database

RUNS = int(os.environ.get("PGPIPELINES_INCREMENTAL_RUNS", "15"))
WRITERS = int(os.environ.get("PGPIPELINES_WRITERS", "6"))
SEED = int(os.environ.get("PGPIPELINES_SEED", "20261120"))

EVENTS = """
    CREATE TABLE t (
        id bigint PRIMARY KEY, v text, n bigint, day date, ymd text, at timestamptz DEFAULT now(),
        local timestamp DEFAULT now()
    );
    CREATE INDEX ON t (at);
"""


def follow(source: Database, target: Database, column: str = "xmin", **options: Any) -> Any:
    """One incremental run."""
    lookback = options.pop("lookback", timedelta(0))
    return copied(source, target, options={"cursor": Cursor(column, lookback), **options}, strategy="incremental")


def assert_equal(source: Database, target: Database) -> None:
    assert content(source) == content(target)


@pytest.mark.parametrize("column", ["xmin", "at", "local"])
def test_only_what_changed_is_read_and_written(source: Database, target: Database, column: str) -> None:
    source.run(
        EVENTS + "INSERT INTO t SELECT g, 'old', g, at => FROM generate_series(1, 500) AS g".replace(", at =>", "")
    )
    source.run("UPDATE t SET at = now() - id * interval '1 day', local = now() - id * interval '1 day'")
    assert follow(source, target, column).rows == 500
    source.run("UPDATE t SET v = 'new', at = now(), local = now() WHERE id <= 7; INSERT INTO t (id) VALUES (501)")
    result = follow(source, target, column)
    assert result.verification == "checksum of the changed rows"
    assert (result.changes.inserted, result.changes.updated, result.changes.deleted) == (1, 7, 0)
    assert result.rows < 60
    assert_equal(source, target)
    assert follow(source, target, column).changes.updated == 0


def test_the_first_run_into_a_filled_target_compares_every_row(source: Database, target: Database) -> None:
    for database in (source, target):
        database.run(EVENTS + "INSERT INTO t (id, v) SELECT g, 'x' FROM generate_series(1, 100) AS g")
    target.run("UPDATE t SET v = 'wrong' WHERE id = 5; DELETE FROM t WHERE id = 6; INSERT INTO t (id) VALUES (1000)")
    source.run("UPDATE t SET at = '2026-01-01', local = '2026-01-01'")
    result = follow(source, target)
    assert result.verification == "checksum"
    assert_equal(source, target)


def test_a_full_refresh_leaves_a_watermark_and_finds_deletes(source: Database, target: Database) -> None:
    source.run(EVENTS + "INSERT INTO t (id, v) SELECT g, 'x' FROM generate_series(1, 100) AS g")
    copied(source, target, options={"cursor": Cursor("xmin")})
    source.run("DELETE FROM t WHERE id = 3; UPDATE t SET v = 'y' WHERE id = 4")
    assert follow(source, target).changes.updated == 1
    assert content(source) != content(target)
    assert copied(source, target, options={"cursor": Cursor("xmin")}).changes.deleted == 1
    assert_equal(source, target)


def test_a_unique_value_that_moved_to_a_new_row_finds_the_deleted_one(source: Database, target: Database) -> None:
    source.run("CREATE TABLE t (id int PRIMARY KEY, name text UNIQUE); INSERT INTO t VALUES (1, 'bob'), (2, 'eve')")
    follow(source, target)
    source.run("DELETE FROM t WHERE id = 1; INSERT INTO t VALUES (3, 'bob')")
    result = follow(source, target)
    assert (result.changes.inserted, result.changes.deleted, result.notices) == (1, 1, ())
    assert_equal(source, target)


def test_unique_values_that_rows_exchange_arrive(source: Database, target: Database) -> None:
    source.run(
        "CREATE TABLE t (id int PRIMARY KEY, name text UNIQUE DEFERRABLE); INSERT INTO t VALUES (1, 'a'), (2, 'b')"
    )
    target.run("CREATE TABLE t (id int PRIMARY KEY, name text UNIQUE)")
    follow(source, target)
    source.run("UPDATE t SET name = CASE name WHEN 'a' THEN 'b' ELSE 'a' END")
    result = follow(source, target)
    assert (result.changes.updated, result.notices) == (2, ())
    assert_equal(source, target)


def test_a_table_without_a_key_is_refused(source: Database, target: Database) -> None:
    source.run("CREATE TABLE t (v int, at timestamptz)")
    with pytest.raises(ConfigurationError, match="has no key"):
        follow(source, target, "at")


@pytest.mark.parametrize(
    "act",
    [
        "CREATE TABLE old AS TABLE t; DROP TABLE t; CREATE TABLE t (id int PRIMARY KEY, v text)",
        "CREATE TABLE old AS TABLE t; TRUNCATE t",
    ],
    ids=["replaced", "truncated"],
)
def test_a_target_that_somebody_restored_from_an_older_copy_is_compared(
    source: Database, target: Database, act: str
) -> None:
    source.run(
        "CREATE TABLE t (id int PRIMARY KEY, v text); INSERT INTO t SELECT g, 'x' FROM generate_series(1, 9) AS g"
    )
    follow(source, target)
    target.run(f"{act}; INSERT INTO t SELECT id, 'old' FROM old WHERE id < 5")
    assert follow(source, target).verification == "checksum"
    assert_equal(source, target)
    source.run("UPDATE t SET v = 'y' WHERE id = 1")
    assert follow(source, target).rows == 1


def test_another_filter_starts_anew(source: Database, target: Database) -> None:
    source.run(EVENTS + "INSERT INTO t (id, v) SELECT g, 'x' FROM generate_series(1, 10) AS g")
    follow(source, target)
    source.run("CREATE VIEW other AS SELECT * FROM t WHERE id < 5")
    copied(source, target, "other", "t")
    assert len(content(target)) == 4
    assert follow(source, target).verification == "checksum"
    assert_equal(source, target)


def test_a_trigger_that_changes_what_arrives_is_found_out(source: Database, target: Database) -> None:
    source.run("CREATE TABLE t (id int PRIMARY KEY, v text); INSERT INTO t VALUES (1, 'a')")
    follow(source, target)
    target.run("""
        CREATE FUNCTION shout() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.v := upper(NEW.v); RETURN NEW; END $$;
        CREATE TRIGGER shout BEFORE INSERT OR UPDATE ON t FOR EACH ROW EXECUTE FUNCTION shout();
    """)
    source.run("INSERT INTO t VALUES (2, 'b')")
    with pytest.raises(VerificationError, match=r"\(2\) \(different\)"):
        follow(source, target)
    assert content(target) == [b"1\ta"]


def test_rows_of_others_that_a_trigger_writes_are_noticed(source: Database, target: Database) -> None:
    source.run("CREATE TABLE t (id int PRIMARY KEY, v text); INSERT INTO t VALUES (1, 'a'), (2, 'a')")
    follow(source, target)
    target.run("""
        CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS
            $$ BEGIN UPDATE t SET v = 'touched' WHERE id = 1 AND v <> 'touched'; RETURN NULL; END $$;
        CREATE TRIGGER touch AFTER INSERT ON t FOR EACH ROW EXECUTE FUNCTION touch();
    """)
    source.run("INSERT INTO t VALUES (3, 'b')")
    assert "1 more rows" in " ".join(follow(source, target).notices)
    # A full refresh puts it right: nothing comes by that sets the trigger off.
    assert copied(source, target).changes.updated == 1
    assert_equal(source, target)


class Writer:
    """A session of the source that holds transactions open over runs."""

    def __init__(self, database: Database, chance: random.Random, number: int) -> None:
        self.connection = database.connect()
        self.cursor = self.connection.cursor()
        self.chance, self.number = chance, number
        self.next_id = 0
        self.prepared: list[str] = []

    def act(self) -> None:
        """Insert, update, roll back to a savepoint, prepare, commit or roll back."""
        what = self.chance.random()
        if what < 0.45:
            self.next_id += 1
            row = self.number * 1_000_000 + self.next_id
            back = self.chance.choice([0, 0, 0, 30, 590])
            self.cursor.execute(
                "INSERT INTO t (id, v, n, at, local) VALUES (%s, %s, 0, now() - %s * interval '1 s', now())",
                (row, f"w{self.number}", back),
            )
        elif what < 0.65 and not self.prepared:  # whose rows stay locked
            self.cursor.execute(
                "UPDATE t SET n = n + 1, at = now(), local = now() WHERE id %% 1000000 = %s AND id / 1000000 = %s",
                (self.chance.randint(1, max(1, self.next_id)), self.number),
            )
        elif what < 0.72:
            self.cursor.execute("SAVEPOINT s")
            self.cursor.execute(
                "INSERT INTO t (id, v, n) VALUES (%s, 'sub', 0)", (self.number * 1_000_000 + 500_000 + self.next_id,)
            )
            self.cursor.execute("ROLLBACK TO s" if self.chance.random() < 0.5 else "RELEASE s")
            self.next_id += 1
        elif what < 0.78:
            self.connection.rollback()
        elif what < 0.82 and not self.prepared:
            name = f"w{self.number}-{self.next_id}-{self.chance.randint(0, 10**9)}"
            self.cursor.execute(
                "INSERT INTO t (id, v, n) VALUES (%s, 'prepared', 0)",
                (self.number * 1_000_000 + 900_000 + self.next_id,),
            )
            self.next_id += 1
            self.cursor.execute(f"PREPARE TRANSACTION '{name}'")
            self.connection.rollback()
            self.prepared.append(name)
        elif what < 0.86 and self.prepared:
            self.finish()
        else:
            self.connection.commit()

    def finish(self) -> None:
        """End what is open."""
        self.connection.commit()
        self.connection.autocommit = True
        while self.prepared:
            verb = "COMMIT" if self.chance.random() < 0.7 else "ROLLBACK"
            self.cursor.execute(f"{verb} PREPARED '{self.prepared.pop()}'")
        self.connection.autocommit = False


@pytest.mark.parametrize("column", ["xmin", "at", "local"])
def test_no_run_misses_what_writers_had_in_flight(source: Database, target: Database, column: str) -> None:
    chance = random.Random(f"{SEED} {column}")
    source.run(EVENTS)
    source.run("INSERT INTO t (id, v, n) VALUES (1, 'first', 0)")
    lookback = timedelta(0) if column == "xmin" else timedelta(minutes=10)
    with ExitStack() as stack:
        writers = [Writer(source, chance, number) for number in range(1, WRITERS + 1)]
        for writer in writers:
            stack.callback(writer.connection.close)
        for _ in range(RUNS):
            for _ in range(chance.randint(1, 12)):
                chance.choice(writers).act()
            follow(source, target, column, lookback=lookback)
        for writer in writers:
            writer.finish()
    follow(source, target, column, lookback=lookback)
    assert_equal(source, target)
