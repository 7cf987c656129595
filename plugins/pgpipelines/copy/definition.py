"""What the target table must be: created as the source defines it, accepted, or refused with the reason."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pgpipelines.errors import DriftError, PrivilegeError
from pgpipelines.templates import QualifiedName, Sql, identifier, quoted

if TYPE_CHECKING:
    from pgpipelines.catalog import Column, Table, UserType
    from pgpipelines.sessions import Session

# Types that hold every value of another and print it alike.
WIDER = {"int2": {"int4", "int8"}, "int4": {"int8"}, "varchar": {"text", "varchar"}, "text": {"varchar"}}
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

    def columns(self) -> list[Column]:
        """The columns as the target's CREATE TABLE writes them."""
        return [
            replace(
                column,
                type=self.type_of(column),
                expression=None if column.expression is None else self.rewrite(column.expression),
                sequence=None if column.sequence is None else self.moved(column.sequence),
            )
            for column in self.source.columns
        ]


def create(session: Session, definition: Definition) -> None:
    """Create the target table without constraints and indexes, which are quicker to build after the rows.

    Raises PrivilegeError, with the GRANT, where the role may not.
    """
    _require_place(session, definition.target.schema)
    for user_type in definition.source.types:
        _create_type(session, definition, user_type)
    columns = definition.columns()
    serials = [column for column in columns if column.sequence and not column.identity]
    for column in serials:
        session.execute("copy/create_sequence.sql", sequence=column.sequence, type=column.type)
    session.execute("copy/create_table.sql", table=definition.target, columns=columns)
    for column in serials:
        assert column.sequence is not None  # noqa: S101 (chosen above)
        session.execute(
            "copy/attach_sequence.sql",
            {"sequence_text": quoted(column.sequence)},
            sequence=column.sequence,
            table=definition.target,
            column=column.name,
        )


def complete(session: Session, definition: Definition) -> None:
    """Add key, constraints, indexes and comments to a table that `create` made and that now has its rows."""
    source, table = definition.source, definition.target
    for constraint in source.constraints:
        text = definition.rewrite(constraint.definition)
        session.execute("copy/add_constraint.sql", table=table, name=constraint.name, definition=text)
    for index in source.indexes:
        text = definition.rewrite(index.definition)
        session.execute("copy/create_index.sql", table=table, name=index.name, unique=index.unique, definition=text)
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
        session.execute("copy/create_enum.sql", {"labels": user_type.labels}, name=name)
    else:
        session.execute(
            "copy/create_domain.sql",
            name=name,
            base=definition.rewrite(user_type.base),
            expression=user_type.expression,
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
            "ALTER TYPE {} ADD VALUE '{}';".format(quoted(name), label.replace("'", "''")),
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
        reason = "was dropped from the source" if column.name in last_columns else "does not exist in the source"
        yield Finding(
            f"column {column.name} {reason}",
            f"ALTER TABLE {quoted(target.name)} DROP COLUMN {quoted(column.name)};",
        )


def same_type(target: Column, source: Column, definition: Definition) -> bool:
    """Tell whether both columns have the same type, where a moved enum or domain counts as the same."""
    if source.user_defined or target.user_defined:
        same_name = definition.moved(source.type_name) == target.type_name
        return same_name and source.type_kind == target.type_kind and source.is_array == target.is_array
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
