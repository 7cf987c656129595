"""The statements that complete a loaded table: its indexes, each on its own, then what makes it the target."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pgpipelines.copy.definition.statement import Statement, statement
from pgpipelines.templates import QualifiedName

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pgpipelines.catalog import Constraint, Index
    from pgpipelines.copy.definition.moved import Definition
    from pgpipelines.copy.definition.place import Place


def indexes(place: Place, definition: Definition, loading: QualifiedName) -> list[Statement]:
    """Plan the indexes that the loading table lacks, also those behind its key: they may be built at the same time."""
    names, built = place.index_names(definition, loading), place.built(loading)
    return [
        statement(
            "create_index",
            table=loading,
            name=names[index.name],
            unique=index.unique,
            definition=definition.rewrite(index.definition),
        )
        for index in _plain_indexes(definition)
        if names[index.name] not in built
    ]


def _plain_indexes(definition: Definition) -> list[Index]:
    """The indexes that CREATE INDEX builds: those behind keys first, which take the longest."""
    if definition.partitioned:  # it has no rows, and its constraints make their own
        return list(definition.source.indexes)
    return _every_index(definition)


def _every_index(definition: Definition) -> list[Index]:
    source = definition.source
    keys = [constraint.index for constraint in source.constraints if constraint.index is not None]
    return [*keys, *source.indexes]


def attachment(place: Place, definition: Definition, loading: QualifiedName) -> list[Statement]:
    """Plan what publishes a loaded table with its indexes: constraints, comments, and its final name at last."""
    names = place.index_names(definition, loading)
    planned = [_constraint(definition, loading, each, names) for each in definition.source.constraints]
    planned += _comments(definition, loading, names)
    if loading != definition.target:
        planned.append(statement("rename_table", table=loading, name=definition.target.name))
    return planned


def _constraint(
    definition: Definition, table: QualifiedName, constraint: Constraint, names: Mapping[str, str]
) -> Statement:
    name = names.get(constraint.name, constraint.name) if constraint.kind in "pux" else constraint.name
    if constraint.index is None or definition.partitioned:
        text = definition.rewrite(constraint.definition)
        return statement("add_constraint", table=table, name=name, definition=text)
    return statement(
        "add_constraint_using_index",
        table=table,
        name=name,
        primary=constraint.kind == "p",
        deferrable=constraint.deferrable,
        deferred=constraint.deferred,
    )


def _comments(definition: Definition, table: QualifiedName, names: Mapping[str, str]) -> list[Statement]:
    source, schema = definition.source, definition.target.schema
    planned = []
    if source.comment:
        planned.append(statement("comment_table", {"comment": source.comment}, table=table))
    planned += [
        statement("comment_column", {"comment": column.comment}, table=table, column=column.name)
        for column in source.columns
        if column.comment
    ]
    for constraint in source.constraints:
        if constraint.comment:
            name = names.get(constraint.name, constraint.name) if constraint.kind in "pux" else constraint.name
            planned.append(statement("comment_constraint", {"comment": constraint.comment}, table=table, name=name))
    for index in _every_index(definition):
        if index.comment:
            own = QualifiedName(schema, names[index.name])
            planned.append(statement("comment_index", {"comment": index.comment}, index=own))
    return planned
