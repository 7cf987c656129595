"""The only place that renders SQL: one Jinja environment over include/sql.

Values never enter a template: they are bound by the driver as %(name)s. What does enter is an identifier
(through a quoting filter), a piece of SQL (`Sql`) that a server itself wrote, such as a type name or a default, or
that was proven to stay where it is put (`pgpipelines.copy.user_sql`), or a whole number. Anything else raises, so a
plain string can't reach a statement unquoted.

    {{ table | identifier }}     one name, or the parts of a qualified name; (only=true) puts ONLY before it
    {{ columns | identifiers }}  a comma-separated list of names
    {{ key | matching("a", "b") }}  a condition: these columns are equal in a and b
    {{ column.type }}            an Sql value, as it is
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Undefined

SQL_FOLDER = Path(__file__).resolve().parents[2] / "include" / "sql"


class Sql(str):
    """A piece of SQL that is safe as it is: quoted here, written by a server's catalog functions, or proven to be."""

    __slots__ = ()


@dataclass(frozen=True, order=True)
class QualifiedName:
    """A table's or type's schema and name, unquoted."""

    schema: str
    name: str

    def __str__(self) -> str:
        """As a person writes it, quoted only where SQL needs it to be."""
        return f"{readable(self.schema)}.{readable(self.name)}"


def quoted(name: str | QualifiedName) -> str:
    """Quote a name for SQL that a person reads or runs."""
    if isinstance(name, QualifiedName):
        return f"{quoted(name.schema)}.{quoted(name.name)}"
    return '"{}"'.format(name.replace('"', '""'))


def literal(text: str) -> str:
    """Quote a text for SQL that a person reads or runs, whatever standard_conforming_strings says."""
    start = " E" if "\\" in text else ""
    return "{}'{}'".format(start, text.replace("\\", "\\\\").replace("'", "''"))


def identifier(name: str | QualifiedName, *, only: bool = False) -> Sql:
    """Quote a name for a template; with `only`, a table there is read without those that inherit from it.

    Raises TypeError for what is no name, ValueError for an impossible one.
    """
    _require_defined(name)
    if not isinstance(name, str | QualifiedName) or isinstance(name, Sql):
        raise TypeError(f"not an identifier: {name!r}")
    for part in (name,) if isinstance(name, str) else (name.schema, name.name):
        if not part or "\x00" in part:
            raise ValueError(f"PostgreSQL has no such name: {part!r}")
    _require_defined(only)
    return escaped(f"ONLY {quoted(name)}" if only else quoted(name))


def escaped(text: str) -> Sql:
    """SQL that is safe as it is, as a template takes it: the driver reads % as the start of a value."""
    return Sql(text.replace("%", "%%"))


def identifiers(values: Iterable[str | QualifiedName], prefix: str | None = None) -> Sql:
    """Quote names and join them by commas, each behind `prefix.` where one is given."""
    start = "" if prefix is None else f"{identifier(prefix)}."
    return Sql(", ".join(start + identifier(value) for value in values))


def matching(names: Iterable[str], left: str, right: str) -> Sql:
    """The condition that the columns `names` are equal in two relations."""
    pair = "{left}.{name} = {right}.{name}"
    equal = (pair.format(left=identifier(left), right=identifier(right), name=identifier(name)) for name in names)
    return Sql(" AND ".join(equal))


def readable(name: str) -> str:
    """A name for messages: bare where SQL allows it bare."""
    plain = name.isascii() and name.replace("_", "a").isalnum() and name == name.lower() and not name[0].isdigit()
    return name if plain else quoted(name)


FILTERS: Mapping[str, Callable[..., Sql]] = MappingProxyType(
    {"identifier": identifier, "identifiers": identifiers, "matching": matching}
)


def require_safe(value: Any) -> Any:
    """Jinja's `finalize`: let through what is safe inside a statement. Raises TypeError for the rest."""
    if isinstance(value, Sql) or (isinstance(value, int) and not isinstance(value, bool)):
        return value
    _require_defined(value)
    raise TypeError(f"unquoted value in an SQL template: {value!r} (use a filter, or bind it)")


def _require_defined(value: object) -> None:
    """Raise jinja2.UndefinedError, which names what is missing, for a parameter that nobody gave."""
    if isinstance(value, Undefined):
        str(value)


@cache
def environment() -> Environment:
    """The environment; operators get the same by `template_searchpath`, `FILTERS` and `require_safe`."""
    jinja = Environment(
        loader=FileSystemLoader(SQL_FOLDER),
        undefined=StrictUndefined,
        finalize=require_safe,
        autoescape=False,  # noqa: S701 (SQL, not HTML: require_safe guards it)
        trim_blocks=True,
        lstrip_blocks=True,
    )
    jinja.filters.update(FILTERS)
    return jinja


def render(template: str, **context: object) -> Sql:
    """Render include/sql/`template`.

    Raises jinja2.UndefinedError for a missing parameter, TypeError for an unsafe one.
    """
    return Sql(environment().get_template(template).render(**context))
