"""Positions in the write-ahead log, the files that hold it, and how timelines follow one another."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

SEGMENT = re.compile(r"[0-9A-F]{24}")
HISTORY = re.compile(r"[0-9A-F]{8}\.history")
_HISTORY_LINE = re.compile(r"\s*(\d+)\s+([0-9A-F]+/[0-9A-F]+)", re.IGNORECASE)
_NAMED_BYTES = 1 << 32
NO_END = 1 << 64


@dataclass(frozen=True)
class Stretch:
    """A part of the log: the timeline that it is written on, where it begins, and where it ends."""

    timeline: int
    begins: int
    ends: int = NO_END


def parse_lsn(text: str) -> int:
    """The position that PostgreSQL writes as 0/3000028."""
    high, _, low = text.partition("/")
    return int(high, 16) << 32 | int(low, 16)


def lsn_text(position: int) -> str:
    """A position as PostgreSQL writes it."""
    return f"{position >> 32:X}/{position & 0xFFFFFFFF:X}"


def segment_name(timeline: int, number: int, segment_bytes: int) -> str:
    """The name of the file with the `number`th stretch of `segment_bytes` of the log."""
    high, low = divmod(number, _NAMED_BYTES // segment_bytes)
    return f"{timeline:08X}{high:08X}{low:08X}"


def history_name(timeline: int) -> str:
    """The name of the file that says what a timeline comes from."""
    return f"{timeline:08X}.history"


def timeline_of(name: str) -> int:
    """The timeline in the name of a segment or of a history."""
    return int(name[:8], 16)


def parse_history(text: str, timeline: int) -> tuple[Stretch, ...]:
    """A timeline with those that it comes from, oldest first, of the text of its history."""
    stretches, begins = [], 0
    for found in filter(None, map(_HISTORY_LINE.match, text.splitlines())):
        ends = parse_lsn(found[2])
        stretches.append(Stretch(int(found[1]), begins, ends))
        begins = ends
    return (*stretches, Stretch(timeline, begins))


def following(stretches: Iterable[Stretch], timeline: int, position: int) -> tuple[Stretch, ...]:
    """The log from a position of a timeline on; empty where it does not lead through there."""
    remaining = list(stretches)
    while remaining and remaining[0].timeline != timeline:
        remaining.pop(0)
    if not remaining or position < remaining[0].begins or position > remaining[0].ends:
        return ()
    return (replace(remaining[0], begins=position), *remaining[1:])


def segments(stretches: Iterable[Stretch], segment_bytes: int) -> Iterator[str]:
    """The names of the files that hold the log, in order; without end where the log has none.

    The file in which a timeline ends is whole only under the name of the timeline that follows it.
    """
    for stretch in stretches:
        number = stretch.begins // segment_bytes
        while number < stretch.ends // segment_bytes:
            yield segment_name(stretch.timeline, number, segment_bytes)
            number += 1
