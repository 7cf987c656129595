"""Files of one layout into charger_db: staged line by line, then made rows of three tables, in one transaction."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg2

from demo.errors import DemoError
from demo.public_data import acn, korea, palo_alto
from demo.public_data.records import Record, Unreadable
from demo.systems import connect
from pgpipelines.templates import render

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer
    from psycopg2.extensions import cursor as Cursor  # noqa: N812 (the driver names its class in lower case)

LAYOUTS = {"acn": acn.read, "korea": korea.read, "palo_alto": palo_alto.read}
BLOCK = 64 * 1024


@dataclass(frozen=True)
class Loaded:
    """What a load did: lines read and left out, rows that came or changed, and lines by what is odd about them."""

    lines: int
    unreadable: int
    stations: int
    chargers: int
    added: int
    changed: int
    odd: Mapping[str, int]


def load(dsn: str, layout: str, paths: Sequence[Path], report: Callable[[str], None]) -> Loaded:
    """Load files of a layout, all or none; `report` is told of each line that can't be read.

    Raises DemoError for a file that is not of the layout, OSError, and psycopg2.Error.
    """
    with closing(connect(dsn)) as connection, connection, connection.cursor() as cursor:
        cursor.execute(render("samples/public_data/staging.sql"))
        unreadable = sum(_stage(cursor, layout, number, path, report) for number, path in enumerate(paths, start=1))
        stations, chargers, sessions, odd = (
            _counts(cursor, template, {"layout": layout}) for template in ("stations", "chargers", "sessions", "odd")
        )
    return Loaded(
        lines=odd.pop("lines") + unreadable,
        unreadable=unreadable,
        stations=stations["added"],
        chargers=chargers["added"],
        added=sessions["added"],
        changed=sessions["changed"],
        odd=odd,
    )


def _stage(cursor: Cursor, layout: str, number: int, path: Path, report: Callable[[str], None]) -> int:
    """Stage a file, and return how many of its lines can't be read."""
    # Bytes that are no UTF-8 are carried along, so that only their own line is lost.
    with path.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as file:
        rows = StagedRows(number, LAYOUTS[layout](file), lambda found: report(f"{path}:{found.place}: {found.reason}"))
        try:
            cursor.copy_expert(render("samples/public_data/stage.sql"), io.BufferedReader(rows, BLOCK), BLOCK)
        except psycopg2.Error:
            if rows.failure is None:
                raise
            # The driver has made its own error of what our stream raised.
            raise DemoError(f"{path}: {rows.failure}") from None
    return rows.unreadable


def _counts(cursor: Cursor, template: str, values: Mapping[str, object]) -> dict[str, int]:
    cursor.execute(render(f"samples/public_data/{template}.sql"), values)
    names = [column.name for column in cursor.description or ()]
    return dict(zip(names, cursor.fetchone() or (), strict=True))


class StagedRows(io.RawIOBase):
    """The records of a file as the text that COPY reads, made as it is asked for."""

    def __init__(self, file: int, found: Iterator[Record | Unreadable], report: Callable[[Unreadable], None]) -> None:
        super().__init__()
        self.unreadable = 0
        self.failure: DemoError | None = None
        self._file = file
        self._found = found
        self._report = report
        self._ahead = b""

    def readable(self) -> bool:
        """Tell that this is a stream to read."""
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        """Fill the buffer with what comes next, and return how much that is."""
        room = memoryview(buffer).cast("B")
        try:
            while not self._ahead and (record := self._next_record()):
                self._ahead = self._line_of(record)
        except DemoError as error:
            self.failure = error
            raise
        size = min(len(room), len(self._ahead))
        room[:size], self._ahead = self._ahead[:size], self._ahead[size:]
        return size

    def _next_record(self) -> Record | None:
        """The next record; what can't be read on the way there is reported."""
        for found in self._found:
            if isinstance(found, Record):
                return found
            self.unreadable += 1
            self._report(found)
        return None

    def _line_of(self, record: Record) -> bytes:
        line = io.StringIO(newline="")
        csv.writer(line).writerow((self._file, *record.values()))
        return line.getvalue().encode()
