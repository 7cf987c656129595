"""The user's own SQL never leaves its parentheses, whoever writes it and whichever server reads it.

pglast is the lexer and the grammar of the PostgreSQL server: what the scanner takes is given to both.
PGPIPELINES_EXAMPLES raises the number of texts (at full size: 3000).
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import psycopg2
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from pglast.parser import ParseError, Token, parse_sql, scan

from pgpipelines.copy.user_sql import condition, query
from pgpipelines.errors import ConfigurationError
from pgpipelines.templates import Sql, literal, quoted
from tests.fixtures.names import NAMES
from tests.fixtures.servers import Database

EXAMPLES = int(os.environ.get("PGPIPELINES_EXAMPLES", "500"))
# All that opens, closes or continues something in PostgreSQL's lexical rules, and what stands beside it.
PIECES = """
    ' '' " "" \\ \\' \\\\ E' e' E U& U&' U&" u&' N' B'1' x'F' $ $$ $a$ $A$ a$b$ $1 $가$ $a
    -- --- /* */ /*/ **/ ( ) [ ] { } ; : , .
    1 1e 1.5 0x1F 1_000 1U& a e x 가 é AND OR = <> - + * / @ % %% %s %(x)s UESCAPE '!' true SELECT FROM UNION INTO
""".split()
BLANKS = (" ", "\n", "\r", "\t", "\f", "\v", "\u00a0", "\u2028", "\ufeff")
TEXTS = st.lists(st.sampled_from([*PIECES, *BLANKS, "\n", " "]), max_size=14).map("".join) | st.text(max_size=20)
# The same, in the order in which mistakes would have to come to be taken for something else.
QUOTED = st.sampled_from(["'{}'", "E'{}'", "U&'{}'", '"{}"', "$a${}$a$", "$${}$$", "/*{}*/", "--{}\n", "({})", "[{}]"])
NESTED = st.lists(
    st.builds(str.format, QUOTED, st.lists(st.sampled_from([*PIECES, *BLANKS]), max_size=4).map("".join)), max_size=5
).map("".join)

ESCAPES = [
    "1) ; DROP TABLE x; --",
    "true) OR (true",
    "true)) AS q; COMMIT; DROP TABLE x; --",
    "1); DROP TABLE x; SELECT (1",
    ")(",
    "([)]",
    "a[1",
    "a]",
    "(",
    ")",
    "1; ;",
    "'",
    "a = 'b",
    "'''",
    '"',
    '"a',
    "$$",
    "$$ a",
    "$a$ $b$",
    "$a$ $A$",
    "a$b$ ; $b$",
    "a = $1",
    "$",
    "/*",
    "/* /* */",
    "*/ /*",
    "/*/",
    "E'\\'",
    "E'\\'; DROP TABLE x; --'); COMMIT; --",
    "E'a' \n 'b\\'' ) ; DROP TABLE x; --'",
    "e'a' --x\n\r 'b\\'' ) ; --'",
    # Where standard_conforming_strings is off, the first text ends later.
    "'\\'' ) ; DROP TABLE x; --'",
    "'a\\'",
    "x LIKE 'a\\_b' ESCAPE '\\'",
    "N'\\'",
    "U&'\\'",
    # Versions below 15 end the number before the quote.
    "1e'\\'' ; DROP TABLE x; --'",
    "1$a$ ; $a$",
    "1_a$b$ ; $b$",
    "1'a'",
    "-- ok\r) ; DROP TABLE x",
    "\u2019; DROP TABLE x; --\u2019",
    "＇) ; DROP TABLE x; --",
    "a = '\0'",
    "\0",
    "'\ud800'",
]

# What a scanner that forgets one rule (E goes on behind a line feed, \r ends a comment, $ in a name) takes for quoted.
ATTACKS = [
    "true) ; DROP TABLE x; SELECT (true",
    "E'a'\n'\\'' = 'a') ; DROP TABLE x; SELECT ('a' = E'\\''",
    "E'a' -- '\n'\\'' = 'a') ; DROP TABLE x; SELECT ('a' = E'\\''",
    "E'a'\n'b'\n'\\'' = 'a') ; DROP TABLE x; SELECT ('a' = E'\\''",
    "true -- \r) ; DROP TABLE x; SELECT (true",
    "(SELECT true AS a$b$)) ; DROP TABLE x; SELECT ((SELECT true AS a$b$)",
    "(SELECT true AS 가$b$)) ; DROP TABLE x; SELECT ((SELECT true AS 가$b$)",
    "true /* /* */ */) ; DROP TABLE x; SELECT (true /* */",
    "$$'$$ = '') ; DROP TABLE x; SELECT ($$'$$ = ''",
    "'a' = E'\\\\') ; DROP TABLE x; SELECT ('a' = E'\\\\'",
]
# Two statements where standard_conforming_strings is off, else texts and names without a semicolon.
NONCONFORMING_ATTACK = "'\\'' = 'a') ; DROP TABLE x; SELECT ('a' = '\\''"

CONDITIONS = [
    "true",
    "a % 2 = 0",
    "name LIKE 'x%'",
    "name LIKE '100%%' OR name = '%(name)s' OR name = '%s'",
    "status = 'paid' AND (amount > 3 OR amount IS NULL)",
    "note = 'it''s; (fine'",
    "note = E'it\\'s; (fine' AND x = E'a''b\\\\'",
    "note = E'a'\n  -- and on\n 'b\\';('",
    "note = U&'\\AC00' AND note <> U&'d!0061t' UESCAPE '!'",
    "note = N'국' AND bits = B'101' AND bytes = X'1F'",
    "note = $$it's; ($$ OR note = $태그$ $a$ ; $$ $태그$",
    "a$b$ = 1 AND a$b$c <> 2 AND c$ = 'x'",
    '"a;b(" = 1 AND "a""b" = 2 AND U&"\\AC00" = 3',
    "충전소.\"이름\" = '서울' AND 상태 <> '정지;'",
    "tags[1] = 'a' AND tags[2:(1+2)] = ARRAY['x)']",
    "a = 1 -- the (end; '",
    "/* it's ( /* nested; */ here */ a = 1",
    "-- only this:\r\na = 1\r\n",
    "a - -1 = 2 AND b *-1 > 3 AND c/*d*// 2 = 1 AND x @> y",
    "a = 1_000_000 OR a = 0x1F OR a = 1.5e-3 OR a = .5",
    "a IN (SELECT id FROM t WHERE b = ';')",
    "path = 'C:\\dir\\x' OR path = 'C:\\\\'",
    "a::numeric(10, 2) > 1 AND a ->> 'k' ? 'x' AND b #>> '{a,b}' = 'c'",
]

QUERIES = [
    "SELECT 1",
    "select 1;",
    "  SELECT 1 ; -- done",
    "/* why */ -- because\n(SELECT 1) UNION ALL (SELECT 2) ORDER BY 1",
    "((SELECT 1))",
    "WITH a AS (SELECT 1) SELECT * FROM a",
    "VALUES (1, 'a;'), (2, $$;$$)",
    "TABLE t",
    "SELECT a.*, b.x AS \"이름;\", sum(c) OVER (PARTITION BY d) FROM a JOIN b USING (id) WHERE x LIKE '%;%'",
    "SELECT 1 --",
]


def parses(statement: str) -> bool:
    try:
        parse_sql(statement)
    except ParseError:
        return False
    return True


def lexed(statement: str) -> list[Token]:
    """The server's tokens without its comments."""
    try:
        found = scan(statement)
    except ParseError:
        return []
    return [token for token in found if token.name not in {"SQL_COMMENT", "C_COMMENT"}]


def stays_inside(text: str) -> bool:
    """Tell whether the server's lexer sees the parentheses around a text end where they were put."""
    depths, depth = [], 0
    for token in lexed(f"(\n{text}\n)"):
        if token.name == "ASCII_59":
            return False
        depth += {"ASCII_40": 1, "ASCII_41": -1}.get(token.name, 0)
        depths.append(depth)
    return all(deep > 0 for deep in depths[:-1]) and depths[-1:] in ([], [0])


def statement_of(text: str) -> Any:
    """The only statement of a text."""
    (only,) = parse_sql(text)
    return only.stmt


def taken(take: Callable[[str], Sql], text: str) -> str | None:
    """The text as it reaches the server, None where it is refused."""
    try:
        return take(text) % () or None
    except ConfigurationError:
        return None


@settings(max_examples=EXAMPLES, deadline=None)
@given(TEXTS | NESTED)
def test_an_accepted_condition_is_one_expression_of_one_statement(text: str) -> None:
    found = taken(condition, text)
    assume(found is not None)
    assert found == text.strip()
    assert stays_inside(found)
    statement = f"SELECT 1 FROM t WHERE (\n{found}\n) AND last"
    if parses(statement):
        only = statement_of(statement)
        assert only.sortClause is only.limitCount is only.larg is None
        assert only.whereClause.args[-1].fields[0].sval == "last"


@settings(max_examples=EXAMPLES, deadline=None)
@given((TEXTS | NESTED).map("SELECT ".__add__))
def test_an_accepted_query_is_one_item_of_one_from(text: str) -> None:
    found = taken(query, text)
    assume(found is not None)
    assert stays_inside(found or "")
    statement = f"SELECT 1 FROM (\n{found}\n) AS selected WHERE last"
    if parses(statement):
        only = statement_of(statement)
        (item,) = only.fromClause
        assert item.alias.aliasname == "selected"
        assert only.whereClause.fields[0].sval == "last"


@given(NAMES)
def test_every_text_and_name_can_be_quoted(name: str) -> None:
    tag = "$q$" if "$q" not in name else "$other$"
    for text in (literal(name), quoted(name), f"{tag}{name}{tag}", f"a = {literal(name)} AND {quoted(name)} = 1"):
        assert taken(condition, text) == text.strip()


@pytest.mark.parametrize("text", ESCAPES)
def test_a_text_that_could_end_its_parentheses_is_refused(text: str) -> None:
    for take in (condition, query):
        with pytest.raises(ConfigurationError):
            take(text)
    with pytest.raises(ConfigurationError):
        query(f"SELECT {text}")


@pytest.mark.parametrize("text", CONDITIONS)
def test_a_condition_reaches_the_server_as_it_is_written(text: str) -> None:
    assert condition(text) % () == text.strip()
    assert parses(f"SELECT 1 WHERE (\n{text}\n)")


@pytest.mark.parametrize("text", QUERIES)
def test_a_query_reaches_the_server_without_its_last_semicolon(text: str) -> None:
    found = query(text) % ()
    assert text.strip().startswith(found)
    assert text.strip()[len(found) :].strip() in {"", ";", "; -- done"}
    assert parses(f"SELECT * FROM (\n{found}\n) AS selected")


@pytest.mark.parametrize("text", ["", " \n\t", "-- nothing yet", "/* nor /* here */ */"])
def test_a_text_that_says_nothing_is_empty(text: str) -> None:
    assert condition(text) == query(text) == query(f"{text}\n;") == ""


@pytest.mark.parametrize(
    ("take", "text", "cause", "remedy"),
    [
        (condition, "a = 1;", "the SQL has a semicolon, at line 1, column 6: ;", "write one condition or query"),
        (condition, "Where a = 1", "the SQL has the word WHERE, at line 1, column 1: Where a = 1", "alone"),
        (condition, "a\n AND (b", "the SQL has a ( that is not closed, at line 2, column 6: (b", "parentheses"),
        (condition, "a)\n", "the SQL has a ) that closes nothing, at line 1, column 2: )", "parentheses"),
        (condition, "a = 'b\nc", "the SQL has a quote that is not closed, at line 1, column 5: 'b c", "close it"),
        (condition, "'\\'", "the SQL has a backslash before a quote, at line 1, column 1: '\\'", "double"),
        (condition, "a = $1", "the SQL has a $ that opens no quote, at line 1, column 5: $1", "the value itself"),
        (condition, "$x$", "the SQL has a $x$ that is not closed, at line 1, column 1: $x$", "close it by $x$"),
        (condition, "/* a", "the SQL has a comment that is not closed, at line 1, column 1: /* a", "*/"),
        (condition, "1e'x'", "the SQL has a number that runs into a quote, at line 1, column 1: 1e'x'", "a blank"),
        (condition, "a\0", "the SQL has the character '\\x00', at line 1, column 2", "remove it"),
        (
            query,
            "DELETE FROM t",
            "the SQL has another beginning than SELECT, WITH, VALUES or TABLE, at line 1, column 1: DELETE FROM t",
            "write a query",
        ),
        (
            query,
            "(t)",
            "the SQL has another beginning than SELECT, WITH, VALUES or TABLE, at line 1, column 2: t)",
            "write a query",
        ),
        (query, "SELECT 1; SELECT 2", "the SQL has a semicolon, at line 1, column 9: ; SELECT 2", "one condition"),
    ],
)
def test_a_refusal_says_what_where_and_what_to_do(
    take: Callable[[str], Sql], text: str, cause: str, remedy: str
) -> None:
    with pytest.raises(ConfigurationError) as refused:
        take(text)
    assert refused.value.cause == cause
    assert "\n" not in refused.value.remedy
    assert remedy in refused.value.remedy


@pytest.mark.parametrize("major", [15, 16, 18])
def test_an_attack_that_the_server_would_run_is_refused(database_of: Callable[..., Database], major: int) -> None:
    database = database_of(major)
    for attack in ATTACKS:
        with pytest.raises(ConfigurationError):
            condition(attack)
        database.run("CREATE TABLE x ()")
        database.run(f"SELECT 1 WHERE (\n{attack}\n)")
        assert database.value("SELECT to_regclass('x') IS NULL"), attack


def test_an_attack_that_turns_off_conforming_strings_is_refused(source: Database) -> None:
    source.run("CREATE TABLE x ()")
    off = "SET standard_conforming_strings = off; "
    with pytest.raises(ConfigurationError):
        condition(NONCONFORMING_ATTACK)
    with pytest.raises(psycopg2.Error):
        source.run(f"SELECT 1 WHERE (\n{NONCONFORMING_ATTACK}\n)")
    connection = source.connect()
    with connection, connection.cursor() as cursor:
        cursor.execute(off)
        cursor.execute(f"SELECT 1 WHERE (\n{NONCONFORMING_ATTACK}\n)")
    connection.close()
    assert source.value("SELECT to_regclass('x') IS NULL")
