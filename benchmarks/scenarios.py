"""The runs after the first one: nothing has changed, or little has; and what they cost besides time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median

from benchmarks.activity import Writes
from benchmarks.contestants import STREAMS
from benchmarks.data import Data, change
from benchmarks.entries import PGCOPYDB
from benchmarks.job import FULL_REFRESH, MissingPeerError, Options
from benchmarks.measure import Measured
from benchmarks.report import Bar, Promise, Section
from benchmarks.rounds import baseline, cpu_cells, over, peak_cell, peak_megabytes
from benchmarks.stage import Stage

REFRESH = Options(streams=STREAMS)
BY_COLUMN = Options("incremental", "changed_at", STREAMS)
BY_XMIN = Options("incremental", "xmin", STREAMS)

HEADER = (
    "what",
    "median s",
    "client CPU s",
    "servers' CPU s",
    "rows changed",
    "tuples written",
    "log MB: records",
    "new pages",
    "page images",
    "peak MB",
)
ABOUT_THE_LOG = (
    "The write-ahead log is that of the target's server, read with pg_waldump: records; pages that are logged whole "
    "because they are new (indexes that are built); and images of pages that stood, which depend on when checkpoints "
    "come (here: right before each run)."
)
RELOAD = "a reload (TRUNCATE, psql \\| psql)"
MEMORY_LIMIT_MB = 150
# Runs that take less than a second are repeated so many times as often.
SHORT_RUNS = 3


@dataclass(frozen=True)
class Outcome:
    """What one scenario took in each round, and how many rows had changed on the source before each."""

    label: str
    runs: Sequence[Measured]
    changed: Sequence[int]

    @property
    def seconds(self) -> float:
        """The median."""
        return median(run.seconds for run in self.runs)

    @property
    def writes(self) -> Sequence[Writes]:
        """What each run wrote on the target."""
        return [run.writes for run in self.runs if run.writes is not None]

    @property
    def records(self) -> float:
        """Bytes of records of the write-ahead log, the median."""
        return median(writes.wal.records for writes in self.writes)

    def row(self) -> tuple[str, ...]:
        """A row of the table under HEADER."""
        return (
            self.label,
            f"{self.seconds:.2f}",
            *cpu_cells(self.runs),
            f"{median(self.changed):,.0f}" if self.changed else "",
            *writes_cells(self.writes),
            peak_cell(self.runs),
        )

    def memory(self) -> Bar:
        """The bar of memory, which holds for every strategy."""
        return Promise(f"peak memory, {self.label}", MEMORY_LIMIT_MB, "MB", 0).bar(peak_megabytes(self.runs))


def refresh(stage: Stage) -> Section:
    """A full refresh of a table that has not changed, and of one that has."""
    sizes, data = stage.sizes, stage.sizes.plain
    clone = "over pgcopydb clone"
    promises = (
        Promise(f"refresh, nothing changed, {clone}", 0.25),
        Promise("refresh, nothing changed: tuples written", 0, "", 0),
        Promise(f"refresh, 1% updated, 0.1% deleted, 1% inserted, {clone}", 0.5),
        Promise("refresh of these: tuples written over rows changed", 1.0),
        Promise("refresh of these: log records over those of our initial load", 5, "%", 1),
        Promise("refresh of these: log records over records and new pages of our initial load", 5, "%", 1),
        Promise(f"refresh of these: log records over those of {RELOAD}", 5, "%", 1),
    )

    def one_percent(salt: int) -> int:
        return change(
            stage.source, data, salt, updated=sizes.changed, deleted=max(1, sizes.rows // 1000), inserted=sizes.changed
        )

    def measure() -> Found:
        cloned = baseline(stage, data, PGCOPYDB)
        load = initial_load(stage, data, REFRESH)
        same = repeated(stage, "refresh, nothing changed", data, REFRESH)
        changed = repeated(stage, "refresh, 1% updated, 0.1% deleted, 1% inserted", data, REFRESH, one_percent)
        reloaded = reload(stage, data)
        written = max(writes.tuples / rows for writes, rows in zip(changed.writes, changed.changed, strict=True))
        figures = (
            over(same.seconds, cloned),
            max(writes.tuples for writes in same.writes),
            over(changed.seconds, cloned),
            written,
            100 * changed.records / load.records,
            100 * changed.records / load.writes[0].wal.content,
            100 * changed.records / reloaded.records,
        )
        rows = [outcome.row() for outcome in (load, reloaded, same, changed)]
        return Found(rows, figures, [same.memory(), changed.memory()])

    return section(
        "Full refresh",
        f"{sizes.rows:,} rows of charger_usage_log, copied before. The rows that change are anywhere in the table. "
        f"{ABOUT_THE_LOG}",
        promises,
        measure,
    )


def incremental(stage: Stage) -> Section:
    """An incremental run that follows an indexed column."""
    return _incremental(stage, "indexed column", 0.1, stage.sizes.timed, BY_COLUMN)


def xmin(stage: Stage) -> Section:
    """An incremental run that needs no column."""
    return _incremental(stage, "xmin", 0.2, stage.sizes.plain, BY_XMIN)


def _incremental(stage: Stage, by: str, most: float, data: Data, options: Options) -> Section:
    promises = [Promise(f"incremental, {by}, over {base}", most) for base in ("our initial load", RELOAD)]

    def measure() -> Found:
        load = initial_load(stage, data, options)
        label = f"incremental, {options.cursor}"
        run = repeated(stage, label, data, options, lambda salt: updated(stage, data, salt, stage.sizes.changed))
        reloaded = reload(stage, data)
        rows = [outcome.row() for outcome in (load, reloaded, run)]
        return Found(rows, (run.seconds / load.seconds, run.seconds / reloaded.seconds), [run.memory()])

    words = f"{data.rows:,} rows, about {stage.sizes.changed:,} of them updated between two runs. {ABOUT_THE_LOG}"
    return section(f"Incremental, by {by}", words, promises, measure)


def larger(stage: Stage) -> Section:
    """The same incremental run on two tables, one of them many times as large, after the same rows have changed."""
    sizes = stage.sizes
    base, many = sizes.base, sizes.larger
    count = max(1, base.rows // 100)
    promise = Promise(f"incremental, {many.rows:,} rows over {base.rows:,} rows", 1.2)

    def rounds(where: str, among: int | None) -> list[list[Outcome]]:
        return [
            [
                once(
                    stage,
                    f"{data.rows:,} rows, {where}",
                    data,
                    BY_COLUMN,
                    change(stage.source, data, salt, updated=count, among=among),
                )
                for data in (base, many)
            ]
            for salt in range(SHORT_RUNS * sizes.rounds)
        ]

    def measure() -> Found:
        for data in (base, many):
            stage.copy(data, BY_COLUMN)
        same, anywhere = rounds("the same rows", base.rows), rounds("anywhere", None)
        ratios = [above.seconds / below.seconds for below, above in same]
        rows = [joined(found).row() for pairs in (same, anywhere) for found in zip(*pairs, strict=True)]
        return Found(rows, (median(ratios),), [])

    words = (
        f"The incremental run by the indexed column, about {count:,} rows updated between two runs, by turns on two "
        "tables. The ratio is the median of those of the pairs, where the same rows are updated in both. Rows that lie "
        "anywhere in the larger table are on more of its pages, and of its indexes', each of which is written."
    )
    return section("Incremental, and the size of the table", words, (promise,), measure)


@dataclass(frozen=True)
class Found:
    """A scenario's rows, its figures in the order of the promises, and bars that are compared already."""

    rows: Sequence[tuple[str, ...]]
    figures: Sequence[float | None]
    bars: Sequence[Bar]


def section(title: str, words: str, promises: Sequence[Promise], measure: Callable[[], Found]) -> Section:
    """Measure a scenario; where the engine can't do it here, its promises are named all the same."""
    try:
        found = measure()
    except MissingPeerError as error:
        bars = [promise.bar(None) for promise in promises]
        return Section(title, f"{words}\n\nMissing here: {error}.", HEADER, [], bars)
    bars = [promise.bar(figure) for promise, figure in zip(promises, found.figures, strict=True)]
    return Section(title, words, HEADER, found.rows, [*bars, *found.bars])


def initial_load(stage: Stage, data: Data, options: Options) -> Outcome:
    """What the copy that the scenario begins with took."""
    return Outcome("our initial load", [stage.copy(data, options)], [])


def repeated(
    stage: Stage, label: str, data: Data, options: Options, before: Callable[[int], int] = lambda _: 0
) -> Outcome:
    """Run the engine on a target that it has filled, each time after `before`, which tells how many rows it changed."""
    stage.copy(data, options)
    return joined([once(stage, label, data, options, before(salt)) for salt in range(stage.sizes.rounds)])


def once(stage: Stage, label: str, data: Data, options: Options, changed: int) -> Outcome:
    """Run the engine once, on a target that it has filled."""
    return Outcome(label, [watched(stage, "engine", label, data, options)], [changed])


def watched(stage: Stage, contestant: str, label: str, data: Data, options: Options = FULL_REFRESH) -> Measured:
    """Run a contestant on a target that stands, and say what it took and wrote."""
    found = stage.run(contestant, data, options, watched=True)
    stage.require_arrived(label, data)
    print(f"{label}: {found.seconds:.2f} s", flush=True)
    return found


def joined(rounds: Sequence[Outcome]) -> Outcome:
    """The rounds of one scenario."""
    return Outcome(
        rounds[0].label, [run for one in rounds for run in one.runs], [rows for one in rounds for rows in one.changed]
    )


def updated(stage: Stage, data: Data, salt: int, count: int) -> int:
    """Update about so many rows of the source, others for each salt."""
    return change(stage.source, data, salt, updated=count)


def reload(stage: Stage, data: Data) -> Outcome:
    """What is done nightly where changes aren't followed. The engine's copy is no base after this."""
    stage.copied.pop(data, None)
    return Outcome(RELOAD, [watched(stage, "psql_reload", RELOAD, data)], [])


def writes_cells(writes: Sequence[Writes]) -> tuple[str, ...]:
    """Tuples and megabytes of log, medians."""
    logs = [one.wal for one in writes]
    return (
        f"{median(one.tuples for one in writes):,.0f}",
        *(
            f"{median(sizes) / 1e6:.1f}"
            for sizes in zip(*((log.records, log.new_pages, log.images) for log in logs), strict=True)
        ),
    )
