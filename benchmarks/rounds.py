"""Contestants by turns, A B A B, so that what the machine does besides meets all of them alike."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Literal

from benchmarks.data import Data
from benchmarks.job import FULL_REFRESH, MissingPeerError, Options
from benchmarks.measure import Measured
from benchmarks.stage import Stage

TIMES = ("median s", "fastest", "slowest", "client CPU s", "servers' CPU s")


@dataclass(frozen=True)
class Entry:
    """A contestant of a race, and what it needs: a target database that is empty, or that has a table.

    `indexes` tells whether it makes the source's indexes; `once` keeps one that is slow, or that decides no bar, to a
    single round.
    """

    label: str
    contestant: str
    options: Options = FULL_REFRESH
    target: Literal["empty", "bare", "finished"] = "empty"
    indexes: bool = True
    once: bool = False

    def prepare(self, stage: Stage, data: Data) -> None:
        """Leave the target as this contestant needs it."""
        prepared = {"empty": stage.empty_target, "bare": stage.bare_target, "finished": stage.finished_target}
        prepared[self.target](data)

    def run(self, stage: Stage, data: Data) -> Measured:
        """Copy a data set once, from the start. Raises MissingPeerError."""
        self.prepare(stage, data)
        found = stage.run(self.contestant, data, self.options)
        stage.require_arrived(self.label, data, indexes=self.indexes)
        print(f"{self.label}: {found.seconds:.2f} s", flush=True)
        return found


@dataclass(frozen=True)
class Results:
    """What the contestants of a race took in each round, and why some could not run."""

    found: dict[Entry, list[Measured]] = field(default_factory=dict)
    missing: dict[Entry, str] = field(default_factory=dict)

    def ratio(self, above: Entry, below: Entry) -> float | None:
        """The median, over the rounds, of one contestant's time over the other's."""
        pairs = zip(self.found.get(above, ()), self.found.get(below, ()), strict=False)
        ratios = [one.seconds / other.seconds for one, other in pairs]
        return median(ratios) if ratios else None

    def row(self, entry: Entry, *more: str, label: str | None = None) -> tuple[str, ...]:
        """A row of TIMES and `more`; where the contestant is missing here, the row says so."""
        if entry in self.missing:
            return (f"{label or entry.label}: missing here ({self.missing[entry]})", *[""] * (len(TIMES) + len(more)))
        return (label or entry.label, *times(self.found[entry]), *more)

    def peak(self, entry: Entry) -> str:
        """The peak of a contestant's memory, in MB."""
        return peak_cell(self.found.get(entry, ()))


def by_turns(stage: Stage, data: Data, entries: Sequence[Entry]) -> Results:
    """Run all contestants, round after round."""
    results = Results()
    for number in range(stage.sizes.rounds):
        for entry in entries:
            if entry in results.missing or (entry.once and number > 0):
                continue
            try:
                results.found.setdefault(entry, []).append(entry.run(stage, data))
            except MissingPeerError as error:
                results.missing[entry] = str(error)
    for entry, found in results.found.items():
        if found:
            stage.seconds[data, entry.label] = median(one.seconds for one in found)
    return results


def baseline(stage: Stage, data: Data, entry: Entry) -> float | None:
    """What a contestant took in this run of the benchmarks, in seconds: once more where it has not run yet."""
    known = (data, entry.label)
    if known not in stage.seconds:
        try:
            stage.seconds[known] = entry.run(stage, data).seconds
        except MissingPeerError:
            return None
    return stage.seconds[known]


def times(found: Sequence[Measured]) -> tuple[str, ...]:
    """The columns of TIMES."""
    seconds = [one.seconds for one in found]
    return (f"{median(seconds):.2f}", f"{min(seconds):.2f}", f"{max(seconds):.2f}", *cpu_cells(found))


def cpu_cells(found: Sequence[Measured]) -> tuple[str, str]:
    """Seconds of CPU of the client and of the servers."""
    servers = [one.server_cpu for one in found if one.server_cpu is not None]
    return (
        f"{median(one.client_cpu for one in found):.2f}",
        f"{median(servers):.2f}" if servers else "unknown",
    )


def peak_megabytes(found: Sequence[Measured]) -> float | None:
    """The highest peak of memory, in MB; None where it is unknown."""
    peaks = [one.peak_bytes for one in found if one.peak_bytes is not None]
    return max(peaks) / 1e6 if peaks else None


def peak_cell(found: Sequence[Measured]) -> str:
    """The highest peak of memory as a cell of a table."""
    peak = peak_megabytes(found)
    return "unknown" if peak is None else f"{peak:.0f}"


def over(figure: float, base: float | None) -> float | None:
    """A ratio; None where there is nothing to compare with."""
    return None if base is None else figure / base
