"""Any name that PostgreSQL allows may stand wherever a name can come in.

PGPIPELINES_EXAMPLES raises the number of random names tried.
"""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pgpipelines.copy.placing import OWN_COLUMNS
from pgpipelines.templates import QualifiedName, literal, quoted
from tests.fixtures.copying import content, copied
from tests.fixtures.names import HOSTILE, NAMES
from tests.fixtures.servers import Database

SYSTEM = ("pg_", "information_schema", "pgpipelines", "public")


def schema_of(name: str) -> str:
    """A schema's name may not begin as the system's do."""
    return f"s{name}"[:20] if name.lower().startswith(SYSTEM) else name


def column_of(name: str) -> str:
    """A column's name may not begin as those do that a copy adds."""
    return f"c{name}" if name.startswith(OWN_COLUMNS) else name


def define(database: Database, names: dict[str, str], labels: list[str]) -> None:
    """A table whose every part bears a given name."""
    name = {part: quoted(value) for part, value in names.items()}
    schema = name["schema"]
    database.run(
        f"""
        DROP SCHEMA IF EXISTS {schema} CASCADE;
        CREATE SCHEMA {schema};
        CREATE TYPE {schema}.{name["enum"]} AS ENUM ({", ".join(map(literal, labels))});
        CREATE DOMAIN {schema}.{name["domain"]} AS int CONSTRAINT {name["check"]} CHECK (VALUE > 0);
        CREATE SEQUENCE {schema}.{name["sequence"]};
        CREATE TABLE {schema}.{name["table"]} (
            {name["key"]} int DEFAULT nextval({literal(schema + "." + name["sequence"])}::regclass),
            {name["column"]} {schema}.{name["enum"]} DEFAULT {literal(labels[0])},
            {name["other"]} {schema}.{name["domain"]} COLLATE "default",
            CONSTRAINT {name["constraint"]} PRIMARY KEY ({name["key"]}),
            CONSTRAINT {name["check"]} CHECK ({name["column"]} <> {literal(labels[-1])} OR {name["key"]} > 0)
        );
        ALTER SEQUENCE {schema}.{name["sequence"]} OWNED BY {schema}.{name["table"]}.{name["key"]};
        CREATE UNIQUE INDEX {name["index"]} ON {schema}.{name["table"]} ({name["column"]}, {name["other"]})
            WHERE {name["column"]} <> {literal(labels[0])};
        COMMENT ON COLUMN {schema}.{name["table"]}.{name["key"]} IS {literal(names["column"])};
        INSERT INTO {schema}.{name["table"]} ({name["column"]}, {name["other"]})
            VALUES ({literal(labels[-1])}, 1), ({literal(labels[-1])}, 2), (NULL, NULL);
    """.replace(' COLLATE "default"', "")
    )


PARTS = ("schema", "table", "key", "column", "other", "constraint", "check", "index", "enum", "domain", "sequence")


def distinct(names: dict[str, str]) -> dict[str, str]:
    """Tell apart the names that PostgreSQL keeps in one space, by as little as possible."""
    used: set[str] = set()
    told_apart = {}
    for number, (part, name) in enumerate(names.items()):
        other = f"{number}{name}".encode()[:63].decode(errors="ignore")
        told_apart[part] = other if name in used else name
        used.add(told_apart[part])
    columns = {part: column_of(told_apart[part]) for part in ("key", "column", "other")}
    return {**told_apart, **columns, "schema": schema_of(told_apart["schema"])}


def copies_and_merges(source: Database, target: Database, names: dict[str, str], labels: list[str], to: str) -> None:
    define(source, names, labels)
    table = QualifiedName(names["schema"], names["table"])
    place = QualifiedName(schema_of(to), names["table"])
    target.run(f"DROP SCHEMA IF EXISTS {quoted(place.schema)} CASCADE")
    copied(source, target, table, place)
    assert content(target, place) == content(source, table)
    assert target.value(f"INSERT INTO {quoted(place)} DEFAULT VALUES RETURNING {quoted(names['key'])}") == 4
    other, key = quoted(names["other"]), quoted(names["key"])
    # Rows 1 and 2 exchange values that are unique in the target.
    source.run(f"DROP INDEX {quoted(QualifiedName(names['schema'], names['index']))}")
    source.run(
        f"UPDATE {quoted(table)} SET {other} = 3 - {other} WHERE {key} < 3; DELETE FROM {quoted(table)} WHERE {key} = 3"
    )
    changes = copied(source, target, table, place).changes
    assert (changes.updated, changes.deleted) == (2, 2)
    assert content(target, place) == content(source, table)


@pytest.mark.parametrize("name", HOSTILE)
def test_one_hostile_name_everywhere(source: Database, target: Database, name: str) -> None:
    copies_and_merges(source, target, distinct(dict.fromkeys(PARTS, name)), [name, name[:-1] + "#"], f"to {name}"[:20])


def test_any_names_anywhere(source: Database, target: Database) -> None:
    @settings(
        max_examples=int(os.environ.get("PGPIPELINES_EXAMPLES", "15")),
        deadline=None,
        suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    )
    @given(
        names=st.fixed_dictionaries(dict.fromkeys(PARTS, NAMES)),
        labels=st.lists(NAMES, min_size=2, max_size=4, unique=True),
        to=NAMES,
    )
    def check(names: dict[str, str], labels: list[str], to: str) -> None:
        copies_and_merges(source, target, distinct(names), labels, to)

    check()
