"""Sets as rows for a person: what each is, how far it can be trusted, what it took."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Protocol, TypeVar

from pgpipelines.backup.sets import Drilled, DumpSet

HEADINGS = ("set", "state", "taken", "MB", "rows", "dump s", "restore s")
MEGABYTE = 1_000_000


def row(found: DumpSet) -> tuple[str, ...]:
    """What stands below the headings for a set."""
    manifest, drill = found.manifest, found.drill
    if manifest is None:
        return (found.name, found.state, "", "", "", "", "")
    return (
        found.name,
        found.state,
        f"{manifest.taken_at:%Y-%m-%d %H:%M:%S} UTC",
        f"{manifest.bytes / MEGABYTE:,.1f}",
        f"{manifest.rows:,}",
        f"{manifest.seconds:.1f}",
        f"{drill.seconds:.1f}" if drill and drill.proven else "",
    )


class Listed(Protocol):
    """What has a line in a table: a set of a dump, or a physical backup."""

    @property
    def name(self) -> str:
        """Its name."""

    @property
    def fault(self) -> str:
        """What is wrong with it, whatever its drill says."""

    @property
    def drill(self) -> Drilled | None:
        """How its drill went."""


L = TypeVar("L", bound=Listed)


def fault(found: Listed) -> str:
    """Why something is no good, empty where nothing says so."""
    return found.fault or (found.drill.fault if found.drill else "")


def table(sets: Sequence[DumpSet]) -> list[str]:
    """The lines of a table of sets."""
    return lines_of(HEADINGS, row, sets)


def lines_of(headings: tuple[str, ...], row_of: Callable[[L], tuple[str, ...]], listed: Sequence[L]) -> list[str]:
    """The lines of a table, and below it a line for each that is no good."""
    rows = [headings, *map(row_of, listed)]
    widths = [max(len(each[column]) for each in rows) for column in range(len(headings))]
    lines = ["  ".join(text.ljust(width) for text, width in zip(each, widths, strict=True)).rstrip() for each in rows]
    return lines + [f"{each.name}: {fault(each)}" for each in listed if fault(each)]


def records(sets: Iterable[DumpSet]) -> list[dict[str, str]]:
    """The same for Airflow's UI: a record for each set, with what is known of it."""
    found = (({**dict(zip(HEADINGS, row(each), strict=True)), "fault": fault(each)}) for each in sets)
    return [{name: text for name, text in each.items() if text} for each in found]
