from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks import races
from benchmarks.__main__ import main
from benchmarks.contestants import Job, measured
from benchmarks.report import Bar, Section, markdown, table
from pgpipelines.templates import QualifiedName

TINY = ["--scale", "0.001", "--value-mib", "1", "--rounds", "1"]
NOWHERE = Job({}, {}, QualifiedName("a", "b"), QualifiedName("c", "d"), 18)


@pytest.fixture
def place(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A temporary folder that servers of a root user may enter too."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        monkeypatch.setattr(tempfile, "tempdir", folder)
        yield Path(folder)


def test_a_tiny_run_reports_every_contestant_and_every_bar_and_leaves_nothing(tmp_path: Path, place: Path) -> None:
    written = tmp_path / "results.md"
    main([*TINY, "--only", "relay", "copy", "memory", "--output", str(written)])
    report = written.read_text()
    for contestant in ("pgpipelines relay", "psql \\| psql, binary", "pgpipelines, proven", *races.PEERS.values()):
        assert f"\n| {contestant} " in report
    assert report.count("≤ 1.05 ×") == 1
    assert report.count("≥ 10 ×") == len(races.PEERS)
    assert report.count(" MB | ≤ ") == 3
    assert "fsync on" in report
    assert "missing" not in report
    assert list(place.iterdir()) == []


def test_a_run_that_the_disk_cannot_hold_is_refused_in_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match=r"^pgpipelines: [\d,]+ GB needed in .*, [\d,]+ GB free: set TMPDIR, .*$"):
        main(["--scale", "1000000"])
    assert capsys.readouterr().out == ""


def test_a_peer_that_is_not_installed_says_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "airflow.providers.postgres.hooks.postgres", None)
    assert "airflow.providers.postgres" in measured("hook_loop", NOWHERE)["missing"]


def test_a_missing_peer_keeps_its_row_with_the_reason() -> None:
    row = races.peer_row("GenericTransfer", "generic_transfer", {}, {"generic_transfer": "No module named x"}, None)
    assert row[0] == "GenericTransfer: missing here (No module named x)"


def test_a_bar_that_was_not_measured_never_counts_as_held() -> None:
    assert Bar("a", "missing", "≤ 1", None).verdict == "not measured"
    assert Bar("a", "2", "≤ 1", holds=False).verdict == "**missed**"


def test_the_report_lines_its_columns_up_and_puts_the_bars_first() -> None:
    assert table(("what", "s"), [("a", "10.00"), ("longer", "1.00")]).splitlines() == [
        "| what   |     s |",
        "| :----- | ----: |",
        "| a      | 10.00 |",
        "| longer |  1.00 |",
    ]
    section = Section("One", "Words.", ("what",), [("row",)], [Bar("promise", "1", "≤ 2", holds=True)])
    report = markdown(["2 cores"], [section])
    assert report.index("2 cores") < report.index("promise") < report.index("## One")
