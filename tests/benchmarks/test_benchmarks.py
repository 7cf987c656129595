from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pytest

from benchmarks.__main__ import main
from benchmarks.entries import AIRFLOW, GENERIC_TRANSFER, GET_RECORDS, LOADERS, PROVEN, PSQL, RELAY
from benchmarks.rounds import Entry

TINY = ["--rows", "2000", "--value-mib", "1", "--rounds", "1"]


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
