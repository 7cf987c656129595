"""How tables that were copied on their own become partitions and children again."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from pgpipelines.copy.definition.completion import attachment, indexes
from pgpipelines.copy.definition.creation import creation
from pgpipelines.copy.definition.statement import Statement, statement

if TYPE_CHECKING:
    from pgpipelines.catalog import Table
    from pgpipelines.copy.definition.moved import Definition
    from pgpipelines.copy.definition.place import Place
    from pgpipelines.templates import QualifiedName

Member = tuple["Definition", "Table | None"]


def structure(place: Place, group: Iterable[Member]) -> list[Statement]:
    """Plan the partitioned tables of a group and what belongs to them, as far as the target lacks it.

    A definition comes with its target as it was before, None where there was none. Definitions that are `partitioned`
    are made here, without rows; the others stand under their final names, with their indexes, when these statements
    run. Partitions and children the parents of which are not in the group stay tables of their own.
    """
    members = list(group)
    targets = {definition.source.name: definition.target for definition, _ in members}
    planned: list[Statement] = []
    for definition, existing in members:
        if definition.partitioned and existing is None:
            planned += _parent(place, definition, _shared_sequences(members))
    for definition, existing in members:
        planned += _memberships(definition, existing, targets)
    return planned


def _parent(place: Place, definition: Definition, shared: frozenset[QualifiedName]) -> Iterator[Statement]:
    """The partitioned table with what its partitions have in common; they bring their own indexes for it."""
    yield from creation(place, definition, definition.target, shared)
    yield from indexes(place, definition, definition.target)
    yield from attachment(place, definition, definition.target)


def _shared_sequences(members: list[Member]) -> frozenset[QualifiedName]:
    """The sequences of the source that were made for partitions: they belong to the partitioned table."""
    return frozenset(
        column.sequence.name
        for definition, _ in members
        for column in definition.source.columns
        if not definition.partitioned and column.sequence is not None and not column.sequence.owned
    )


def _memberships(
    definition: Definition, existing: Table | None, targets: Mapping[QualifiedName, QualifiedName]
) -> Iterator[Statement]:
    source, table = definition.source, definition.target
    if source.partition is not None and source.partition.parent in targets:
        parent = targets[source.partition.parent]
        if existing is None or existing.partition is None:
            bound = definition.rewrite(source.partition.bound)
            yield statement("attach_partition", parent=parent, table=table, bound=bound)
    for name in source.parents:
        if name in targets and (existing is None or targets[name] not in existing.parents):
            yield statement("inherit", parent=targets[name], table=table)
