"""The statements that make a missing table: its place, types and sequences, and the table without its constraints."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from pgpipelines.copy.definition.finding import require
from pgpipelines.copy.definition.place import Place, alternatives, object_name
from pgpipelines.copy.definition.statement import Statement, statement
from pgpipelines.copy.definition.types import missing_types, type_findings

if TYPE_CHECKING:
    from pgpipelines.catalog import Column
    from pgpipelines.copy.definition.moved import Definition
    from pgpipelines.templates import QualifiedName, Sql


def creation(
    place: Place,
    definition: Definition,
    loading: QualifiedName,
    shared: frozenset[QualifiedName] = frozenset(),
) -> list[Statement]:
    """Plan the table under the name `loading`, in the target's schema, without constraints and indexes.

    Sequences belong to their columns from the start, so that they go with a table that is given up; `shared` are
    those of the source that another table of the group has brought already. Raises
    PrivilegeError, with the GRANT, where the role may not, DriftError where a type that stands already is another.
    """
    planned = place.schema(definition.target.schema)
    require("types", type_findings(place, definition), widen=False)
    planned += missing_types(place, definition)
    names = _sequence_names(place, definition, shared)
    made = {name for name, new in names.values() if new}
    used = {column: name for column, (name, _) in names.items()}
    for column in definition.source.columns:
        if column.sequence is not None and not column.identity and used[column.name] in made:
            made.remove(used[column.name])
            planned.append(
                statement(
                    "create_sequence",
                    sequence=used[column.name],
                    type=column.sequence.type,
                    options=column.sequence.options,
                )
            )
    columns = [_declared(place, definition, column) for column in definition.columns(used)]
    planned.append(
        statement(
            "create_table",
            table=loading,
            columns=columns,
            virtual=place.knows_virtual,
            unlogged=definition.source.unlogged,
            options=definition.source.options,
            partition_key=_partition_key(definition),
        )
    )
    return [*planned, *_column_settings(loading, columns), *_ownerships(loading, columns)]


def _partition_key(definition: Definition) -> Sql | None:
    key = definition.source.partition_key
    return definition.rewrite(key) if definition.partitioned and key is not None else None


def _declared(place: Place, definition: Definition, column: Column) -> Column:
    """The column as CREATE TABLE takes it: NOT NULL named after the final table, no compression that is unknown."""
    compression = column.compression
    if compression is not None and not place.compresses_by(compression):
        compression = None
    name = None
    if column.not_null and place.names_not_null:
        name = column.not_null_name or object_name(definition.target.name, column.name, "not_null")
    return replace(column, compression=compression, not_null_name=name)


def _sequence_names(
    place: Place, definition: Definition, shared: frozenset[QualifiedName]
) -> dict[str, tuple[QualifiedName, bool]]:
    """The sequences that fill columns, by column, and whether each is to be made for this table."""
    names: dict[str, tuple[QualifiedName, bool]] = {}
    for column in definition.source.columns:
        if column.sequence is None:
            continue
        wanted = definition.moved(column.sequence.name)
        table = definition.target
        own = object_name(table.name, column.name, "seq")
        if column.identity:
            # An identity's sequence stands beside its table.
            names[column.name] = place.take(table.schema, alternatives(wanted.name, own)), False
        elif column.sequence.owned and column.sequence.name not in shared:
            names[column.name] = place.take(wanted.schema, alternatives(wanted.name, own)), True
        else:  # a sequence that columns share is nobody's
            stands = not place.is_free(wanted) or (wanted, True) in names.values()
            names[column.name] = (wanted, False) if stands else (place.take(wanted.schema, iter([wanted.name])), True)
    return names


def _column_settings(loading: QualifiedName, columns: list[Column]) -> list[Statement]:
    planned = []
    for column in columns:
        if column.storage is not None:
            planned.append(statement("set_column_storage", table=loading, column=column.name, storage=column.storage))
        if column.statistics is not None:
            planned.append(
                statement("set_column_statistics", table=loading, column=column.name, statistics=column.statistics)
            )
    return planned


def _ownerships(loading: QualifiedName, columns: list[Column]) -> list[Statement]:
    return [
        statement("own_sequence", sequence=column.sequence.name, table=loading, column=column.name)
        for column in columns
        if column.sequence is not None and column.sequence.owned and not column.identity
    ]
