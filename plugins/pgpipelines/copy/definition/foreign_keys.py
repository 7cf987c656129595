"""The foreign keys among tables that are copied together."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from pgpipelines.copy.definition.statement import Statement, statement

if TYPE_CHECKING:
    from pgpipelines.catalog import ForeignKey, Table
    from pgpipelines.copy.definition.moved import Definition
    from pgpipelines.templates import QualifiedName


def foreign_keys(group: Iterable[tuple[Definition, Table | None]]) -> list[Statement]:
    """Plan the foreign keys of the source, both ends of which are in the group, that the targets lack.

    A definition comes with its target as it was before, None where the copy makes it. The tables have their final
    names and their keys by the time these statements run.
    """
    members = list(group)
    places = {
        definition.source.name: (definition.target, existing or definition.source)
        for definition, existing in reversed(members)
    }
    planned = []
    for definition, existing in members:
        for key in definition.source.foreign_keys:
            if key.references in places:
                referenced, described = places[key.references]
                if not _stands(key, referenced, existing) and _may_be_referenced(key, described):
                    planned += _addition(key, definition.target, referenced, existing)
    return planned


def _stands(key: ForeignKey, referenced: QualifiedName, existing: Table | None) -> bool:
    """Tell whether the target has an equal foreign key, under whatever name."""
    return existing is not None and any(
        (other.head, other.references, other.tail) == (key.head, referenced, key.tail)
        for other in existing.foreign_keys
    )


def _may_be_referenced(key: ForeignKey, described: Table) -> bool:
    """Tell whether the referenced table, made like `described`, has the unique index that a foreign key needs."""
    return any(
        sorted(unique.columns) == sorted(key.key) and unique.kind in {"columns", "period"}
        for unique in described.uniques
    )


def _addition(
    key: ForeignKey, table: QualifiedName, referenced: QualifiedName, existing: Table | None
) -> list[Statement]:
    name = None if existing is not None and key.name in existing.constraint_names else key.name
    planned = [
        statement("add_foreign_key", table=table, name=name, head=key.head, references=referenced, tail=key.tail)
    ]
    if key.comment and name is not None:
        planned.append(statement("comment_constraint", {"comment": key.comment}, table=table, name=name))
    return planned
