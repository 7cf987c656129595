from __future__ import annotations

import pytest
from hypothesis import given
from jinja2 import UndefinedError

from pgpipelines.templates import (
    FILTERS,
    QualifiedName,
    Sql,
    escaped,
    identifier,
    identifiers,
    literal,
    matching,
    quoted,
    readable,
    render,
    require_safe,
)
from tests.fixtures.names import HOSTILE, NAMES
from tests.fixtures.servers import Database


@pytest.mark.parametrize("value", ["t", "", "a; drop table x", 1.5, True, None, ["t"], object()])
def test_a_plain_value_in_a_template_raises(value: object) -> None:
    with pytest.raises(TypeError, match="unquoted value in an SQL template"):
        require_safe(value)


@pytest.mark.parametrize("value", [Sql("now()"), 0, -5])
def test_sql_and_whole_numbers_pass(value: object) -> None:
    assert require_safe(value) is value


def test_a_template_takes_no_plain_string_for_a_table() -> None:
    with pytest.raises(TypeError, match="unquoted value"):
        render("copy/create_sequence.sql", sequence="s", type="integer", options=Sql(""))


def test_a_parameter_that_is_missing_raises() -> None:
    with pytest.raises(UndefinedError, match="'type' is undefined"):
        render("copy/create_sequence.sql", sequence="s")
    with pytest.raises(UndefinedError, match="'table' is undefined"):
        render("copy/is_empty.sql")


@pytest.mark.parametrize("value", [Sql("t"), 5, None, ("a", "b")])
def test_what_is_no_name_is_no_identifier(value: object) -> None:
    with pytest.raises(TypeError, match="not an identifier"):
        identifier(value)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["", "a\x00b", QualifiedName("", "t"), QualifiedName("s", "")])
def test_a_name_that_postgresql_cannot_have_raises(name: str | QualifiedName) -> None:
    with pytest.raises(ValueError, match="PostgreSQL has no such name"):
        identifier(name)


@given(name=NAMES)
def test_a_quoted_name_ends_where_it_should(name: str) -> None:
    text = identifier(name) % ()
    assert text == quoted(name)
    assert text[0] == text[-1] == '"'
    assert text[1:-1].replace('""', "") == name.replace('"', "")


def test_the_server_reads_every_name_and_literal_back(source: Database) -> None:
    for name in HOSTILE:
        assert source.rows(f"SELECT 1 AS {quoted(name)}, {literal(name)}".replace("%", "%%"), ()) == [(1, name)]


def test_lists_and_conditions_are_made_of_quoted_names() -> None:
    assert identifiers(["a", 'b"']) == '"a", "b"""'
    assert identifiers(["a", "100%"], "t") == '"t"."a", "t"."100%%"'
    assert matching(["a", "b"], "l", "r") == '"l"."a" = "r"."a" AND "l"."b" = "r"."b"'
    assert set(FILTERS) == {"identifier", "identifiers", "matching"}


def test_sql_of_a_server_survives_the_driver() -> None:
    assert escaped("a LIKE '%x%'") % () == "a LIKE '%x%'"


@pytest.mark.parametrize(
    ("name", "text"),
    [("plain_1", "plain_1"), ("Upper", '"Upper"'), ("1st", '"1st"'), ("가", '"가"'), ("a b", '"a b"'), ("_", "_")],
)
def test_messages_quote_a_name_only_where_sql_wants_it(name: str, text: str) -> None:
    assert readable(name) == text
    assert str(QualifiedName(name, "t")) == f"{text}.t"
