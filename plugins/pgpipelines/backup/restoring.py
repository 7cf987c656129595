"""What brings a set back into a server: its roles, then its dump."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO

from pgpipelines.backup.manifest import DIRECTORY, DUMP, PLAIN
from pgpipelines.backup.processes import database_argument, run
from pgpipelines.backup.programs import Programs
from pgpipelines.endpoints import Endpoint
from pgpipelines.errors import VerificationError
from pgpipelines.templates import quoted

MOST_JOBS = 4
MOST_NAMED = 10
APPLICATION_NAME = "pgpipelines.restore"


def restore_roles(programs: Programs, server: Endpoint, roles: Path, first_role: str) -> None:
    """Restore roles, memberships and settings; the role that the server was made with is there already."""
    there = {f"CREATE ROLE {name};\n".encode() for name in (first_role, quoted(first_role))}
    with tempfile.TemporaryFile() as script:
        script.writelines(line for line in lines_in(roles) if line not in there)
        script.seek(0)
        run_psql(programs, server, "--file=-", stdin=script)


def restore_dump(programs: Programs, server: Endpoint, folder: Path, entries: Path | None = None) -> None:
    """Restore the dump in a set's `folder` into the server's database, with as many connections as serve.

    With `entries`, a list as pg_restore writes one, only what is in it. Plain SQL, of which nothing can be left out, is
    one transaction, which the first error ends.
    """
    archive = archive_in(folder)
    if archive is None:
        run_psql(programs, server, "--single-transaction", f"--file={folder / PLAIN}")
        return
    # The folders of tablespaces are the old server's.
    options = [f"--jobs={jobs()}", "--exit-on-error", "--no-tablespaces", str(archive)]
    chosen = [f"--use-list={entries}"] if entries else []
    run([programs.path("pg_restore"), database_argument(server, APPLICATION_NAME), *chosen, *options], server)


def archive_in(folder: Path) -> Path | None:
    """What pg_restore reads of a set; None where its dump is plain SQL."""
    return next((folder / name for name in (DUMP, DIRECTORY) if (folder / name).exists()), None)


def jobs() -> int:
    """How many connections serve on this machine."""
    return min(MOST_JOBS, os.cpu_count() or 1)


def run_psql(programs: Programs, server: Endpoint, *options: str, stdin: IO[bytes] | None = None) -> None:
    """Run psql up to the first error, whose words don't show the statement or the row: it may hold a verifier."""
    stopping = ["--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", "--set=VERBOSITY=terse"]
    command = [programs.path("psql"), database_argument(server, APPLICATION_NAME), *stopping, *options]
    run(command, server, stdin=stdin)


def require_same(name: str, differing: Sequence[str], remedy: str) -> None:
    """Raise VerificationError where what was restored of a set is otherwise than the set says."""
    if differing:
        more = f"; and {len(differing) - MOST_NAMED} more" if len(differing) > MOST_NAMED else ""
        raise VerificationError(
            f"set {name}, restored, is not what was dumped: {'; '.join(differing[:MOST_NAMED])}{more}", remedy
        )


def lines_in(path: Path) -> Iterator[bytes]:
    """The lines of a file."""
    with path.open("rb") as stream:
        yield from stream
