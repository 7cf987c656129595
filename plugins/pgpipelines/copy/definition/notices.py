"""Differences that hinder no row by themselves: a person may want to know of them, a copy goes on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from pgpipelines.copy.definition.finding import Finding
from pgpipelines.copy.definition.moved import alike
from pgpipelines.copy.definition.statement import statement

if TYPE_CHECKING:
    from pgpipelines.catalog import Column, Constraint, Index, Table
    from pgpipelines.copy.definition.moved import Definition

# A view has no keys or indexes that its target could lack.
WITH_INDEXES = frozenset("rpm")
FILLED_BY = {"a": "identity (always)", "d": "identity (by default)"}


def column_notices(definition: Definition, found: Column, column: Column) -> Iterator[Finding]:
    """Differences of two plain columns besides what they hold."""
    table, name = definition.target, column.name
    if column.not_null and not found.not_null:
        mend = statement("set_not_null", table=table, column=name)
        yield Finding(f"column {name} may hold NULL, but takes none in the source", "notice", (mend,))
    here, there = _filled_by(found), _filled_by(column)
    default = definition.column(column).expression
    if here != there:
        yield Finding(f"column {name} is filled by {here}, but by {there} in the source", "notice")
    elif here == "a default" and not alike(default, found.expression):
        mend = statement("set_default", table=table, column=name, expression=default)
        cause = f"column {name} has default {found.expression}, but {column.expression} in the source"
        yield Finding(cause, "notice", (mend,))
    if found.collation != column.collation:
        here, there = found.collation or "the default", column.collation or "the default"
        yield Finding(f"column {name} sorts by {here}, but by {there} in the source", "notice")
    if column.comment and column.comment != found.comment:
        mend = statement("comment_column", {"comment": column.comment}, table=table, column=name)
        yield Finding(f"column {name} has another comment in the source", "notice", (mend,))


def _filled_by(column: Column) -> str:
    if column.identity:
        return FILLED_BY[column.identity]
    if column.sequence is not None:
        return "a sequence"
    return "nothing" if column.expression is None else "a default"


def table_notices(definition: Definition, target: Table) -> Iterator[Finding]:
    """Differences of two tables besides their columns; a narrower key is the one that hinders rows."""
    source = definition.source
    if source.comment and source.comment != target.comment:
        mend = statement("comment_table", {"comment": source.comment}, table=target.name)
        yield Finding("the table has another comment in the source", "notice", (mend,))
    yield from _partition(definition, target)
    if source.kind in WITH_INDEXES:
        yield from _key(definition, target)
        yield from _constraints(definition, target)
        yield from _indexes(definition, target)


def _partition(definition: Definition, target: Table) -> Iterator[Finding]:
    """The target's place among the partitions of a table: a copy gives it one, and never takes it away."""
    here, there = target.partition, definition.source.partition
    if here is None:
        return
    detach = statement("detach_partition", parent=here.parent, table=target.name)
    if there is None:
        cause = f"the table is a partition of {here.parent}, but a table of its own in the source"
        yield Finding(cause, "notice", (detach,))
    elif not alike(definition.rewrite(there.bound), here.bound):
        cause = f"the partition is {here.bound}, but {there.bound} in the source: other rows stop the copy"
        yield Finding(cause, "notice", (detach,))


def _key(definition: Definition, target: Table) -> Iterator[Finding]:
    here, there = _primary(target), _primary(definition.source)
    if here is None and there is not None:
        mend = statement("add_constraint", table=target.name, name=there.name, definition=there.definition)
        yield Finding(f"{_lowered(there)} is missing", "notice", (mend,))
    elif here is not None and there is None:
        yield Finding(f"{_lowered(here)} does not exist in the source", "notice")
    elif here is not None and there is not None and here.columns != there.columns:
        yield _changed_key(definition, target, here, there)


def _changed_key(definition: Definition, target: Table, here: Constraint, there: Constraint) -> Finding:
    """Another key is fine where the source keeps it too; else two rows of the source may be one here."""
    cause = f"{_lowered(here)} is ({', '.join(there.columns)}) in the source"
    own = not definition.source.by_name.keys() >= set(here.columns)
    if own or any(set(unique.columns) <= set(here.columns) for unique in _plain_uniques(definition.source)):
        return Finding(cause, "notice")
    drop = statement("drop_constraint", table=target.name, name=here.name)
    add = statement("add_constraint", table=target.name, name=here.name, definition=there.definition)
    return Finding(cause, "loss", (drop, add))


def _plain_uniques(table: Table) -> list[Constraint]:
    return [each for each in table.constraints if each.kind in "pu"]


def _primary(table: Table) -> Constraint | None:
    return next((each for each in table.constraints if each.kind == "p"), None)


def _lowered(key: Constraint) -> str:
    return f"primary key ({', '.join(key.columns)})"


def _constraints(definition: Definition, target: Table) -> Iterator[Finding]:
    """Unique, check and exclusion constraints, told apart by what they say."""
    there = {definition.rewrite(each.definition): each for each in definition.source.constraints if each.kind in "ucx"}
    here = {each.definition: each for each in target.constraints if each.kind in "ucx"}
    for text, constraint in there.items():
        if not any(alike(text, other) for other in here):
            mend = statement("add_constraint", table=target.name, name=constraint.name, definition=text)
            yield Finding(f"constraint {constraint.name} is missing", "notice", (mend,))
    for text, constraint in here.items():
        if not any(alike(text, other) for other in there):
            cause = f"constraint {constraint.name} does not exist in the source: rows that break it stop the copy"
            yield Finding(cause, "notice")


def _indexes(definition: Definition, target: Table) -> Iterator[Finding]:
    """Indexes without a constraint, told apart by what they hold."""
    there = [replace(each, definition=definition.rewrite(each.definition)) for each in definition.source.indexes]
    for index in there:
        if not any(_same_index(index, other) for other in target.indexes):
            mend = statement(
                "create_index",
                table=target.name,
                name=index.name,
                unique=index.unique,
                definition=index.definition,
            )
            yield Finding(f"index {index.name} is missing", "notice", (mend,))
    for index in target.indexes:
        if not any(_same_index(index, other) for other in there):
            yield Finding(f"index {index.name} does not exist in the source", "notice")


def _same_index(left: Index, right: Index) -> bool:
    return left.unique == right.unique and alike(left.definition, right.definition)
