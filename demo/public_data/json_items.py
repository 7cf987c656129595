"""The items of one list in a large JSON document, one at a time: only the item that is read is held in memory."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import TextIO

from demo.errors import DemoError

BLOCK = 64 * 1024
# An item that has not ended by then never will: a bracket or a quote is missing.
LONGEST_ITEM = 16 * 1024 * 1024
BEHIND_VALUE = " \t\r\n,:]}"
BLANKS = re.compile(r"[ \t\r\n]*")


def read_items(file: TextIO, name: str) -> Iterator[tuple[int, int, object]]:
    """Yield each item of the document's list `name`: its number from 1, the line where it begins, and its value.

    Raises DemoError, with the line, for a document that is no JSON, has no such list or ends within it.
    """
    text = Text(file)
    text.skip_to_list(name)
    number = 0
    while text.next_character() != "]":
        if number:
            text.expect(",")
            text.next_character()
        number += 1
        yield number, text.line, text.value()


class Text:
    """A window on the text of a document: what is behind is forgotten, what is ahead is read when it is asked for."""

    def __init__(self, file: TextIO) -> None:
        self._file = file
        self._ahead = ""
        self._decoder = json.JSONDecoder(parse_constant=lambda _: None)  # NaN and the like: nothing is said
        self.line = 1

    def skip_to_list(self, name: str) -> None:
        """Go behind the `[` of the document's own list `name`, over the values of other names."""
        self.next_character()
        self.expect("{")
        while self.next_character() != "}":
            found = self.value()
            self.next_character()
            self.expect(":")
            if self.next_character() == "[" and found == name:
                self.expect("[")
                return
            self.value()
            if self.next_character() == ",":
                self.expect(",")
        raise self._error(f"there is no list {name}")

    def next_character(self) -> str:
        """Go over blanks, and look at what comes."""
        while True:
            self._forget(BLANKS.match(self._ahead).end())  # type: ignore[union-attr] # it always matches
            if self._ahead:
                return self._ahead[0]
            if not self._read():
                raise self._error("the document ends too early")

    def expect(self, character: str) -> None:
        """Go over one character, which must be this one."""
        if self._ahead[0] != character:
            raise self._error(f"{character} is missing before {self._ahead[:20]!r}")
        self._forget(1)

    def value(self) -> object:
        """Go over a JSON value, and return it."""
        while True:
            try:
                value, end = self._decoder.raw_decode(self._ahead)
            except json.JSONDecodeError as error:
                problem = self._error(error.msg, error.lineno - 1)
            else:
                # A number may go on behind what was read.
                if end < len(self._ahead) and self._ahead[end] in BEHIND_VALUE:
                    self._forget(end)
                    return value
                problem = self._error(f"{self._ahead[:20]!r} is no value")
            if len(self._ahead) > LONGEST_ITEM or not self._read(len(self._ahead)):
                raise problem

    def _read(self, least: int = 0) -> bool:
        """Read on, at least as much as is ahead already: a large value is not tried again for every block."""
        more = self._file.read(max(BLOCK, least))
        self._ahead += more
        return bool(more)

    def _forget(self, characters: int) -> None:
        self.line += self._ahead.count("\n", 0, characters)
        self._ahead = self._ahead[characters:]

    def _error(self, reason: str, lines_ahead: int = 0) -> DemoError:
        return DemoError(f"line {self.line + lines_ahead}: no JSON document of this layout: {reason}")
