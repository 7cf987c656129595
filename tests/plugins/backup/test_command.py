"""What a person or a monitor learns about sets without Airflow and without a server."""

from __future__ import annotations

import subprocess
import sys
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from pgpipelines.backup.__main__ import main
from pgpipelines.backup.drill import drill_set
from pgpipelines.backup.sets import set_name
from pgpipelines.backup.storage.folder import Folder
from pgpipelines.errors import VerificationError
from tests.dags.bag import ROOT
from tests.plugins.backup.test_retention import write_set

NOW = datetime.now(timezone.utc)
PIPELINES = """
dumps:
  nightly: {schedule: "0 0 * * *", databases: [conn], keep: {daily: 1, weekly: 0, monthly: 0}}
  other: {schedule: null, databases: [unproven], drill: none, overdue_after: 2d, directory: DIRECTORY}
"""


@pytest.fixture
def directory(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    text = PIPELINES.replace("DIRECTORY", str(tmp_path / "dumps"))
    (tmp_path / "pipelines.yaml").write_text(text, encoding="utf-8")
    monkeypatch.setenv("PGPIPELINES_CONFIG", str(tmp_path / "pipelines.yaml"))
    monkeypatch.setenv("PGPIPELINES_DUMP_DIRECTORY", str(tmp_path / "dumps"))
    return tmp_path / "dumps"


def said(capsys: pytest.CaptureFixture[str], command: str) -> tuple[int, list[str]]:
    return main([command]), capsys.readouterr().out.splitlines()


@pytest.fixture(autouse=True)
def at_that_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    """The command looks at the clock when the tests' own moment is: collecting and waiting take their time."""
    monkeypatch.setattr("pgpipelines.backup.__main__._now", lambda: NOW)


def hours_ago(hours: float) -> datetime:
    return NOW - timedelta(hours=hours)


def test_a_database_is_overdue_without_a_young_good_set(directory: Path, capsys: pytest.CaptureFixture[str]) -> None:
    nothing = ["OVERDUE conn: there is no good set", "OVERDUE unproven: there is no good set"]
    assert said(capsys, "overdue") == (1, nothing)
    write_set(directory, hours_ago(27), proven=True)
    write_set(directory, hours_ago(3), proven=False)
    write_set(directory, hours_ago(-3), proven=True)
    unproven = write_set(directory, hours_ago(47), proven=False, conn_id="unproven")
    assert said(capsys, "overdue") == (
        1,
        [
            f"OVERDUE conn: {set_name('conn', hours_ago(27), 'db')} is 27.0 h old (26.0 h allowed)",
            f"ok unproven: unproven/{unproven.name} is 47.0 h old (48.0 h allowed)",
        ],
    )
    young = write_set(directory, hours_ago(1), proven=True)
    status, lines = said(capsys, "overdue")
    assert (status, lines[0]) == (0, f"ok conn: conn/{young.name} is 1.0 h old (26.0 h allowed)")


@pytest.mark.parametrize(
    ("text", "mistake"),
    [
        ("dumps: {nightly: {databases: [conn]}}", "dumps.nightly.schedule: missing; it has no default"),
        ("dumps: {", "line 1, column 9: expected the node content, but found '<stream end>'"),
    ],
)
def test_a_mistake_in_the_file_is_no_reason_for_silence(
    directory: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, mistake: str
) -> None:
    (tmp_path / "pipelines.yaml").write_text(text)
    status, lines = said(capsys, "overdue")
    assert status == 1
    assert lines[0].endswith(mistake)
    assert lines[1] == "no pipeline of `dumps` is configured: nothing is dumped"


def test_every_set_is_listed_with_its_state_and_its_fault(directory: Path, capsys: pytest.CaptureFixture[str]) -> None:
    taken_at = datetime(2026, 1, 2, 3, 4, 5, tzinfo=timezone.utc)
    write_set(directory, taken_at, proven=True)
    write_set(directory, taken_at + timedelta(days=1), proven=False)
    broken = write_set(directory, taken_at + timedelta(days=2), proven=True)
    (broken / "SHA256SUMS").unlink()
    assert said(capsys, "list") == (
        0,
        [
            "set                           state   taken                    MB   rows   dump s  restore s",
            "conn/20260102T030405.000Z-db  proven  2026-01-02 03:04:05 UTC  0.0  1,225  1.5     2.5",
            "conn/20260103T030405.000Z-db  whole   2026-01-03 03:04:05 UTC  0.0  1,225  1.5",
            "conn/20260104T030405.000Z-db  broken",
            "conn/20260104T030405.000Z-db: SHA256SUMS is missing",
        ],
    )
    with pytest.raises(VerificationError, match="is broken: SHA256SUMS is missing"):
        drill_set(Folder(directory).read(f"conn/{broken.name}"), "tests.drill")


def test_what_would_be_removed_is_shown_and_stays(directory: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert said(capsys, "retention") == (0, ["nothing would be removed"])
    old = write_set(directory, hours_ago(100), proven=True)
    write_set(directory, hours_ago(1), proven=True)
    assert said(capsys, "retention") == (0, [f"conn/{old.name}"])
    assert old.exists()


def test_the_command_needs_no_airflow(directory: Path, tmp_path: Path) -> None:
    script = "import sys; from pgpipelines.backup.__main__ import main; main(['overdue'])"
    script += "; sys.exit('airflow' in sys.modules)"
    environment = {"PYTHONPATH": "plugins", "PGPIPELINES_CONFIG": str(tmp_path / "pipelines.yaml")}
    subprocess.run([sys.executable, "-c", script], check=True, env=environment, cwd=ROOT, capture_output=True)
