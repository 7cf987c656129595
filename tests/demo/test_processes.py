"""Background processes: found by their session, stopped whole, also by a later demo."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import asdict
from pathlib import Path

import psutil
import pytest

from demo import processes
from demo.errors import DemoError
from demo.processes import Leader, Processes, stop_leftovers

# A child in a process group of its own, as Airflow's tasks are, is ready before its parent says so.
FAMILY = """
import os, signal, sys, time
if {stubborn}:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
if os.fork() == 0:
    os.setpgid(0, 0)
    os.write({ready}, b"x")
time.sleep(600)
"""


@pytest.fixture
def started(tmp_path: Path) -> Iterator[Processes]:
    with closing(Processes(tmp_path / "processes.json", tmp_path)) as made:
        yield made


def start_family(started: Processes, *, stubborn: bool = False) -> list[psutil.Process]:
    """Start a process with a child, and return both."""
    fifo = started.log("ready")
    os.mkfifo(fifo)
    script = FAMILY.format(stubborn=stubborn, ready=f"os.open({str(fifo)!r}, os.O_WRONLY)")
    family = started.start("family", [sys.executable, "-c", script], os.environ)
    with fifo.open("rb", buffering=0) as ready:
        ready.read(1)
    parent = psutil.Process(family.pid)
    return [parent, *parent.children()]


def gone(family: list[psutil.Process]) -> bool:
    return not any(member.is_running() and member.status() != psutil.STATUS_ZOMBIE for member in family)


def test_descendants_in_other_process_groups_are_stopped_too(started: Processes) -> None:
    family = start_family(started)
    assert len(family) == 2
    started.close()
    assert gone(family)


def test_a_process_that_ignores_the_request_is_killed(started: Processes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "ASK_SECONDS", 0.1)
    monkeypatch.setattr(processes, "INSIST_SECONDS", 0.1)
    family = start_family(started, stubborn=True)
    started.close()
    assert gone(family)


def test_a_later_demo_stops_what_a_killed_one_left(started: Processes, tmp_path: Path) -> None:
    family = start_family(started)
    assert stop_leftovers(tmp_path / "processes.json") == ["family"]
    assert gone(family)
    assert not (tmp_path / "processes.json").exists()


def test_the_children_of_a_killed_leader_are_stopped(started: Processes, tmp_path: Path) -> None:
    leader, child = start_family(started)
    leader.kill()
    leader.wait()
    assert stop_leftovers(tmp_path / "processes.json") == ["family"]
    assert gone([child])


def test_a_process_that_has_got_the_id_of_an_old_one_is_left_alone(tmp_path: Path) -> None:
    record = tmp_path / "processes.json"
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE, start_new_session=True) as other:
        started = psutil.Process(other.pid).create_time()
        record.write_text(json.dumps([asdict(Leader("scheduler", other.pid, started - 60))]))
        assert stop_leftovers(record) == []
        assert other.poll() is None
        other.kill()


@pytest.mark.parametrize("text", ["", "[{", "{}", '[{"pid": 1}]', "[1]"])
def test_a_half_written_record_is_no_obstacle(tmp_path: Path, text: str) -> None:
    record = tmp_path / "processes.json"
    record.write_text(text)
    assert stop_leftovers(record) == []


def test_a_command_that_fails_is_named_with_the_last_line_of_its_log(started: Processes) -> None:
    with (
        closing(started),
        pytest.raises(DemoError, match=r"^migration failed: no such thing \(log: .*migration.log\)$"),
    ):
        started.run("migration", [sys.executable, "-c", "import sys; sys.exit('no such thing')"], os.environ)


def test_a_background_process_that_ended_is_named(started: Processes) -> None:
    started.start("triggerer", [sys.executable, "-c", "import os; os.kill(os.getpid(), 9)"], os.environ).wait()
    with pytest.raises(DemoError, match=rf"^triggerer died with status -{signal.SIGKILL:d}: "):
        started.require_alive()


def test_nothing_is_started_once_all_is_being_stopped(started: Processes) -> None:
    started.close()
    with pytest.raises(DemoError, match="stopping"):
        started.start("late", ["true"], {})


def test_files_of_a_process_are_readable_by_their_owner_alone(started: Processes, tmp_path: Path) -> None:
    made = tmp_path / "made"
    started.run("writer", [sys.executable, "-c", f"open({str(made)!r}, 'w')"], os.environ)
    assert made.stat().st_mode & 0o077 == 0
