"""Equal checksums mean content that no reader can tell apart, on every server and in every encoding.

What a reader sees is what COPY prints. Random values come from hypothesis; PGPIPELINES_EXAMPLES raises their number.
"""

from __future__ import annotations

import io
import itertools
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from demo.servers import Server, installed_majors
from pgpipelines.catalog import describe_existing
from pgpipelines.checksum import DEFINITION, Comparison, Contents, buckets_for
from pgpipelines.copy.merging import KEYS_TO_NAME
from pgpipelines.copy.relay import relay
from pgpipelines.copy.request import Selection
from pgpipelines.sessions import Session
from pgpipelines.templates import QualifiedName
from tests.fixtures.copying import content
from tests.fixtures.servers import Database, databases

T = QualifiedName("public", "t")
WHOLE = Selection(T)
WANTED = QualifiedName("pg_temp", "wanted")
ONE_TEST_ONE_DATABASE = settings(
    max_examples=int(os.environ.get("PGPIPELINES_EXAMPLES", "15")),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)

# Values that some comparison of PostgreSQL's takes for equal, or that some hash of its own gives one number.
VALUES: dict[str, tuple[str | None, ...]] = {
    "numeric": (
        "1",
        "1.0",
        "1.00",
        "-1",
        "-1.00",
        "10000",
        "0",
        "0.0",
        "NaN",
        "Infinity",
        "-Infinity",
        "5",
        "-5",
        None,
    ),
    "numeric(12,2)": ("1", "-1", "0", "NaN", "123456789.01", "-123456789.01", None),
    "int2": ("0", "1", "-1", "-2", "32767", "-32768", None),
    "int4": ("0", "1", "-1", "-2", "2147483647", "-2147483648", None),
    "int8": ("0", "1", "-1", "-2", "4294967296", "4294967297", "8589934594", "9223372036854775807", None),
    "numeric(10,2)": ("0", "0.01", "-0.01", "1", "-1", "100", "-100", "10000", "NaN", None),
    "float8": ("0", "-0", "NaN", "Infinity", "-Infinity", "1", "1e-300", "0.1", "0.30000000000000004", "0.3", None),
    "float4": ("0", "-0", "NaN", "Infinity", "-Infinity", "0.1", "0.3", "16777216", "16777217", None),
    "bool": ("t", "f", None),
    "text": ("", " ", "a", "a ", "A", "\\N", "NULL", "\t", "\n", "é", "e\u0301", "한글", "😀", None),
    "varchar(5)": ("", " ", "a", "a ", "a  ", None),
    "char(5)": ("", "a", "a b", "한글", None),
    "bpchar": ("", " ", "a", "a ", "a  ", None),
    '"char"': ("", "a", "b", None),
    "name": ("", "a", "A", None),
    "bytea": ("\\x", "\\x00", "\\x0000", "\\x5c", "\\x5c5c", "a", "A", None),
    "date": ("2020-01-01", "0001-01-01 BC", "infinity", "-infinity", None),
    "time": ("00:00", "24:00", "12:34:56.789", None),
    "timetz": ("00:00+09", "15:00-09", "15:00+00", "24:00+00", None),
    "timestamp": ("2020-01-01", "2020-01-01 00:00:00.000001", "1987-05-10 02:30", "infinity", "-infinity", None),
    "timestamp(6)": (
        # Those of a line have the same hash by the server's own function.
        *("2000-01-01 00:00:00", "2000-01-01 01:11:34.967297", "1999-12-31 22:48:25.032704"),
        *("4713-01-01 BC", "294276-12-31 23:59:59", "294276-12-31 23:59:58"),
        None,
    ),
    "timestamptz": ("2020-01-01 00:00+09", "2019-12-31 15:00+00", "2019-12-31 15:00:00.000001+00", "infinity", None),
    "interval": ("1 mon", "30 days", "720:00:00", "1 day", "24:00:00", "-1 mon +30 days", "0", None),
    "json": ("1", " 1", "1.0", "1.00", '{"a":1,"a":2}', '{"a":2}', '{"a": 2}', "null", None),
    "jsonb": ("1", "1.0", "1.00", "-0", '{"a":1,"b":2}', '{"b":2,"a":1}', '"\\ud55c"', "null", '"null"', None),
    "uuid": ("00000000-0000-0000-0000-000000000000", "00000000-0000-0000-0000-000000000001", None),
    "inet": ("10.0.0.1", "10.0.0.1/24", "10.0.0.1/32", "::1", "::", "::/0", "0.0.0.0/0", None),
    "cidr": ("10.0.0.0/8", "10.0.0.0/24", "::/0", "0.0.0.0/0", None),
    "macaddr": ("08:00:2b:01:02:03", "08:00:2b:01:02:04", None),
    "macaddr8": ("08:00:2b:01:02:03:04:05", "08:00:2b:01:02:03", None),
    "money": ("1", "-1", "0", None),
    "bit(3)": ("101", "010", None),
    "varbit": ("", "0", "00", "1", None),
    "point": ("(0,0)", "(-0,0)", "(1,NaN)", None),
    "box": ("(1,1),(0,0)", "(2,1),(1,0)", None),
    "polygon": ("((0,0),(1,1),(1,0))", "((1,1),(1,0),(0,0))", None),
    "tsvector": ("a:1", "a:1,2", "a", None),
    "tsquery": ("a & b", "b & a", None),
    "oid": ("0", "1", "4294967295", None),
    "regclass": ("pg_class", "pg_type", None),
    "pg_lsn": ("0/0", "1/0", "0/1", None),
    "xid8": ("0", "1", "4294967296", None),
    "int4range": ("empty", "[1,2)", "[1,1]", "(,)", "[1,)", None),
    "numrange": ("[1,2)", "[1.0,2)", "[1.00,2)", None),
    "int4multirange": ("{}", "{[1,2)}", "{[1,2),[4,5)}", None),
    "int4[]": ("{}", "{NULL}", "{1,2}", "{{1,2}}", "{{1},{2}}", "[0:1]={1,2}", "[2:3]={1,2}", None),
    "text[]": ("{}", "{NULL}", '{"NULL"}', '{""}', '{" "}', '{"a,b"}', "{a,b}", "{{a,b}}", None),
    "numeric[]": ("{1.0}", "{1.00}", "{NaN}", "{-1.0}", None),
    "float8[]": ("{0}", "{-0}", "{NaN}", None),
    "mood": ("happy", "Happy", "슬픔", "sad\\", None),
    "mood[]": ("{}", "{happy}", "{happy,happy}", "{NULL}", None),
    "amount": ("1.0", "1.00", "NaN", None),
    "mood_domain": ("happy", "Happy", None),
    "pair": ("(,)", "(1,)", "(1.0,)", "(1.00,)", '(,"")', '(,"a b")', None),
    "pair[]": ("{}", '{"(1.0,)"}', '{"(1.00,)"}', None),
    "amounts": ("{}", "{1.0}", "{1.00}", None),
}
TYPES = """
    CREATE TYPE mood AS ENUM ('happy', 'Happy', '슬픔', 'sad\\');
    CREATE TYPE pair AS (a numeric, b text);
    CREATE DOMAIN amount AS numeric;
    CREATE DOMAIN amounts AS numeric[];
    CREATE DOMAIN mood_domain AS mood;
"""
# Other object ids, so that the same enum label is another number.
OTHER_TYPES = "CREATE TYPE earlier AS ENUM ('x', 'y', 'z');" + TYPES


def table_of(database: Database, type_name: str, values: Iterable[str | None]) -> None:
    """Make table t with one row per value."""
    rows = ", ".join(f"({number}, %s::{type_name})" for number, _ in enumerate(values))
    database.run(
        f"DROP TABLE IF EXISTS t; CREATE TABLE t (id int PRIMARY KEY, value {type_name}); INSERT INTO t VALUES {rows}",
        list(values),
    )


def comparison(database: Database, key: Sequence[str] = (), *, transcode: bool = False) -> Comparison:
    """A comparison of the columns of t other than id."""
    with session(database) as one:
        columns = describe_existing(one, T).stored
    wanted = tuple(column for column in columns if column.name != "id" or "id" in key)
    return Comparison(wanted, tuple(key), transcode)


def session(database: Database) -> Session:
    return Session(database.endpoint, "tests.checksum")


def checksum_of(database: Database, how: Comparison, buckets: int = 1) -> dict[int, tuple[int, int]]:
    """Rows and hash of each bucket."""
    with session(database) as one:
        rows = one.query("dump/checksum.sql", **how.context(WHOLE, buckets=buckets))
    return {row.bucket: (row.rows, row.hash) for row in rows}


def hashes(database: Database, how: Comparison) -> list[int]:
    """The hash of each row's content, by id."""
    with session(database) as one:
        columns = describe_existing(one, T).stored
        context: dict[str, Any] = {
            **how.context(WHOLE, keyed=True, chosen=True),
            "key_columns": [column for column in columns if column.name == "id"],
        }
        rows = one.query("checksum/chosen_rows.sql", {"chosen_buckets": [0]}, **context)
    return [number for _, number in sorted(rows)]


def printed(database: Database) -> list[bytes]:
    """Each value as COPY prints it, by id."""
    lines = [line.split(b"\t", 1) for line in content(database)]
    return [value for _, value in sorted(lines, key=lambda line: int(line[0]))]


def assert_hash_tells_apart_what_a_reader_does(database: Database) -> None:
    found = list(zip(hashes(database, comparison(database)), printed(database), strict=True))
    for (hash_a, text_a), (hash_b, text_b) in itertools.combinations(found, 2):
        assert (hash_a == hash_b) == (text_a == text_b), (text_a, text_b)


@pytest.fixture(scope="module")
def playground(server_of: Callable[..., Server]) -> Iterator[Database]:
    """One database for the tests of this module that only need their own table t."""
    with databases(server_of) as make:
        database = make()
        database.run(TYPES)
        yield database


@pytest.mark.parametrize("type_name", VALUES)
def test_values_hash_alike_exactly_where_they_print_alike(playground: Database, type_name: str) -> None:
    table_of(playground, type_name, VALUES[type_name])
    assert_hash_tells_apart_what_a_reader_does(playground)


def test_xml_is_compared_as_it_is_printed(database_of: Callable[..., Database]) -> None:
    debian = database_of(15)  # the only one here that is built with libxml
    declared = '<?xml version="1.0" encoding="UTF-8"?><a/>'
    table_of(debian, "xml", ["<a/>", "<a></a>", "<a> </a>", declared, "", None])
    assert_hash_tells_apart_what_a_reader_does(debian)


@pytest.mark.parametrize("major", [15, 16])
def test_every_server_version_computes_the_same_checksum(database_of: Callable[..., Database], major: int) -> None:
    newest, other = database_of(), database_of(major)
    newest.run(TYPES)
    other.run(OTHER_TYPES)
    columns = ", ".join(f"c{number} {type_name}" for number, type_name in enumerate(VALUES))
    rows = list(itertools.zip_longest(*VALUES.values()))
    one_row = "(" + ", ".join(f"%s::{type_name}" for type_name in VALUES) + ")"
    for database in (newest, other):
        database.run(
            f"CREATE TABLE t ({columns}); INSERT INTO t VALUES {', '.join([one_row] * len(rows))}",
            [value for row in rows for value in row],
        )
    assert checksum_of(newest, comparison(newest), 64) == checksum_of(other, comparison(other), 64)


RANDOM_VALUES = {
    "numeric": st.decimals(allow_nan=False, allow_infinity=True).map(str) | st.just("NaN"),
    "float8": st.floats().map(repr),
    "int8": st.integers(-(2**63), 2**63 - 1).map(str),
    "timestamp": st.datetimes().map(str),
    "text": st.text(st.characters(codec="utf-8", exclude_characters="\x00")),
    "bytea": st.binary().map(lambda value: "\\x" + value.hex()),
    "text[]": st.lists(st.sampled_from(["", " ", "a", "NULL"])).map(lambda items: str(items).replace("'", '"')),
}


@pytest.mark.parametrize("type_name", RANDOM_VALUES)
def test_random_values_hash_alike_exactly_where_they_print_alike(playground: Database, type_name: str) -> None:
    @ONE_TEST_ONE_DATABASE
    @given(values=st.lists(st.none() | RANDOM_VALUES[type_name], min_size=2, max_size=8))
    def check(values: list[str | None]) -> None:
        array = type_name.endswith("[]")
        texts = [None if v is None else v.replace("[", "{").replace("]", "}") if array else v for v in values]
        table_of(playground, type_name, texts)
        assert_hash_tells_apart_what_a_reader_does(playground)

    check()


def test_signs_zeros_and_nulls_of_several_columns_do_not_cancel_out(playground: Database) -> None:
    playground.run(
        """
        DROP TABLE IF EXISTS t;
        CREATE TABLE t (id serial, a numeric(9,2), b numeric(9,2), c float8, d float8, e int);
        INSERT INTO t (a, b, c, d, e)
        SELECT *
        FROM
            (VALUES (NULL::numeric), (0), (1), (-1)) AS a,
            (VALUES (NULL::numeric), (0), (1), (-1)) AS b,
            (VALUES (NULL::float8), (float8 '0'), (float8 '-0'), (1), (-1)) AS c,
            (VALUES (NULL::float8), (float8 '0'), (float8 '-0'), (1), (-1)) AS d,
            (VALUES (NULL), (0)) AS e
        """
    )
    found = hashes(playground, comparison(playground))
    assert len(found) == len(set(found)) == 4 * 4 * 5 * 5 * 2


def test_what_changes_a_checksum_raises_the_number_of_its_definition(source: Database) -> None:
    source.run(
        """
        CREATE TYPE pair AS (a int, b text);
        CREATE TABLE t (id int PRIMARY KEY, n numeric, f float8, d date, at timestamptz, u uuid, s text, j jsonb,
            a int[], b bytea, p pair);
        INSERT INTO t VALUES
            (1, -1.50, '-0', '2026-11-20', '2026-11-20 09:00+09', '5f3c6f1e-0d57-4f0e-9a39-b7a0ef7a8e11', '서울',
             '{"k": [1, null]}', '{1,NULL}', '\\x00ff', (1, 'x')),
            (2, NULL, 'NaN', NULL, '-infinity', NULL, '', 'null', '{}', '', NULL)
        """
    )
    # Sets of dumps hold such numbers: where one is another now, checksum.DEFINITION has to be another, too.
    assert (DEFINITION, checksum_of(source, comparison(source))) == (1, {0: (2, -8108744506205742178)})


@pytest.mark.parametrize("major", installed_majors())
def test_the_record_of_a_single_boolean_has_the_hash_of_its_number(
    database_of: Callable[..., Database], major: int
) -> None:
    database = database_of(major)
    table_of(database, "boolean", ("true", "false", None))
    how = comparison(database)
    assert how.hashed.single_boolean
    as_record = f"SELECT hash_record_extended(ROW(value), {how.hashed.together.seed}) FROM t ORDER BY id"
    assert hashes(database, how) == [number for (number,) in database.rows(as_record)]


def test_a_nan_with_other_bits_is_the_same_nan(source: Database) -> None:
    # The only way to such a NaN is the bytes of a binary COPY.
    source.run("CREATE TABLE t (id int, value float8)")
    one_nan, other_nan = (bytes.fromhex(bits) for bits in ("7ff8000000000000", "fff8000000000001"))
    header = b"PGCOPY\n\xff\r\n\x00" + bytes(8)
    rows = b"".join(
        b"\x00\x02\x00\x00\x00\x04" + number.to_bytes(4, "big") + b"\x00\x00\x00\x08" + value
        for number, value in enumerate((one_nan, other_nan))
    )
    load_binary(source, header + rows + b"\xff\xff")
    assert printed(source) == [b"NaN", b"NaN"]
    first, second = hashes(source, comparison(source))
    assert first == second


def load_binary(database: Database, data: bytes) -> None:
    connection = database.connect()
    with connection, connection.cursor() as cursor:
        cursor.copy_expert("COPY t FROM STDIN (FORMAT binary)", io.BytesIO(data))
    connection.close()


def test_two_values_that_change_places_between_rows_are_noticed(source: Database, target: Database) -> None:
    for database, first, second in ((source, "red", "blue"), (target, "blue", "red")):
        database.run(
            "CREATE TABLE t (id int PRIMARY KEY, colour text, size int); INSERT INTO t VALUES (1, %s, 10), (2, %s, 20)",
            (first, second),
        )
    how = comparison(source, ["id"])
    plain_sum = 'SELECT sum(hash_record_extended(ROW(id, colour COLLATE "C", size), 0)) FROM t'
    assert source.value(plain_sum) == target.value(plain_sum), "the server's record hash alone would miss it"
    assert checksum_of(source, how) != checksum_of(target, how)


def test_a_row_too_many_or_too_few_is_noticed(source: Database, target: Database) -> None:
    for database, copies in ((source, 2), (target, 3)):
        database.run(f"CREATE TABLE t (value int); INSERT INTO t SELECT 7 FROM generate_series(1, {copies})")
    how = comparison(source)
    assert [rows for rows, _ in checksum_of(source, how).values()] == [2]
    assert checksum_of(source, how) != checksum_of(target, how)


def test_the_order_of_rows_and_of_their_storage_does_not_matter(source: Database, target: Database) -> None:
    for database, order in ((source, "ASC"), (target, "DESC")):
        database.run(
            f"""CREATE TABLE t (id int PRIMARY KEY, value text);
                INSERT INTO t SELECT n, n::text AS v FROM generate_series(1, 1000) AS s (n) ORDER BY n {order}"""
        )
    how = comparison(source, ["id"])
    assert checksum_of(source, how, 8) == checksum_of(target, how, 8)
    assert set(checksum_of(source, how, 8)) == set(range(8))


def test_values_do_not_slip_from_one_column_into_the_next(source: Database, target: Database) -> None:
    for database, values in ((source, ("ab", "c", None)), (target, ("a", "bc", None))):
        database.run("CREATE TABLE t (a text, b text, c text); INSERT INTO t VALUES (%s, %s, %s)", values)
    how = comparison(source)
    assert checksum_of(source, how) != checksum_of(target, how)
    target.run("UPDATE t SET a = 'ab', b = NULL, c = 'c'")
    assert checksum_of(source, how) != checksum_of(target, how)


def test_text_is_compared_across_encodings(database_of: Callable[..., Database]) -> None:
    korean = database_of(options="ENCODING 'EUC_KR' LOCALE 'C' TEMPLATE template0")
    unicode = database_of()
    values = ("충전소", "가나다 ", "", None)
    for type_name in ("text", "char(10)", "bpchar", "mood", "text[]", "json"):
        wanted: tuple[str | None, ...] = values
        if type_name == "mood":
            wanted = ("좋음", "나쁨", None)
        elif type_name == "text[]":
            wanted = ("{충전소,NULL}", "{}", None)
        elif type_name == "json":
            wanted = ('{"이름": "충전소"}', "null", None)
        for database in (korean, unicode):
            database.run("SET client_encoding = 'UTF8'; DROP TYPE IF EXISTS mood CASCADE")
            utf8_run(database, "CREATE TYPE mood AS ENUM ('좋음', '나쁨')")
            utf8_run(database, f"DROP TABLE IF EXISTS t; CREATE TABLE t (id int PRIMARY KEY, value {type_name})")
            for number, value in enumerate(wanted):
                utf8_run(database, "INSERT INTO t VALUES (%s, %s)", (number, value))
        how = comparison(unicode, transcode=True)
        assert hashes(korean, how) == hashes(unicode, how), type_name
        assert len(set(hashes(korean, how))) == len(wanted)


def utf8_run(database: Database, statement: str, values: object = None) -> None:
    connection = database.connect()
    connection.set_client_encoding("UTF8")
    with connection, connection.cursor() as cursor:
        cursor.execute(statement, values)
    connection.close()


def test_case_counts_even_where_a_collation_ignores_it(database_of: Callable[..., Database]) -> None:
    source = database_of(15)  # the only one here that is built with ICU
    source.run("CREATE COLLATION loose (provider = icu, locale = 'und-u-ks-level2', deterministic = false)")
    source.run("CREATE TABLE t (id int PRIMARY KEY, value text COLLATE loose)")
    source.run("INSERT INTO t VALUES (0, 'Ä'), (1, 'ä'), (2, 'Ä'), (3, NULL)")
    assert source.value("SELECT count(*) FROM t WHERE value = 'ä'") == 3, "the collation ignores case"
    assert_hash_tells_apart_what_a_reader_does(source)


def test_a_cast_that_someone_made_does_not_speak_for_the_value(source: Database) -> None:
    source.run(TYPES)
    source.run("""
        CREATE FUNCTION say(mood) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT ''a mood''::text';
        CREATE CAST (mood AS text) WITH FUNCTION say(mood);
        CREATE FUNCTION say(pair) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT ''a pair''::text';
        CREATE CAST (pair AS text) WITH FUNCTION say(pair);
    """)
    for type_name in ("mood", "pair"):
        table_of(source, type_name, VALUES[type_name])
        assert_hash_tells_apart_what_a_reader_does(source)


def test_the_widest_table_has_a_checksum(source: Database) -> None:
    columns = ", ".join(f"c{number} numeric" for number in range(1599))
    source.run(f"CREATE TABLE t (id int PRIMARY KEY, {columns}); INSERT INTO t (id, c1598) VALUES (1, 1)")
    how = comparison(source, ["id"])
    before = checksum_of(source, how)
    source.run("UPDATE t SET c1598 = 1.0")
    assert checksum_of(source, how) != before


@contextmanager
def both_contents(
    source: Database, target: Database, how: Comparison, buckets: int = 1, indexed_rows: int = 0
) -> Iterator[Contents]:
    """Both tables t, in one transaction of each side."""
    with Session(source.endpoint, "tests.source", snapshot=True) as there, session(target) as here:
        yield Contents(there, WHOLE, here, Selection(T), how, buckets, indexed_rows)


def named(both: Contents, buckets: list[int]) -> list[str]:
    """The rows that differ in some buckets, as a person reads them."""
    key, target = both.comparison.key, both.target
    target.execute("copy/create_wanted.sql", wanted=WANTED, table=T, key=key)
    both.find_rows(buckets)
    values = {"chosen_buckets": buckets}
    relay(both.source, target, both.send_rows(buckets), both.expect_rows(), lambda: True, values=values)
    found = both.list_differing_rows(WANTED)
    rows = target.query("copy/named_rows.sql", {"most": KEYS_TO_NAME}, wanted=WANTED, key=key)
    assert len(rows) == min(found, KEYS_TO_NAME)
    return [f"{row.key} ({row.kind})" for row in rows]


def names_of_differences(source: Database, target: Database, how: Comparison, buckets: int = 1) -> list[str]:
    with both_contents(source, target, how, buckets) as both:
        return named(both, both.compare().differing)


def test_names_the_keys_that_differ_and_how(source: Database, target: Database) -> None:
    for database in (source, target):
        database.run(
            "CREATE TABLE t (id int PRIMARY KEY, v text); INSERT INTO t SELECT g, 'x' FROM generate_series(1, 9) g"
        )
    source.run("DELETE FROM t WHERE id = 3")
    target.run("DELETE FROM t WHERE id = 5; UPDATE t SET v = 'y' WHERE id = 7")
    how = comparison(source, ["id"])
    assert names_of_differences(source, target, how) == ["(3) (extra)", "(5) (missing)", "(7) (different)"]


def test_names_five_keys_and_not_all_of_them(source: Database, target: Database) -> None:
    for database in (source, target):
        database.run("CREATE TABLE t (id int PRIMARY KEY)")
    source.run("INSERT INTO t SELECT generate_series(1, 1000)")
    assert len(names_of_differences(source, target, comparison(source, ["id"]), 16)) == 5


def test_names_rows_without_a_key_by_their_hash(source: Database, target: Database) -> None:
    for database in (source, target):
        database.run("CREATE TABLE t (v int)")
    source.run("INSERT INTO t VALUES (1), (1), (2)")
    target.run("INSERT INTO t VALUES (1), (2)")
    (only,) = names_of_differences(source, target, comparison(source), 4)
    assert only.startswith("row with hash ")
    assert only.endswith(" (missing)")
    target.run("INSERT INTO t VALUES (1), (1)")
    assert names_of_differences(source, target, comparison(source), 4) == [only.replace("missing", "repeated")]


def test_equal_contents_differ_in_no_bucket(source: Database, target: Database) -> None:
    for database in (source, target):
        database.run("CREATE TABLE t (id int PRIMARY KEY); INSERT INTO t SELECT generate_series(1, 100)")
    with both_contents(source, target, comparison(source, ["id"]), 16) as both:
        assert both.compare().differing == []


def test_only_the_buckets_that_differ_are_looked_into(source: Database, target: Database) -> None:
    for database in (source, target):
        database.run("CREATE TABLE t (id int PRIMARY KEY, v int); INSERT INTO t SELECT generate_series(1, 1000), 1")
    target.run("UPDATE t SET v = 2 WHERE id = 7")
    how = comparison(source, ["id"])
    with both_contents(source, target, how, 64) as both:
        (bucket,) = both.compare().differing
        assert named(both, [bucket]) == ["(7) (different)"]
    with both_contents(source, target, how, 64) as both:
        assert named(both, [number for number in range(64) if number != bucket]) == []


def test_a_mended_target_is_held_against_what_the_source_said_before(source: Database, target: Database) -> None:
    for database in (source, target):
        # Sixteen neighbours share a bucket.
        database.run(
            "CREATE TABLE t (id int PRIMARY KEY, v int); INSERT INTO t SELECT 7 + 16 * generate_series(0, 99), 1"
        )
    target.run("UPDATE t SET v = 2 WHERE id = 7")
    with both_contents(source, target, comparison(source, ["id"]), 16) as both:
        found = both.compare().differing
        assert len(found) == 1
        target.run("UPDATE t SET v = 1 WHERE id = 7")
        assert both.compare().differing == []
        target.run("DELETE FROM t")
        assert both.compare().differing == list(range(16))


@pytest.mark.parametrize(
    ("key", "buckets"),
    [("smallint", 1), ("smallint", 16), ("integer", 16), ("integer", 2**18), ("bigint", 16), ("bigint", 2**18)],
)
def test_the_rows_of_buckets_are_the_same_by_index(source: Database, key: str, buckets: int) -> None:
    source.run(f"CREATE TABLE t (id {key} PRIMARY KEY, v int)")
    source.run("INSERT INTO t SELECT n, n FROM generate_series(-40, 40) AS n")
    source.run("INSERT INTO t SELECT 7 * n, n FROM generate_series(9, 99) AS n")
    if key != "smallint":
        # Several slices of numbers, below zero too.
        source.run("INSERT INTO t SELECT 1000003 * n, n FROM generate_series(-20, 20) AS n WHERE n <> 0")
    how = comparison(source, ["id"])
    chosen = {"chosen_buckets": [bucket for bucket in checksum_of(source, how, buckets) if bucket % 3 == 0]}
    with session(source) as one:
        sought, read = (
            one.query(
                "checksum/chosen_rows.sql",
                chosen,
                **how.context(WHOLE, buckets=buckets, keyed=True, chosen=True, sought=sought),
            )
            for sought in (True, False)
        )
    assert sorted(sought) == sorted(read) != []


def test_keys_at_the_end_of_their_type_are_found_by_index(source: Database, target: Database) -> None:
    for database, value in ((source, 1), (target, 2)):
        database.run("CREATE TABLE t (id bigint PRIMARY KEY, v int)")
        database.run(f"INSERT INTO t SELECT {2**63 - 1} - n, {value} FROM generate_series(0, 2) AS n")
    with both_contents(source, target, comparison(source, ["id"]), 2**18, indexed_rows=10**9) as both:
        found = named(both, both.compare().differing)
    assert found == [f"({2**63 - 1 - n}) (different)" for n in (2, 1, 0)]


@pytest.mark.parametrize(("rows", "buckets"), [(0, 1), (1, 1), (16, 1), (17, 2), (100, 8), (10**12, 2**18)])
def test_buckets_hold_a_few_rows_and_are_not_too_many(rows: int, buckets: int) -> None:
    assert buckets_for(rows) == buckets
