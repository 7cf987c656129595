"""Copies side by side with the peers, as ratios: python -m benchmarks. See docs/benchmarks.md."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from benchmarks import machine
from benchmarks.measure import ROOT
from benchmarks.races import RACES
from benchmarks.report import markdown
from benchmarks.stage import MIB, Sizes, TooSmallError, stage
from demo.servers import ServerError

RESULTS = ROOT / "benchmarks" / "results.md"


def main(arguments: list[str] | None = None) -> None:
    """Run the benchmarks, print the report and write it."""
    options = _parse(arguments)
    sizes = Sizes(
        rows=max(1, round(300_000 * options.scale)),
        many_rows=max(1, round(3_000_000 * options.scale)),
        large_rows=max(1, round(200 * options.scale)),
        large_bytes=round(options.value_mib * MIB),
        rounds=options.rounds,
    )
    try:
        with stage(sizes) as ready:
            described = machine.describe(ready.source)
            report = markdown(described, [RACES[name](ready) for name in options.only])
    except (ServerError, TooSmallError) as error:
        sys.exit(f"pgpipelines: {error}")
    options.output.write_text(report)
    print(f"\n{report}\nwritten to {options.output}")


def _parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    scale = os.environ.get("SCALE", "1")
    parser.add_argument("--scale", type=float, default=scale, help="share of the rows (default: SCALE, or 1)")
    parser.add_argument("--value-mib", type=float, default=50, help="size of a large value (default: 50)")
    parser.add_argument("--rounds", type=int, default=5, help="how often each contestant runs (default: 5)")
    parser.add_argument("--only", nargs="+", choices=RACES, default=list(RACES), help="these benchmarks alone")
    parser.add_argument("--output", type=Path, default=RESULTS, help="where to write (default: benchmarks/results.md)")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    main()
