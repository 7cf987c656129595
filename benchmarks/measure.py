"""One contestant, once: run in a fresh process, with its time, its memory, and the CPU time of client and servers."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from benchmarks.activity import Writes
from benchmarks.job import Job, MissingPeerError
from demo.servers import Server

ROOT = Path(__file__).resolve().parents[1]
PROC = Path("/proc")
TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Measured:
    """What one run took: seconds, seconds of CPU, and the process's peak of resident memory in bytes.

    `steps` are the engine's own seconds by step; CPU of the servers and memory are None where the machine has no
    /proc; `writes` are those on the target, None where nobody asked.
    """

    seconds: float
    client_cpu: float
    server_cpu: float | None
    peak_bytes: int | None
    steps: Mapping[str, float]
    writes: Writes | None = None


def run(contestant: str, job: Job, environment: Mapping[str, str], servers: Iterable[Server]) -> Measured:
    """Run `python -m benchmarks.contestants` on the job. Raises MissingPeerError; RuntimeError when it failed."""
    before = server_cpu_seconds(servers)
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.contestants", contestant, job.as_json()],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'plugins'}", **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    after = server_cpu_seconds(servers)
    if done.returncode != 0:
        raise RuntimeError(f"{contestant} failed: {done.stderr.strip()}")
    found = json.loads(done.stdout.splitlines()[-1])
    if "missing" in found:
        raise MissingPeerError(found["missing"])
    server_cpu = None if before is None or after is None else after - before
    return Measured(server_cpu=server_cpu, **found)


def server_cpu_seconds(servers: Iterable[Server]) -> float | None:
    """CPU seconds that the servers and all their processes have used so far; None on a machine without /proc."""
    if not (PROC / "self" / "stat").exists():
        return None
    postmasters = {int((server.data / "postmaster.pid").read_text().split()[0]) for server in servers}
    ticks = 0
    for folder in PROC.glob("[0-9]*"):
        try:
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
        except OSError:  # it ended meanwhile
            continue
        if int(folder.name) in postmasters:
            ticks += sum(map(int, fields[11:15]))  # its own, and that of the children that ended
        elif int(fields[1]) in postmasters:
            ticks += sum(map(int, fields[11:13]))
    return ticks / TICKS
