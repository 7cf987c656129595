"""The machine that the figures come from, in the lines of a report."""

from __future__ import annotations

import os
import platform
from contextlib import closing
from pathlib import Path

import psycopg2

from demo.servers import Server

SETTINGS = ("fsync", "synchronous_commit", "full_page_writes", "wal_level", "shared_buffers", "max_wal_size")


def describe(server: Server) -> list[str]:
    """Cores, memory, kernel, Python, and the version and settings that both servers share."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1024**3
    with closing(psycopg2.connect(server.dsn())) as connection, connection.cursor() as cursor:
        settings = []
        for name in ("server_version", *SETTINGS):
            cursor.execute("SELECT current_setting(%s)", [name])
            settings.append(str(cursor.fetchall()[0][0]))
    return [
        f"{os.cpu_count()} cores ({_processor()}), {memory:.0f} GiB of memory, "
        f"{platform.system()} {platform.release()}, Python {platform.python_version()}",
        f"two servers PostgreSQL {settings[0]} on the same machine: "
        + ", ".join(f"{name} {value}" for name, value in zip(SETTINGS, settings[1:], strict=True)),
        f"load average when the run began: {os.getloadavg()[0]:.1f}",
    ]


def _processor() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text().splitlines() if cpuinfo.exists() else []
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.machine())
