"""What a table is: its columns, key, indexes and types, read from the system catalogs of one server."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from pgpipelines.errors import DriftError, MissingObjectError
from pgpipelines.templates import QualifiedName, Sql, escaped

if TYPE_CHECKING:
    from pgpipelines.sessions import Session

# Binary COPY sends these as object ids, which mean something else in another database.
OID_TYPES = frozenset(
    "oid regproc regprocedure regoper regoperator regclass regtype regrole regnamespace regconfig "
    "regdictionary regcollation".split()
)
# Equal hash means equal content for these.
HASHED_AS_THEY_ARE = frozenset("bool char int2 int4 oid bytea uuid date inet cidr macaddr macaddr8".split())
# The server's hash folds 64 bits into 32 for these, and for numeric forgets the sign: their bytes are hashed.
HASHED_AS_SENT: Mapping[str, str] = MappingProxyType(
    {
        "int8": "int8send",
        "numeric": "numeric_send",
        "time": "time_send",
        "timestamp": "timestamp_send",
        "timestamptz": "timestamptz_send",
    }
)
# A cast to text may show these otherwise than COPY does: char without its blanks, xml with its encoding, others by a
# cast that someone made.
PRINTED_BY: Mapping[str, str] = MappingProxyType({"bpchar": "bpcharout", "xml": "xml_out"})
PRINTED_BY_KIND: Mapping[str, str] = MappingProxyType({"e": "enum_out", "c": "record_out"})
FLOATS = frozenset({"float4", "float8"})
TEXTS = frozenset({"text", "varchar", "name"})


@dataclass(frozen=True)
class Sequence:
    """The sequence that fills a column; `written` is how a default names it, `owned` if it goes with the column."""

    name: QualifiedName
    written: Sql
    type: Sql
    options: Sql
    owned: bool
    may_advance: bool


@dataclass(frozen=True)
class Column:
    """A column. `type` is the server's own text; `base` is the type below any domains."""

    name: str
    type: Sql
    type_name: QualifiedName
    type_kind: str
    is_array: bool
    base: str
    base_kind: str
    builtin: bool
    base_modifier: int
    has_binary: bool
    element_builtin: bool
    not_null: bool
    generated: str
    identity: str
    expression: Sql | None
    sequence: Sequence | None
    collation: Sql | None
    deterministic: bool
    comment: str | None

    @property
    def user_defined(self) -> bool:
        """Tell whether the type, or the array's element, is an enum or domain that travels along."""
        return self.type_kind in {"e", "d"}

    @property
    def binary(self) -> bool:
        """Tell whether binary COPY carries the value unchanged into another database."""
        own = self.builtin or self.base_kind == "e"
        return self.has_binary and own and self.element_builtin and self.base not in OID_TYPES

    @property
    def exact(self) -> bool:
        """Tell whether values that are equal to the type's = always print alike (numeric 1.0 and 1.00 do not)."""
        plain = self.base in HASHED_AS_THEY_ARE or self.base in HASHED_AS_SENT or self.base in TEXTS
        return self.deterministic and (self.base_kind == "e" or (self.builtin and plain and self.base != "numeric"))

    @property
    def hashing(self) -> str:
        """How the checksum sees the column: native, float, sent (by `printer`), printed (by `printer`) or text."""
        if self.builtin and self.base in HASHED_AS_THEY_ARE:
            return "native"
        if self.builtin and self.base in FLOATS:
            return "float"
        if self.builtin and self.base in HASHED_AS_SENT:
            return "sent"
        return "text" if self.printer is None else "printed"

    @property
    def printer(self) -> str | None:
        """The server's function that the checksum reads the value through, where it is not the value or a cast."""
        if self.builtin:
            return HASHED_AS_SENT.get(self.base) or PRINTED_BY.get(self.base)
        return "array_out" if self.is_array else PRINTED_BY_KIND.get(self.type_kind)


@dataclass(frozen=True)
class UserType:
    """An enum, or a domain with its base type; `written` is the name as its server writes it."""

    name: QualifiedName
    written: Sql
    kind: str
    labels: tuple[str, ...]
    base: Sql
    not_null: bool
    expression: Sql | None
    checks: tuple[Sql, ...]


@dataclass(frozen=True)
class Constraint:
    """A primary key, unique, check or exclusion constraint as the server defines it."""

    name: str
    definition: Sql


@dataclass(frozen=True)
class Index:
    """An index without a constraint; `definition` starts at USING."""

    name: str
    unique: bool
    definition: Sql


@dataclass(frozen=True)
class Unique:
    """What an immediately checked unique index keeps apart: expressions of its `columns`, of the rows it holds."""

    columns: tuple[str, ...]
    expressions: tuple[Sql, ...]
    predicate: Sql | None


@dataclass(frozen=True)
class Reference:
    """A foreign key of another table (or this one) that points here; `on_delete` as pg_constraint has it."""

    name: str
    table: QualifiedName
    on_delete: str


@dataclass(frozen=True)
class Privileges:
    """What this session's role may do with the table, the schema around it, and temporary tables."""

    use_schema: bool
    select: bool
    insert: bool
    update: bool
    delete: bool
    make_temporary: bool


@dataclass(frozen=True)
class Table:
    """A table, partitioned table, view, materialised view or foreign table, as its server describes it.

    `estimated_rows` is the server's estimate, 0 where it has none. `keys` lists
    the column sets that tell rows apart, the primary key first; `references` are the foreign keys that point here.
    """

    name: QualifiedName
    kind: str
    inherited: bool
    comment: str | None
    row_security: bool
    rules: tuple[str, ...]
    privileges: Privileges
    estimated_rows: int
    columns: tuple[Column, ...]
    keys: tuple[tuple[str, ...], ...]
    uniques: tuple[Unique, ...]
    references: tuple[Reference, ...]
    constraints: tuple[Constraint, ...]
    indexes: tuple[Index, ...]
    types: tuple[UserType, ...]

    @cached_property
    def by_name(self) -> dict[str, Column]:
        """The columns by name."""
        return {column.name: column for column in self.columns}

    @property
    def stored(self) -> tuple[Column, ...]:
        """The columns that a copy carries: those that the server does not compute."""
        return tuple(column for column in self.columns if not column.generated)


def describe(session: Session, name: QualifiedName) -> Table | None:
    """Read a table's description, or None where no such table exists."""
    found = session.one("catalog/table.sql", {"schema": name.schema, "name": name.name})
    if found is None:
        return None
    values = {"oid": found.oid}
    return Table(
        name=name,
        kind=found.kind,
        inherited=found.inherited,
        comment=found.comment,
        row_security=found.row_security,
        rules=tuple(found.rules),
        privileges=Privileges(
            found.may_use_schema,
            found.may_select,
            found.may_insert,
            found.may_update,
            found.may_delete,
            found.may_make_temporary,
        ),
        estimated_rows=found.estimated_rows or 0,
        columns=tuple(_column(row) for row in session.query("catalog/columns.sql", values)),
        keys=tuple(tuple(row.columns) for row in session.query("catalog/keys.sql", values)),
        uniques=tuple(
            Unique(tuple(row.columns), tuple(escaped(text) for text in row.expressions), _optional_sql(row.predicate))
            for row in session.query("catalog/uniques.sql", values)
        ),
        references=tuple(
            Reference(row.name, QualifiedName(row.schema, row.table), row.on_delete)
            for row in session.query("catalog/references.sql", values)
        ),
        constraints=tuple(
            Constraint(row.name, escaped(row.definition)) for row in session.query("catalog/constraints.sql", values)
        ),
        indexes=tuple(
            Index(row.name, row.unique, escaped(row.definition)) for row in session.query("catalog/indexes.sql", values)
        ),
        types=tuple(_user_type(row) for row in session.query("catalog/types.sql", values)),
    )


def describe_existing(session: Session, name: QualifiedName) -> Table:
    """Read a table's description. Raises MissingObjectError, with near names, where it doesn't exist."""
    table = describe(session, name)
    if table is None:
        raise _missing(session, name)
    if not table.stored:
        raise DriftError(f"{session.endpoint}: {name} has no columns that hold data", "name a table that has some")
    return table


def _missing(session: Session, name: QualifiedName) -> MissingObjectError:
    existing = [QualifiedName(row.schema, row.name) for row in session.query("catalog/near_names.sql")]
    same_name = [table for table in existing if table.name == name.name]
    alike = difflib.get_close_matches(str(name), [str(table) for table in existing], n=3)
    near = [*map(str, same_name), *(text for text in alike if text not in map(str, same_name))]
    hint = (
        f"did you mean {' or '.join(near[:3])}?" if near else "check the name, the schema and the connection's database"
    )
    return MissingObjectError(f"{session.endpoint}: table {name} does not exist", hint)


def _column(row: Any) -> Column:
    return Column(
        name=row.name,
        type=escaped(row.type),
        type_name=QualifiedName(row.type_schema, row.type_name),
        type_kind=row.type_kind,
        is_array=row.is_array,
        base=row.base_name,
        base_kind=row.base_kind,
        builtin=row.builtin,
        base_modifier=row.base_modifier,
        has_binary=row.has_binary,
        element_builtin=row.element_builtin,
        not_null=row.not_null,
        generated=row.generated,
        identity=row.identity,
        expression=_optional_sql(row.expression),
        sequence=_sequence(row),
        collation=_optional_sql(row.collation),
        deterministic=row.deterministic,
        comment=row.comment,
    )


def _sequence(row: Any) -> Sequence | None:
    if row.sequence_name is None:
        return None
    return Sequence(
        name=QualifiedName(row.sequence_schema, row.sequence_name),
        written=escaped(row.sequence_written),
        type=escaped(row.sequence_type),
        options=escaped(row.sequence_options),
        owned=row.sequence_owned,
        may_advance=row.may_advance,
    )


def _user_type(row: Any) -> UserType:
    return UserType(
        name=QualifiedName(row.schema, row.name),
        written=escaped(row.written),
        kind=row.kind,
        labels=tuple(row.labels),
        base=escaped(row.base),
        not_null=row.not_null,
        expression=_optional_sql(row.expression),
        checks=tuple(escaped(check) for check in row.checks),
    )


def _optional_sql(text: str | None) -> Sql | None:
    return None if text is None else escaped(text)
