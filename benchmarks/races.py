"""The benchmarks: what runs against what, and which figures are promised."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from statistics import median
from types import MappingProxyType

from benchmarks.measure import ROOT, Measured, MissingPeerError
from benchmarks.report import Bar, Section
from benchmarks.stage import COPIED, GIVEN, LARGE, MANY, MIB, Stage, execute
from pgpipelines.templates import QualifiedName, Sql

Rounds = dict[str, list[Measured]]
TIMES = ("median s", "fastest", "slowest", "client CPU s", "servers' CPU s")


def relay(stage: Stage) -> Section:
    """The stream alone against two psql joined by a pipe."""
    rounds, missing = _rounds(stage, ("relay_only", "psql_pipe"), MANY, _bare_target)
    ratio = _ratio(rounds, "relay_only", "psql_pipe")
    rows = [("pgpipelines relay", *_times(rounds["relay_only"]), "1.00")]
    rows += [peer_row("psql \\| psql, binary", "psql_pipe", rounds, missing, ratio and 1 / ratio)]
    return Section(
        title="One stream",
        words=(
            f"{stage.sizes.many_rows:,} rows of charger_usage_log into an empty table without key or index, "
            "connections and commit included. The ratio is the median of those of the pairs."
        ),
        header=("contestant", *TIMES, "of the relay's time"),
        rows=rows,
        bars=[
            Bar(
                "relay: time over that of psql \\| psql",
                "psql is missing" if ratio is None else f"{ratio:.2f} ×",
                "≤ 1.05 ×",
                None if ratio is None else ratio <= 1.05,  # noqa: PLR2004 (the bar)
            )
        ],
    )


PEERS: Mapping[str, str] = MappingProxyType(
    {
        "hook_loop": "get_records + insert_rows of PostgresHook",
        "hook_batches": "get_records + insert_rows, upserts in ordered pages of 10,000",
        "generic_transfer": "GenericTransfer",
        "generic_transfer_fast": "GenericTransfer, executemany, fast_executemany",
        "generic_transfer_paged": "GenericTransfer, ordered pages of 10,000",
    }
)


def whole_copy(stage: Stage) -> Section:
    """The engine's whole path against what teams write with Airflow's own parts."""
    rounds, missing = _rounds(stage, ("engine", *PEERS), GIVEN, _own_target)
    ratios = {peer: _ratio(rounds, peer, "engine") for peer in PEERS}
    rows = [("pgpipelines, proven", *_times(rounds["engine"]), _peak(rounds["engine"]), "1.0")]
    bars = []
    for peer, name in PEERS.items():
        found = ratios[peer]
        rows.append(peer_row(name, peer, rounds, missing, found, memory=True))
        bars.append(
            Bar(
                f"whole copy against {name}",
                "missing" if found is None else f"{found:.1f} ×",
                "≥ 10 ×",
                None if found is None else found >= 10,  # noqa: PLR2004 (the bar)
            )
        )
    return Section(
        title="The whole copy",
        words=(
            f"{stage.sizes.rows:,} rows of charger_usage_log with its key and all its indexes. Ours creates the table, "
            "loads it, builds the indexes, compares checksums of both sides and commits once. The peers are given the "
            "finished table, emptied, and compare nothing. Airflow's start and imports are not in any of the times."
        ),
        header=("contestant", *TIMES, "peak MB", "of our time"),
        rows=rows,
        bars=bars,
    )


def memory(stage: Stage) -> Section:
    """The peak of a process that does nothing but one copy; and where the time of a first load goes."""
    sizes = stage.sizes
    large = f"{sizes.large_rows:,} rows of {sizes.large_bytes / MIB:.0f} MiB"
    loads: tuple[tuple[str, QualifiedName, int, int], ...] = (
        (f"{sizes.rows:,} rows", GIVEN, sizes.rows, 150),
        (f"{sizes.many_rows:,} rows", MANY, sizes.many_rows, 150),
        (large, LARGE, sizes.large_rows, 250),
    )
    rows, bars = [], []
    for name, table, count, most in loads:
        stage.clear()
        target = QualifiedName(COPIED.schema, table.name)
        found = stage.run("engine", table, target)
        stage.require_rows("engine", count, target)
        stage.clear()
        whole = sum(found.steps.values())
        share = {step: f"{seconds / whole:.0%}" for step, seconds in found.steps.items()}
        rows.append(
            (
                name,
                *_times([found])[:1],
                *_times([found])[3:],
                share["load"],
                share["merge"],
                share["verify"],
                _peak([found]),
            )
        )
        peak = found.peak_bytes / 1e6
        bars.append(Bar(f"peak memory of the copying process, {name}", f"{peak:.0f} MB", f"≤ {most} MB", peak <= most))
    return Section(
        title="Memory, and the steps of a first load",
        words=(
            "One fresh process each. `load` is the stream; `key, indexes` is what is built after it, while the "
            "source's checksum is computed; `verify` is the target's checksum and the comparison."
        ),
        header=("what", "s", "client CPU s", "servers' CPU s", "load", "key, indexes", "verify", "peak MB"),
        rows=rows,
        bars=bars,
    )


def parse_time(_stage: Stage) -> Section:
    """The DAG files, as Airflow's dag processor parses them."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.parse_time"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    rows = re.findall(r"^(\S.*?) +(\d+\.\d+) s", done.stdout, re.MULTILINE)
    total = float(rows[-1][1]) if done.returncode == 0 and rows else None
    return Section(
        title="Parse time",
        words="Airflow imported beforehand; each file in a process forked from there; the best of five.",
        header=("file", "s"),
        rows=rows,
        bars=[
            Bar(
                "parse of all DAG files",
                "missing" if total is None else f"{total:.2f} s",
                "≤ 0.50 s",
                None if total is None else total <= 0.5,  # noqa: PLR2004 (the bar)
            )
        ],
    )


RACES: Mapping[str, Callable[[Stage], Section]] = MappingProxyType(
    {"relay": relay, "copy": whole_copy, "memory": memory, "parse": parse_time}
)


def _rounds(
    stage: Stage, contestants: Sequence[str], table: QualifiedName, prepare: Callable[[Stage, str], None]
) -> tuple[Rounds, dict[str, str]]:
    """Run all contestants by turns, A B A B, so that what the machine does besides meets all of them alike."""
    rounds: Rounds = {name: [] for name in contestants}
    missing: dict[str, str] = {}
    expected = stage.sizes.many_rows if table == MANY else stage.sizes.rows
    for number in range(stage.sizes.rounds):
        for name in contestants:
            if name in missing:
                continue
            prepare(stage, name)
            try:
                found = stage.run(name, table)
            except MissingPeerError as error:
                missing[name] = str(error)
                continue
            stage.require_rows(name, expected)
            rounds[name].append(found)
            print(f"round {number + 1} of {stage.sizes.rounds}: {name} {found.seconds:.2f} s", flush=True)
    return rounds, missing


def _bare_target(stage: Stage, _contestant: str) -> None:
    """An empty table of the same columns, without key or index."""
    stage.clear()
    execute(
        stage.target, Sql("CREATE SCHEMA copied; CREATE TABLE copied.charger_usage_log (LIKE given.charger_usage_log)")
    )


def _own_target(stage: Stage, contestant: str) -> None:
    """Nothing for the engine, which makes its table; that same table, emptied, for the peers that come after it."""
    if contestant == "engine":
        stage.clear()
    else:
        execute(stage.target, Sql("TRUNCATE copied.charger_usage_log"))


def _ratio(rounds: Rounds, above: str, below: str) -> float | None:
    """The median, over the rounds, of one contestant's time over the other's."""
    pairs = zip(rounds[above], rounds[below], strict=False)
    ratios = [one.seconds / other.seconds for one, other in pairs]
    return median(ratios) if ratios else None


def peer_row(
    name: str, contestant: str, rounds: Rounds, missing: Mapping[str, str], ratio: float | None, *, memory: bool = False
) -> tuple[str, ...]:
    """A peer's row of the table; where it is missing here, the row says so."""
    if contestant in missing or ratio is None:
        return (f"{name}: missing here ({missing.get(contestant, 'did not run')})", *[""] * (len(TIMES) + memory + 1))
    found = rounds[contestant]
    return (name, *_times(found), *([_peak(found)] if memory else []), f"{ratio:.2f}" if not memory else f"{ratio:.1f}")


def _times(found: Sequence[Measured]) -> tuple[str, ...]:
    """The columns of TIMES."""
    seconds = [one.seconds for one in found]
    servers = [one.server_cpu for one in found if one.server_cpu is not None]
    return (
        f"{median(seconds):.2f}",
        f"{min(seconds):.2f}",
        f"{max(seconds):.2f}",
        f"{median(one.client_cpu for one in found):.2f}",
        f"{median(servers):.2f}" if servers else "unknown",
    )


def _peak(found: Sequence[Measured]) -> str:
    return f"{max(one.peak_bytes for one in found) / 1e6:.0f}"
