from __future__ import annotations

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pgpipelines.configuration.values import TABLE_NAME_SCHEMA
from pgpipelines.errors import ConfigurationError
from pgpipelines.table_names import is_system_schema, parse_name, parse_table_name
from pgpipelines.templates import QualifiedName

names = st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), min_size=1).filter(
    lambda name: len(name.encode()) <= 63
)


@pytest.mark.parametrize(
    ("text", "schema", "name"),
    [
        ("station_info", "public", "station_info"),
        (" station_info\n", "public", "station_info"),
        ("agentic_ai.tasks", "agentic_ai", "tasks"),
        ('"Weird.Name"', "public", "Weird.Name"),
        ('"Weird.Name".t', "Weird.Name", "t"),
        ('erp."a ""b"""', "erp", 'a "b"'),
        ('"a""b; drop table x --"', "public", 'a"b; drop table x --'),
        ("충전소", "public", "충전소"),
        ("Ünïcode", "public", "Ünïcode"),
        ("order", "public", "order"),
        ("t$1", "public", "t$1"),
        ('" "', "public", " "),
        ("x" * 63, "public", "x" * 63),
    ],
)
def test_a_name_reads_as_sql_would_read_it(text: str, schema: str, name: str) -> None:
    assert parse_table_name(text) == QualifiedName(schema, name)


def test_a_bare_name_is_in_the_default_schema() -> None:
    assert parse_table_name("users", "erp") == QualifiedName("erp", "users")
    assert parse_table_name("chat.users", "erp") == QualifiedName("chat", "users")


@pytest.mark.parametrize(
    ("text", "remedy"),
    [
        ("", 'write name or schema.name, with "double quotes" around what SQL wants quoted'),
        ("a b", 'write name or schema.name, with "double quotes" around what SQL wants quoted'),
        ("a.", 'write name or schema.name, with "double quotes" around what SQL wants quoted'),
        ('"a', 'write name or schema.name, with "double quotes" around what SQL wants quoted'),
        ('"a"b', 'write name or schema.name, with "double quotes" around what SQL wants quoted'),
        ("a . b", 'write name or schema.name, with "double quotes" around what SQL wants quoted'),
        ("db.public.users", "write name or schema.name; the connection says which database"),
        ("Users", 'write users, or "Users" in double quotes if the capitals are meant'),
        ("my-table", 'write "my-table" in double quotes'),
        ("1st", 'write "1st" in double quotes'),
        ("a\u200bb", "a bare name has no invisible characters"),
        ('""', "a name has at least one character, and none that text can't hold"),
        ('"a\x00"', "a name has at least one character, and none that text can't hold"),
        ('"\ud800"', "a name has at least one character, and none that text can't hold"),
        ("가" * 22, "a name has at most 63 bytes (this has 66)"),
    ],
)
def test_what_is_no_name_is_refused_with_what_to_write(text: str, remedy: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        parse_table_name(text)
    assert refused.value.remedy == remedy
    assert refused.value.cause == f"not a table name: {text!r}"


def test_a_schema_is_one_name() -> None:
    assert parse_name('"A.b"') == "A.b"
    with pytest.raises(ConfigurationError, match="one name"):
        parse_name("a.b")


def test_the_schemas_of_the_server_and_of_this_package_are_known() -> None:
    assert all(map(is_system_schema, ["pg_catalog", "pg_toast", "information_schema", "pgpipelines"]))
    assert not any(map(is_system_schema, ["public", "page", "erp"]))


@given(names, names)
def test_any_name_reads_back_as_it_is_shown(schema: str, name: str) -> None:
    assert parse_table_name(str(QualifiedName(schema, name))) == QualifiedName(schema, name)


@given(st.text(st.sampled_from('ab._"A1-$ 가😀\t'), max_size=12))
def test_the_published_pattern_allows_what_the_parser_allows(text: str) -> None:
    try:
        parse_table_name(text)
    except ConfigurationError:
        return
    jsonschema.validate(text, TABLE_NAME_SCHEMA)
