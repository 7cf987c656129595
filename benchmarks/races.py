"""The races: copies of a table that is not there yet, side by side with the peers."""

from __future__ import annotations

from dataclasses import replace

from benchmarks.entries import (
    AIRFLOW,
    DIRECTORY_DUMP,
    GENERIC_TRANSFER,
    GET_RECORDS,
    LOADERS,
    PGCOPYDB,
    PROVEN,
    PSQL,
    PSQL_AND_INDEXES,
    RELAY,
    TWO_STREAMS,
)
from benchmarks.job import MissingPeerError
from benchmarks.report import Promise, Section
from benchmarks.rounds import TIMES, Entry, Results, by_turns, over
from benchmarks.stage import Stage


def relay(stage: Stage) -> Section:
    """The stream alone against two psql joined by a pipe."""
    results = by_turns(stage, stage.sizes.plain, (RELAY, PSQL))
    return Section(
        title="One stream",
        words=(
            f"{stage.sizes.rows:,} rows of charger_usage_log into an empty table without key or index, "
            "connections and commit included. The ratio is the median of those of the pairs."
        ),
        header=("contestant", *TIMES, "of the relay's time"),
        rows=[results.row(RELAY, "1.00"), results.row(PSQL, cell(results.ratio(PSQL, RELAY)))],
        bars=[Promise("relay: time over that of psql \\| psql", 1.05).bar(results.ratio(RELAY, PSQL))],
    )


def whole_copy(stage: Stage) -> Section:
    """The engine's whole path against what teams write with Airflow's own parts."""
    data = stage.sizes.small
    results = by_turns(stage, data, (PROVEN, PSQL_AND_INDEXES, *AIRFLOW))
    rows = [results.row(PROVEN, results.peak(PROVEN), "1.0")]
    floor = results.ratio(PSQL_AND_INDEXES, PROVEN)
    rows.append(results.row(PSQL_AND_INDEXES, results.peak(PSQL_AND_INDEXES), cell(floor, 1)))
    bars = []
    for peer in AIRFLOW:
        ratio = results.ratio(peer, PROVEN)
        rows.append(results.row(peer, results.peak(peer), cell(ratio, 1)))
        bars.append(Promise(f"whole copy against {peer.label}", 10, digits=1, at_least=True).bar(ratio))
    return Section(
        title="The whole copy",
        words=(
            f"{data.rows:,} rows of charger_usage_log with its key and all its indexes. Ours creates the table, "
            "loads it, builds the indexes, compares checksums of both sides and commits once. The peers are given the "
            "finished table, emptied, and compare nothing. Two psql joined by a pipe, and the indexes afterwards, are "
            "what these servers can do without comparing. Airflow's start and imports are not in any of the times."
        ),
        header=("contestant", *TIMES, "peak MB", "of our time"),
        rows=rows,
        bars=bars,
    )


def initial_load(stage: Stage) -> Section:
    """The whole table, with its indexes, against the peers that copy whole tables."""
    data = stage.sizes.plain
    results = by_turns(stage, data, LOADERS)
    rows = [results.row(entry, "1", cell(results.ratio(entry, PGCOPYDB))) for entry in LOADERS]
    rows += [scaled_row(stage, peer) for peer in (GENERIC_TRANSFER, GET_RECORDS)]
    return Section(
        title="The initial load",
        words=(
            f"{data.rows:,} rows of charger_usage_log, with its key, a unique constraint and four indexes, into an "
            "empty database. Only pgpipelines compares the two sides. dlt makes a table of its own, without the key, "
            "constraint and indexes. GenericTransfer and the get_records loop are given the finished table, emptied; "
            "where the last column but one is not 1, they copied a part of the rows, and their times are those that "
            "were measured, times that number. What decides no bar runs once."
        ),
        header=("contestant", *TIMES, "scaled by", "of pgcopydb's time"),
        rows=rows,
        bars=[
            Promise("initial load, 2 streams and checksum, over pgcopydb clone", 1.0).bar(
                results.ratio(TWO_STREAMS, PGCOPYDB)
            ),
            Promise("initial load, 2 streams and checksum, over pg_dump -Fd -j2 + pg_restore -j2", 0.8).bar(
                results.ratio(TWO_STREAMS, DIRECTORY_DUMP)
            ),
        ],
    )


def scaled_row(stage: Stage, peer: Entry) -> tuple[str, ...]:
    """The row of a peer that copies a part of the rows, as if its time grew with their number and not faster."""
    data, whole = stage.sizes.slow_peers, stage.sizes.plain
    factor = whole.rows / data.rows
    try:
        found = peer.run(stage, data)
    except MissingPeerError as error:
        return Results(missing={peer: str(error)}).row(peer, "", "")
    scaled = replace(
        found,
        seconds=found.seconds * factor,
        client_cpu=found.client_cpu * factor,
        server_cpu=None if found.server_cpu is None else found.server_cpu * factor,
    )
    ratio = over(scaled.seconds, stage.seconds.get((whole, PGCOPYDB.label)))
    return Results(found={peer: [scaled]}).row(peer, f"{factor:g}", cell(ratio))


def cell(ratio: float | None, digits: int = 2) -> str:
    """A ratio in a table."""
    return "" if ratio is None else f"{ratio:.{digits}f}"
