"""The place in the target database where tables are to be made: what stands there, and what is still free."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pgpipelines.copy.definition.statement import Statement, statement
from pgpipelines.errors import PrivilegeError
from pgpipelines.templates import QualifiedName, Sql, escaped, quoted

if TYPE_CHECKING:
    from pgpipelines.copy.definition.moved import Definition
    from pgpipelines.sessions import Session

NAME_BYTES = 63
# The first major version with generated columns that are computed when they are read.
VIRTUAL_SINCE = 18
# The first that keeps NOT NULL as a constraint with a name.
NAMED_NOT_NULL_SINCE = 18


@dataclass(frozen=True)
class ExistingType:
    """A type of the target: `kind` as pg_type.typtype, what it is `made_of`, and what a domain asks for."""

    kind: str
    labels: tuple[str, ...]
    made_of: Sql
    not_null: bool
    checks: tuple[Sql, ...]


class Place:
    """What a plan finds in the target, and what it has planned so far: one for all tables that are made together."""

    def __init__(self, session: Session) -> None:
        """Plan for this session's database and role; nothing is changed there."""
        self.session = session
        self._relations: dict[str, set[str]] = {}
        self._planned_schemas: set[str] = set()
        self._planned_types: set[QualifiedName] = set()
        self._index_names: dict[QualifiedName, dict[str, str]] = {}
        self._built: dict[QualifiedName, frozenset[str]] = {}

    @property
    def knows_virtual(self) -> bool:
        """Tell whether the server knows virtual generated columns."""
        return self.session.version >= VIRTUAL_SINCE

    @property
    def names_not_null(self) -> bool:
        """Tell whether the server keeps the names of NOT NULL constraints."""
        return self.session.version >= NAMED_NOT_NULL_SINCE

    def compresses_by(self, method: str) -> bool:
        """Tell whether the server was built with a compression method."""
        return method in {row.name for row in self.session.query("copy/compression_methods.sql")}

    def schema(self, schema: str) -> list[Statement]:
        """Plan the schema where it is missing. Raises PrivilegeError, with the GRANT, where the role may not."""
        if schema in self._planned_schemas:
            return []
        may = self.session.one("copy/schema_privileges.sql", {"schema": schema})
        role, endpoint = quoted(self.session.endpoint.user), self.session.endpoint
        if may.present and not may.may_create_tables:
            raise PrivilegeError(
                f"{endpoint}: no privilege to create tables in schema {schema}",
                f"GRANT USAGE, CREATE ON SCHEMA {quoted(schema)} TO {role};",
            )
        if not may.present and not may.may_create_schemas:
            raise PrivilegeError(
                f"{endpoint}: schema {schema} does not exist, and this role may not create it",
                f"CREATE SCHEMA {quoted(schema)} AUTHORIZATION {role};",
            )
        self._planned_schemas.add(schema)
        return [] if may.present else [statement("create_schema", schema=schema)]

    def type(self, name: QualifiedName) -> ExistingType | None:
        """What a type of the target is, or None where there is none."""
        found = self.session.one("copy/existing_type.sql", {"schema": name.schema, "name": name.name})
        if found is None:
            return None
        checks = tuple(escaped(check) for check in found.checks)
        return ExistingType(found.kind, tuple(found.labels), escaped(found.made_of), found.not_null, checks)

    def plan_type(self, name: QualifiedName) -> bool:
        """Note that a type is to be made; tell whether it wasn't noted before."""
        new = name not in self._planned_types
        self._planned_types.add(name)
        return new

    def is_free(self, name: QualifiedName) -> bool:
        """Tell whether no table, index or sequence has this name, and none is to get it."""
        return name.name not in self._names_in(name.schema)

    def take(self, schema: str, candidates: Iterator[str]) -> QualifiedName:
        """Choose the first candidate that is free, and keep it from others."""
        chosen = next(name for name in candidates if name not in self._names_in(schema))
        self._names_in(schema).add(chosen)
        return QualifiedName(schema, chosen)

    def index_names(self, definition: Definition, loading: QualifiedName) -> Mapping[str, str]:
        """What each index of the source is called on the loading table: its own name if no other relation has it.

        An index that was built there before keeps the name that it got then.
        """
        if loading not in self._index_names:
            source, built = definition.source, self.built(loading)
            constraints = [constraint.name for constraint in source.constraints if constraint.kind in "pux"]
            wanted = [*constraints, *(index.name for index in source.indexes)]
            free = {name for name in wanted if self.is_free(QualifiedName(definition.target.schema, name))}
            chosen = {name: name for name in wanted if name in built | free}
            self._names_in(definition.target.schema).update(chosen)
            for name in wanted:
                if name not in chosen:
                    chosen[name] = self._index_name(definition, name, built - set(chosen.values()))
            self._index_names[loading] = chosen
        return self._index_names[loading]

    def _index_name(self, definition: Definition, name: str, unassigned: frozenset[str]) -> str:
        table, target = definition.source.name.name, definition.target
        others = (target.name + name.removeprefix(table),) if name.startswith(table) else ()
        earlier = [other for other in itertools.islice(alternatives(name, *others), 100) if other in unassigned]
        return earlier[0] if earlier else self.take(target.schema, alternatives(name, *others)).name

    def built(self, loading: QualifiedName) -> frozenset[str]:
        """The names of the indexes that the loading table has already, as this plan found it."""
        if loading not in self._built:
            rows = self.session.query("catalog/index_names.sql", {"schema": loading.schema, "name": loading.name})
            self._built[loading] = frozenset(row.name for row in rows)
        return self._built[loading]

    def _names_in(self, schema: str) -> set[str]:
        if schema not in self._relations:
            rows = self.session.query("copy/relations.sql", {"schema": schema})
            self._relations[schema] = {row.name for row in rows}
        return self._relations[schema]


def alternatives(name: str, *others: str) -> Iterator[str]:
    """A name, others that would do, then the first with a number, each cut to what PostgreSQL takes (63 bytes)."""
    yield name
    yield from (cut(other) for other in others)
    for number in itertools.count(1):
        yield cut(name, f"_{number}")


def cut(name: str, ending: str = "") -> str:
    """A name shortened so that it and its ending are at most 63 bytes."""
    return name.encode()[: NAME_BYTES - len(ending.encode())].decode(errors="ignore") + ending


def object_name(table: str, column: str, label: str) -> str:
    """The name that the server itself would make of these: the longer of the first two is shortened."""
    first, second = table.encode(), column.encode()
    while len(first) + len(second) + len(label) + 2 > NAME_BYTES:
        if len(first) > len(second):
            first = first[:-1]
        else:
            second = second[:-1]
    return "_".join((first.decode(errors="ignore"), second.decode(errors="ignore"), label))
