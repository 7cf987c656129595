"""Which types hold every value of another and print it alike."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pgpipelines.catalog import Column
    from pgpipelines.copy.definition.moved import Definition

WIDER = {"int2": {"int4", "int8"}, "int4": {"int8"}, "varchar": {"text", "varchar"}, "text": {"varchar"}}
LENGTH = re.compile(r"character varying\((\d+)\)")
PRECISION = re.compile(r"numeric\((\d+),(-?\d+)\)")
# Types with a precision of fractional seconds: their modifier, or this many digits without one.
FRACTIONAL = frozenset({"time", "timetz", "timestamp", "timestamptz"})
MOST_DIGITS = 6


def same_type(target: Column, source: Column, definition: Definition) -> bool:
    """Tell whether both columns have the same type, where a type that moved with its table counts as the same."""
    if source.user_defined or target.user_defined:
        same_name = definition.moved(source.type_name) == target.type_name
        same_base = source.base == target.base and source.base_modifier == target.base_modifier
        return same_name and same_base and source.type_kind == target.type_kind and source.is_array == target.is_array
    return source.type == target.type


def holds(wide: Column, narrow: Column) -> bool:
    """Tell whether a column takes every value of another type and prints it alike."""
    if wide.user_defined or narrow.user_defined:
        return False
    if wide.type == narrow.type:
        return True
    if narrow.base == wide.base == "numeric":
        return _wider_numeric(wide.type, narrow.type)
    if narrow.base == wide.base and narrow.base in FRACTIONAL:
        return _digits(wide) >= _digits(narrow)
    return wide.base in WIDER.get(narrow.base, set()) and _length(wide.type) >= _length(narrow.type)


def _digits(column: Column) -> int:
    return MOST_DIGITS if column.base_modifier < 0 else column.base_modifier


def _length(type_name: str) -> float:
    found = LENGTH.fullmatch(type_name)
    return float(found[1]) if found else float("inf")


def _wider_numeric(wide: str, narrow: str) -> bool:
    """Tell whether one numeric takes the other's values; another scale would print them with other zeros."""
    wider, narrower = PRECISION.fullmatch(wide), PRECISION.fullmatch(narrow)
    if wider is None:
        return True
    return narrower is not None and wider[2] == narrower[2] and int(wider[1]) >= int(narrower[1])
