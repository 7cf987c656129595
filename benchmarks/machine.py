"""The machine that the figures come from, in the lines of a report."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from benchmarks.databases import Database
from demo.servers import Server

SETTINGS = (
    "fsync",
    "synchronous_commit",
    "full_page_writes",
    "wal_level",
    "shared_buffers",
    "max_wal_size",
    "autovacuum",
)


def describe(server: Server) -> list[str]:
    """Cores, memory, kernel, Python, and the version and settings that both servers share."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1024**3
    database = Database(server, "postgres")
    settings = [
        database.one("benchmarks/setting.sql", {"name": name}).setting for name in ("server_version", *SETTINGS)
    ]
    return [
        f"{os.cpu_count()} cores ({_processor()}), {memory:.0f} GiB of memory, "
        f"{platform.system()} {platform.release()}, Python {platform.python_version()}",
        f"two servers PostgreSQL {settings[0]} on the same machine: "
        + ", ".join(f"{name} {value}" for name, value in zip(SETTINGS, settings[1:], strict=True)),
        f"peers: {', '.join(_peers())}",
        f"load average when the run began: {os.getloadavg()[0]:.1f}",
    ]


def _peers() -> Iterator[str]:
    for package in ("apache-airflow-providers-postgres", "apache-airflow-providers-common-sql", "psycopg", "dlt"):
        try:
            yield f"{package} {version(package)}"
        except PackageNotFoundError:
            yield f"{package} missing"
    program = shutil.which("pgcopydb")
    if program is None:
        yield "pgcopydb missing"
    else:
        said = subprocess.run([program, "--version"], capture_output=True, text=True, check=True).stdout
        yield said.partition("\n")[0].replace(" version", "")


def _processor() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text().splitlines() if cpuinfo.exists() else []
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.machine())
