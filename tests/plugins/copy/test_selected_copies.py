"""A copy of what a user's condition or query selects is proven as a whole table's is."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from pgpipelines.copy.engine import copy_tables
from pgpipelines.copy.publishing import TableResult
from pgpipelines.copy.request import Cursor
from pgpipelines.errors import ConfigurationError, ConflictError, DriftError, VerificationError
from tests.fixtures.copying import RUN, content, copied, request
from tests.fixtures.servers import Database

ORDERS = """
    CREATE TYPE state AS ENUM ('new', '지불%');
    CREATE TABLE customers (id int PRIMARY KEY, name text, city text);
    CREATE TABLE orders (
        id bigint PRIMARY KEY, customer int REFERENCES customers, state state NOT NULL,
        amount numeric(10,2), at timestamp
    );
    INSERT INTO customers VALUES (1, '김', '서울'), (2, '이', '부산'), (3, '100%', '%s');
    INSERT INTO orders
    SELECT n, n % 3 + 1, CASE n % 2 WHEN 0 THEN '지불%' ELSE 'new' END::state, n, '2020-01-01'
    FROM generate_series(1, 200) AS n;
    ANALYZE;
"""
PAID = "orders.state = '지불%' AND id % 4 = 0"
JOINED = """
    SELECT o.id::text AS "주문 %", c.name AS "고객", c.city, o.amount::float8 AS won, o.state
    FROM orders AS o JOIN customers AS c ON c.id = o.customer -- everybody
    WHERE c.name LIKE '%' AND o.id % 5 <> 0
"""
KEYED: Mapping[str, Any] = {"select": JOINED, "key": ("주문 %",)}


def rows_of(database: Database, query: str) -> list[bytes]:
    """What a query returns, as COPY prints it, in the order of its bytes."""
    connection, stream = database.connect(), io.BytesIO()
    try:
        connection.set_client_encoding("UTF8")
        with connection.cursor() as cursor:
            cursor.copy_expert(f"COPY ({query}\n) TO STDOUT", stream)
    finally:
        connection.close()
    return sorted(stream.getvalue().splitlines())


def changes(result: TableResult) -> tuple[int, int, int]:
    return (result.changes.inserted, result.changes.updated, result.changes.deleted)


def keys_of(database: Database, table: str) -> list[str]:
    rows = database.rows(
        "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = %s::regclass AND contype IN ('p', 'u') "
        "ORDER BY 1",
        (table,),
    )
    return [definition for (definition,) in rows]


# ----------------------------------------------------------------------------------------------------------- conditions


def test_the_rows_that_meet_a_condition_are_copied(source: Database, target: Database) -> None:
    source.run(ORDERS)
    result = copied(source, target, "orders", options={"where": PAID})
    assert changes(result) == (50, 0, 0)
    assert content(target, "orders") == rows_of(source, f"SELECT * FROM orders WHERE {PAID}")
    assert keys_of(target, "orders") == ["PRIMARY KEY (id)"]


def test_rows_that_leave_or_enter_the_condition_do_so_in_the_target(source: Database, target: Database) -> None:
    source.run(ORDERS)
    copied(source, target, "orders", options={"where": PAID})
    assert copied(source, target, "orders", options={"where": PAID}).rows == 0
    source.run("""
        UPDATE orders SET state = 'new' WHERE id = 4; UPDATE orders SET amount = -1 WHERE id = 8;
        DELETE FROM orders WHERE id = 12; UPDATE orders SET amount = 0 WHERE id = 1;
        INSERT INTO orders VALUES (1000, 1, '지불%', 5, NULL), (1002, 1, '지불%', 5, NULL);
    """)
    result = copied(source, target, "orders", options={"where": PAID})
    assert changes(result) == (1, 1, 2)
    assert content(target, "orders") == rows_of(source, f"SELECT * FROM orders WHERE {PAID}")


def test_a_large_table_is_loaded_in_pieces_by_several_streams(source: Database, target: Database) -> None:
    source.run("""
        CREATE TABLE t (id int PRIMARY KEY, v text) PARTITION BY RANGE (id);
        CREATE TABLE low PARTITION OF t FOR VALUES FROM (0) TO (5000);
        CREATE TABLE high PARTITION OF t FOR VALUES FROM (5000) TO (20001);
        INSERT INTO t SELECT n, repeat('x', 300) FROM generate_series(1, 20000) AS n; ANALYZE t;
    """)
    where = "t.id % 3 = 0 OR t.id < 10"
    copied(source, target, options={"where": where, "batch_size": 500}, streams=3)
    assert content(target) == rows_of(source, f"SELECT * FROM t WHERE {where}")


@pytest.mark.parametrize("there", [False, True], ids=["missing target", "empty target"])
@pytest.mark.parametrize(
    "options",
    [
        {"where": "at > now() - interval '1 hour'"},
        {"select": "SELECT * FROM t WHERE at > now() - interval '1 hour'"},
        {"view": "CREATE VIEW recent AS SELECT * FROM t WHERE at > now() - interval '1 hour'"},
    ],
    ids=["where", "select", "view"],
)
def test_what_the_clock_selects_is_loaded_as_of_one_moment(
    source: Database, target: Database, options: dict[str, Any], there: bool
) -> None:
    table = "CREATE TABLE t (id int PRIMARY KEY, at timestamptz)"
    source.run(f"""{table}; INSERT INTO t
        SELECT g, now() - interval '1 hour' + g * interval '0.1 ms' FROM generate_series(1, 100000) AS g""")
    if there:
        target.run(table)
    options = dict(options)
    view = options.pop("view", "")
    source.run(f"SELECT 1; {view}")
    result = copied(source, target, "recent" if view else "t", "t", options)
    assert result.changes.inserted == target.value("SELECT count(*) FROM t")


def test_a_query_whose_key_no_longer_tells_its_rows_apart_is_refused(source: Database, target: Database) -> None:
    source.run("CREATE TABLE t (id int, v text); INSERT INTO t VALUES (1, 'a'), (2, 'b')")
    options = {"select": "SELECT * FROM t", "key": ("id",)}
    copied(source, target, options=options)
    source.run("INSERT INTO t VALUES (2, 'b')")
    with pytest.raises(VerificationError, match=r"more than once, for example \(2\) \(ambiguous\)"):
        copied(source, target, options=options)


def test_a_condition_that_tosses_a_coin_is_refused(source: Database, target: Database) -> None:
    source.run("CREATE TABLE t (id int PRIMARY KEY); INSERT INTO t SELECT g FROM generate_series(1, 200) AS g")
    with pytest.raises(VerificationError, match="would differ") as caught:
        copied(source, target, options={"where": "random() < 0.5"})
    assert "random()" in caught.value.remedy
    assert target.value("SELECT to_regclass('t') IS NULL")


def test_a_wrong_condition_changes_nothing(source: Database, target: Database) -> None:
    source.run(ORDERS)
    copied(source, target, "orders", options={"where": PAID})
    before = content(target, "orders")
    with pytest.raises(ConfigurationError, match=r'column "amuont" does not exist .* where line 1, column 1: amuont'):
        copied(source, target, "orders", options={"where": "amuont > 1"})
    assert content(target, "orders") == before


# -------------------------------------------------------------------------------------------------------------- queries


def test_a_query_that_renames_casts_and_joins_is_copied(source: Database, target: Database) -> None:
    source.run(ORDERS)
    result = copied(source, target, "made", options=KEYED)
    assert changes(result) == (160, 0, 0)
    assert content(target, "made") == rows_of(source, JOINED)
    types = "SELECT attname, atttypid::regtype::text FROM pg_attribute WHERE attrelid = 'made'::regclass AND attnum > 0"
    assert target.rows(types) == [
        ("주문 %", "text"),
        ("고객", "text"),
        ("city", "text"),
        ("won", "double precision"),
        ("state", "state"),
    ]


def test_a_later_run_makes_the_target_equal_to_the_query_again(source: Database, target: Database) -> None:
    source.run(ORDERS)
    copied(source, target, "made", options=KEYED)
    assert copied(source, target, "made", options=KEYED).rows == 0
    source.run("""
        UPDATE orders SET amount = 0.5 WHERE id IN (1, 2); DELETE FROM orders WHERE id = 3;
        INSERT INTO orders VALUES (301, 3, 'new', 7, NULL); UPDATE customers SET name = NULL WHERE name = '이';
    """)
    copied(source, target, "made", options=KEYED)
    assert content(target, "made") == rows_of(source, JOINED)


def test_a_condition_on_a_query_chooses_among_its_rows(source: Database, target: Database) -> None:
    source.run(ORDERS)
    select = "SELECT customer, sum(amount)::numeric(12,2) AS total, count(*) AS n FROM orders GROUP BY 1"
    copied(source, target, "totals", options={"select": select, "where": "total > 6600", "key": ("customer",)})
    assert content(target, "totals") == rows_of(source, f"SELECT * FROM ({select}) AS t WHERE total > 6600")


def test_a_query_without_a_key_is_compared_by_content(source: Database, target: Database) -> None:
    source.run(ORDERS)
    select = "SELECT city, customer % 2 AS odd FROM customers JOIN orders ON customers.id = customer"
    copied(source, target, "made", options={"select": select})
    assert keys_of(target, "made") == []
    source.run("UPDATE customers SET city = '대전' WHERE id = 1; DELETE FROM orders WHERE id = 5")
    copied(source, target, "made", options={"select": select})
    assert content(target, "made") == rows_of(source, select)


def test_a_target_edited_by_hand_is_made_equal_to_the_query_again(source: Database, target: Database) -> None:
    source.run(ORDERS)
    copied(source, target, "made", options=KEYED)
    target.run("UPDATE made SET city = 'edited' WHERE won = 1; DELETE FROM made WHERE won = 2")
    assert changes(copied(source, target, "made", options=KEYED)) == (1, 1, 0)
    assert content(target, "made") == rows_of(source, JOINED)


def test_a_trigger_that_spoils_selected_rows_is_found_out(source: Database, target: Database) -> None:
    source.run(ORDERS)
    copied(source, target, "made", options=KEYED)
    target.run("""
        CREATE FUNCTION spoil() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.city = 'x'; RETURN NEW; END $$;
        CREATE TRIGGER spoil BEFORE UPDATE ON made FOR EACH ROW EXECUTE FUNCTION spoil();
    """)
    source.run("UPDATE orders SET amount = 0.5 WHERE id = 1")
    before = content(target, "made")
    with pytest.raises(VerificationError, match=r"\(1\) \(different\)"):
        copied(source, target, "made", options=KEYED)
    assert content(target, "made") == before


def test_a_query_fills_an_existing_table_of_wider_types(source: Database, target: Database) -> None:
    source.run(ORDERS)
    target.run("""
        CREATE TABLE made (
            note text DEFAULT 'kept', id bigint PRIMARY KEY, city varchar(90), won numeric(12,2), n int8
        );
    """)
    select = (
        "SELECT o.id::int, c.city, o.amount AS won, 7::int2 AS n FROM orders AS o "
        "JOIN customers AS c ON c.id = customer"
    )
    source.run("ALTER TABLE customers ALTER city TYPE varchar(30)")
    columns = "id, city, won, n"
    for change in ("SELECT 1", "UPDATE orders SET amount = 99.99 WHERE id < 7; DELETE FROM orders WHERE id = 9"):
        source.run(change)
        copied(source, target, "made", options={"select": select})
        assert content(target, "made", columns) == rows_of(source, select)
    assert target.value("SELECT count(DISTINCT note) FROM made") == 1


def test_a_query_whose_rows_an_existing_table_could_not_hold_is_refused(source: Database, target: Database) -> None:
    source.run(ORDERS)
    target.run("CREATE TABLE made (id int PRIMARY KEY)")
    with pytest.raises(DriftError, match="column id is integer, but bigint in the source"):
        copied(source, target, "made", options={"select": "SELECT id FROM orders"})


def test_a_dry_run_tells_what_a_copy_of_a_query_would_do(source: Database, target: Database) -> None:
    source.run(ORDERS)
    result = copied(source, target, "made", options=KEYED, dry_run=True)
    assert any("CREATE TABLE" in statement and '"주문 %" text' in statement for statement in result.statements)
    assert target.value("SELECT to_regclass('made') IS NULL")
    copied(source, target, "made", options=KEYED)
    source.run("UPDATE orders SET amount = 0.5 WHERE id IN (1, 2); DELETE FROM orders WHERE id = 3")
    before = content(target, "made")
    assert changes(copied(source, target, "made", options=KEYED, dry_run=True)) == (0, 2, 1)
    assert content(target, "made") == before


# ----------------------------------------------------------------------------------------------------------------- keys


def test_the_key_that_a_user_names_becomes_the_primary_key_of_a_new_target(source: Database, target: Database) -> None:
    source.run(f'{ORDERS} CREATE VIEW shown AS SELECT id, customer AS "고%%객", amount FROM orders')
    copied(source, target, "made", options=KEYED)
    assert keys_of(target, "made") == ['PRIMARY KEY ("주문 %")']
    copied(source, target, "shown", options={"key": ("고%%객", "id")})
    assert keys_of(target, "shown") == ['PRIMARY KEY ("고%%객", id)']
    assert target.value("SELECT conname FROM pg_constraint WHERE conrelid = 'shown'::regclass AND contype = 'p'") == (
        "shown_pkey"
    )
    source.run("UPDATE orders SET amount = -1 WHERE id = 1")
    assert changes(copied(source, target, "shown", options={"key": ("고%%객", "id")})) == (0, 1, 0)


def test_a_key_beside_the_sources_own_becomes_a_unique_constraint(source: Database, target: Database) -> None:
    source.run("CREATE TABLE t (id int PRIMARY KEY, code text, v int); INSERT INTO t VALUES (1, 'a', 1), (2, 'b', 2)")
    copied(source, target, options={"key": ("code",)})
    assert keys_of(target, "t") == ["PRIMARY KEY (id)", "UNIQUE (code)"]
    source.run("UPDATE t SET v = 3 WHERE code = 'b'")
    copied(source, target, options={"key": ("code",)})
    assert content(target) == content(source)


def test_rows_that_the_named_key_does_not_tell_apart_stop_the_copy(source: Database, target: Database) -> None:
    source.run(ORDERS)
    with pytest.raises(ConflictError, match="is duplicated"):
        copied(source, target, "made", options={"select": "SELECT customer FROM orders", "key": ("customer",)})
    assert target.value("SELECT to_regclass('made') IS NULL")


@pytest.mark.parametrize("options", [{"select": "TABLE customers", "key": ("id",)}, {"where": "id > 1"}])
def test_a_foreign_key_is_not_made_where_one_end_is_copied_in_part(
    source: Database, target: Database, options: dict[str, Any]
) -> None:
    source.run(ORDERS)
    customers = request(source, target, "customers", options=options)
    copy_tables(replace(customers, tables=(*request(source, target, "orders").tables, *customers.tables)), RUN)
    assert target.rows("SELECT FROM pg_constraint WHERE contype = 'f' AND conrelid = 'orders'::regclass") == []
    assert content(target, "orders") == content(source, "orders")


# ---------------------------------------------------------------------------------------------------------- search_path


def test_names_of_the_users_sql_are_those_that_the_role_finds(source: Database, target: Database) -> None:
    source.run("""
        CREATE SCHEMA app; CREATE TABLE app.t (id int PRIMARY KEY, v text);
        INSERT INTO app.t SELECT n, n FROM generate_series(1, 40000) AS n;
        CREATE FUNCTION app.chosen(v int) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT v % 2 = 0'; ANALYZE
    """)
    source.run(f"ALTER DATABASE {source.name} SET search_path = app")
    wanted: list[tuple[str, str, dict[str, Any]]] = [
        ("app.t", "t", {"where": "chosen(id)"}),
        ("t", "u", {"select": "SELECT * FROM t WHERE chosen(id)", "key": ("id",)}),
    ]
    for change in ("SELECT 1", "UPDATE t SET v = 'new' WHERE id < 9; DELETE FROM t WHERE id = 20"):
        source.run(change)
        for table, to, options in wanted:
            copied(source, target, table, f"public.{to}", options, streams=2)
            assert content(target, to) == rows_of(source, "SELECT * FROM t WHERE chosen(id)")


@pytest.mark.parametrize("strategy", ["full_refresh", "incremental"])
@pytest.mark.parametrize(
    ("table", "options"),
    [("t", {"select": "SELECT * FROM t WHERE chosen(id)", "key": ("id",)}), ("app.seen", {"key": ("id",)})],
    ids=["select", "view"],
)
def test_the_cursor_of_a_query_and_a_view_find_names_as_the_role_does(
    source: Database, target: Database, table: str, options: dict[str, Any], strategy: str
) -> None:
    source.run("""
        CREATE SCHEMA app; SET search_path = app; CREATE TABLE t (id int PRIMARY KEY, at timestamptz DEFAULT now());
        INSERT INTO t SELECT n FROM generate_series(1, 9) AS n; CREATE TABLE few AS SELECT 5 AS least;
        CREATE FUNCTION chosen(v int) RETURNS boolean STABLE LANGUAGE sql AS 'SELECT v >= least FROM few';
        CREATE VIEW seen AS SELECT * FROM t WHERE chosen(id)
    """)
    source.run(f"ALTER DATABASE {source.name} SET search_path = app")
    options = {**options, "cursor": Cursor("at")}
    for change in ("SELECT 1", "INSERT INTO t VALUES (10)", "UPDATE t SET at = now() WHERE id = 7"):
        source.run(change)
        copied(source, target, table, "public.u", options, strategy=strategy)
        assert content(target, "public.u") == rows_of(source, "SELECT * FROM app.seen")


def test_functions_and_operators_of_the_roles_schemas_do_not_reach_the_checksum(
    source: Database, target: Database
) -> None:
    source.run(ORDERS)
    select = (
        "SELECT orders.id, customer, amount, at, name::varchar(9), 1.5::float8 AS f FROM orders "
        "JOIN customers AS c ON c.id = customer"
    )
    options = {"select": select, "key": ("id",)}
    copied(source, target, "made", options=options)
    source.run("""
        CREATE FUNCTION hash_record_extended(record, int) RETURNS bigint LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
            AS $$ BEGIN RETURN 1; END $$;
        CREATE FUNCTION int8send(int) RETURNS bytea LANGUAGE sql AS $$ SELECT ''::bytea $$;
        CREATE FUNCTION bit_and(bigint, int) RETURNS bigint LANGUAGE sql AS 'SELECT 0::bigint';
        CREATE OPERATOR & (LEFTARG = bigint, RIGHTARG = int, FUNCTION = bit_and);
        CREATE FUNCTION not_equal(varchar, varchar) RETURNS boolean LANGUAGE sql AS 'SELECT false';
        CREATE OPERATOR = (LEFTARG = varchar, RIGHTARG = varchar, FUNCTION = not_equal);
        UPDATE orders SET amount = amount + 1 WHERE id IN (1, 2);
    """)
    result = copied(source, target, "made", options=options)
    assert (result.rows, changes(result)) == (2, (0, 2, 0))
    assert content(target, "made") == rows_of(source, select)
