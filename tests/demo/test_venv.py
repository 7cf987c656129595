"""What `make` does before there is an environment: it starts in any, builds one at a time, and stops quietly."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from demo.lock import held

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def bare(tmp_path: Path) -> Path:
    """A clone in which nothing was made yet."""
    shutil.copytree(ROOT / "demo", tmp_path / "demo", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "Makefile", tmp_path)
    return tmp_path


def start(folder: Path, module: str, argument: str) -> subprocess.Popen[str]:
    """Start a step of `make` as a terminal does: in a process group of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", f"demo.{module}", argument],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


@pytest.fixture
def building(bare: Path) -> Iterator[subprocess.Popen[str]]:
    """A build of the environment that has just begun."""
    with start(bare, "venv", "demo") as build:
        assert build.stdout is not None
        with closing(build.stdout):
            assert "creating .venv" in build.stdout.readline()
            yield build
            build.kill()


def test_ctrl_c_ends_a_build_without_a_word(bare: Path, building: subprocess.Popen[str]) -> None:
    os.killpg(building.pid, signal.SIGINT)
    assert (building.communicate()[0], building.returncode) == ("", 130)


def test_a_second_build_at_the_same_time_is_refused_in_one_line(bare: Path) -> None:
    with held(bare / ".venv.lock"), start(bare, "venv", "dev") as second:
        output, _ = second.communicate()
    refusal = f"another make (process {os.getpid()}) is building .venv: try again when it has ended"
    assert (output, second.returncode) == (f"pgpipelines: {refusal}\n", 1)


def test_clean_stops_a_build_and_leaves_nothing_of_it(bare: Path, building: subprocess.Popen[str]) -> None:
    with start(bare, "clean", "all") as clean:
        output, _ = clean.communicate()
    assert (output, clean.returncode) == (f"stopping the make that builds .venv (process {building.pid})\n", 0)
    assert building.wait() == 130
    assert not list(bare.glob(".venv*"))


@pytest.mark.parametrize(
    "setting", [{"PYTHONHOME": "/nowhere"}, {"PYTHONSAFEPATH": "1"}], ids=lambda each: next(iter(each))
)
def test_settings_for_another_python_do_not_keep_make_from_starting(bare: Path, setting: dict[str, str]) -> None:
    command = ["make", "--no-print-directory", "reset", f"PYTHON={sys.executable}"]
    done = subprocess.run(command, cwd=bare, env={**os.environ, **setting}, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout + done.stderr) == (0, "")
