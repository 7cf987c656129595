"""Values of every type, the strangest first, arrive as they are: what COPY prints on both sides is the same bytes."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from pgpipelines.catalog import describe_existing
from pgpipelines.copy.merging import Changes
from pgpipelines.copy.request import Cursor
from pgpipelines.errors import PipelineError
from pgpipelines.sessions import Session
from tests.fixtures.copying import content, copied, name_of
from tests.fixtures.servers import Database
from tests.plugins.test_checksum import TYPES, VALUES

# Besides those that the checksum's tests have: types and values that travel badly rather than compare badly.
MORE: dict[str, tuple[str | None, ...]] = {
    "numeric(1000,500)": ("1e-500", "9" * 499, "NaN", "-0.1", None),
    "timestamp(0)": ("294276-12-31 23:59:59", "4713-01-01 00:00:00 BC", "-infinity", None),
    "timestamptz(3)": ("1900-01-01 00:00:00.123+08:27:52", "0044-03-15 12:00+00 BC", "-infinity", None),
    "time(3)": ("24:00:00", "00:00:00.001", "23:59:59.999", None),
    "interval year to month": ("1 year -13 mons", "-178000000 years", "0", None),
    "interval day to second(3)": ("-1 day +23:59:59.999", "1 day -00:00:00.001", "2147483647 days", None),
    "varbit(70)": ("", "1" * 70, "01", None),
    "bit(1)": ("0", "1", None),
    "lseg": ("[(0,0),(1,NaN)]", "[(-0,1e300),(Infinity,0)]", None),
    "path": ("[(0,0),(1,1)]", "((0,0),(1,1))", "((-0,1e-300))", None),
    "line": ("{1,-1,0}", "{0,1,-0}", None),
    "circle": ("<(0,0),1>", "<(-0,NaN),0>", None),
    "int8range": ("empty", "[-9223372036854775808,9223372036854775807)", "(,5)", None),
    "tsrange": ('["0044-03-15 BC",infinity)', "[-infinity,2020-01-01]", "empty", None),
    "tstzrange": ("[2020-01-01 00:00+09,2020-01-01 00:00+00)", "(,)", None),
    "daterange": ("[2020-01-01,2020-01-01]", "(-infinity,infinity)", "empty", None),
    "nummultirange": ("{[1.0,1.50),(2.00,)}", "{}", "{(,-1),[NaN,NaN]}", None),
    "tstzmultirange": ("{[2020-01-01 00:00+09,2020-01-02 00:00+09)}", "{}", None),
    "datemultirange": ("{[2020-01-01,2020-01-02),[2021-01-01,infinity)}", "{}", None),
    "jsonpath": ('$."a b"[*] ? (@ > 1.50)', "strict $", None),
    "xid": ("0", "4294967295", None),
    "pg_snapshot": ("10:20:10,14,15", "1:1:", None),
    "regtype": ("integer", "character varying", None),
    "regproc": ("now", "-", None),
    "refcursor": ("", "a\\b", None),
    "bytea[]": ('{"\\\\x00",NULL,"\\\\x5c5c"}', "{}", None),
    "date[]": ('{infinity,"0001-01-01 BC",NULL}', "{}", None),
    "jsonb[]": ('{"{\\"a\\": \\"\\\\\\\\u0001\\"}",null,"null"}', "{}", None),
    "interval[]": ('{"1 mon","-1 days +02:03:04"}', "{NULL}", None),
    "uuid[]": ("{00000000-0000-0000-0000-000000000000,NULL}", None),
    "inet[]": ("{::1/0,10.0.0.1/8}", None),
    "bool[]": ("{{t,f},{NULL,t}}", "[-2:-1][0:1]={{t,f},{f,NULL}}", None),
    "bit(3)[]": ("{101,NULL}", None),
    "timetz[]": ("{24:00+09,00:00-15:59:59}", None),
    "numrange[]": ('{"[1.0,2)",empty,NULL}', None),
    "box[]": ("{(1,1),(0,0);(-0,1),(-1,NaN)}", "{}", None),
    "nested": ('("(1.0,""a """" b"")","{NULL,happy}",)', "(,,)", '("(,)",{},"[1,2]")', None),
    "nested[]": ('{"(\\"(1.00,x)\\",\\"{sad\\\\\\\\\\\\\\\\}\\",)",NULL}', "{}", None),
    "short": ("", "abc", "한글", None),
    "shorts": ("{abc,NULL}", "{}", None),
    "span": ("[-0,NaN]", "(-Infinity,0.1)", "empty", None),
    "spans": ("{[0,1),[2,Infinity]}", "{}", None),
}
MORE_TYPES = """
    CREATE DOMAIN short AS varchar(3) CHECK (VALUE <> 'no');
    CREATE DOMAIN shorts AS short[];
    CREATE TYPE nested AS (p pair, m mood[], t text);
    CREATE TYPE span AS RANGE (subtype = float8, multirange_type_name = spans);
"""
ZOO = {**VALUES, **MORE}
COLUMNS = {f"c{number}": type_name for number, type_name in enumerate(ZOO)}
ROWS = 15
LARGE = "repeat(chr(44032) || E'\\\\\\t\\n', 160000)"
PAIRS = [(15, 16), (16, 18), (18, 15), (18, 18)]


def fill(source: Database) -> None:
    """Make table t with every column, and `quick` with those that travel in binary."""
    assert len(COLUMNS) >= 70
    source.run(TYPES + MORE_TYPES)
    columns = ", ".join(f"{name} {type_name}" for name, type_name in COLUMNS.items())
    one_row = "(%s, " + ", ".join(f"%s::{type_name}" for type_name in COLUMNS.values()) + ")"
    rows = [[row, *(values[row % len(values)] for values in ZOO.values())] for row in range(ROWS)]
    source.run(
        f"CREATE TABLE t (id int PRIMARY KEY, {columns}, large text);"
        f"INSERT INTO t VALUES {', '.join([one_row] * ROWS)}",
        [value for row in rows for value in row],
    )
    source.run(f"UPDATE t SET large = CASE id WHEN 0 THEN {LARGE} WHEN 1 THEN '' END")
    with Session(source.endpoint, "tests") as session:
        quick = [column.name for column in describe_existing(session, name_of("t")).stored if column.binary]
    assert len(quick) > 50
    source.run(f"CREATE TABLE quick AS SELECT {', '.join(quick)} FROM t; ALTER TABLE quick ADD PRIMARY KEY (id)")


def change(source: Database, table: str) -> None:
    """Let rows take the values of others, go, and come."""
    names = [
        name
        for (name,) in source.rows(
            "SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 1", (table,)
        )
    ]
    listed = ", ".join(names)
    source.run(f"""
        UPDATE {table} AS a SET ({listed}) = (SELECT {listed} FROM {table} AS b WHERE b.id = a.id + 1) WHERE id % 3 = 0;
        DELETE FROM {table} WHERE id % 7 = 4;
        INSERT INTO {table} SELECT id + 100, {listed} FROM {table} WHERE id % 4 = 2;
    """)


@pytest.mark.parametrize(("old", "new"), PAIRS)
def test_every_value_of_every_type_arrives_as_it_is(database_of: Callable[..., Database], old: int, new: int) -> None:
    source, target = database_of(old), database_of(new)
    fill(source)
    target.run("CREATE TYPE earlier AS ENUM ('x')")  # so that types have other numbers
    by_xmin = {"cursor": Cursor("xmin")}
    for table in ("t", "quick"):
        beside = f"{table}_beside"
        copied(source, target, table)
        assert content(target, table) == content(source, table), "loaded into a missing target"
        target.run(f"CREATE TABLE {beside} (LIKE {table} INCLUDING ALL)")
        copied(source, target, table, beside, by_xmin, strategy="incremental")
        assert content(target, beside) == content(source, table), "loaded into an empty target"
        change(source, table)
        changes = copied(source, target, table).changes
        assert 0 not in (changes.inserted, changes.updated, changes.deleted)
        assert content(target, table) == content(source, table), "merged"
        copied(source, target, table, beside, by_xmin, strategy="incremental")
        target.run(f"DELETE FROM {beside} WHERE id % 7 = 4 AND id < 100")
        assert content(target, beside) == content(source, table), "brought by an incremental copy"
        for to in (table, beside):
            assert copied(source, target, table, to).changes == Changes()


def test_xml_arrives_where_the_target_knows_it_and_is_refused_by_name_where_not(
    database_of: Callable[..., Database],
) -> None:
    source, knowing, other = database_of(15), database_of(15), database_of(18)
    source.run("""
        CREATE TABLE t (id int PRIMARY KEY, papers xml);
        INSERT INTO t VALUES (1, '<a b="1">한글 &amp; </a>'), (2, ''), (3, NULL), (4, '<?xml version="1.0"?><a/>');
    """)
    copied(source, knowing)
    assert content(knowing) == content(source)
    source.run("UPDATE t SET papers = '<a> </a>' WHERE id = 2")
    copied(source, knowing)
    assert content(knowing) == content(source)
    with pytest.raises(PipelineError, match=r"unsupported XML feature.*papers"):
        copied(source, other)
    assert other.value("SELECT to_regclass('t') IS NULL")


def test_a_type_of_an_extension_that_the_target_lacks_is_refused_by_name(
    database_of: Callable[..., Database],
) -> None:
    source, target = database_of(15), database_of(18)
    source.run("CREATE EXTENSION citext; CREATE TABLE t (id int PRIMARY KEY, v citext); INSERT INTO t VALUES (1, 'A')")
    with pytest.raises(PipelineError, match="citext"):
        copied(source, target)
    assert target.value("SELECT to_regclass('t') IS NULL")
