"""Lines of a CSV file with a header, one at a time, each with its number in the file."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Mapping
from typing import TextIO

from demo.errors import DemoError
from demo.public_data.records import Record, Unreadable, UnreadableError

ReadLine = Callable[[int, Mapping[str, str]], Record]


def read_lines(file: TextIO, required: tuple[str, ...], read_line: ReadLine) -> Iterator[Record | Unreadable]:
    """Yield what `read_line` makes of each line, given as text by column, or why it can't be read.

    Raises DemoError for a file that has not the columns `required`.
    """
    lines = csv.reader(file)
    header = [name.strip() for name in next(lines, [])]
    missing = [name for name in required if name not in header]
    if missing:
        raise DemoError(f"the first line names no column {', '.join(missing)}: another layout, or no header")
    while True:
        first = lines.line_num + 1
        try:
            fields = next(lines, None)
            if fields is None:
                return
            yield read_line(first, _named(header, fields))
        except (csv.Error, UnreadableError) as error:
            yield Unreadable(str(first) if first == lines.line_num else f"{first}-{lines.line_num}", str(error))


def _named(header: list[str], fields: list[str]) -> Mapping[str, str]:
    if not any(field.strip() for field in fields):
        raise UnreadableError("the line is empty")
    if len(fields) != len(header):
        raise UnreadableError(f"{len(fields)} fields, the header has {len(header)}")
    for name, field in zip(header, fields, strict=True):
        if not _can_be_stored(field):
            raise UnreadableError(f"{name} is no UTF-8 text")
    return dict(zip(header, fields, strict=True))


def _can_be_stored(field: str) -> bool:
    try:
        return b"\x00" not in field.encode()
    except UnicodeEncodeError:
        return False
