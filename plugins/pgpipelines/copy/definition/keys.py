"""A key for the target that its source lacks: a view or a query has none, and its user says what tells rows apart."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from pgpipelines.catalog import Constraint, Index, Unique
from pgpipelines.copy.definition.place import cut, object_name
from pgpipelines.templates import Sql, identifier, identifiers

if TYPE_CHECKING:
    from pgpipelines.catalog import Table
    from pgpipelines.templates import QualifiedName


def with_key(source: Table, target: QualifiedName, key: tuple[str, ...]) -> Table:
    """The source as if its rows were told apart by `key`, which it may know or lack; as it is without one.

    A primary key, or a unique constraint where it has another primary key, named as the server names those of `target`.
    """
    if not key or any(set(known) == set(key) for known in source.keys):
        return source
    columns = tuple(replace(column, not_null=True) if column.name in key else column for column in source.columns)
    unique = Unique("columns", key, tuple(identifier(name) for name in key), (Sql("="),) * len(key))
    return replace(
        source,
        columns=columns,
        keys=(*source.keys, key),
        uniques=(*source.uniques, unique),
        constraints=(_constraint(source, target, key), *source.constraints),
    )


def _constraint(source: Table, target: QualifiedName, key: tuple[str, ...]) -> Constraint:
    primary = all(constraint.kind != "p" for constraint in source.constraints)
    name = cut(target.name, "_pkey") if primary else object_name(target.name, "_".join(key), "key")
    listed = f"({identifiers(key)})"
    return Constraint(
        name=name,
        kind="p" if primary else "u",
        definition=Sql(("PRIMARY KEY " if primary else "UNIQUE ") + listed),
        columns=key,
        deferrable=False,
        deferred=False,
        index=Index(name, unique=True, definition=Sql("USING btree " + listed), comment=None),
        comment=None,
    )
