"""Where the time and the memory of an initial load go."""

from __future__ import annotations

from benchmarks.contestants import INDEXES, LOAD, STREAMS, VERIFY
from benchmarks.data import MIB
from benchmarks.entries import CHECKED, COUNTED
from benchmarks.job import Options
from benchmarks.measure import Measured
from benchmarks.report import Promise, Section
from benchmarks.rounds import TIMES, Entry, by_turns, cpu_cells, peak_cell, peak_megabytes
from benchmarks.stage import Stage


def verification(stage: Stage) -> Section:
    """What the checksum adds to an initial load that counts rows only."""
    results = by_turns(stage, stage.sizes.plain, (CHECKED, COUNTED))
    counted = results.ratio(COUNTED, CHECKED)
    return Section(
        title="Verification",
        words=(
            f"An initial load of {stage.sizes.rows:,} rows by turns with verify: checksum and verify: count. "
            "The share is what the checksum adds, the median over the pairs."
        ),
        header=("contestant", *TIMES),
        rows=[results.row(CHECKED), results.row(COUNTED)],
        bars=[
            Promise("share of the checksum in an initial load", 25, "%", 0).bar(
                None if counted is None else 100 * (1 - counted)
            )
        ],
    )


def memory(stage: Stage) -> Section:
    """The peak of a process that does nothing but one copy; and where the time of a first load goes."""
    sizes = stage.sizes
    large = f"{sizes.large_rows:,} rows of {sizes.large_bytes / MIB:.0f} MiB"
    loads = (
        (f"{sizes.small.rows:,} rows", sizes.small, 150),
        (f"{sizes.rows:,} rows", sizes.plain, 150),
        (large, sizes.large_values, 250),
    )
    rows, bars = [], []
    for name, data, most in loads:
        found = [Entry(name, "engine", Options(streams=STREAMS)).run(stage, data)]
        stage.empty_target(data)
        rows.append((name, f"{found[0].seconds:.2f}", *cpu_cells(found), *_shares(found[0]), peak_cell(found)))
        bars.append(Promise(f"peak memory, initial load, {name}", most, "MB", 0).bar(peak_megabytes(found)))
    return Section(
        title="Memory, and the steps of a first load",
        words=(
            "One fresh process each. `load` are the streams; `verify` compares the checksums of both sides, while "
            "`indexes` builds them, the key's too. Shares are of the whole copy, connections and commit included."
        ),
        header=("what", "s", "client CPU s", "servers' CPU s", "load", "indexes", "verify", "peak MB"),
        rows=rows,
        bars=bars,
    )


def _shares(run: Measured) -> tuple[str, ...]:
    steps = run.steps
    return tuple(f"{steps[step] / run.seconds:.0%}" if step in steps else "" for step in (LOAD, INDEXES, VERIFY))
