"""What the target table must be: created as the source defines it, accepted, or refused with the reason."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pgpipelines.errors import DriftError, PrivilegeError
from pgpipelines.templates import QualifiedName, Sql, escaped, identifier, literal, quoted

if TYPE_CHECKING:
    from pgpipelines.catalog import Column, Table, UserType
    from pgpipelines.sessions import Session

# Types that hold every value of another and print it alike.
WIDER = {"int2": {"int4", "int8"}, "int4": {"int8"}, "varchar": {"text", "varchar"}, "text": {"varchar"}}
# The first major version with generated columns that are computed when they are read.
VIRTUAL_SINCE = 18
LENGTH = re.compile(r"character varying\((\d+)\)")
PRECISION = re.compile(r"numeric\((\d+),(-?\d+)\)")


@dataclass(frozen=True)
class Finding:
    """A difference that could lose data, and the statement with which a person mends it."""

    cause: str
    remedy: str


@dataclass(frozen=True)
class Definition:
    """The source table under the target's name: types of the source's schema move to the target's schema."""

    source: Table
    target: QualifiedName

    def moved(self, name: QualifiedName) -> QualifiedName:
        """Where a type or sequence belongs: beside the target if it stands beside the source."""
        return QualifiedName(self.target.schema, name.name) if name.schema == self.source.name.schema else name

    def type_of(self, column: Column) -> Sql:
        """The column's type as the target writes it."""
        if not column.user_defined:
            return column.type
        return Sql(identifier(self.moved(column.type_name)) + ("[]" if column.is_array else ""))

    def rewrite(self, text: Sql) -> Sql:
        """A server-written expression, its casts naming the moved types."""
        for user_type in self.source.types:
            if self.moved(user_type.name) != user_type.name:
                cast = re.compile("::" + re.escape(user_type.written) + r'(?![\w$"])')
                moved = f"::{identifier(self.moved(user_type.name))}"
                text = Sql(cast.sub(moved.replace("\\", r"\\"), text))
        return text

    def base_of(self, user_type: UserType) -> Sql:
        """What a domain is made of, as the target writes it."""
        for below in self.source.types:
            for suffix in ("", "[]"):
                if user_type.base == below.written + suffix:
                    return Sql(identifier(self.moved(below.name)) + suffix)
        return user_type.base

    def columns(self, sequences: Mapping[str, QualifiedName]) -> list[Column]:
        """The columns as the target's CREATE TABLE writes them; `sequences` fill some of them by default."""
        return [
            replace(column, type=self.type_of(column), expression=self._default(column, sequences.get(column.name)))
            for column in self.source.columns
        ]

    def _default(self, column: Column, sequence: QualifiedName | None) -> Sql | None:
        if column.expression is None:
            return None
        expression = self.rewrite(column.expression)
        if column.sequence is None or sequence is None:
            return expression
        return Sql(expression.replace(column.sequence.written, escaped(literal(quoted(sequence))) + "::regclass"))


def create(session: Session, definition: Definition) -> None:
    """Create the target table without constraints and indexes, which are quicker to build after the rows.

    Raises PrivilegeError, with the GRANT, where the role may not.
    """
    _require_place(session, definition.target.schema)
    for user_type in definition.source.types:
        _create_type(session, definition, user_type)
    sequences = _create_sequences(session, definition)
    columns = definition.columns(sequences)
    session.execute(
        "copy/create_table.sql", table=definition.target, columns=columns, virtual=session.version >= VIRTUAL_SINCE
    )
    for column in columns:
        if column.name in sequences and column.sequence is not None and column.sequence.owned:
            session.execute(
                "copy/own_sequence.sql",
                sequence=sequences[column.name],
                table=definition.target,
                column=column.name,
            )


def _create_sequences(session: Session, definition: Definition) -> dict[str, QualifiedName]:
    """Create the sequences that fill columns by default; return their names by column."""
    names = {}
    for column in definition.source.columns:
        if column.sequence is None or column.identity:
            continue
        name = definition.moved(column.sequence.name)
        taken = name.name in _relations(session, name.schema)
        if taken and column.sequence.owned:  # by another table: a sequence that columns share is nobody's
            name, taken = _sequence_name(definition.target, column.name), False
        if not taken:
            session.execute(
                "copy/create_sequence.sql", sequence=name, type=column.sequence.type, options=column.sequence.options
            )
        names[column.name] = name
    return names


def _sequence_name(table: QualifiedName, column: str) -> QualifiedName:
    """A name of the table's own for a sequence, cut to what PostgreSQL takes (63 bytes)."""
    start = f"{table.name}_{column}".encode()[:59].decode(errors="ignore")
    return QualifiedName(table.schema, f"{start}_seq")


def _relations(session: Session, schema: str) -> set[str]:
    """The names that tables, indexes and sequences of a schema have."""
    return {row.name for row in session.query("copy/relations.sql", {"schema": schema})}


def complete(session: Session, definition: Definition) -> None:
    """Add key, constraints, indexes and comments to a table that `create` made and that now has its rows."""
    source, table = definition.source, definition.target
    # Where another relation has the name already, the server chooses one.
    taken = _relations(session, table.schema)
    for constraint in source.constraints:
        text = definition.rewrite(constraint.definition)
        name = None if constraint.name in taken else constraint.name
        session.execute("copy/add_constraint.sql", table=table, name=name, definition=text)
    for index in source.indexes:
        text = definition.rewrite(index.definition)
        name = None if index.name in taken else index.name
        session.execute("copy/create_index.sql", table=table, name=name, unique=index.unique, definition=text)
    if source.comment:
        session.execute("copy/comment_table.sql", {"comment": source.comment}, table=table)
    for column in source.columns:
        if column.comment:
            session.execute("copy/comment_column.sql", {"comment": column.comment}, table=table, column=column.name)


def _require_place(session: Session, schema: str) -> None:
    may = session.one("copy/schema_privileges.sql", {"schema": schema})
    role = quoted(session.endpoint.user)
    if may.present and not may.may_create_tables:
        raise PrivilegeError(
            f"{session.endpoint}: no privilege to create tables in schema {schema}",
            f"GRANT USAGE, CREATE ON SCHEMA {quoted(schema)} TO {role};",
        )
    if not may.present and not may.may_create_schemas:
        raise PrivilegeError(
            f"{session.endpoint}: schema {schema} does not exist, and this role may not create it",
            f"CREATE SCHEMA {quoted(schema)} AUTHORIZATION {role};",
        )
    if not may.present:
        session.execute("copy/create_schema.sql", schema=schema)


def _create_type(session: Session, definition: Definition, user_type: UserType) -> None:
    name = definition.moved(user_type.name)
    existing = session.one("copy/type_labels.sql", {"schema": name.schema, "name": name.name})
    if existing is not None:
        _refuse(f"type {name}", _lacking_labels(name, user_type, tuple(existing.labels)))
    elif user_type.kind == "e":
        labels = [escaped(literal(label)) for label in user_type.labels]
        session.execute("copy/create_enum.sql", name=name, labels=labels)
    else:
        session.execute(
            "copy/create_domain.sql",
            name=name,
            base=definition.base_of(user_type),
            expression=None if user_type.expression is None else definition.rewrite(user_type.expression),
            not_null=user_type.not_null,
            checks=[definition.rewrite(check) for check in user_type.checks],
        )


def accept(definition: Definition, target: Table, last_columns: tuple[str, ...]) -> None:
    """Check that every row of the source fits the existing target and that nothing is lost.

    `last_columns` are those that the last run copied: one that the source has dropped since is refused, even
    where the target could fill it. Raises DriftError naming each column, and the ALTER TABLE.
    """
    _refuse(
        f"table {target.name}",
        [
            *_lost_labels(definition, target),
            *_unfit_columns(definition, target),
            *_extra_columns(definition, target, last_columns),
        ],
    )


def _refuse(what: str, findings: list[Finding]) -> None:
    if findings:
        cause = "; ".join(finding.cause for finding in findings)
        raise DriftError(f"{what} of the target: {cause}", " ".join(finding.remedy for finding in findings))


def _lost_labels(definition: Definition, target: Table) -> Iterator[Finding]:
    existing = {user_type.name: user_type.labels for user_type in target.types}
    for user_type in definition.source.types:
        name = definition.moved(user_type.name)
        if name in existing:
            yield from _lacking_labels(name, user_type, existing[name])


def _lacking_labels(name: QualifiedName, source: UserType, labels: tuple[str, ...]) -> list[Finding]:
    """The labels of the source's enum that an existing enum lacks."""
    return [
        Finding(
            f"label {label} is missing from type {name}",
            f"ALTER TYPE {quoted(name)} ADD VALUE {literal(label)};",
        )
        for label in source.labels
        if label not in labels
    ]


def _unfit_columns(definition: Definition, target: Table) -> Iterator[Finding]:
    """Source columns that the target has no place for."""
    alter = f"ALTER TABLE {quoted(target.name)}"
    for column in definition.source.stored:
        wanted = definition.type_of(column)
        found = target.by_name.get(column.name)
        if found is None:
            yield Finding(
                f"column {column.name} ({column.type}) is missing",
                f"{alter} ADD COLUMN {quoted(column.name)} {wanted};",
            )
        elif found.generated:
            yield Finding(
                f"column {column.name} is generated, but holds data in the source",
                f"{alter} ALTER COLUMN {quoted(column.name)} DROP EXPRESSION;",
            )
        elif not holds(found, column, definition):
            yield Finding(
                f"column {column.name} is {found.type}, but {column.type} in the source",
                f"{alter} ALTER COLUMN {quoted(column.name)} TYPE {wanted};",
            )


def _extra_columns(definition: Definition, target: Table, last_columns: tuple[str, ...]) -> Iterator[Finding]:
    """Target columns that the source lacks: only one of the target's own, with a default, may stay."""
    in_source = {column.name for column in definition.source.stored}
    for column in target.stored:
        filled = column.expression is not None or bool(column.identity)
        if column.name in in_source or (filled and column.name not in last_columns):
            continue
        if column.name in definition.source.by_name:
            reason = "is generated in the source, but not here"
        elif column.name in last_columns:
            reason = "was dropped from the source"
        else:
            reason = "does not exist in the source"
        yield Finding(
            f"column {column.name} {reason}",
            f"ALTER TABLE {quoted(target.name)} DROP COLUMN {quoted(column.name)};",
        )


def same_type(target: Column, source: Column, definition: Definition) -> bool:
    """Tell whether both columns have the same type, where a moved enum or domain counts as the same."""
    if source.user_defined or target.user_defined:
        same_name = definition.moved(source.type_name) == target.type_name
        same_base = source.base == target.base and source.base_modifier == target.base_modifier
        return same_name and same_base and source.type_kind == target.type_kind and source.is_array == target.is_array
    return source.type == target.type


def holds(target: Column, source: Column, definition: Definition) -> bool:
    """Tell whether the target's column takes every value of the source's and prints it alike."""
    if same_type(target, source, definition):
        return True
    if source.user_defined or target.user_defined:
        return False
    if source.base == target.base == "numeric":
        return _wider_numeric(target.type, source.type)
    return target.base in WIDER.get(source.base, set()) and _length(target.type) >= _length(source.type)


def _length(type_name: str) -> float:
    found = LENGTH.fullmatch(type_name)
    return float(found[1]) if found else float("inf")


def _wider_numeric(target: str, source: str) -> bool:
    """Tell whether one numeric takes the other's values; another scale would print them with other zeros."""
    wider, narrower = PRECISION.fullmatch(target), PRECISION.fullmatch(source)
    if wider is None:
        return True
    return narrower is not None and wider[2] == narrower[2] and int(wider[1]) >= int(narrower[1])
