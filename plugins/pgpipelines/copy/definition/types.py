"""The types that a table's columns need: made where they are missing, compared where they stand already."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from pgpipelines.copy.definition.finding import Finding
from pgpipelines.copy.definition.moved import alike
from pgpipelines.copy.definition.statement import Statement, statement
from pgpipelines.errors import DriftError
from pgpipelines.templates import QualifiedName, Sql, escaped, identifier, literal

if TYPE_CHECKING:
    from pgpipelines.catalog import UserType
    from pgpipelines.copy.definition.moved import Definition
    from pgpipelines.copy.definition.place import ExistingType, Place


def missing_types(place: Place, definition: Definition) -> list[Statement]:
    """Plan the types that neither stand in the target nor were planned before."""
    planned = []
    for source_type in definition.source.types:
        user_type = definition.moved_type(source_type)
        if place.type(user_type.name) is None and place.plan_type(user_type.name):
            planned += _creation_of(user_type)
            if user_type.comment and user_type.kind != "m":
                planned.append(_comment(user_type, user_type.comment))
    return planned


def type_findings(place: Place, definition: Definition) -> Iterator[Finding]:
    """Compare the types that stand in the target already with the source's."""
    for source_type in definition.source.types:
        user_type = definition.moved_type(source_type)
        existing = place.type(user_type.name)
        if existing is not None:
            yield from _differences(user_type, existing)


def _differences(user_type: UserType, existing: ExistingType) -> Iterator[Finding]:
    name = user_type.name
    made_of = _made_of(user_type)
    if user_type.kind != existing.kind or not alike(made_of, existing.made_of):
        here = f"made of {existing.made_of}" if user_type.kind == existing.kind else "of another kind"
        there = f", but of {made_of} in the source" if user_type.kind == existing.kind else " than in the source"
        yield Finding(
            f"type {name} is {here}{there}",
            "loss",
            advice="rename one of the two types, or name another target schema",
        )
        return
    yield from _label_findings(user_type, existing.labels)
    same_checks = [Sql(check) for check in existing.checks] == list(user_type.checks)
    if user_type.kind == "d" and (not same_checks or user_type.not_null != existing.not_null):
        yield Finding(f"domain {name} has other constraints than in the source", "notice")


def _made_of(user_type: UserType) -> Sql:
    attributes = [f"{identifier(part.name)} {part.type}" for part in user_type.attributes]
    return Sql(", ".join([user_type.base] if user_type.base is not None else attributes))


def _label_findings(user_type: UserType, here: tuple[str, ...]) -> Iterator[Finding]:
    """Labels that are missing are added one by one, each beside the neighbour that it has in the source."""
    there, known = user_type.labels, set(here)
    for position, label in enumerate(there):
        if label in known:
            continue
        after = there[position - 1] if position else None
        before = next((other for other in there[position + 1 :] if other in known), None)
        added = statement(
            "add_enum_value",
            type=user_type.name,
            label=_literal(label),
            after=None if after is None else _literal(after),
            before=None if before is None else _literal(before),
        )
        yield Finding(f"label {label} is missing from type {user_type.name}", "widening", (added,))
        known.add(label)
    gone = [label for label in here if label not in there]
    if gone:
        yield Finding(f"type {user_type.name} has labels that the source lacks: {', '.join(gone)}", "notice")
    elif [label for label in there if label in here] != list(here):
        yield Finding(f"the labels of type {user_type.name} sort otherwise than in the source", "notice")


def _creation_of(user_type: UserType) -> list[Statement]:
    if user_type.kind == "e":
        return [statement("create_enum", name=user_type.name, labels=[_literal(label) for label in user_type.labels])]
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


def _comment(user_type: UserType, comment: str) -> Statement:
    return statement("comment_type", {"comment": comment}, type=user_type.name, domain=user_type.kind == "d")


def _literal(label: str) -> Sql:
    return escaped(literal(label))
