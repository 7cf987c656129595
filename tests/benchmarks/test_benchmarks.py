from __future__ import annotations

import multiprocessing
import os
from collections.abc import Iterable, Mapping
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import forkserver
from pathlib import Path
from typing import Any

import pytest

from benchmarks import scenarios, stage
from benchmarks.__main__ import main
from benchmarks.contestants import measured
from benchmarks.entries import AIRFLOW, GENERIC_TRANSFER, GET_RECORDS, LOADERS, PROVEN, PSQL, RELAY
from benchmarks.job import Job
from benchmarks.measure import Measured, run
from benchmarks.rounds import Entry
from demo.servers import Server

TINY = ["--rows", "2000", "--value-mib", "1", "--rounds", "1"]
OF_AIRFLOW = {entry.contestant for entry in AIRFLOW}


@pytest.fixture(autouse=True)
def quick_start(monkeypatch: pytest.MonkeyPatch) -> None:
    """Run the contestants that import Airflow in processes that begin with a copy of one that has, which takes seconds.

    The others run as they do in a benchmark.
    """
    fresh = multiprocessing.get_context("forkserver")
    fresh.set_forkserver_preload(["airflow.providers.common.sql.operators.generic_transfer", "benchmarks.contestants"])
    forkserver.ensure_running()  # here, and not in the temporary folder that a benchmark is to leave empty

    def quick(contestant: str, job: Job, environment: Mapping[str, str], servers: Iterable[Server]) -> Measured:
        if contestant not in OF_AIRFLOW:
            return run(contestant, job, environment, servers)
        with ProcessPoolExecutor(1, fresh) as process:
            return Measured(server_cpu=None, **process.submit(measured_in, environment, contestant, job).result())

    monkeypatch.setattr(stage, "run", quick)
    monkeypatch.setattr(scenarios, "SHORT_RUNS", 1)


def measured_in(environment: Mapping[str, str], contestant: str, job: Job) -> dict[str, Any]:
    """Run a contestant in this process."""
    os.environ.update(environment)
    return measured(contestant, job)


def report_of(path: Path, *benchmarks: str) -> str:
    """What a tiny run of some benchmarks writes."""
    main([*TINY, "--only", *benchmarks, "--output", str(path)])
    return path.read_text()


def named(report: str, entries: Iterable[Entry]) -> bool:
    """Tell whether each contestant has a row, with its figures or with what is missing."""
    return all(f"\n| {entry.label} " in report or f"\n| {entry.label}: missing here (" in report for entry in entries)


def test_the_initial_load_names_every_peer_and_every_bar_and_leaves_nothing(tmp_path: Path, place: Path) -> None:
    report = report_of(tmp_path / "results.md", "load")
    assert named(report, (*LOADERS, GENERIC_TRANSFER, GET_RECORDS))
    assert report.count("≤ 1.00 ×") == 1
    assert report.count("≤ 0.80 ×") == 1
    assert "fsync on" in report
    assert list(place.iterdir()) == []


def test_the_other_races_name_every_peer_and_every_bar_and_leave_nothing(tmp_path: Path, place: Path) -> None:
    report = report_of(tmp_path / "results.md", "relay", "copy", "memory")
    assert named(report, (RELAY, PSQL, PROVEN, *AIRFLOW))
    assert "missing here" not in report
    assert report.count("≤ 1.05 ×") == 1
    assert report.count("≥ 10.0 ×") == len(AIRFLOW)
    assert report.count(" MB | ≤ ") == 3
    assert list(place.iterdir()) == []


def test_the_scenarios_name_every_bar_and_leave_nothing(tmp_path: Path, place: Path) -> None:
    report = report_of(tmp_path / "results.md", "refresh", "incremental", "larger", "xmin", "verification")
    bars = " ".join(report.partition("## ")[0].split())
    for limit in ("≤ 0.25 ×", "≤ 0.50 ×", "≤ 1.20 ×", "≤ 25 %"):
        assert bars.count(f"| {limit} |") == 1
    for limit in ("≤ 0.10 ×", "≤ 0.20 ×"):
        assert bars.count(f"| {limit} |") == 2
    assert bars.count("| ≤ 5.0 % |") == 3
    assert "| refresh, nothing changed: tuples written | 0 | ≤ 0 | holds |" in bars
    assert "| refresh of these: tuples written over rows changed | 1.00 × | ≤ 1.00 × | holds |" in bars
    assert list(place.iterdir()) == []


def test_a_run_that_the_disk_cannot_hold_is_refused_in_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match=r"^pgpipelines: [\d,]+ GB needed in .*, [\d,]+ GB free: set TMPDIR, .*$"):
        main(["--rows", "1000000000000"])
    assert capsys.readouterr().out == ""
