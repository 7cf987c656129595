"""What a run found, as Markdown: the bars first, then a table for each benchmark."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Bar:
    """Something promised: the figure found, the one wanted, and whether it holds (None: it was not measured)."""

    what: str
    found: str
    wanted: str
    holds: bool | None

    @property
    def verdict(self) -> str:
        """One word."""
        return {True: "holds", False: "**missed**", None: "not measured"}[self.holds]


@dataclass(frozen=True)
class Promise:
    """A figure that is promised: at most `limit`, or at least that much."""

    what: str
    limit: float
    unit: str = "×"
    digits: int = 2
    at_least: bool = False

    def bar(self, found: float | None) -> Bar:
        """Compare it with what was found, None where nothing could be measured."""
        wanted = f"{'≥' if self.at_least else '≤'} {self._written(self.limit)}"
        if found is None:
            return Bar(self.what, "missing", wanted, None)
        holds = found >= self.limit if self.at_least else found <= self.limit
        return Bar(self.what, self._written(found), wanted, holds)

    def _written(self, figure: float) -> str:
        return f"{figure:,.{self.digits}f} {self.unit}".rstrip()


@dataclass(frozen=True)
class Section:
    """One benchmark: its table, and a paragraph that says what was done."""

    title: str
    words: str
    header: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]
    bars: Sequence[Bar]


def markdown(machine: Iterable[str], sections: Sequence[Section]) -> str:
    """The whole report."""
    bars = [bar for section in sections for bar in section.bars]
    parts = [
        "# Benchmarks",
        "Written by `make bench` (docs/benchmarks.md): don't edit. Ratios are of one run on one machine.",
        "\n".join(f"- {line}" for line in machine),
        table(("bar", "found", "wanted", ""), [(bar.what, bar.found, bar.wanted, bar.verdict) for bar in bars]),
    ]
    for section in sections:
        parts += [f"## {section.title}", section.words]
        parts += [table(section.header, section.rows)] if section.rows else []
    return "\n\n".join(parts) + "\n"


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table whose columns line up in a terminal too; all but the first column are set to the right."""
    lines = [list(header), *map(list, rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(header))]
    rule = [":" + "-" * (widths[0] - 1), *("-" * (width - 1) + ":" for width in widths[1:])]
    aligned = [
        [cell.ljust(widths[0]) if not n else cell.rjust(widths[n]) for n, cell in enumerate(line)] for line in lines
    ]
    return "\n".join(f"| {' | '.join(line)} |" for line in (aligned[0], rule, *aligned[1:]))
