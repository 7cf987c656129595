"""The statements that make a missing table: its place, types and sequences, and the table without its constraints."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from pgpipelines.copy.definition.drift import lacking_labels, refuse
from pgpipelines.copy.definition.moved import alike
from pgpipelines.copy.definition.place import Place, alternatives, object_name
from pgpipelines.copy.definition.statement import Statement, statement
from pgpipelines.errors import DriftError
from pgpipelines.templates import QualifiedName, Sql, escaped, identifier, literal

if TYPE_CHECKING:
    from pgpipelines.catalog import Column, UserType
    from pgpipelines.copy.definition.moved import Definition


def creation(place: Place, definition: Definition, loading: QualifiedName) -> list[Statement]:
    """Plan the table under the name `loading`, in the target's schema, without constraints and indexes.

    Sequences belong to their columns from the start, so that they go with a table that is given up. Raises
    PrivilegeError, with the GRANT, where the role may not, DriftError where a type that stands already is another.
    """
    planned = place.schema(definition.target.schema)
    for user_type in definition.source.types:
        planned += _type(place, definition.moved_type(user_type))
    names = _sequence_names(place, definition)
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
            partition_key=None,
        )
    )
    return [*planned, *_column_settings(loading, columns), *_ownerships(loading, columns)]


def _declared(place: Place, definition: Definition, column: Column) -> Column:
    """The column as CREATE TABLE takes it: NOT NULL named after the final table, no compression that is unknown."""
    compression = column.compression
    if compression is not None and not place.compresses_by(compression):
        compression = None
    name = None
    if column.not_null and place.names_not_null:
        name = column.not_null_name or object_name(definition.target.name, column.name, "not_null")
    return replace(column, compression=compression, not_null_name=name)


def _sequence_names(place: Place, definition: Definition) -> dict[str, tuple[QualifiedName, bool]]:
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
        elif column.sequence.owned:
            names[column.name] = place.take(wanted.schema, alternatives(wanted.name, own)), True
        else:  # a sequence that columns share is nobody's
            shared = not place.is_free(wanted) or (wanted, True) in names.values()
            names[column.name] = (wanted, False) if shared else (place.take(wanted.schema, iter([wanted.name])), True)
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


def _type(place: Place, user_type: UserType) -> list[Statement]:
    """Plan a type where it is missing. Raises DriftError where another of that name stands there."""
    existing = place.type(user_type.name)
    if existing is not None:
        _require_alike(user_type, existing.kind, tuple(existing.labels), escaped(existing.made_of))
        return []
    if not place.plan_type(user_type.name):
        return []
    made = _creation_of(user_type)
    if made and user_type.comment:
        made.append(
            statement("comment_type", {"comment": user_type.comment}, type=user_type.name, domain=user_type.kind == "d")
        )
    return made


def _creation_of(user_type: UserType) -> list[Statement]:
    if user_type.kind == "e":
        labels = [escaped(literal(label)) for label in user_type.labels]
        return [statement("create_enum", name=user_type.name, labels=labels)]
    if user_type.kind == "c":
        return [statement("create_composite", name=user_type.name, attributes=user_type.attributes)]
    if user_type.kind == "r":
        return [_range(user_type)]
    if user_type.kind == "d":
        return [
            statement(
                "create_domain",
                name=user_type.name,
                base=user_type.base,
                collation=user_type.collation,
                expression=user_type.expression,
                not_null=user_type.not_null,
                checks=user_type.checks,
            )
        ]
    return []  # a multirange comes with its range


def _range(user_type: UserType) -> Statement:
    wanted = user_type.range
    if wanted is None or wanted.canonical is not None:
        raise DriftError(
            f"type {user_type.name} has a canonical function, which no copy can make",
            "create the type in the target first",
        )
    return statement(
        "create_range",
        name=user_type.name,
        subtype=user_type.base,
        opclass=wanted.opclass,
        collation=user_type.collation,
        difference=wanted.difference,
        multirange=QualifiedName(user_type.name.schema, wanted.multirange.name),
    )


def _require_alike(user_type: UserType, kind: str, labels: tuple[str, ...], made_of: Sql) -> None:
    """Raise DriftError where an existing type of the target can't take the values of the source's."""
    attributes = [Sql(f"{identifier(part.name)} {part.type}") for part in user_type.attributes]
    wanted = Sql(", ".join([user_type.base] if user_type.base is not None else attributes))
    if user_type.kind != kind or not alike(wanted, made_of):
        raise DriftError(
            f"type {user_type.name} of the target is another than in the source",
            "rename one of the two, or name another target schema",
        )
    refuse(f"type {user_type.name}", lacking_labels(user_type.name, user_type.labels, labels))
