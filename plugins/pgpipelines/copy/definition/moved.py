"""The source table under the target's name: what its types, defaults and constraints read there."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pgpipelines.templates import QualifiedName, Sql, escaped, identifier, literal, quoted

if TYPE_CHECKING:
    from pgpipelines.catalog import Column, Table, UserType

UNNEEDED_QUOTES = re.compile(r'"([a-z_][a-z0-9_$]*)"')


def alike(left: Sql | None, right: Sql | None) -> bool:
    """Tell whether two pieces of SQL are equal but for quotes around names: we quote all, servers only some."""
    if left is None or right is None:
        return left is right
    return UNNEEDED_QUOTES.sub(r"\1", left) == UNNEEDED_QUOTES.sub(r"\1", right)


@dataclass(frozen=True)
class Definition:
    """The source table under the target's name: types of the source's schema move to the target's schema.

    `partitioned` keeps a partitioned table one, its partitions tables of their own; else it becomes one plain table.
    """

    source: Table
    target: QualifiedName
    partitioned: bool = False

    @property
    def digest(self) -> str:
        """A text that changes when what the target table must be changes: tells whether a half-made one still fits."""
        source = self.source
        columns = [replace(column, sequence=None) for column in source.columns]
        sequences = [column.sequence and column.sequence.options for column in source.columns]
        parts = (self.target, source.name, columns, sequences, source.constraints, source.indexes, source.types)
        looks = (self.partitioned, source.partition_key, source.unlogged, source.options, source.comment)
        return hashlib.sha256(repr((parts, looks)).encode()).hexdigest()

    def moved(self, name: QualifiedName) -> QualifiedName:
        """Where a type or sequence belongs: beside the target if it stands beside the source."""
        return QualifiedName(self.target.schema, name.name) if name.schema == self.source.name.schema else name

    def type_of(self, written: Sql) -> Sql:
        """A type that the source's server wrote, as the target writes it."""
        for user_type in self.source.types:
            for suffix in ("", "[]"):
                if written == user_type.written + suffix:
                    return Sql(identifier(self.moved(user_type.name)) + suffix)
        return written

    def rewrite(self, text: Sql) -> Sql:
        """A server-written expression, its casts naming the moved types."""
        for user_type in self.source.types:
            if self.moved(user_type.name) != user_type.name:
                cast = re.compile("::" + re.escape(user_type.written) + r'(?![\w$"])')
                moved = f"::{identifier(self.moved(user_type.name))}"
                text = Sql(cast.sub(moved.replace("\\", r"\\"), text))
        return text

    def moved_type(self, user_type: UserType) -> UserType:
        """A type of the source as the target defines it."""
        return replace(
            user_type,
            name=self.moved(user_type.name),
            base=None if user_type.base is None else self.type_of(user_type.base),
            expression=None if user_type.expression is None else self.rewrite(user_type.expression),
            checks=tuple(self.rewrite(check) for check in user_type.checks),
            attributes=tuple(
                replace(attribute, type=self.type_of(attribute.type)) for attribute in user_type.attributes
            ),
        )

    def column(self, column: Column, sequence: QualifiedName | None = None) -> Column:
        """A column as the target declares it; `sequence` fills it by default or as its identity."""
        identity = column.identity
        if identity and column.sequence is None:  # of the partitioned table; it comes back with the attachment
            identity = ""
        moved = replace(
            column, identity=identity, type=self.type_of(column.type), expression=self._default(column, sequence)
        )
        if column.sequence is None or sequence is None:
            return moved
        return replace(moved, sequence=replace(column.sequence, name=sequence))

    def columns(self, sequences: Mapping[str, QualifiedName]) -> list[Column]:
        """The columns as the target's CREATE TABLE writes them; `sequences` fill some of them."""
        return [self.column(column, sequences.get(column.name)) for column in self.source.columns]

    def _default(self, column: Column, sequence: QualifiedName | None) -> Sql | None:
        if column.expression is None:
            return None
        expression = self.rewrite(column.expression)
        if column.sequence is None or sequence is None:
            return expression
        return Sql(expression.replace(column.sequence.written, escaped(literal(quoted(sequence))) + "::regclass"))
