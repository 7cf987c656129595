"""Whether the rows of the source fit an existing target."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pgpipelines.errors import DriftError
from pgpipelines.templates import QualifiedName, literal, quoted

if TYPE_CHECKING:
    from pgpipelines.catalog import Column, Table
    from pgpipelines.copy.definition.moved import Definition

# Types that hold every value of another and print it alike.
WIDER = {"int2": {"int4", "int8"}, "int4": {"int8"}, "varchar": {"text", "varchar"}, "text": {"varchar"}}
LENGTH = re.compile(r"character varying\((\d+)\)")
PRECISION = re.compile(r"numeric\((\d+),(-?\d+)\)")


@dataclass(frozen=True)
class Finding:
    """A difference that could lose data, and the statement with which a person mends it."""

    cause: str
    remedy: str


def accept(definition: Definition, target: Table, last_columns: tuple[str, ...]) -> None:
    """Check that every row of the source fits the existing target and that nothing is lost.

    `last_columns` are those that the last run copied: one that the source has dropped since is refused, even
    where the target could fill it. Raises DriftError naming each column, and the ALTER TABLE.
    """
    refuse(
        f"table {target.name}",
        [
            *_lost_labels(definition, target),
            *_unfit_columns(definition, target),
            *_extra_columns(definition, target, last_columns),
        ],
    )


def refuse(what: str, findings: list[Finding]) -> None:
    """Raise DriftError, naming every finding, where there is any."""
    if findings:
        cause = "; ".join(finding.cause for finding in findings)
        raise DriftError(f"{what} of the target: {cause}", " ".join(finding.remedy for finding in findings))


def _lost_labels(definition: Definition, target: Table) -> Iterator[Finding]:
    existing = {user_type.name: user_type.labels for user_type in target.types}
    for user_type in definition.source.types:
        name = definition.moved(user_type.name)
        if name in existing:
            yield from lacking_labels(name, user_type.labels, existing[name])


def lacking_labels(name: QualifiedName, wanted: tuple[str, ...], labels: tuple[str, ...]) -> list[Finding]:
    """The labels of the source's enum that an existing enum lacks."""
    return [
        Finding(
            f"label {label} is missing from type {name}",
            f"ALTER TYPE {quoted(name)} ADD VALUE {literal(label)};",
        )
        for label in wanted
        if label not in labels
    ]


def _unfit_columns(definition: Definition, target: Table) -> Iterator[Finding]:
    """Source columns that the target has no place for."""
    alter = f"ALTER TABLE {quoted(target.name)}"
    for column in definition.source.stored:
        wanted = definition.type_of(column.type)
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
