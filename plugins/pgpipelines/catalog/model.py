"""The description of a table: frozen values, in the words of PostgreSQL's catalogs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType

from pgpipelines.templates import QualifiedName, Sql

# Binary COPY sends these as object ids, which mean something else in another database.
OID_TYPES = frozenset(
    "oid regproc regprocedure regoper regoperator regclass regtype regrole regnamespace regconfig "
    "regdictionary regcollation".split()
)
# Types that the checksum has an expression for, because it must be quick (checksum/column_hash.sql).
HASHED_BY: Mapping[str, str] = MappingProxyType(
    {
        "int2": "integer",
        "int4": "integer",
        "int8": "integer",
        "float4": "float",
        "float8": "float",
        "timestamp": "timestamp",
        "date": "date",
        "uuid": "uuid",
    }
)
# Equal hash means equal content for these.
HASHED_AS_THEY_ARE = frozenset("bool char oid bytea inet cidr macaddr macaddr8".split())
# The server's hash folds 64 bits into 32 for these; for numeric it forgets the sign, how many digits are shown, and
# what is infinite: their bytes are hashed.
HASHED_AS_SENT: Mapping[str, str] = MappingProxyType(
    {"numeric": "numeric_send", "time": "time_send", "timestamptz": "timestamptz_send"}
)
# A cast to text may show these otherwise than COPY does: char without its blanks, xml with its encoding, others by a
# cast that someone made.
PRINTED_BY: Mapping[str, str] = MappingProxyType({"bpchar": "bpcharout", "xml": "xml_out"})
PRINTED_BY_KIND: Mapping[str, str] = MappingProxyType({"e": "enum_out", "c": "record_out"})
TEXTS = frozenset({"text", "varchar", "name"})
# Table.kind of a partitioned table, of a foreign one, of a view that is computed each time that it is read, and of what
# is no relation of the server but the result of a query.
PARTITIONED, FOREIGN, VIEW, QUERY = "p", "f", "v", "q"


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
    """A column. `type` is the server's own text; `base` is the type below any domains.

    `user_defined` tells that the type, or the array's element, is one of the source's own and travels along.
    `storage`, `compression` and `statistics` are None where the type's or the server's default holds;
    `not_null_name` is the constraint's, where the server names it (PostgreSQL 18).
    """

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
    user_defined: bool
    not_null: bool
    not_null_name: str | None
    generated: str
    identity: str
    expression: Sql | None
    sequence: Sequence | None
    collation: Sql | None
    deterministic: bool
    storage: Sql | None
    compression: Sql | None
    statistics: int | None
    comment: str | None

    @property
    def binary(self) -> bool:
        """Tell whether binary COPY carries the value unchanged into another database."""
        own = self.builtin or self.base_kind == "e"
        return self.has_binary and own and self.element_builtin and self.base not in OID_TYPES

    @property
    def exact(self) -> bool:
        """Tell whether values that are equal to the type's = always print alike (numeric 1.0 and 1.00 do not)."""
        plain = self.base in HASHED_AS_THEY_ARE or self.base in TEXTS or self.base in {"time", "timestamptz"}
        simple = plain or (self.base in HASHED_BY and self.hashing != "float")
        return self.deterministic and (self.base_kind == "e" or (self.builtin and simple))

    @property
    def hashing(self) -> str:
        """How the checksum sees the column: by an expression for its type, native, sent, printed or text.

        Both sent and printed go by `printer`. A numeric of a declared scale (signed) always shows as many digits and
        is never infinite, so that only its sign is to be added to the server's own hash.
        """
        if self.builtin and self.base in HASHED_BY:
            return HASHED_BY[self.base]
        if self.builtin and self.base == "numeric" and self.base_modifier >= 0:
            return "signed"
        if self.builtin and self.base in HASHED_AS_THEY_ARE:
            return "native"
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
class ResultColumn:
    """A column of a query's result, by object ids of its server; `collation_oid` is 0 where none is known."""

    name: str
    type_oid: int
    modifier: int
    collation_oid: int


@dataclass(frozen=True)
class Attribute:
    """A column of a composite type."""

    name: str
    type: Sql
    collation: Sql | None


@dataclass(frozen=True)
class Range:
    """What a range type says beyond its subtype; functions and the operator class as their server writes them."""

    opclass: Sql | None
    canonical: Sql | None
    difference: Sql | None
    multirange: QualifiedName


@dataclass(frozen=True)
class UserType:
    """An enum, domain, composite, range or multirange type; `written` is the name as its server writes it.

    `kind` is pg_type.typtype: e, d, c, r or m. `base` is what a domain or range is made of.
    """

    name: QualifiedName
    written: Sql
    kind: str
    labels: tuple[str, ...]
    base: Sql | None
    collation: Sql | None
    not_null: bool
    expression: Sql | None
    checks: tuple[Sql, ...]
    attributes: tuple[Attribute, ...]
    range: Range | None
    comment: str | None


@dataclass(frozen=True)
class Index:
    """An index; `definition` starts at USING."""

    name: str
    unique: bool
    definition: Sql
    comment: str | None


@dataclass(frozen=True)
class Constraint:
    """A primary key (`kind` p), unique (u), check (c), exclusion (x) or unproven NOT NULL (n) constraint.

    `index` is what a primary key or unique constraint can be attached to once it is built; None where the server
    builds its own.
    """

    name: str
    kind: str
    definition: Sql
    columns: tuple[str, ...]
    deferrable: bool
    deferred: bool
    index: Index | None
    comment: str | None


@dataclass(frozen=True)
class ForeignKey:
    """A foreign key of this table: `head`, the table it references, and `tail` make its definition.

    `key` names the referenced columns.
    """

    name: str
    head: Sql
    references: QualifiedName
    tail: Sql
    key: tuple[str, ...]
    comment: str | None


@dataclass(frozen=True)
class Partition:
    """Which table this one is a partition of, and for which values."""

    parent: QualifiedName
    bound: Sql


@dataclass(frozen=True)
class Unique:
    """What a unique index or exclusion constraint keeps apart at once: expressions of its `columns`, of rows it holds.

    No two rows may meet in each expression by its operator. `kind` is columns, expressions (or only some rows), period
    (WITHOUT OVERLAPS) or exclusion. With `nulls_meet` (NULLS NOT DISTINCT), a NULL meets another one.
    """

    kind: str
    columns: tuple[str, ...]
    expressions: tuple[Sql, ...]
    operators: tuple[Sql, ...]
    predicate: Sql | None = None
    nulls_meet: bool = False


@dataclass(frozen=True)
class Reference:
    """A foreign key of another table (or this one) that points here; `on_delete` as pg_constraint has it."""

    name: str
    table: QualifiedName
    on_delete: str


@dataclass(frozen=True)
class Privileges:
    """What this session's role may do with the table, the schema around it, and temporary tables."""

    own: bool
    use_schema: bool
    select: bool
    insert: bool
    update: bool
    delete: bool
    make_temporary: bool


@dataclass(frozen=True)
class Table:
    """A table, partitioned table, view, materialised view or foreign table, as its server describes it.

    `kind` is pg_class.relkind, or QUERY for the result of a query under the name of a table.
    `version` is the server's major version; `estimated_rows` its estimate, 0 where it has none. `keys` lists the column
    sets that tell rows apart, the primary key first; `references` are the foreign keys that point here, `foreign_keys`
    those that point elsewhere. `parents` are those of plain inheritance.
    """

    name: QualifiedName
    version: int
    kind: str
    inherited: bool
    unlogged: bool
    options: Sql | None
    owner: str
    comment: str | None
    row_security: bool
    rules: tuple[str, ...]
    privileges: Privileges
    estimated_rows: int
    partition_key: Sql | None
    partition: Partition | None
    parents: tuple[QualifiedName, ...]
    columns: tuple[Column, ...]
    keys: tuple[tuple[str, ...], ...]
    uniques: tuple[Unique, ...]
    references: tuple[Reference, ...]
    foreign_keys: tuple[ForeignKey, ...]
    constraints: tuple[Constraint, ...]
    indexes: tuple[Index, ...]
    types: tuple[UserType, ...]

    @cached_property
    def by_name(self) -> dict[str, Column]:
        """The columns by name."""
        return {column.name: column for column in self.columns}

    @property
    def constraint_names(self) -> frozenset[str]:
        """The names that constraints of this table have."""
        return frozenset([each.name for each in self.constraints] + [each.name for each in self.foreign_keys])

    @property
    def stored(self) -> tuple[Column, ...]:
        """The columns that a copy carries: those that the server does not compute."""
        return tuple(column for column in self.columns if not column.generated)
