"""A selection is described without reading a row, and wrong SQL is one clear error before any row moves."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from pgpipelines.catalog import QUERY, Table, describe_existing
from pgpipelines.copy.request import Selection
from pgpipelines.copy.selection import describe_selection, users_names
from pgpipelines.copy.user_sql import condition, query
from pgpipelines.errors import ConfigurationError, MissingObjectError, PipelineError, PrivilegeError
from pgpipelines.sessions import Session
from pgpipelines.templates import QualifiedName, Sql, environment
from tests.fixtures.copying import name_of
from tests.fixtures.names import HOSTILE
from tests.fixtures.servers import Database

T = QualifiedName("public", "t")
ORDERS = """
    CREATE TABLE customers (id int PRIMARY KEY, name text, city text);
    CREATE TABLE orders (
        id bigint PRIMARY KEY, customer int REFERENCES customers, status varchar(10) NOT NULL DEFAULT 'new',
        amount numeric(10,2), made_at timestamptz(3)
    );
    INSERT INTO customers VALUES (1, '김', '서울'), (2, '이', '부산'), (3, '100%', 'x');
    INSERT INTO orders
    SELECT n, n % 3 + 1, CASE n % 2 WHEN 0 THEN 'paid' ELSE 'new' END, n, '2020-01-01'
    FROM generate_series(1, 100) AS n;
    ANALYZE;
"""
TYPES = """
    CREATE TYPE mood AS ENUM ('happy', '슬픔'); CREATE TYPE pair AS (a numeric, b text);
    CREATE DOMAIN amount AS numeric(6,2) CHECK (VALUE > 0); CREATE DOMAIN fee AS amount NOT NULL;
    CREATE DOMAIN code AS varchar(5) COLLATE "C"; CREATE DOMAIN mood_domain AS mood; CREATE DOMAIN amounts AS amount[];
    CREATE SCHEMA "다른"; CREATE TYPE "다른"."상태 %" AS ENUM ('a%');
"""
TYPE_NAMES = """
    bool int2 int4 int8 float4 float8 numeric numeric(10,2) numeric(1000,1000) numeric(3,-2) numeric(2,5) text varchar
    varchar(1) varchar(7) bpchar char char(3) "char" name bytea bit bit(3) bit(4) bit(5) varbit varbit(1) varbit(4) date
    time time(0) time(3) timetz timetz(2) timestamp timestamp(0) timestamp(3) timestamptz timestamptz(6) interval
    interval(0) interval(3) interval|year|to|month interval|day interval|second(2) interval|day|to|second(0) uuid json
    jsonb xml inet cidr macaddr money point oid regclass xid8 pg_lsn tsvector int4range nummultirange int4[]
    varchar(9)[] numeric(5,1)[] bit(3)[] timestamp(3)[] mood mood[] pair pair[] amount amount[] fee code code[]
    mood_domain amounts "다른"."상태|%" text|COLLATE|"C" varchar(5)|COLLATE|"POSIX" text[]|COLLATE|"C"
"""
COLUMNS = [name.replace("|", " ") for name in TYPE_NAMES.split()]


def selection(select: str = "", where: str = "", table: QualifiedName | str = T) -> Selection:
    return Selection(name_of(table), condition(where) or None, query(select) or None)


def described(database: Database, wanted: Selection) -> Table:
    with Session(database.endpoint, "tests", snapshot=True) as session:
        return describe_selection(session, wanted)


def types_of(table: Table) -> dict[str, str]:
    return {column.name: column.type for column in table.columns}


def refused(database: Database, wanted: Selection, kind: type[PipelineError] = ConfigurationError) -> PipelineError:
    with pytest.raises(kind) as error:
        described(database, wanted)
    return error.value


def selected(
    database: Database, wanted: Selection, columns: str, more: str = "true", **context: object
) -> list[tuple[Any, ...]]:
    """Read a selection as our own statements do, with a condition of ours added."""
    template = environment().from_string(
        f"SELECT {columns} FROM {{% include 'copy/selected.sql' %}} "
        f"WHERE {{% include 'copy/selected_rows.sql' %}} AND {more}"
    )
    return database.rows(template.render(selection=wanted, **context), ())


@pytest.mark.parametrize("major", [15, 16, 18])
def test_the_columns_of_a_query_are_those_of_a_table_that_has_them(
    database_of: Callable[..., Database], major: int
) -> None:
    database = database_of(major)
    listed = ", ".join(f"c{number} {name}" for number, name in enumerate(COLUMNS))
    database.run(f"{TYPES} CREATE TABLE t ({listed})")
    casts = []
    for number, name in enumerate(COLUMNS):
        type_name, _, collation = name.partition(" COLLATE ")
        casts.append(f"NULL::{type_name}" + (f" COLLATE {collation}" if collation else "") + f" AS c{number}")
    expected = described(database, selection())
    expected = replace(expected, columns=tuple(replace(column, not_null=False) for column in expected.columns))
    for select in ("TABLE t", f"SELECT {', '.join(casts)}"):
        found = described(database, selection(select))
        for wanted, column, name in zip(expected.columns, found.columns, COLUMNS, strict=True):
            assert column == wanted, name
        assert found.types == expected.types


def test_a_query_has_no_keys_indexes_defaults_or_not_null_of_its_own(source: Database) -> None:
    source.run(f"{ORDERS} CREATE INDEX ON orders (status); COMMENT ON COLUMN orders.id IS 'x'")
    found = described(source, selection("TABLE orders", table="sales.orders"))
    assert (found.name, found.kind) == (QualifiedName("sales", "orders"), QUERY)
    assert not any([found.keys, found.uniques, found.indexes, found.constraints, found.references, found.rules])
    assert found.privileges.select
    assert found.privileges.use_schema
    assert not found.row_security
    for column in found.columns:
        assert (column.not_null, column.generated, column.identity) == (False, "", "")
        assert (column.expression, column.sequence, column.comment) == (None, None, None)


@pytest.mark.parametrize(
    ("select", "types"),
    [
        (
            'SELECT o.id, c.name AS "고객", c.city FROM orders AS o JOIN customers AS c ON c.id = o.customer',
            {"id": "bigint", "고객": "text", "city": "text"},
        ),
        (
            "WITH paid AS (SELECT * FROM orders WHERE status = 'paid') SELECT customer, sum(amount), count(*) AS n, "
            "avg(amount)::numeric(12,4) AS mean, max(made_at) FROM paid GROUP BY customer HAVING count(*) > 1",
            {
                "customer": "integer",
                "sum": "numeric",
                "n": "bigint",
                "mean": "numeric(12,4)",
                "max": "timestamp with time zone",
            },
        ),
        (
            "SELECT id, row_number() OVER (PARTITION BY customer ORDER BY id DESC) AS nth, "
            'made_at::timestamp(0) AS "at %" FROM orders ORDER BY id DESC LIMIT 10;',
            {"id": "bigint", "nth": "bigint", "at %": "timestamp(0) without time zone"},
        ),
        (
            "SELECT id, amount FROM orders UNION ALL SELECT 0, 1.5::numeric(10,2)",
            {"id": "bigint", "amount": "numeric(10,2)"},
        ),
        ("(SELECT city FROM customers) EXCEPT (SELECT 'x') -- done", {"city": "text"}),
        ("VALUES (1, 'a'), (2, NULL)", {"column1": "integer", "column2": "text"}),
        ("SELECT status FROM orders WHERE status LIKE '%a%' AND id % 2 = 0", {"status": "character varying(10)"}),
        ('SELECT \'%(x)s %s\' AS "%(y)s", $$a\'b$$ AS "q""q"', {"%(y)s": "text", 'q"q': "text"}),
        ("WITH RECURSIVE n AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM n WHERE i < 9) TABLE n", {"i": "integer"}),
        ("SELECT * FROM orders AS selected", None),
    ],
)
def test_a_query_of_any_kind_is_described(source: Database, select: str, types: dict[str, str] | None) -> None:
    source.run(ORDERS)
    found = described(source, selection(select))
    assert types is None or types_of(found) == types


def test_names_that_careless_sql_does_not_survive_are_columns(source: Database) -> None:
    names = [name for name in HOSTILE if name != "?column?"]
    listed = ", ".join(f"{number} AS " + '"{}"'.format(name.replace('"', '""')) for number, name in enumerate(names))
    assert list(types_of(described(source, selection(f"SELECT {listed}")))) == names


@pytest.mark.parametrize("major", [15, 16, 18])
def test_describing_reads_no_row(database_of: Callable[..., Database], major: int) -> None:
    source = database_of(major)
    source.run(f"""{ORDERS}
        CREATE FUNCTION touched(v bigint) RETURNS bigint LANGUAGE plpgsql AS $$ BEGIN RAISE 'a row was read'; END $$;
    """)
    for select in (
        "SELECT id / (id - id) AS x, touched(id) FROM orders ORDER BY 2",
        "WITH a AS MATERIALIZED (SELECT touched(id) AS x FROM orders) SELECT * FROM a",
        "SELECT touched(1) AS x",
        "SELECT sum(touched(id)) FROM orders",
    ):
        assert described(source, selection(select, where="true")).kind == QUERY
    assert described(source, selection(where="touched(id) = 1", table="orders")).kind == "r"


def test_a_table_is_described_as_ever_but_for_its_estimated_rows(source: Database) -> None:
    source.run(ORDERS)
    with Session(source.endpoint, "tests") as session:
        whole = describe_existing(session, name_of("orders"))
    assert described(source, selection(table="orders")) == whole
    some = described(source, selection(where="orders.status = 'paid'", table="orders"))
    assert some == replace(whole, estimated_rows=50)


def test_the_rows_of_a_query_are_estimated_with_the_condition(source: Database) -> None:
    source.run(ORDERS)
    assert described(source, selection("TABLE orders")).estimated_rows == 100
    assert described(source, selection("TABLE orders", where="status = 'paid'")).estimated_rows == 50
    assert described(source, selection("SELECT 1 AS one")).estimated_rows == 1


def test_the_users_names_are_found_as_the_role_finds_them(source: Database) -> None:
    source.run("""
        CREATE SCHEMA app; CREATE TABLE app.t (id int); CREATE TABLE app.other (name text COLLATE "C");
        CREATE COLLATION app.mine (locale = 'C');
        CREATE FUNCTION app.keep(v int) RETURNS boolean LANGUAGE sql AS 'SELECT v > 0';
    """)
    source.run(f"ALTER DATABASE {source.name} SET search_path = app")
    with Session(source.endpoint, "tests", snapshot=True) as session:
        found = describe_selection(session, selection("SELECT name COLLATE mine AS n FROM other"))
        assert [column.collation for column in found.columns] == ["app.mine"]
        assert describe_selection(session, selection(where="keep(id)", table="app.t")).kind == "r"
        with session._cursor() as run:
            run.execute("SHOW search_path")
            assert run.fetchall() == [("pg_catalog",)]
        session.rollback()
        with users_names(session):
            assert session.one("copy/estimate_selected.sql", selection=selection("TABLE other"))


@pytest.mark.parametrize("path", ["''", "DEFAULT", "pg_catalog", "app, pg_catalog", '"$user", "쉼,표"'])
def test_what_postgresql_brings_comes_before_what_the_role_names(source: Database, path: str) -> None:
    source.run("CREATE SCHEMA app; CREATE TABLE app.pg_class (mine int)")
    source.run(f"ALTER DATABASE {source.name} SET search_path = {path}")
    assert types_of(described(source, selection("SELECT relname FROM pg_class"))) == {"relname": "name"}
    with pytest.raises(ConfigurationError, match='column "mine" does not exist'):
        described(source, selection("SELECT mine FROM pg_class"))


def test_a_collation_that_takes_different_texts_for_equal_is_noticed(database_of: Callable[..., Database]) -> None:
    database = database_of(15)  # the embedded servers know no other collations than the operating system's
    database.run("""
        CREATE COLLATION loose (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
        CREATE TABLE t (a text COLLATE loose, b text COLLATE "C");
    """)
    found = described(database, selection("SELECT a, b || ('x' COLLATE loose) AS b, a || b AS either, 'd' AS d FROM t"))
    assert [(column.collation, column.deterministic) for column in found.columns] == [
        ("public.loose", False),
        ("public.loose", False),
        (None, True),  # the server knows of none either: comparing such texts is an error
        (None, True),
    ]


def test_a_query_needs_no_table_of_the_name_that_it_goes_under(source: Database) -> None:
    assert types_of(described(source, selection("SELECT 1 AS id", table="not_there"))) == {"id": "integer"}
    error = refused(source, selection(where="true", table="not_there"), MissingObjectError)
    assert "not_there does not exist" in error.cause


@pytest.mark.parametrize(
    ("select", "cause", "remedy"),
    [
        ("SELECT 1 AS a, count(*) + 1", "has no name for column 2", "give it a name with AS"),
        (
            "SELECT * FROM orders JOIN customers ON true",
            "has 2 columns named id",
            "leave all but one out, or give them names with AS",
        ),
        (
            'SELECT 1 AS "나", 2 AS "나"',
            'has 2 columns named "나"',
            "leave all but one out, or give them names with AS",
        ),
        ("SELECT FROM orders", "has no columns", "select at least one"),
        (
            "SELECT id, xmin FROM orders",
            "has a column named xmin, a name that PostgreSQL keeps for itself",
            "give it another name with AS",
        ),
        (
            "SELECT (id, amount) AS both FROM orders",
            "has a column both of the pseudo-type record",
            "cast it to a type that a table can have, or leave it out",
        ),
        (
            "SELECT most_common_vals FROM pg_stats",
            "has a column most_common_vals of the pseudo-type anyarray",
            "cast it to a type that a table can have, or leave it out",
        ),
    ],
)
def test_a_result_that_no_table_could_have_is_refused(source: Database, select: str, cause: str, remedy: str) -> None:
    source.run(ORDERS)
    error = refused(source, selection(select))
    assert error.cause == f"{source.endpoint}: the query for public.t {cause}"
    assert error.remedy == remedy


CORRECT = "correct the condition or query, and try it with psql as this role"
WRONG_SQL = [
    (
        selection(where="status = 'paid'\n  AND amuont > 3", table="orders"),
        'column "amuont" does not exist [42703], in the SQL for public.orders, where line 2, column 7: amuont > 3',
        'Perhaps you meant to reference the column "orders.amount".',
    ),
    (
        selection("SELECT id,\n idd FROM orders", where="true"),
        'column "idd" does not exist [42703], in the SQL for public.t, select line 2, column 2: idd FROM orders',
        'Perhaps you meant to reference the column "orders.id".',
    ),
    (
        selection("SELECT '한글' AS a", where="a = '한글' AND b"),
        'column "b" does not exist [42703], in the SQL for public.t, where line 1, column 14: b',
        CORRECT,
    ),
    (
        selection("SELECT 1 FROM", where="true"),
        'syntax error at or near ")" [42601], in the SQL for public.t, select line 1, column 14',
        CORRECT,
    ),
    (
        selection(where="amount", table="orders"),
        "argument of WHERE must be type boolean, not type numeric [42804], in the SQL for public.orders, "
        "where line 1, column 1: amount",
        CORRECT,
    ),
    (
        selection(where="id = 'x'", table="orders"),
        'invalid input syntax for type bigint: "x" [22P02], in the SQL for public.orders, '
        "where line 1, column 6: 'x'",
        CORRECT,
    ),
    (
        selection(where="public.orders.id = 1", table="orders"),
        'invalid reference to FROM-clause entry for table "orders" · There is an entry for table "orders", but it '
        "cannot be referenced from this part of the query. [42P01], in the SQL for public.orders, "
        "where line 1, column 1: public.orders.id = 1",
        CORRECT,
    ),
    (
        selection("SELECT nowhere(1) AS a"),
        "function nowhere(integer) does not exist [42883], in the SQL for public.t, "
        "select line 1, column 8: nowhere(1) AS a",
        "No function matches the given name and argument types. You might need to add explicit type casts.",
    ),
    (
        selection("SELECT 1/0 AS a"),
        "division by zero [22012], in the SQL for public.t",
        CORRECT,
    ),
    (
        selection("WITH gone AS (DELETE FROM orders RETURNING *) TABLE gone"),
        "WITH clause containing a data-modifying statement must be at the top level [0A000], in the SQL for public.t, "
        "select line 1, column 6: gone AS (DELETE FROM orders RETURNING *)",
        CORRECT,
    ),
    (
        selection("SELECT id FROM orders FOR UPDATE"),
        "cannot execute SELECT FOR UPDATE in a read-only transaction [25006], in the SQL for public.t",
        CORRECT,
    ),
]


@pytest.mark.parametrize(("wanted", "cause", "remedy"), WRONG_SQL)
def test_wrong_sql_is_said_in_the_servers_words_with_the_place(
    source: Database, wanted: Selection, cause: str, remedy: str
) -> None:
    source.run(ORDERS)
    error = refused(source, wanted)
    assert error.cause == f"{source.endpoint}: {cause}"
    assert error.remedy == remedy


def test_what_the_sql_is_not_to_blame_for_stays_what_it_is(source: Database) -> None:
    source.run(f"{ORDERS} DROP ROLE IF EXISTS outsider; CREATE ROLE outsider LOGIN PASSWORD 'p'")
    outsider = source.login("outsider", "p")
    error = refused(outsider, selection("TABLE orders"), PrivilegeError)
    assert "permission denied for table orders" in error.cause
    source.run("ALTER TABLE orders ENABLE ROW LEVEL SECURITY; GRANT SELECT ON orders TO outsider")
    error = refused(outsider, selection("TABLE orders"), PrivilegeError)
    assert "row-level security" in error.cause
    source.run("DROP OWNED BY outsider; DROP ROLE outsider")


def test_a_condition_may_name_the_table_before_its_columns(source: Database) -> None:
    source.run('CREATE SCHEMA "충전"; CREATE TABLE "충전"."Ör%der" (id int, "이름" text)')
    source.run("INSERT INTO \"충전\".\"Ör%%der\" VALUES (1, 'x%%'), (2, 'x'), (3, 'y%%'), (NULL, 'x%%')", ())
    table = QualifiedName("충전", "Ör%der")
    wanted = selection(where='"Ör%der"."이름" LIKE \'%\\%\' AND "Ör%der".id % 2 = 1 -- odd', table=table)
    assert described(source, wanted).name == table
    assert selected(source, wanted, "id") == [(1,), (3,)]
    assert selected(source, wanted, "id", "id > 1") == [(3,)]
    assert selected(source, selection(table=table), "count(*)", "id IS NULL") == [(1,)]


def test_a_partition_is_read_under_the_name_of_its_table(source: Database) -> None:
    source.run("""
        CREATE TABLE t (id int, v text) PARTITION BY LIST (id);
        CREATE TABLE one PARTITION OF t FOR VALUES IN (1); CREATE TABLE two PARTITION OF t FOR VALUES IN (2);
        INSERT INTO t VALUES (1, 'a'), (1, 'b'), (2, 'a');
    """)
    wanted = selection(where="t.v = 'a'")
    assert selected(source, wanted, "id", "true ORDER BY id") == [(1,), (2,)]
    assert selected(source, wanted, "id", leaf=QualifiedName("public", "two")) == [(2,)]
    assert selected(source, wanted, "id", leaf=None) == selected(source, wanted, "id")
    assert selected(source, selection(), "id", leaf=QualifiedName("public", "t")) == []


def test_the_condition_applies_to_the_rows_of_the_query(source: Database) -> None:
    source.run(ORDERS)
    select = "SELECT customer AS id, sum(amount)::int AS total FROM orders GROUP BY 1 ORDER BY 1 -- by customer"
    wanted = selection(select, where="total > 1700 OR id = 3 -- some", table="orders")
    assert selected(source, wanted, "id, total", "true ORDER BY id") == [(2, 1717), (3, 1650)]
    assert selected(source, wanted, "id", "selected.total <> 1717") == [(3,)]


def test_a_selection_takes_only_sql_that_was_checked(source: Database) -> None:
    unchecked = Selection(T, where="true) OR (true")  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="unquoted value in an SQL template"):
        selected(source, unchecked, "*")
    assert selected(source, Selection(T, select=Sql("SELECT 1 AS a")), "a") == [(1,)]
