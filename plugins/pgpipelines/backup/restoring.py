"""What brings a set back into a server: its roles, then its dump."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

from pgpipelines.backup.manifest import DUMP
from pgpipelines.backup.processes import database_argument, run
from pgpipelines.backup.programs import Programs
from pgpipelines.sessions import Endpoint
from pgpipelines.templates import quoted

MOST_JOBS = 4
APPLICATION_NAME = "pgpipelines.restore"


def restore_roles(programs: Programs, server: Endpoint, roles: Path, first_role: str) -> None:
    """Restore roles, memberships and settings; the role that the server was made with is there already."""
    there = {f"CREATE ROLE {name};\n".encode() for name in (first_role, quoted(first_role))}
    with tempfile.TemporaryFile() as script:
        script.writelines(line for line in _lines(roles) if line not in there)
        script.seek(0)
        # The words of an error may not show the statement, which may hold the verifier of a password.
        options = ["--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", "--set=VERBOSITY=terse", "--file=-"]
        run([programs.path("psql"), database_argument(server, APPLICATION_NAME), *options], server, stdin=script)


def restore_dump(programs: Programs, server: Endpoint, folder: Path) -> None:
    """Restore the dump in a set's `folder` into the server's database, with as many connections as serve."""
    jobs = min(MOST_JOBS, os.cpu_count() or 1)
    # The folders of tablespaces are the old server's.
    options = [f"--jobs={jobs}", "--exit-on-error", "--no-tablespaces", str(folder / DUMP)]
    run([programs.path("pg_restore"), database_argument(server, APPLICATION_NAME), *options], server)


def _lines(path: Path) -> Iterator[bytes]:
    with path.open("rb") as stream:
        yield from stream
