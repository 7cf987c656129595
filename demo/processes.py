"""Processes that the demo starts and is answerable for, even for those of an earlier demo that was killed.

Each becomes the leader of a session of its own: a Ctrl-C of the terminal does not reach it, and whatever it
forks, into whichever process group, is found again by the session. A record on disk outlives the launcher.
"""

from __future__ import annotations

import json
import os
import subprocess
import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil

from demo.errors import DemoError

ASK_SECONDS = 2
INSIST_SECONDS = 5
KILL_SECONDS = 10
LOOK_SECONDS = 0.1
# Start times are derived from the boot time, which the kernel may correct by a moment.
SAME_START_SECONDS = 2


@dataclass(frozen=True)
class Leader:
    """A recorded process: its id, which is its session's too, and when it started (seconds since 1970)."""

    name: str
    pid: int
    started: float

    def members(self) -> list[psutil.Process]:
        """The living processes of its session: none where the id belongs to somebody else by now."""
        found = [process for process in psutil.process_iter() if _session(process.pid) == self.pid]
        if any(process.pid == self.pid and not self._is(process) for process in found):
            return []
        return [process for process in found if not _ended(process)]

    def _is(self, process: psutil.Process) -> bool:
        try:
            return bool(abs(process.create_time() - self.started) <= SAME_START_SECONDS)
        except psutil.NoSuchProcess:
            return True


class Processes:
    """The processes of this demo. Use as a context manager: leaving it stops them all."""

    def __init__(self, record: Path, logs: Path) -> None:
        """`record` lists the leaders for a later demo; `logs` is the folder of <name>.log."""
        self._record = record
        self._logs = logs
        self._running: dict[Leader, subprocess.Popen[bytes]] = {}
        self._guard = threading.Lock()
        self._closed = False

    def log(self, name: str) -> Path:
        """The log file of a process."""
        return self._logs / f"{name}.log"

    def start(self, name: str, command: list[str], environment: Mapping[str, str]) -> subprocess.Popen[bytes]:
        """Start `command` in the background. Raises DemoError once everything is being stopped."""
        with self._guard, self.log(name).open("wb") as log:
            if self._closed:
                raise DemoError(f"{name} was not started: the demo is stopping")
            process = subprocess.Popen(
                command,
                env=dict(environment),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                umask=0o077,
            )
            self._running[Leader(name, process.pid, psutil.Process(process.pid).create_time())] = process
            self._write()
        return process

    def run(self, name: str, command: list[str], environment: Mapping[str, str]) -> None:
        """Run `command` to its end. Raises DemoError with its log's last line where it fails."""
        status = self.start(name, command, environment).wait()
        self.stop([name])
        if status != 0:
            raise DemoError(f"{name} failed: {last_line(self.log(name))} (log: {self.log(name)})")

    def require_alive(self) -> None:
        """Raise DemoError where a background process has ended, naming it and its log."""
        for leader, process in tuple(self._running.items()):
            if process.poll() is not None:
                log = self.log(leader.name)
                raise DemoError(f"{leader.name} died with status {process.returncode}: {last_line(log)} (log: {log})")

    def stop(self, names: Iterable[str] | None = None) -> None:
        """Stop the named processes, or all of them, whole sessions with their descendants."""
        chosen = None if names is None else set(names)
        leaders = [leader for leader in tuple(self._running) if chosen is None or leader.name in chosen]
        stop_sessions(leaders)
        with self._guard:
            for leader in leaders:
                self._running.pop(leader).wait()
            self._write()

    def close(self) -> None:
        """Stop everything and refuse to start more."""
        with self._guard:
            self._closed = True
        self.stop()

    def _write(self) -> None:
        partial = self._record.with_suffix(".partial")
        partial.write_text(json.dumps([asdict(leader) for leader in self._running]), encoding="utf-8")
        partial.replace(self._record)


def stop_leftovers(record: Path) -> list[str]:
    """Stop what a killed demo left running, and return the names of it."""
    try:
        leaders = [Leader(**entry) for entry in json.loads(record.read_text(encoding="utf-8"))]
    except (FileNotFoundError, ValueError, TypeError):
        return []
    alive = [leader for leader in leaders if leader.members()]
    stop_sessions(alive)
    record.unlink()
    return [leader.name for leader in alive]


def stop_sessions(leaders: Sequence[Leader]) -> None:
    """Ask every process of the sessions to end, ask again, and kill what then is left."""
    # Airflow's processes let running work finish first, unless they are asked a second time.
    for action, patience in (("terminate", ASK_SECONDS), ("terminate", INSIST_SECONDS), ("kill", KILL_SECONDS)):
        for process in living(leaders):
            with suppress(psutil.NoSuchProcess):
                getattr(process, action)()
        deadline = time.monotonic() + patience
        while living(leaders) and time.monotonic() < deadline:
            time.sleep(LOOK_SECONDS)


def living(leaders: Iterable[Leader]) -> list[psutil.Process]:
    """All processes of the sessions."""
    return [process for leader in leaders for process in leader.members()]


def last_line(log: Path) -> str:
    """The last line of a log that says something, shortened to fit one line of a terminal."""
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines() if log.exists() else []
    return next((line.strip()[:200] for line in reversed(lines) if line.strip()), "it said nothing")


def _ended(process: psutil.Process) -> bool:
    try:
        return bool(process.status() == psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return True


def _session(pid: int) -> int | None:
    try:
        return os.getsid(pid)
    except (ProcessLookupError, PermissionError):
        return None
