"""Tables of one request share a snapshot of the source and a transaction of the target, and refer to each other."""

from __future__ import annotations

import itertools
import random
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from pgpipelines.copy.engine import CopyReport, copy_tables
from pgpipelines.copy.merging import Changes
from pgpipelines.copy.request import Cursor, Selection, TableCopy
from pgpipelines.errors import ConflictError, DriftError, VerificationError
from tests.fixtures.copying import RUN, content, ledger_rows, name_of, request
from tests.fixtures.servers import Database
from tests.fixtures.waiting import until

if TYPE_CHECKING:
    from collections.abc import Iterator

SEED = 20261120
FAMILY = """
    CREATE TABLE parent (id int PRIMARY KEY, code text UNIQUE);
    CREATE TABLE child (id int PRIMARY KEY, parent int NOT NULL REFERENCES parent, v text);
    CREATE TABLE grandchild (id int PRIMARY KEY, child int REFERENCES child);
    INSERT INTO parent SELECT g, 'c' || g FROM generate_series(1, 20) AS g;
    INSERT INTO child SELECT g, (g - 1) / 2 + 1, 'v' FROM generate_series(1, 40) AS g;
    INSERT INTO grandchild SELECT g, g FROM generate_series(1, 40) AS g;
"""
TABLES = ("parent", "child", "grandchild")
ORDERS = (TABLES, ("grandchild", "child", "parent"), ("child", "parent", "grandchild"))
# Rows go, rows come, and rows change whom they refer to, in all three tables.
MOVED = """
    DELETE FROM grandchild WHERE id <= 10; DELETE FROM child WHERE id <= 10;
    INSERT INTO parent VALUES (101, 'c101'), (102, 'c102');
    INSERT INTO child VALUES (201, 101, 'new'), (202, 20, 'new');
    INSERT INTO grandchild VALUES (301, 201), (302, NULL);
    UPDATE child SET parent = 102 WHERE parent = 6; UPDATE grandchild SET child = 201 WHERE id = 40;
    DELETE FROM parent WHERE id IN (1, 2, 3, 4, 5, 6);
"""
FOREIGN_KEYS = """
    SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid), convalidated
    FROM pg_constraint WHERE contype = 'f' AND connamespace = 'public'::regnamespace ORDER BY 1, 2
"""


def copied(source: Database, target: Database, *tables: str, options: Any = None, **settings: Any) -> CopyReport:
    """Copy tables in one request."""
    names = [name_of(table) for table in tables]
    listed = tuple(TableCopy(Selection(name), name, **(options or {})) for name in names)
    return copy_tables(replace(request(source, target), tables=listed, **settings), RUN)


def changes(report: CopyReport) -> dict[str, Changes]:
    return {result.target.name: result.changes for result in report.tables}


def assert_equal(source: Database, target: Database, *tables: str) -> None:
    for table in tables:
        assert content(source, table) == content(target, table), table


def both(source: Database, target: Database, statement: str) -> None:
    for database in (source, target):
        database.run(statement)


def versions(database: Database, table: str) -> list[tuple[Any, ...]]:
    return database.rows(f"SELECT xmin::text, ctid::text, * FROM {table} ORDER BY ctid")


# --------------------------------------------------------------------------------------------- one snapshot, one commit


@contextmanager
def writing(database: Database, *statements: str) -> Iterator[None]:
    """Run transactions of these statements, with their number as the parameter, while the block runs."""
    stopped = threading.Event()

    def write() -> None:
        with closing(database.connect()) as connection, connection.cursor() as cursor:
            for number in itertools.count(1000):
                if stopped.is_set():
                    return
                for statement in statements:
                    cursor.execute(statement, (number,))
                connection.commit()

    with ThreadPoolExecutor(1) as pool:
        working = pool.submit(write)
        try:
            yield
        finally:
            stopped.set()
            working.result()


@pytest.mark.parametrize("streams", [1, 2])
def test_what_was_committed_together_arrives_together(source: Database, target: Database, streams: int) -> None:
    source.run("CREATE TABLE parent (id int PRIMARY KEY); CREATE TABLE child (id int PRIMARY KEY)")
    steps = ("INSERT INTO parent VALUES (%s)", "INSERT INTO child VALUES (%s)")
    seen = set()
    with writing(source, *steps):
        until(source, "SELECT FROM child WHERE id = 1010")
        for tables in (("parent", "child"), ("child", "parent"), ("parent", "child")):
            copied(source, target, *tables, streams=streams)
            assert content(target, "parent") == content(target, "child")
            seen.add(len(content(target, "parent")))
            until(source, "SELECT FROM child WHERE id > %s", (1000 + max(seen) + 10,))
    assert len(seen) == 3


def test_nobody_sees_a_child_without_its_parent_or_one_table_before_the_other(
    source: Database, target: Database
) -> None:
    both(source, target, "CREATE TABLE parent (id int PRIMARY KEY, n int); CREATE TABLE child (LIKE parent)")
    both(source, target, "ALTER TABLE child ADD PRIMARY KEY (id); INSERT INTO parent VALUES (1, 0)")
    both(source, target, "INSERT INTO child TABLE parent")
    step = "UPDATE {0} SET n = n + 1; INSERT INTO {0} SELECT max(id) + 1, max(n) FROM {0}"
    seen, stopped = set(), threading.Event()

    def read() -> None:
        sums = "SELECT (SELECT (count(*), sum(n))::text FROM parent), (SELECT (count(*), sum(n))::text FROM child)"
        with closing(target.connect()) as connection, connection.cursor() as cursor:
            connection.autocommit = True
            while not stopped.is_set():
                cursor.execute(sums)
                seen.add(cursor.fetchone())

    with ThreadPoolExecutor(1) as pool:
        reading = pool.submit(read)
        try:
            for _ in range(5):
                source.run(step.format("parent") + ";" + step.format("child"))
                copied(source, target, "parent", "child")
        finally:
            stopped.set()
            reading.result()
    assert all(parent == child for parent, child in seen)
    assert_equal(source, target, "parent", "child")


@pytest.mark.parametrize("order", ORDERS, ids="-".join)
def test_a_failure_in_one_table_leaves_all_of_them_unchanged(
    source: Database, target: Database, order: tuple[str, ...]
) -> None:
    source.run(FAMILY)
    copied(source, target, *order)
    source.run(MOVED)
    target.run(f"""
        CREATE FUNCTION spoil() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$;
        CREATE TRIGGER spoil BEFORE INSERT ON {order[-1]} FOR EACH ROW EXECUTE FUNCTION spoil();
    """)
    before = [versions(target, table) for table in TABLES]
    with pytest.raises((VerificationError, ConflictError)):
        copied(source, target, *order)
    assert [versions(target, table) for table in TABLES] == before
    assert len(ledger_rows(target, "succeeded")) == len(ledger_rows(target, "failed")) == 3
    target.run("DROP FUNCTION spoil() CASCADE")
    copied(source, target, *order)
    assert_equal(source, target, *TABLES)


def test_what_does_not_fit_is_in_one_message_for_all_tables(source: Database, target: Database) -> None:
    source.run(FAMILY)
    copied(source, target, *TABLES)
    source.run("ALTER TABLE parent ADD since date; ALTER TABLE grandchild ADD note text")
    with pytest.raises(DriftError, match=r"parent .* since .* · .*grandchild .* note") as failure:
        copied(source, target, *TABLES)
    target.run(failure.value.remedy)
    copied(source, target, *TABLES)
    assert_equal(source, target, *TABLES)


def test_a_failure_in_one_table_creates_none_of_them(source: Database, target: Database) -> None:
    source.run(FAMILY + "; CREATE TABLE bad (id int PRIMARY KEY); INSERT INTO bad VALUES (1)")
    target.run("CREATE TABLE bad (id int PRIMARY KEY CHECK (id > 1))")
    with pytest.raises(ConflictError, match="check constraint"):
        copied(source, target, *TABLES, "bad")
    assert target.rows("SELECT to_regclass(name) FROM unnest(ARRAY['parent', 'child', 'grandchild']) AS name") == (
        [(None,)] * 3
    )
    target.run("ALTER TABLE bad DROP CONSTRAINT bad_id_check")
    report = copied(source, target, *TABLES, "bad")
    assert_equal(source, target, *TABLES, "bad")
    assert [result.bytes for result in report.tables if result.target.name in TABLES] == [0, 0, 0], "they were kept"
    assert target.rows("SELECT FROM pgpipelines.load") == []


# --------------------------------------------------------------------------------------------------------- foreign keys


@pytest.mark.parametrize("order", ORDERS, ids="-".join)
def test_tables_can_be_listed_in_any_order(source: Database, target: Database, order: tuple[str, ...]) -> None:
    source.run(FAMILY)
    copied(source, target, *order)
    assert_equal(source, target, *TABLES)
    assert target.rows(FOREIGN_KEYS) == source.rows(FOREIGN_KEYS) != []
    source.run(MOVED)
    done = changes(copied(source, target, *order))
    assert_equal(source, target, *TABLES)
    assert done == {"parent": Changes(2, 0, 6), "child": Changes(2, 2, 10), "grandchild": Changes(2, 1, 10)}
    assert set(changes(copied(source, target, *order)).values()) == {Changes()}


def test_foreign_keys_are_made_once_both_ends_are_there_and_only_once(source: Database, target: Database) -> None:
    source.run(FAMILY)
    copied(source, target, "child")
    assert target.rows(FOREIGN_KEYS) == []
    copied(source, target, "child", "parent")
    assert [row[1] for row in target.rows(FOREIGN_KEYS)] == ["child_parent_fkey"]
    copied(source, target, *TABLES)
    copied(source, target, *TABLES)
    assert target.rows(FOREIGN_KEYS) == source.rows(FOREIGN_KEYS)


def test_an_incremental_copy_of_a_group_follows_its_foreign_keys(source: Database, target: Database) -> None:
    options: dict[str, Any] = {"cursor": Cursor("xmin")}
    source.run(FAMILY)
    copied(source, target, *reversed(TABLES), options=options, strategy="incremental")
    source.run("INSERT INTO parent VALUES (101, 'c101'); INSERT INTO child VALUES (201, 101)")
    source.run("INSERT INTO grandchild VALUES (301, 201); UPDATE child SET parent = 101 WHERE id = 7")
    copied(source, target, *reversed(TABLES), options=options, strategy="incremental")
    assert_equal(source, target, *TABLES)


REFERENCES = {
    "cascade": "ON DELETE CASCADE",
    "set null": "ON DELETE SET NULL",
    "restrict": "ON DELETE RESTRICT",
    "deferred": "DEFERRABLE INITIALLY DEFERRED",
    "cascading updates": "ON UPDATE CASCADE ON DELETE NO ACTION",
}


@pytest.mark.parametrize("order", [("parent", "child"), ("child", "parent")], ids="-".join)
@pytest.mark.parametrize("action", REFERENCES)
def test_rows_go_and_come_whatever_the_targets_foreign_key_does(
    source: Database, target: Database, action: str, order: tuple[str, ...]
) -> None:
    tables = "CREATE TABLE parent (id int PRIMARY KEY, v text); CREATE TABLE child (id int PRIMARY KEY, parent int)"
    rows = (
        "INSERT INTO parent SELECT g, 'v' FROM generate_series(1, 9) AS g; INSERT INTO child SELECT id, id FROM parent"
    )
    both(source, target, f"{tables}; {rows}")
    target.run(f"ALTER TABLE child ADD FOREIGN KEY (parent) REFERENCES parent {REFERENCES[action]}")
    source.run("""
        DELETE FROM child WHERE id = 1;                     -- goes with its parent
        UPDATE child SET parent = NULL WHERE id = 2;        -- loses its parent
        UPDATE child SET parent = 10 WHERE id = 3;          -- gets a new one
        DELETE FROM parent WHERE id IN (1, 2, 3); INSERT INTO parent VALUES (10, 'new'), (11, 'new');
        INSERT INTO child VALUES (11, 11); UPDATE parent SET v = 'changed' WHERE id = 9;
    """)
    done = changes(copied(source, target, *order))
    assert_equal(source, target, "parent", "child")
    assert done == {"parent": Changes(2, 1, 3), "child": Changes(1, 2, 1)}


@pytest.mark.parametrize("action", ["ON DELETE CASCADE", "ON DELETE SET NULL"])
def test_what_a_foreign_key_of_the_target_does_to_a_table_that_is_not_copied_is_its_own_affair(
    source: Database, target: Database, action: str
) -> None:
    both(source, target, "CREATE TABLE parent (id int PRIMARY KEY); INSERT INTO parent VALUES (1), (2)")
    target.run(
        f"CREATE TABLE own (id int, parent int REFERENCES parent {action}); INSERT INTO own VALUES (1, 1), (2, 2)"
    )
    source.run("DELETE FROM parent WHERE id = 1")
    (result,) = copied(source, target, "parent").tables
    assert_equal(source, target, "parent")
    assert target.rows("SELECT * FROM own ORDER BY id")[-1] == (2, 2)
    assert result.notices == ("public.own had 1 rows deleted or changed by own_parent_fkey",)


@pytest.mark.parametrize("action", ["ON DELETE CASCADE", "ON DELETE SET NULL"])
def test_a_table_that_is_found_equal_and_changed_by_its_foreign_key_afterwards_is_found_out(
    source: Database, target: Database, action: str
) -> None:
    both(source, target, "CREATE TABLE parent (id int PRIMARY KEY); INSERT INTO parent VALUES (1), (2)")
    both(source, target, "CREATE TABLE child (id int PRIMARY KEY, parent int); INSERT INTO child VALUES (1, 1)")
    target.run(f"ALTER TABLE child ADD FOREIGN KEY (parent) REFERENCES parent {action}")
    source.run("DELETE FROM parent WHERE id = 1")
    with pytest.raises(VerificationError, match=r"public\.child would differ .* \(1\) \(") as failure:
        copied(source, target, "parent", "child")
    assert "foreign keys of the target" in failure.value.remedy
    assert (content(target, "parent"), content(target, "child")) == ([b"1", b"2"], [b"1\t1"])


def test_rows_that_a_restricting_table_outside_the_group_needs_keep_all_of_it_as_it_was(
    source: Database, target: Database
) -> None:
    source.run(FAMILY)
    copied(source, target, *TABLES)
    target.run("CREATE TABLE own (parent int REFERENCES parent ON DELETE RESTRICT); INSERT INTO own VALUES (1)")
    source.run(MOVED)
    before = [versions(target, table) for table in TABLES]
    with pytest.raises(ConflictError, match="own_parent_fkey"):
        copied(source, target, *TABLES)
    assert [versions(target, table) for table in TABLES] == before


def test_a_table_that_refers_to_itself_comes_and_goes_in_any_order(source: Database, target: Database) -> None:
    source.run("""
        CREATE TABLE t (id int PRIMARY KEY, boss int REFERENCES t ON DELETE CASCADE);
        INSERT INTO t SELECT g, nullif(g - 1, 0) FROM generate_series(1, 50) AS g;
    """)
    copied(source, target, "t")
    assert target.rows(FOREIGN_KEYS) == source.rows(FOREIGN_KEYS)
    source.run("""
        INSERT INTO t VALUES (100, NULL), (99, 100), (98, 99); UPDATE t SET boss = 98 WHERE id = 21;
        DELETE FROM t WHERE id = 1;
    """)
    assert source.value("SELECT count(*) FROM t") == 33
    done = changes(copied(source, target, "t"))
    assert_equal(source, target, "t")
    assert done == {"t": Changes(3, 1, 20)}


@pytest.mark.parametrize("deferrable", ["DEFERRABLE INITIALLY DEFERRED", "DEFERRABLE"])
def test_a_circle_of_deferrable_foreign_keys_is_copied(source: Database, target: Database, deferrable: str) -> None:
    source.run(f"""
        CREATE TABLE a (id int PRIMARY KEY, b int NOT NULL);
        CREATE TABLE b (id int PRIMARY KEY, a int NOT NULL REFERENCES a {deferrable});
        INSERT INTO a SELECT g, g FROM generate_series(1, 10) AS g; INSERT INTO b TABLE a;
    """)
    source.run(f"ALTER TABLE a ADD FOREIGN KEY (b) REFERENCES b {deferrable}")
    copied(source, target, "a", "b")
    assert_equal(source, target, "a", "b")
    assert target.rows(FOREIGN_KEYS) == source.rows(FOREIGN_KEYS)
    for number, order in enumerate((("a", "b"), ("b", "a"))):
        source.run(
            """
            SET CONSTRAINTS ALL DEFERRED;
            DELETE FROM a WHERE id IN (%(old)s, %(old)s + 1); DELETE FROM b WHERE id IN (%(old)s, %(old)s + 1);
            INSERT INTO a VALUES (%(new)s, %(new)s); INSERT INTO b VALUES (%(new)s, %(new)s);
            UPDATE a SET b = %(new)s WHERE id = 10; UPDATE b SET a = %(new)s WHERE id = 10;
            """,
            {"old": 1 + 2 * number, "new": 20 + number},
        )
        done = changes(copied(source, target, *order))
        assert_equal(source, target, "a", "b")
        assert done == {"a": Changes(1, 1, 2), "b": Changes(1, 1, 2)}


def test_empty_targets_that_refer_to_each_other_in_a_circle_are_filled(source: Database, target: Database) -> None:
    both(source, target, "CREATE TABLE a (id int PRIMARY KEY, b int); CREATE TABLE b (id int PRIMARY KEY, a int)")
    source.run("INSERT INTO a VALUES (1, 2); INSERT INTO b VALUES (2, 1)")
    target.run("ALTER TABLE a ADD FOREIGN KEY (b) REFERENCES b DEFERRABLE")
    target.run("ALTER TABLE b ADD FOREIGN KEY (a) REFERENCES a DEFERRABLE")
    copied(source, target, "a", "b")
    assert_equal(source, target, "a", "b")


def test_a_deferred_constraint_that_no_row_of_the_group_mends_changes_nothing(
    source: Database, target: Database
) -> None:
    both(source, target, "CREATE TABLE child (id int PRIMARY KEY, parent int); INSERT INTO child VALUES (1, NULL)")
    target.run("""
        CREATE TABLE parent (id int PRIMARY KEY);
        ALTER TABLE child ADD FOREIGN KEY (parent) REFERENCES parent DEFERRABLE INITIALLY DEFERRED;
    """)
    source.run("UPDATE child SET parent = 5")
    with pytest.raises(ConflictError, match="child_parent_fkey"):
        copied(source, target, "child")
    assert content(target, "child") == [b"1\t\\N"]


def test_rows_that_a_deferred_trigger_changes_are_found_out(source: Database, target: Database) -> None:
    both(source, target, "CREATE TABLE t (id int PRIMARY KEY, v text); INSERT INTO t VALUES (1, 'a')")
    target.run("""
        CREATE FUNCTION spoil() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN UPDATE t SET v = 'spoiled' WHERE id = NEW.id AND v <> 'spoiled'; RETURN NULL; END $$;
        CREATE CONSTRAINT TRIGGER spoil AFTER INSERT ON t DEFERRABLE INITIALLY DEFERRED
            FOR EACH ROW EXECUTE FUNCTION spoil();
    """)
    source.run("INSERT INTO t VALUES (2, 'b')")
    with pytest.raises(VerificationError, match=r"\(2\) \(different\)"):
        copied(source, target, "t")
    assert content(target, "t") == [b"1\ta"]


@pytest.mark.parametrize("order", [("parent", "child"), ("child", "parent")], ids="-".join)
def test_unique_values_move_between_rows_while_children_refer_to_them(
    source: Database, target: Database, order: tuple[str, ...]
) -> None:
    source.run(FAMILY)
    copied(source, target, "parent", "child")
    source.run("""
        UPDATE parent SET code = 'x' WHERE id = 1; UPDATE parent SET code = 'c1' WHERE id = 2;
        UPDATE parent SET code = 'c2' WHERE id = 1; INSERT INTO parent VALUES (50, 'new');
        UPDATE child SET parent = 50 WHERE parent = 2; UPDATE child SET parent = 1 WHERE parent = 20;
        UPDATE parent SET code = 'old' WHERE id = 7; INSERT INTO parent VALUES (51, 'c7');
        UPDATE child SET parent = 51 WHERE parent = 7;
    """)
    copied(source, target, *order)
    assert_equal(source, target, "parent", "child")


def test_a_unique_value_that_a_new_row_takes_from_one_that_children_still_refer_to_needs_a_deferrable_foreign_key(
    source: Database, target: Database
) -> None:
    source.run(FAMILY)
    copied(source, target, "parent", "child")
    source.run("""
        DELETE FROM grandchild; DELETE FROM child WHERE parent = 4; UPDATE child SET parent = 2 WHERE parent = 3;
        DELETE FROM parent WHERE id IN (3, 4); INSERT INTO parent VALUES (50, 'c3'), (51, 'c4');
        INSERT INTO child VALUES (500, 51, 'new');
    """)
    before = [versions(target, table) for table in ("parent", "child")]
    with pytest.raises(ConflictError, match="child_parent_fkey") as caught:
        copied(source, target, "parent", "child")
    assert "make the foreign key DEFERRABLE" in caught.value.remedy
    assert [versions(target, table) for table in ("parent", "child")] == before
    target.run("ALTER TABLE child ALTER CONSTRAINT child_parent_fkey DEFERRABLE")
    copied(source, target, "parent", "child")
    assert_equal(source, target, "parent", "child")


def test_children_refer_to_unique_values_that_move(source: Database, target: Database) -> None:
    source.run("""
        CREATE TABLE parent (id int PRIMARY KEY, code text UNIQUE);
        CREATE TABLE child (id int PRIMARY KEY, code text REFERENCES parent (code));
        INSERT INTO parent VALUES (1, 'a'), (2, 'b'), (3, 'c'); INSERT INTO child VALUES (1, 'a'), (2, 'b');
    """)
    copied(source, target, "child", "parent")
    assert target.rows(FOREIGN_KEYS) == source.rows(FOREIGN_KEYS) != []
    source.run("""
        UPDATE child SET code = NULL;
        UPDATE parent SET code = 'x' WHERE id = 1; UPDATE parent SET code = 'a' WHERE id = 2;
        UPDATE parent SET code = 'b' WHERE id = 1; UPDATE child SET code = 'a' WHERE id = 1;
        UPDATE child SET code = 'b' WHERE id = 2;
    """)
    copied(source, target, "child", "parent")
    assert_equal(source, target, "parent", "child")


def test_families_of_any_shape_end_equal(source: Database, target: Database) -> None:
    chance = random.Random(SEED)
    source.run(FAMILY)
    copied(source, target, *TABLES)
    for number in range(5):
        source.run(
            """
            DELETE FROM grandchild WHERE id %% 7 = %(n)s %% 7;
            UPDATE grandchild SET child = NULL WHERE child %% 5 = %(n)s %% 5;
            DELETE FROM child WHERE id %% 5 = %(n)s %% 5 AND id NOT IN (SELECT child FROM grandchild WHERE child > 0);
            INSERT INTO parent SELECT max(id) + 1, 'c' || %(n)s || 'n' FROM parent;
            UPDATE child SET parent = (SELECT max(id) FROM parent) WHERE id %% 3 = %(n)s %% 3;
            DELETE FROM parent WHERE id NOT IN (SELECT parent FROM child);
            INSERT INTO child SELECT max(id) + 1, min(parent), 'n' FROM child;
            INSERT INTO grandchild SELECT max(id) + 1, (SELECT max(id) FROM child) FROM grandchild;
            """,
            {"n": number},
        )
        copied(source, target, *chance.sample(TABLES, 3), streams=chance.randint(1, 2))
        assert_equal(source, target, *TABLES)


# ----------------------------------------------------------------------------------------------------------- many runs


def test_runs_that_share_tables_in_opposite_order_do_not_wait_for_each_other_forever(
    source: Database, target: Database
) -> None:
    source.run(FAMILY)
    copied(source, target, *TABLES)
    orders = [("parent", "child"), ("child", "parent"), ("grandchild", "child"), ("child", "grandchild", "parent")]
    source.run("UPDATE parent SET code = code || 'x'; UPDATE child SET v = 'x'")
    with ThreadPoolExecutor(len(orders)) as pool:
        for _ in range(2):
            working = [pool.submit(copied, source, target, *order) for order in orders]
            source.run("UPDATE child SET v = v || 'y'; UPDATE parent SET code = code || 'y'")
            for run in working:
                run.result()
    copied(source, target, *TABLES)
    assert_equal(source, target, *TABLES)
    assert ledger_rows(target, "failed") == []
