"""What a copy does to the target's rows, whatever kind of table is on either side."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from pgpipelines.checksum import Contents
from pgpipelines.copy import differences
from pgpipelines.copy.engine import copy_tables
from pgpipelines.copy.merging import Merging
from pgpipelines.copy.request import Cursor, Selection, TableCopy
from pgpipelines.errors import ConfigurationError, ConflictError, DriftError, VerificationError
from pgpipelines.sessions import Session
from pgpipelines.templates import QualifiedName
from tests.fixtures.copying import RUN, content, copied, ledger_rows, request
from tests.fixtures.servers import Database

PEOPLE = "CREATE TABLE t (id int PRIMARY KEY, name text, town text)"


def both(source: Database, target: Database, statement: str) -> None:
    for database in (source, target):
        database.run(statement)


def assert_equal(source: Database, target: Database, table: str = "t", to: str | None = None) -> None:
    assert content(source, table) == content(target, to or table)


def versions(database: Database, table: str = "t") -> dict[int, tuple[object, ...]]:
    """Where each row is stored and which transaction wrote it, by id: unchanged exactly where nobody wrote the row."""
    rows = database.rows(f"SELECT id, xmin::text, ctid::text FROM {table}")
    return {row[0]: row[1:] for row in rows}


# ---------------------------------------------------------------------------------------------- which rows are written


def test_a_missing_table_is_created_and_filled(source: Database, target: Database) -> None:
    source.run(PEOPLE + "; INSERT INTO t SELECT g, '이름' || g, NULL FROM generate_series(1, 100) AS g")
    result = copied(source, target)
    assert_equal(source, target)
    assert (result.rows, result.changes.inserted, result.changes.updated, result.changes.deleted) == (100, 100, 0, 0)


def test_an_empty_source_makes_an_empty_target(source: Database, target: Database) -> None:
    source.run(PEOPLE)
    assert copied(source, target).rows == 0
    target.run("INSERT INTO t VALUES (1)")
    assert copied(source, target).changes.deleted == 1
    assert content(target) == []


def test_only_rows_that_differ_are_written(source: Database, target: Database) -> None:
    source.run(PEOPLE + "; INSERT INTO t SELECT g, 'n' || g, 'Seoul' FROM generate_series(1, 50) AS g")
    copied(source, target)
    before = versions(target)
    source.run("UPDATE t SET town = NULL WHERE id = 7; DELETE FROM t WHERE id = 8; INSERT INTO t VALUES (99)")
    changes = copied(source, target).changes
    after = versions(target)
    assert (changes.inserted, changes.updated, changes.deleted) == (1, 1, 1)
    assert {row for row in before if after.get(row) != before[row]} == {7, 8}
    assert_equal(source, target)


MANY = PEOPLE + "; INSERT INTO t SELECT g, 'n' || g, 'Seoul' FROM generate_series(1, 400) AS g"


def watch_looks(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Collect the buckets whose rows are looked at one by one."""
    looked_into: list[int] = []
    look = differences.list_differing

    def list_differing(both: Contents, merging: Merging, buckets: list[int]) -> int:
        looked_into.extend(buckets)
        return look(both, merging, buckets)

    monkeypatch.setattr(differences, "list_differing", list_differing)
    return looked_into


def test_rows_written_since_the_last_run_explain_their_buckets(
    source: Database, target: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    source.run(MANY)
    copied(source, target)
    source.run("UPDATE t SET town = NULL WHERE id % 9 = 0; INSERT INTO t SELECT g FROM generate_series(401, 430) AS g")
    looked_into = watch_looks(monkeypatch)
    changes = copied(source, target).changes
    assert (changes.inserted, changes.updated, changes.deleted) == (30, 44, 0)
    assert looked_into == []
    assert_equal(source, target)


def test_a_bucket_is_looked_into_where_more_has_changed_than_the_source_says(
    source: Database, target: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    source.run(MANY)
    copied(source, target)
    source.run("UPDATE t SET town = NULL WHERE id % 9 = 0; DELETE FROM t WHERE id = 19")
    target.run("UPDATE t SET name = 'spoilt' WHERE id IN (90, 200, 360); DELETE FROM t WHERE id = 301")
    looked_into = watch_looks(monkeypatch)
    result = copied(source, target)
    # Those of the rows 19, 200 and 301: what was spoilt in the rows 90 and 360 is staged.
    assert len(looked_into) == 3
    assert (result.changes.inserted, result.changes.updated, result.changes.deleted) == (1, 45, 1)
    assert result.rows == 46
    assert_equal(source, target)


def test_how_keys_are_spread_is_asked_once_of_each_side(
    source: Database, target: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    source.run(MANY)
    copied(source, target)
    source.run("UPDATE t SET town = NULL WHERE id = 7")
    asked: list[Session] = []
    one = Session.one

    def listen(self: Session, template: str, values: dict[str, object] | None = None, **context: object) -> Any:
        if template == "checksum/slices.sql":
            asked.append(self)
        return one(self, template, values, **context)

    monkeypatch.setattr(Session, "one", listen)
    assert copied(source, target).changes.updated == 1
    assert len(asked) == len(set(asked)) == 2


@pytest.mark.parametrize("snapshot", ["1:1:", "999999999:999999999:", None])
def test_a_ledger_of_another_history_costs_a_copy_nothing_but_time(
    source: Database, target: Database, snapshot: str | None
) -> None:
    source.run(MANY)
    copied(source, target)
    source.run("UPDATE t SET town = NULL WHERE id % 9 = 0; DELETE FROM t WHERE id = 19")
    target.run("UPDATE pgpipelines.ledger SET snapshot = coalesce(%s, pg_current_snapshot()::text)", (snapshot,))
    changes = copied(source, target).changes
    assert (changes.inserted, changes.updated, changes.deleted) == (0, 44, 1)
    assert_equal(source, target)


def test_a_second_copy_writes_no_row(source: Database, target: Database) -> None:
    source.run("""
        CREATE TABLE t (id int PRIMARY KEY, n numeric, f float8, j jsonb, i interval, c char(4), a numeric[]);
        INSERT INTO t VALUES (1, 1.00, 'NaN', '1.00', '1 mon', 'x', '{1.0}'),
            (2, 'NaN', -0.0, NULL, '30 days', '', '{}');
    """)
    copied(source, target)
    before = versions(target)
    changes = copied(source, target).changes
    assert (changes.inserted, changes.updated, changes.deleted) == (0, 0, 0)
    assert versions(target) == before


@pytest.mark.parametrize(
    ("type_name", "old", "new"),
    [
        ("numeric", "1.0", "1.00"),
        ("float8", "0", "-0"),
        ("interval", "1 mon", "30 days"),
        ("jsonb", "1.0", "1.00"),
        ("numeric[]", "{1.0}", "{1.00}"),
        ("bpchar", "a", "a "),
        ("timetz", "00:00+09", "15:00-09"),
    ],
)
def test_a_value_that_is_equal_but_prints_otherwise_is_copied(
    source: Database, target: Database, type_name: str, old: str, new: str
) -> None:
    source.run(f"CREATE TABLE t (id int PRIMARY KEY, v {type_name}); INSERT INTO t VALUES (1, '{old}')")
    copied(source, target)
    source.run("UPDATE t SET v = %s", (new,))
    assert copied(source, target).changes.updated == 1
    assert_equal(source, target)


@pytest.mark.parametrize(
    ("type_name", "old", "new"),
    [("numeric", "1.0", "1.00"), ("float8", "0", "-0"), ("interval", "1 mon", "30 days"), ("bpchar", "a", "a ")],
)
def test_a_key_that_is_equal_but_prints_otherwise_is_copied(
    source: Database, target: Database, type_name: str, old: str, new: str
) -> None:
    source.run(f"CREATE TABLE t (v {type_name} PRIMARY KEY, w int); INSERT INTO t VALUES ('{old}', 1)")
    copied(source, target)
    source.run("UPDATE t SET v = %s", (new,))
    assert copied(source, target).changes.updated == 1
    assert_equal(source, target)


def test_a_key_that_a_collation_takes_for_equal_is_copied(database_of: Callable[..., Database]) -> None:
    source, target = database_of(15), database_of(15)
    loose = "CREATE COLLATION loose (provider = icu, locale = 'und-u-ks-level2', deterministic = false);"
    both(source, target, loose + "CREATE TABLE t (v text COLLATE loose PRIMARY KEY, w int)")
    source.run("INSERT INTO t VALUES ('A', 1)")
    target.run("INSERT INTO t VALUES ('a', 1)")
    assert copied(source, target).changes.updated == 1
    assert_equal(source, target)


def test_an_exact_key_is_never_set_by_an_update(source: Database, target: Database) -> None:
    both(source, target, PEOPLE + "; INSERT INTO t VALUES (1, 'a', 'x')")
    target.run("""
        CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'keys stay'; END $$;
        CREATE TRIGGER keep BEFORE UPDATE OF id ON t FOR EACH ROW EXECUTE FUNCTION refuse();
    """)
    source.run("UPDATE t SET town = 'y'")
    assert copied(source, target).changes.updated == 1


def test_rows_are_matched_by_the_targets_key_where_the_source_has_none(source: Database, target: Database) -> None:
    source.run("CREATE TABLE t (id int, name text); INSERT INTO t VALUES (1, 'a'), (2, 'b')")
    target.run("CREATE TABLE t (id int PRIMARY KEY, name text); INSERT INTO t VALUES (1, 'a'), (3, 'c')")
    kept = versions(target)[1]
    changes = copied(source, target).changes
    assert (changes.inserted, changes.updated, changes.deleted) == (1, 0, 1)
    assert versions(target)[1] == kept


def test_a_source_with_rows_that_the_targets_key_forbids_is_refused(source: Database, target: Database) -> None:
    source.run("CREATE TABLE t (id int, name text); INSERT INTO t VALUES (1, 'a'), (1, 'b'), (2, 'c'), (2, 'd')")
    target.run("CREATE TABLE t (id int PRIMARY KEY, name text); INSERT INTO t VALUES (1, 'a')")
    with pytest.raises(VerificationError, match=r"for example \(1\) \(ambiguous\), \(2\) \(ambiguous\)"):
        copied(source, target)
    assert content(target) == [b"1\ta"]


def test_a_table_without_a_key_is_copied_with_its_duplicates(source: Database, target: Database) -> None:
    source.run("CREATE TABLE t (v int, w text); INSERT INTO t VALUES (1, 'a'), (1, 'a'), (NULL, NULL), (NULL, NULL)")
    copied(source, target)
    assert_equal(source, target)
    source.run("DELETE FROM t WHERE ctid = '(0,1)'; INSERT INTO t VALUES (NULL, NULL)")
    target.run("INSERT INTO t VALUES (5, 'five')")
    copied(source, target)
    assert_equal(source, target)


def test_a_key_of_the_source_alone_does_not_matter(source: Database, target: Database) -> None:
    source.run(PEOPLE + "; INSERT INTO t VALUES (1, 'a', 'x')")
    target.run("CREATE TABLE t (id int, name text, town text); INSERT INTO t VALUES (1, 'a', 'x'), (1, 'a', 'x')")
    copied(source, target)
    assert_equal(source, target)


@pytest.mark.parametrize("column", ["id int PRIMARY KEY", "id int", "v text", "n numeric PRIMARY KEY"])
def test_a_table_of_one_column_is_copied(source: Database, target: Database, column: str) -> None:
    source.run(f"CREATE TABLE t ({column}); INSERT INTO t VALUES ('1'), ('2')")
    copied(source, target)
    source.run("DELETE FROM t WHERE ctid = '(0,1)'; INSERT INTO t VALUES ('3')")
    copied(source, target)
    assert_equal(source, target)


def test_the_widest_table_is_copied_and_merged(source: Database, target: Database) -> None:
    columns = ", ".join(f"c{number} numeric" for number in range(1598))
    source.run(f"CREATE TABLE t (id int PRIMARY KEY, {columns}); INSERT INTO t (id, c1597) VALUES (1, 1), (2, 2)")
    copied(source, target)
    source.run("UPDATE t SET c1597 = 1.0 WHERE id = 1")
    assert copied(source, target).changes.updated == 1
    assert_equal(source, target)


def test_a_table_without_columns_is_refused(source: Database, target: Database) -> None:
    source.run("CREATE TABLE t ()")
    with pytest.raises(DriftError, match="has no columns"):
        copied(source, target)


def test_a_column_named_like_one_of_the_copys_own_is_refused(source: Database, target: Database) -> None:
    source.run('CREATE TABLE t (id int PRIMARY KEY, "pgpipelines hash" int); INSERT INTO t VALUES (1, 1)')
    with pytest.raises(DriftError, match=r'column "pgpipelines hash" of .* has a name such as'):
        copied(source, target)
    select = 'SELECT id, "pgpipelines hash" AS hash FROM public.t'
    for name in ("one", "two"):
        source.run(f'UPDATE t SET "pgpipelines hash" = {len(name)}')
        copied(source, target, options={"select": select, "key": ("id",)})
    assert content(target) == [b"1\t3"]


def test_a_table_of_computed_columns_alone_is_refused(source: Database, target: Database) -> None:
    source.run("CREATE TABLE t (one int GENERATED ALWAYS AS (1) STORED)")
    with pytest.raises(DriftError, match="has no columns"):
        copied(source, target)


# ----------------------------------------------------------------------------- unique values and references on the way


def test_a_unique_value_moves_from_a_deleted_row_to_a_new_one(source: Database, target: Database) -> None:
    source.run("CREATE TABLE t (id int PRIMARY KEY, code text UNIQUE); INSERT INTO t VALUES (1, 'a'), (2, 'b')")
    copied(source, target)
    source.run("DELETE FROM t WHERE id = 1; INSERT INTO t VALUES (3, 'a')")
    copied(source, target)
    assert_equal(source, target)


def test_a_unique_value_moves_from_a_changed_row_to_a_new_one(source: Database, target: Database) -> None:
    source.run("CREATE TABLE t (id int PRIMARY KEY, code text UNIQUE); INSERT INTO t VALUES (1, 'a'), (2, 'b')")
    copied(source, target)
    source.run("UPDATE t SET code = 'c' WHERE id = 1; INSERT INTO t VALUES (3, 'a')")
    copied(source, target)
    assert_equal(source, target)


SWAP = "UPDATE t SET code = CASE code WHEN 'a' THEN 'b' WHEN 'b' THEN 'c' ELSE 'a' END WHERE code <> 'z'"
CODES = "INSERT INTO t (id, code) VALUES (1, 'a'), (2, 'b'), (3, 'c'), (4, 'z')"
UNIQUES = {
    "constraint": "ALTER TABLE t ADD UNIQUE (code)",
    "index": "CREATE UNIQUE INDEX ON t (code)",
    "expression": "CREATE UNIQUE INDEX ON t (lower(code), (id > 0))",
    "partial": "CREATE UNIQUE INDEX ON t (code) WHERE code < 'x'",
    "several columns": 'CREATE UNIQUE INDEX ON t (code, "Ünïq ""%s""") INCLUDE (id)',
    "deferrable": "ALTER TABLE t ADD UNIQUE (code) DEFERRABLE",
}


@pytest.mark.parametrize("unique", UNIQUES)
def test_unique_values_that_rows_exchange_are_copied(source: Database, target: Database, unique: str) -> None:
    both(source, target, f'CREATE TABLE t (id int PRIMARY KEY, code text, "Ünïq ""%s""" int DEFAULT 1); {CODES}')
    target.run(UNIQUES[unique])
    source.run(SWAP)
    before = versions(target)
    assert copied(source, target).changes.updated == 3
    assert_equal(source, target)
    assert versions(target)[4] == before[4]


NOT_DISTINCT = {
    "constraint": "UNIQUE NULLS NOT DISTINCT (code)",
    "several columns": "UNIQUE NULLS NOT DISTINCT (code, town)",
}


@pytest.mark.parametrize("unique", NOT_DISTINCT)
def test_nulls_that_are_not_distinct_move_between_rows(
    database_of: Callable[..., Database], source: Database, unique: str
) -> None:
    target = database_of(15)
    rows = "INSERT INTO t VALUES (1, NULL), (2, 'b'), (3, 'c'), (4, 'd')"
    both(source, target, f"CREATE TABLE t (id int PRIMARY KEY, code text, town text); {rows}")
    target.run(f"ALTER TABLE t ADD {NOT_DISTINCT[unique]}")
    # A row takes the NULL of another one that changes, of one that goes, and of one that comes.
    for change in (
        "UPDATE t SET code = CASE code WHEN 'b' THEN NULL ELSE 'b' END WHERE id < 3",
        "DELETE FROM t WHERE id = 2; UPDATE t SET code = NULL WHERE id = 3",
        "UPDATE t SET code = 'c' WHERE id = 3; INSERT INTO t VALUES (5, NULL)",
    ):
        source.run(change)
        copied(source, target)
        assert_equal(source, target)


BOOKINGS = "(id int PRIMARY KEY, room int, during int4range, EXCLUDE USING gist (during WITH &&) WHERE (room > 0))"


@pytest.mark.parametrize(
    "booked",
    [
        "(1, 1, '[5,9)'), (2, 1, '[1,5)')",
        "(1, 1, '[1,8)'), (2, 1, '[8,9)')",
        "(1, 1, '[1,2)'), (2, 1, '[2,9)'), (3, 0, '[1,9)')",
        "(3, 1, '[1,9)')",
    ],
    ids=["exchanged", "longer", "shorter", "another row"],
)
@pytest.mark.parametrize("cursor", [None, Cursor("xmin")], ids=["refreshed", "followed"])
def test_what_may_not_overlap_moves_between_rows(
    source: Database, target: Database, booked: str, cursor: Cursor | None
) -> None:
    source.run(f"CREATE TABLE t {BOOKINGS}; INSERT INTO t VALUES (1, 1, '[1,5)'), (2, 1, '[5,9)')")
    follow(source, target, cursor)
    source.run(f"DELETE FROM t; INSERT INTO t VALUES {booked}")
    follow(source, target, cursor)
    assert_equal(source, target)


@pytest.mark.parametrize(
    "people", ["(1, 'B'), (2, 'A')", "(1, 'b'), (2, 'C'), (3, 'a')", "(2, 'B'), (3, 'A')"],
    ids=["exchanged", "moved", "of a deleted row"],
)  # fmt: skip
@pytest.mark.parametrize("cursor", [None, Cursor("xmin")], ids=["refreshed", "followed"])
def test_unique_values_that_the_server_computes_move_between_rows(
    source: Database, target: Database, people: str, cursor: Cursor | None
) -> None:
    source.run("""
        CREATE TABLE t (id int PRIMARY KEY, name text, low text COLLATE "C" GENERATED ALWAYS AS (lower(name)) STORED);
        CREATE UNIQUE INDEX ON t (low, (id > 0)); INSERT INTO t (id, name) VALUES (1, 'A'), (2, 'B')
    """)
    follow(source, target, cursor)
    source.run(f"DELETE FROM t; INSERT INTO t VALUES {people}")
    follow(source, target, cursor)
    assert_equal(source, target)


@pytest.mark.parametrize(
    "unique", ["ALTER TABLE t ADD low text GENERATED ALWAYS AS (low_of(name)) STORED UNIQUE",
               "CREATE UNIQUE INDEX ON t (low_of(name))"], ids=["column", "index"],
)  # fmt: skip
@pytest.mark.parametrize("cursor", [None, Cursor("xmin")], ids=["refreshed", "followed"])
def test_what_unique_values_are_computed_by_finds_names_as_its_role_does(
    source: Database, target: Database, unique: str, cursor: Cursor | None
) -> None:
    functions = """
        CREATE FUNCTION own_lower(text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT lower($1)';
        CREATE FUNCTION low_of(text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RETURN own_lower($1); END';
    """
    both(source, target, f"{functions}; CREATE TABLE t (id int PRIMARY KEY, name text); {unique}")
    source.run("INSERT INTO t VALUES (1, 'A'), (2, 'B')")
    follow(source, target, cursor)
    source.run("DELETE FROM t; INSERT INTO t VALUES (1, 'B'), (2, 'A')")
    follow(source, target, cursor)
    assert_equal(source, target)


def test_a_part_of_the_key_that_is_unique_moves_to_another_row(source: Database, target: Database) -> None:
    source.run("CREATE TABLE t (member int UNIQUE, team int, PRIMARY KEY (member, team)); INSERT INTO t VALUES (1, 1)")
    follow(source, target, Cursor("xmin"))
    source.run("UPDATE t SET team = 2")
    follow(source, target, Cursor("xmin"))
    assert_equal(source, target)


def follow(source: Database, target: Database, cursor: Cursor | None) -> None:
    """Copy what changed, or all of it where there is no cursor."""
    copied(source, target, options={"cursor": cursor}, strategy="incremental" if cursor else "full_refresh")


def both_coded(source: Database, target: Database) -> None:
    """Four codes on either side, unique in the target; the source is free to exchange them by a plain UPDATE."""
    both(source, target, f"CREATE TABLE t (id int PRIMARY KEY, code text); {CODES}")
    target.run("ALTER TABLE t ADD UNIQUE (code)")


def test_rows_that_exchange_unique_values_keep_what_the_target_alone_knows(source: Database, target: Database) -> None:
    source.run(f"CREATE TABLE t (id int PRIMARY KEY, code text); {CODES}")
    target.run(
        f"""CREATE TABLE t (
                note text DEFAULT 'none', id int PRIMARY KEY, code text UNIQUE, seen int GENERATED ALWAYS AS IDENTITY
            );
            {CODES}; UPDATE t SET note = 'mine ' || id"""
    )
    before = target.rows("SELECT id, note, seen FROM t ORDER BY id")
    source.run(SWAP)
    copied(source, target)
    assert target.rows("SELECT id, note, seen FROM t ORDER BY id") == before


def test_rows_that_exchange_unique_values_keep_the_rows_that_refer_to_them(source: Database, target: Database) -> None:
    both_coded(source, target)
    target.run("CREATE TABLE child (id int REFERENCES t); INSERT INTO child VALUES (1), (2), (3)")
    source.run(SWAP)
    copied(source, target)
    assert_equal(source, target)
    assert target.value("SELECT count(*) FROM child") == 3


@pytest.mark.parametrize("action", ["CASCADE", "SET NULL", "SET DEFAULT", "RESTRICT"])
def test_an_exchange_that_would_reach_other_tables_is_refused(source: Database, target: Database, action: str) -> None:
    both_coded(source, target)
    target.run(f"CREATE TABLE child (id int REFERENCES t ON DELETE {action}); INSERT INTO child VALUES (1), (2), (3)")
    before = content(target)
    source.run(SWAP)
    with pytest.raises(ConflictError, match=r"3 rows of public\.t exchange unique values.*child_id_fkey"):
        copied(source, target)
    assert content(target) == before
    assert target.value("SELECT count(id) FROM child") == 3


def test_the_remedy_for_a_refused_exchange_works(source: Database, target: Database) -> None:
    both_coded(source, target)
    target.run("CREATE TABLE child (id int REFERENCES t ON DELETE CASCADE); INSERT INTO child VALUES (1), (2), (3)")
    source.run(SWAP)
    target.run("ALTER TABLE t DROP CONSTRAINT t_code_key, ADD CONSTRAINT t_code_key UNIQUE (code) DEFERRABLE")
    copied(source, target)
    assert_equal(source, target)
    assert target.value("SELECT count(id) FROM child") == 3


def test_a_unique_value_that_simply_changes_needs_no_exchange(source: Database, target: Database) -> None:
    both_coded(source, target)
    target.run("CREATE TABLE child (id int REFERENCES t ON DELETE CASCADE); INSERT INTO child VALUES (1)")
    source.run("UPDATE t SET code = 'new' WHERE id = 1")
    copied(source, target)
    assert_equal(source, target)
    assert target.value("SELECT count(*) FROM child") == 1


def test_a_unique_index_on_a_column_of_the_target_alone_stays_out_of_it(source: Database, target: Database) -> None:
    source.run("CREATE TABLE t (id int PRIMARY KEY, code text); INSERT INTO t VALUES (1, 'a'), (2, 'b')")
    target.run("CREATE TABLE t (id int PRIMARY KEY, code text, own serial); CREATE UNIQUE INDEX ON t (own, code)")
    target.run("INSERT INTO t (id, code) VALUES (1, 'x'), (3, 'y')")
    copied(source, target)
    assert content(target, columns="id, code") == content(source)


def test_a_table_that_refers_to_itself_is_merged(source: Database, target: Database) -> None:
    source.run("""
        CREATE TABLE t (id int PRIMARY KEY, boss int);
        INSERT INTO t VALUES (1, NULL), (2, 1), (3, 2);
    """)
    copied(source, target)
    target.run("ALTER TABLE t ADD FOREIGN KEY (boss) REFERENCES t")
    # A new boss for those who stay, and the old one gone.
    source.run("INSERT INTO t VALUES (9, NULL); UPDATE t SET boss = 9 WHERE boss = 1; DELETE FROM t WHERE id = 1")
    copied(source, target)
    assert_equal(source, target)


def test_replacing_all_rows_of_a_table_that_others_refer_to_is_refused(source: Database, target: Database) -> None:
    source.run("CREATE TABLE t (v int); INSERT INTO t VALUES (1), (2)")
    target.run("""
        CREATE TABLE t (v int UNIQUE); INSERT INTO t VALUES (1);
        CREATE TABLE child (v int REFERENCES t (v) ON DELETE CASCADE); INSERT INTO child VALUES (1);
    """)
    with pytest.raises(ConflictError, match="child refers to it by child_v_fkey"):
        copied(source, target)
    assert target.value("SELECT count(*) FROM child") == 1


# ------------------------------------------------------------------------------------------- identity, sequences, text


def test_an_identity_that_is_generated_always_keeps_the_sources_values(source: Database, target: Database) -> None:
    source.run("""
        CREATE TABLE t (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, v text);
        INSERT INTO t (v) VALUES ('a'), ('b'), ('c'); DELETE FROM t WHERE id = 2;
    """)
    copied(source, target)
    assert_equal(source, target)
    source.run("INSERT INTO t (v) VALUES ('d'); UPDATE t SET v = 'A' WHERE id = 1")
    copied(source, target)
    assert_equal(source, target)
    assert target.value("INSERT INTO t (v) VALUES ('next') RETURNING id") == 5


def test_an_identity_beside_the_key_is_corrected(source: Database, target: Database) -> None:
    both(source, target, "CREATE TABLE t (id int PRIMARY KEY, n int GENERATED ALWAYS AS IDENTITY, v text)")
    source.run("INSERT INTO t (id, v) VALUES (1, 'a'), (2, 'b')")
    target.run("INSERT INTO t (id, v) VALUES (2, 'b'), (1, 'a')")
    assert copied(source, target).changes.updated == 2
    assert_equal(source, target)


@pytest.mark.parametrize("kind", ["serial", "bigserial", "smallserial", "int GENERATED BY DEFAULT AS IDENTITY"])
def test_sequences_go_on_after_the_copied_values(source: Database, target: Database, kind: str) -> None:
    source.run(f"CREATE TABLE t (id {kind} PRIMARY KEY, v int); INSERT INTO t (v) SELECT generate_series(1, 42)")
    copied(source, target)
    assert target.value("INSERT INTO t (v) VALUES (0) RETURNING id") == 43


def test_a_sequence_never_goes_back(source: Database, target: Database) -> None:
    both(source, target, "CREATE TABLE t (id serial PRIMARY KEY); INSERT INTO t VALUES (1)")
    target.run("SELECT setval('t_id_seq', 500)")
    copied(source, target)
    assert target.value("SELECT nextval('t_id_seq')") == 501


def test_a_failed_copy_leaves_sequences_alone(source: Database, target: Database) -> None:
    both(source, target, "CREATE TABLE t (id serial PRIMARY KEY, v int); INSERT INTO t (v) VALUES (1)")
    target.run("""
        CREATE FUNCTION spoil() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.v := 0; RETURN NEW; END $$;
        CREATE TRIGGER spoil BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION spoil();
    """)
    source.run("INSERT INTO t VALUES (70, 7)")
    with pytest.raises(VerificationError):
        copied(source, target)
    assert target.value("SELECT nextval('t_id_seq')") == 2


def test_types_without_a_binary_form_travel_as_text(source: Database, target: Database) -> None:
    source.run("""
        CREATE TYPE pair AS (a numeric, b text);
        CREATE TABLE t (id int PRIMARY KEY, p pair, r regclass, ps pair[], b bytea, t text, n text);
        INSERT INTO t VALUES (1, '(1.00,"a ,b")', 'pg_class', '{"(1,\\"x\\")"}', '\\x00ff', E'\\t\\n\\\\N', NULL);
    """)
    target.run("CREATE TYPE pair AS (a numeric, b text)")
    copied(source, target)
    assert_equal(source, target)
    source.run("UPDATE t SET p = '(1.0,)'")
    copied(source, target)
    assert_equal(source, target)


def test_wider_types_of_the_target_take_the_rows(source: Database, target: Database) -> None:
    source.run("CREATE TABLE t (id int PRIMARY KEY, s smallint, v varchar(5), n numeric(10,2), c text)")
    source.run("INSERT INTO t VALUES (1, 2, 'abc', 1.50, '가'), (2, NULL, NULL, NULL, NULL)")
    target.run("CREATE TABLE t (id bigint PRIMARY KEY, s int, v text, n numeric(12,2), c varchar)")
    copied(source, target)
    assert_equal(source, target)
    target.run("UPDATE t SET id = id + 4294967296 WHERE id = 1")
    copied(source, target)
    assert_equal(source, target)


def test_columns_are_matched_by_name_whatever_their_order(source: Database, target: Database) -> None:
    source.run(PEOPLE + "; INSERT INTO t VALUES (1, 'a', 'x')")
    target.run("CREATE TABLE t (town text, extra int DEFAULT 5, id int PRIMARY KEY, name text)")
    copied(source, target)
    assert target.rows("SELECT id, name, town, extra FROM t") == [(1, "a", "x", 5)]


# ----------------------------------------------------------------------------------------------------- kinds of tables


def test_views_and_their_like_can_be_sources(source: Database, target: Database) -> None:
    source.run(PEOPLE + "; INSERT INTO t VALUES (1, 'a', 'x'), (2, 'b', 'y')")
    source.run("""
        CREATE VIEW v AS SELECT id, name FROM t;
        CREATE MATERIALIZED VIEW m AS SELECT * FROM t; CREATE UNIQUE INDEX ON m (id);
        CREATE TABLE p (id int PRIMARY KEY, v text) PARTITION BY RANGE (id);
        CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (10);
        CREATE TABLE p2 PARTITION OF p DEFAULT;
        INSERT INTO p VALUES (1, 'a'), (11, 'b');
        CREATE INDEX ON p (v);
        CREATE TABLE parent (id int PRIMARY KEY, v text); CREATE TABLE heir (more int) INHERITS (parent);
        INSERT INTO parent VALUES (1, 'a'); INSERT INTO heir VALUES (2, 'b', 3);
    """)
    for name in ("v", "m", "p", "parent"):
        for _ in ("first", "second"):
            copied(source, target, name)
            assert_equal(source, target, name)
    source.run("UPDATE t SET name = 'c' WHERE id = 2; DELETE FROM p WHERE id = 1; INSERT INTO heir VALUES (5, 'e')")
    for name in ("v", "p", "parent"):
        copied(source, target, name)
        assert_equal(source, target, name)


def test_the_rows_of_child_tables_are_copied_even_where_they_repeat_a_key(source: Database, target: Database) -> None:
    source.run("""
        CREATE TABLE t (id int PRIMARY KEY, v text); CREATE TABLE heir () INHERITS (t);
        INSERT INTO t VALUES (1, 'a'); INSERT INTO heir VALUES (1, 'b');
    """)
    target.run("CREATE TABLE t (id int, v text)")
    for _ in ("into an empty target", "into a full one"):
        copied(source, target)
        assert_equal(source, target)


def test_a_view_is_merged_into_a_table_that_others_refer_to(source: Database, target: Database) -> None:
    source.run("CREATE VIEW t AS SELECT g AS id, 'n' || g AS name FROM generate_series(1, 3) AS g")
    target.run("""
        CREATE TABLE t (id int PRIMARY KEY, name text); INSERT INTO t VALUES (1, 'n1');
        CREATE TABLE child (id int REFERENCES t ON DELETE CASCADE); INSERT INTO child VALUES (1);
    """)
    before = versions(target)
    copied(source, target)
    assert_equal(source, target)
    assert versions(target)[1] == before[1]
    assert target.value("SELECT count(*) FROM child") == 1


def test_a_partitioned_table_can_be_the_target(source: Database, target: Database) -> None:
    source.run(PEOPLE + "; INSERT INTO t SELECT g, 'n', 'x' FROM generate_series(1, 20) AS g")
    target.run("""
        CREATE TABLE t (id int PRIMARY KEY, name text, town text) PARTITION BY RANGE (id);
        CREATE TABLE t1 PARTITION OF t FOR VALUES FROM (0) TO (10); CREATE TABLE t2 PARTITION OF t DEFAULT;
        INSERT INTO t VALUES (3, 'wrong'), (99, 'extra');
    """)
    copied(source, target)
    assert_equal(source, target)


def test_a_view_is_refused_as_target(source: Database, target: Database) -> None:
    source.run(PEOPLE)
    target.run("CREATE VIEW t AS SELECT 1 AS id, ''::text AS name, ''::text AS town")
    with pytest.raises(DriftError, match="is no table"):
        copied(source, target)


def test_a_table_is_not_copied_onto_itself(source: Database) -> None:
    source.run(PEOPLE)
    with pytest.raises(ConfigurationError, match="onto itself"):
        copied(source, source)
    assert ledger_rows(source, "failed") != []


@pytest.mark.parametrize("schema", ["pg_catalog", "information_schema", "pgpipelines"])
def test_a_schema_that_is_not_for_copies_is_refused(source: Database, target: Database, schema: str) -> None:
    source.run(PEOPLE)
    with pytest.raises(ConfigurationError, match=f"schema {schema} is not for copies"):
        copied(source, target, "t", f"{schema}.t")


def test_a_table_can_be_copied_within_its_database(source: Database) -> None:
    source.run(PEOPLE + "; CREATE INDEX town_idx ON t (town); INSERT INTO t VALUES (1, 'a', 'x')")
    for _ in ("created", "merged"):
        copied(source, source, "t", "t_copy")
        assert_equal(source, source, "t", "t_copy")


# ---------------------------------------------------------------------------------------------------- the target stays


def test_what_hangs_on_the_target_stays(source: Database, target: Database) -> None:
    both(source, target, PEOPLE + "; INSERT INTO t VALUES (1, 'a', 'x'), (2, 'b', 'y')")
    target.run("""
        CREATE VIEW v AS SELECT * FROM t;
        CREATE TABLE child (id int REFERENCES t); INSERT INTO child VALUES (1);
        CREATE INDEX t_name_idx ON t (name);
        CREATE TABLE log (what text, id int);
        CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN INSERT INTO log VALUES (TG_OP, coalesce(NEW.id, OLD.id)); RETURN NULL; END $$;
        CREATE TRIGGER note AFTER INSERT OR UPDATE OR DELETE ON t FOR EACH ROW EXECUTE FUNCTION note();
        GRANT SELECT ON t TO PUBLIC;
        COMMENT ON TABLE t IS 'mine';
    """)
    what_hangs = """
        SELECT c.oid, c.relfilenode, c.relacl::text, c.relhastriggers, obj_description(c.oid),
               (SELECT array_agg(indexrelid ORDER BY indexrelid) FROM pg_index WHERE indrelid = c.oid),
               (SELECT array_agg(oid ORDER BY oid) FROM pg_constraint WHERE confrelid = c.oid OR conrelid = c.oid)
        FROM pg_class AS c WHERE c.oid = 't'::regclass
    """
    before = target.rows(what_hangs)
    source.run("UPDATE t SET name = 'A' WHERE id = 1; DELETE FROM t WHERE id = 2; INSERT INTO t VALUES (3)")
    copied(source, target)
    assert target.rows(what_hangs) == before
    assert target.rows("SELECT * FROM log ORDER BY id") == [("UPDATE", 1), ("DELETE", 2), ("INSERT", 3)]
    assert target.value("SELECT count(*) FROM v") == 2


NOTED = """
    CREATE TABLE app.log (op text, id int, at serial);
    CREATE FUNCTION app.note() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN INSERT INTO log VALUES (TG_OP, coalesce(NEW.id, OLD.id)); RETURN coalesce(NEW, OLD); END $$;
    CREATE TRIGGER note BEFORE INSERT OR DELETE ON app.t FOR EACH ROW EXECUTE FUNCTION app.note();
"""


@pytest.mark.parametrize("key", ["PRIMARY KEY", ""])
def test_a_trigger_finds_the_tables_that_its_role_finds(source: Database, target: Database, key: str) -> None:
    both(source, target, f"CREATE SCHEMA app; CREATE TABLE app.t (id int {key}, v int)")
    target.run(NOTED)
    target.run(f"ALTER DATABASE {target.name} SET search_path = app, public")
    for act in ("INSERT INTO app.t VALUES (1, 1)", "INSERT INTO app.t VALUES (2, 2)", "DELETE FROM app.t WHERE id = 1"):
        source.run(act)
        copied(source, target, "app.t")
    assert target.rows("SELECT op, id FROM app.log ORDER BY at") == [("INSERT", 1), ("INSERT", 2), ("DELETE", 1)]


def test_a_trigger_of_rows_that_wait_for_others_to_go_finds_them_too(source: Database, target: Database) -> None:
    both(source, target, "CREATE SCHEMA app; CREATE TABLE app.t (id int PRIMARY KEY); "
         "CREATE TABLE app.child (id int PRIMARY KEY REFERENCES app.t)")  # fmt: skip
    target.run(NOTED)
    target.run(f"ALTER DATABASE {target.name} SET search_path = app, public")
    names = [QualifiedName("app", "child"), QualifiedName("app", "t")]
    group = replace(request(source, target), tables=tuple(TableCopy(Selection(name), name) for name in names))
    for act in ("INSERT INTO app.t VALUES (1), (2); INSERT INTO app.child VALUES (1)",
                "DELETE FROM app.child; DELETE FROM app.t WHERE id = 1"):  # fmt: skip
        source.run(act)
        copy_tables(group, RUN)
    assert target.value("SELECT op FROM app.log ORDER BY at DESC LIMIT 1") == "DELETE"


@pytest.mark.parametrize("already_there", [True, False])
def test_a_trigger_that_changes_rows_is_found_out(source: Database, target: Database, already_there: bool) -> None:
    both(source, target, PEOPLE)
    if already_there:
        both(source, target, "INSERT INTO t VALUES (1, 'a', 'x')")
    target.run("""
        CREATE FUNCTION spoil() RETURNS trigger LANGUAGE plpgsql AS
            $$ BEGIN NEW.town := upper(NEW.town); RETURN NEW; END $$;
        CREATE TRIGGER spoil BEFORE INSERT OR UPDATE ON t FOR EACH ROW EXECUTE FUNCTION spoil();
    """)
    source.run("INSERT INTO t VALUES (77, 'b', 'seoul')")
    before = content(target)
    with pytest.raises(VerificationError, match=r"\(77\) \(different\)"):
        copied(source, target)
    assert content(target) == before
    (error,) = ledger_rows(target, "failed")
    assert error is not None
    assert "(77) (different)" in error


def test_a_trigger_that_swallows_rows_is_found_out(source: Database, target: Database) -> None:
    both(source, target, PEOPLE + "; INSERT INTO t VALUES (1, 'a', 'x')")
    target.run("""
        CREATE FUNCTION swallow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$;
        CREATE TRIGGER swallow BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION swallow();
    """)
    source.run("INSERT INTO t VALUES (2, 'b', 'y')")
    with pytest.raises(VerificationError, match=r"\(2\) \(missing\)"):
        copied(source, target)


# ----------------------------------------------------------------------------------------------- servers and encodings


@pytest.mark.parametrize(("old", "new"), [(15, 16), (16, 18), (18, 15)])
def test_a_copy_goes_from_one_version_to_another(database_of: Callable[..., Database], old: int, new: int) -> None:
    source, target = database_of(old), database_of(new)
    source.run("""
        CREATE TYPE mood AS ENUM ('좋음', '나쁨');
        CREATE DOMAIN amount AS numeric CHECK (VALUE >= 0);
        CREATE TABLE t (
            id serial PRIMARY KEY, m mood DEFAULT '좋음', a amount, j jsonb, x text UNIQUE, i inet,
            at timestamptz DEFAULT '2020-01-01', g int GENERATED ALWAYS AS (1 + 1) STORED, r int4range, f float8
        );
        INSERT INTO t (a, j, x, i, r, f) SELECT g, '{"a": 1.00}', g, '10.0.0.1/8', '[1,5)', 'NaN'
        FROM generate_series(1, 500) AS g;
    """)
    copied(source, target)
    assert_equal(source, target)
    source.run("DELETE FROM t WHERE id < 10; UPDATE t SET m = '나쁨', a = a + 0.10 WHERE id % 7 = 0")
    copied(source, target)
    assert_equal(source, target)
    changes = copied(source, target).changes
    assert (changes.inserted, changes.updated, changes.deleted) == (0, 0, 0)


def test_korean_text_crosses_encodings(database_of: Callable[..., Database]) -> None:
    korean = database_of(options="ENCODING 'EUC_KR' LOCALE 'C' TEMPLATE template0")
    unicode = database_of()
    unicode.run("""
        CREATE TYPE 상태 AS ENUM ('충전중', '대기');
        CREATE TABLE 충전소 (
            번호 int PRIMARY KEY, 이름 text UNIQUE, 상태 상태, 비고 char(6) DEFAULT '없음', 자료 jsonb
        );
        COMMENT ON TABLE 충전소 IS '충전소 목록';
        INSERT INTO 충전소 VALUES (1, '강남', '충전중', '가', '{"이름": "강남"}'), (2, '서초', '대기', NULL, NULL);
    """)
    copied(unicode, korean, "충전소")
    assert content(korean, "충전소") == content(unicode, "충전소")
    copied(korean, unicode, "충전소", '"다른 곳".충전소')
    assert content(unicode, '"다른 곳".충전소') == content(unicode, "충전소")
    unicode.run("UPDATE 충전소 SET 이름 = '송파' WHERE 번호 = 2; DELETE FROM 충전소 WHERE 번호 = 1")
    copied(unicode, korean, "충전소")
    assert content(korean, "충전소") == content(unicode, "충전소")
    assert korean.value("SELECT count(*) FROM pgpipelines.ledger WHERE status = 'succeeded'") == 2


def test_settings_of_a_role_or_database_do_not_change_what_is_copied(source: Database, target: Database) -> None:
    both(
        source,
        target,
        """CREATE TABLE t (id int PRIMARY KEY, a text[], i interval, d timestamptz, f float8, j jsonb, b bytea);
           CREATE TYPE mood AS ENUM ('a'); CREATE TABLE typed (id int PRIMARY KEY, m mood, j jsonb)""",
    )
    source.run("INSERT INTO t VALUES (1, '{NULL,x}', '-1 mon 2 days', now(), 0.1, '1.0', '\\x5c')")
    odd = """
        ALTER DATABASE {0} SET IntervalStyle = 'sql_standard'; ALTER DATABASE {0} SET DateStyle = 'German';
        ALTER DATABASE {0} SET TimeZone = 'Asia/Seoul'; ALTER DATABASE {0} SET extra_float_digits = -10;
        ALTER DATABASE {0} SET bytea_output = 'escape'; ALTER DATABASE {0} SET array_nulls = off;
        ALTER DATABASE {0} SET standard_conforming_strings = off; ALTER DATABASE {0} SET quote_all_identifiers = on;
        ALTER DATABASE {0} SET default_transaction_isolation = 'serializable';
        ALTER DATABASE {0} SET default_transaction_read_only = on;
    """
    target.run(odd.format(target.name))
    for table in ("t", "typed"):
        for _ in ("filled", "merged"):
            copied(source, target, table)
    assert copied(source, target).changes.updated == 0
