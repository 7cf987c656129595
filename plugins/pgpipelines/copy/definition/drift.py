"""How an existing target differs from its source: what hinders rows, what can be widened, what is only worth a note."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from pgpipelines.copy.definition.finding import Finding, require
from pgpipelines.copy.definition.holding import holds, same_type
from pgpipelines.copy.definition.moved import alike
from pgpipelines.copy.definition.notices import column_notices, table_notices
from pgpipelines.copy.definition.statement import Statement, statement
from pgpipelines.copy.definition.types import missing_types, type_findings
from pgpipelines.errors import PrivilegeError

if TYPE_CHECKING:
    from pgpipelines.catalog import Column, Table
    from pgpipelines.copy.definition.moved import Definition
    from pgpipelines.copy.definition.place import Place

# A default that is one value, whoever asks for it and whenever.
CONSTANT = re.compile(
    r"(?:'(?:[^']|'')*'|\d+(?:\.\d+)?|true|false|NULL)"
    r"(?:::(?:\"(?:[^\"]|\"\")*\"|[\w. ])+(?:\([\d,]+\)[\w ]*)?(?:\[\])?)?"
)
# The kinds of relation whose columns say themselves whether they take NULL.
TABLE_KINDS = frozenset("rp")


def accept(place: Place, definition: Definition, target: Table, last_columns: tuple[str, ...]) -> None:
    """Check that every row of the source fits the existing target as it is. Raises DriftError."""
    widenings(place, definition, target, last_columns, widen=False)


def widenings(
    place: Place, definition: Definition, target: Table, last_columns: tuple[str, ...] = (), *, widen: bool
) -> list[Statement]:
    """The statements after which every row of the source fits the existing target; nothing is lost by them.

    None without `widen`. Run them one transaction each: a new label can be used once it is committed. What differs
    otherwise goes to the log. Raises DriftError, naming what could lose data and the statements that a person could
    run; PrivilegeError where only another role may alter the table.
    """
    findings = compare(place, definition, target, last_columns)
    planned = require(f"table {target.name}", findings, widen=widen)
    if planned and not target.privileges.own:
        raise PrivilegeError(
            f"{place.session.endpoint}: {target.name} belongs to {target.owner}, who alone may alter it",
            " ".join(each.text for each in planned),
        )
    return planned


def compare(place: Place, definition: Definition, target: Table, last_columns: tuple[str, ...] = ()) -> list[Finding]:
    """Every difference between the source and an existing target that a person may want to know of.

    `last_columns` are those that the last run copied: one that the source has dropped since would go on with old
    values, even where the target could fill it.
    """
    renamed = _renamed(definition, target, last_columns)
    return [
        *type_findings(place, definition),
        *_column_findings(place, definition, target, renamed),
        *_extra_columns(definition, target, last_columns, set(renamed.values())),
        *table_notices(definition, target),
    ]


def _column_findings(place: Place, definition: Definition, target: Table, renamed: dict[str, str]) -> Iterator[Finding]:
    """What the columns of the source find in the target, those that others are computed from first."""
    for column in sorted(definition.source.columns, key=lambda column: bool(column.generated)):
        found = target.by_name.get(column.name)
        if column.name in renamed:
            earlier = renamed[column.name]
            cause = f"column {column.name} is missing, and the source has no {earlier} any more: was it renamed?"
            renaming = statement("rename_column", table=target.name, column=earlier, name=column.name)
            yield Finding(cause, "loss", (renaming,))
        elif found is None:
            yield _addition(place, definition, column)
        elif column.generated or found.generated:
            yield from _computed(place, definition, found, column)
        else:
            yield from _stored(definition, target, found, column)


# ------------------------------------------------------------------------------------------------- columns that miss


def _addition(place: Place, definition: Definition, column: Column) -> Finding:
    """A column that the target lacks: added where the rows that are there get the value that the source's have."""
    cause = f"column {column.name} ({column.type}) is missing"
    constant = column.expression is not None and CONSTANT.fullmatch(column.expression.replace("%%", "%")) is not None
    empty = column.expression is None and not column.not_null
    lossless = bool(column.generated) or ((constant or empty) and not column.identity)
    added = column if lossless else replace(column, expression=None, identity="", not_null=False)
    if not lossless:
        filled = column.expression is not None or bool(column.identity)
        cause += ", and its default differs from row to row" if filled else ", and takes no NULL"
    # Only the source's and the type's own definition: its values come with the rows.
    statements = [*missing_types(place, definition), _add_column(place, definition, added)]
    return Finding(cause, "widening" if lossless else "loss", tuple(statements))


def _add_column(place: Place, definition: Definition, column: Column) -> Statement:
    moved = replace(definition.column(column), not_null_name=None, compression=None)
    return statement("add_column", table=definition.target, column=moved, virtual=place.knows_virtual)


def _renamed(definition: Definition, target: Table, last_columns: tuple[str, ...]) -> dict[str, str]:
    """New columns of the source by what seems to be their name of before: near it, of the same type, and gone there."""
    gone = {column.name: column for column in _strangers(definition, target, last_columns)}
    renamed: dict[str, str] = {}
    for column in definition.source.stored:
        if column.name not in target.by_name:
            alike_types = [name for name, other in gone.items() if same_type(other, column, definition)]
            for near in difflib.get_close_matches(column.name, alike_types, n=1):
                renamed[column.name] = near
                del gone[near]
    return renamed


# ----------------------------------------------------------------------------------------------- columns on both sides


def _computed(place: Place, definition: Definition, found: Column, column: Column) -> Iterator[Finding]:
    """A column that the server computes, on one side or both."""
    table, name = definition.target, column.name
    drop = statement("drop_column", table=table, column=name)
    again = (drop, _add_column(place, definition, column))
    if not column.generated:
        plain = statement("drop_expression", table=table, column=name)
        statements = (plain,) if found.generated == "s" else again
        yield Finding(f"column {name} is generated, but holds data in the source", "loss", statements)
    elif not found.generated:
        yield Finding(f"column {name} is generated in the source, but not here", "loss", again)
    elif not same_type(found, column, definition):
        yield Finding(f"column {name} is {found.type}, but {column.type} in the source", "loss", again)
    elif not alike(definition.column(column).expression, found.expression):
        # Two versions may write one expression differently.
        same_version = definition.source.version == place.session.version
        cause = f"column {name} is computed as {found.expression}, but as {column.expression} in the source"
        yield Finding(cause, "loss" if same_version else "notice", again)


def _stored(definition: Definition, target: Table, found: Column, column: Column) -> Iterator[Finding]:
    name = column.name
    if not same_type(found, column, definition) and not _same_name(found, column, definition):
        yield _type_finding(definition, found, column)
    if found.not_null and not column.not_null and definition.source.kind in TABLE_KINDS:
        cause = f"column {name} takes no NULL, but may hold one in the source"
        needed = bool(found.identity) or any(name in key for key in target.keys)
        if needed:
            yield Finding(cause, "notice")
        else:
            yield Finding(cause, "easing", (statement("drop_not_null", table=target.name, column=name),))
    yield from column_notices(definition, found, column)


def _same_name(found: Column, column: Column, definition: Definition) -> bool:
    """Tell whether both sides name one type, which differs itself: that is a finding of its own."""
    same = definition.moved(column.type_name) == found.type_name and column.is_array == found.is_array
    return same and column.user_defined and found.user_defined


def _type_finding(definition: Definition, found: Column, column: Column) -> Finding:
    cause = f"column {column.name} is {found.type}, but {column.type} in the source"
    if holds(found, column):
        return Finding(cause, "notice")
    lossless = holds(column, found)
    alter = statement(
        "alter_column_type",
        table=definition.target,
        column=column.name,
        type=definition.type_of(column.type),
        collation=found.collation,
        convert=not lossless,
    )
    return Finding(cause, "widening" if lossless else "loss", (alter,))


# ------------------------------------------------------------------------------------------ columns of the target only


def _strangers(definition: Definition, target: Table, last_columns: tuple[str, ...]) -> Iterator[Column]:
    """Target columns that the source lacks and that may not stay: those without a default, and those it had before."""
    for column in target.stored:
        filled = column.expression is not None or bool(column.identity)
        if column.name not in definition.source.by_name and (not filled or column.name in last_columns):
            yield column


def _extra_columns(
    definition: Definition, target: Table, last_columns: tuple[str, ...], renamed: set[str]
) -> Iterator[Finding]:
    for column in _strangers(definition, target, last_columns):
        if column.name not in renamed:
            dropped = column.name in last_columns
            reason = "was dropped from the source" if dropped else "does not exist in the source"
            drop = statement("drop_column", table=target.name, column=column.name)
            yield Finding(f"column {column.name} {reason}", "loss", (drop,))
