"""The script that a server archives by: a whole file under its name, or none; and never another in its place."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.fixtures.archiving import SCRIPT

NAME = "000000010000000000000001"


@pytest.fixture
def finished(tmp_path: Path) -> Path:
    """A finished WAL file, and an archive beside it."""
    (tmp_path / "wal archive").mkdir()
    finished = tmp_path / "finished"
    finished.write_bytes(b"log" * 1000)
    return finished


def archive(finished: Path, path: str | None = None) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": path or os.environ["PATH"]}
    command = ["/bin/sh", str(SCRIPT), finished.name, NAME, str(finished.parent / "wal archive")]
    return subprocess.run(command, cwd=finished.parent, env=environment, capture_output=True, text=True, check=False)


def archived(finished: Path) -> list[str]:
    return sorted(path.name for path in (finished.parent / "wal archive").iterdir())


def test_a_file_is_archived_for_the_group_to_read(finished: Path) -> None:
    done = archive(finished)
    assert (done.returncode, done.stderr) == (0, "")
    assert archived(finished) == [NAME]
    copy = finished.parent / "wal archive" / NAME
    assert copy.read_bytes() == finished.read_bytes()
    assert copy.stat().st_mode & 0o137 == 0


def test_the_same_file_again_is_a_success(finished: Path) -> None:
    assert [archive(finished).returncode for _ in range(2)] == [0, 0]
    assert archived(finished) == [NAME]


def test_another_file_is_never_replaced(finished: Path) -> None:
    archive(finished)
    before = finished.read_bytes()
    finished.write_bytes(b"other")
    done = archive(finished)
    assert done.returncode == 1
    assert "is there already, with other content" in done.stderr
    assert (finished.parent / "wal archive" / NAME).read_bytes() == before


@pytest.mark.parametrize("program", ["cp", "sync", "ln"])
def test_what_fails_on_the_way_leaves_no_file_of_that_name(finished: Path, program: str) -> None:
    programs = finished.parent / "bin"
    programs.mkdir()
    for name in ("cp", "sync", "ln", "rm", "cmp"):
        (programs / name).symlink_to(shutil.which("false" if name == program else name) or "")
    assert archive(finished, str(programs)).returncode != 0
    assert NAME not in archived(finished)
    assert archive(finished).returncode == 0
    assert archived(finished) == [NAME]


def test_without_the_archive_it_fails(finished: Path) -> None:
    (finished.parent / "wal archive").rmdir()
    assert archive(finished).returncode != 0
