from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.contestants import measured
from benchmarks.job import Job, Options
from pgpipelines.templates import QualifiedName

ROOT = Path(__file__).resolve().parents[2]
MEGABYTE = 1_000_000


def nowhere(major: int = 18) -> Job:
    return Job({}, {}, QualifiedName("a", "b"), major, "/nowhere")


def test_a_job_reaches_the_other_process_as_it_was_written() -> None:
    job = Job({"host": "a"}, {"host": "b"}, QualifiedName('A "b"', "ü"), 15, "/x", Options("incremental", "xmin", 2))
    assert Job.parse(job.as_json()) == job


@pytest.mark.parametrize(
    ("contestant", "module"),
    [
        ("hook_loop", "airflow.providers.postgres.hooks.postgres"),
        ("generic_transfer", "airflow.providers.common.sql.operators.generic_transfer"),
        ("dlt_connectorx", "connectorx"),
        ("dlt_pyarrow", "pyarrow"),
        ("dlt_sqlalchemy", "dlt"),
    ],
)
def test_a_peer_that_is_not_installed_says_what_is_missing(
    contestant: str, module: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    assert module in measured(contestant, nowhere())["missing"]


def test_a_program_that_is_not_installed_says_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda _: None)
    assert "apt-get install pgcopydb" in measured("pgcopydb", nowhere())["missing"]


@pytest.mark.skipif(shutil.which("pgcopydb") is None, reason="pgcopydb is not installed")
def test_pgcopydb_is_missing_for_a_server_that_it_does_not_know() -> None:
    assert "does not know PostgreSQL 99" in measured("pgcopydb", nowhere(99))["missing"]


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="no /proc here")
def test_the_peak_of_memory_is_not_that_of_the_process_that_started_it() -> None:
    measure = "from benchmarks.contestants import peak_bytes; print(peak_bytes())"
    start = "import subprocess, sys; large = b'x' * 400_000_000; subprocess.run([sys.executable, '-c', sys.argv[1]])"
    done = subprocess.run(
        [sys.executable, "-c", start, measure],
        cwd=ROOT,
        env={"PYTHONPATH": f"{ROOT}:{ROOT / 'plugins'}"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert MEGABYTE < int(done.stdout) < 200 * MEGABYTE
