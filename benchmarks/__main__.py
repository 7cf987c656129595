"""Copies side by side with the peers, as ratios: python -m benchmarks. See docs/benchmarks.md."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType

from benchmarks import machine, parse_time, races, scenarios, shares
from benchmarks.data import MIB, Sizes
from benchmarks.measure import ROOT
from benchmarks.report import Section, markdown
from benchmarks.stage import Stage, TooSmallError, stage
from demo.servers import ServerError

RESULTS = ROOT / "benchmarks" / "results.md"
# The rows, and large values, of a run at SCALE 1.
ROWS, LARGE_VALUES = 3_000_000, 200

BENCHMARKS: Mapping[str, Callable[[Stage], Section]] = MappingProxyType(
    {
        "load": races.initial_load,
        "refresh": scenarios.refresh,
        "incremental": scenarios.incremental,
        "larger": scenarios.larger,
        "xmin": scenarios.xmin,
        "verification": shares.verification,
        "relay": races.relay,
        "copy": races.whole_copy,
        "memory": shares.memory,
        "parse": lambda _: parse_time.section(),
    }
)


def main(arguments: list[str] | None = None) -> None:
    """Run the benchmarks, print the report and write it."""
    options = _parse(arguments)
    try:
        with stage(_sizes(options)) as ready:
            described = machine.describe(ready.source)
            report = markdown(described, [BENCHMARKS[name](ready) for name in options.only])
    except (ServerError, TooSmallError) as error:
        sys.exit(f"pgpipelines: {error}")
    options.output.write_text(report)
    print(f"\n{report}\nwritten to {options.output}")


def _sizes(options: argparse.Namespace) -> Sizes:
    return Sizes(
        rows=options.rows,
        rounds=options.rounds,
        large_rows=max(1, round(LARGE_VALUES * options.rows / ROWS)),
        large_bytes=round(options.value_mib * MIB),
        base_rows=options.base_rows or max(1, options.rows // 10),
        factor=options.factor,
        full_size=options.full_size,
    )


def _parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    rows = max(1, round(ROWS * float(os.environ.get("SCALE", "1"))))
    parser.add_argument("--only", nargs="+", choices=BENCHMARKS, default=list(BENCHMARKS), help="these alone")
    parser.add_argument("--rows", type=int, default=rows, help=f"rows of the table (default: SCALE × {ROWS:,})")
    parser.add_argument("--rounds", type=int, default=3, help="how often each contestant runs (default: 3)")
    parser.add_argument("--value-mib", type=float, default=50, help="size of a large value (default: 50)")
    parser.add_argument("--full-size", action="store_true", help="give the slow peers of `load` all rows, not a tenth")
    parser.add_argument("--base-rows", type=int, help="rows of the smaller table of `larger` (default: a tenth)")
    parser.add_argument("--factor", type=int, default=10, help="how many times the other is as large (default: 10)")
    parser.add_argument("--output", type=Path, default=RESULTS, help="where to write (default: benchmarks/results.md)")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    main()
