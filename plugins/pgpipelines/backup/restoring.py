"""What brings a set back into a server: its roles, then its dump."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from pgpipelines.backup.manifest import DUMP, Manifest, describe_file
from pgpipelines.backup.processes import database_argument, run
from pgpipelines.backup.programs import Programs
from pgpipelines.errors import VerificationError
from pgpipelines.sessions import Endpoint
from pgpipelines.templates import quoted

MOST_JOBS = 4
MOST_NAMED = 10
APPLICATION_NAME = "pgpipelines.restore"


def require_files(folder: Path, manifest: Manifest) -> None:
    """Raise VerificationError where a file is not what was written."""
    changed = [file.name for file in manifest.files if describe_file(folder / file.name) != file]
    if changed:
        raise VerificationError(
            f"{', '.join(changed)} in {folder} is not what was written (SHA-256)",
            "look at this disk; an older set may be whole: `python -m pgpipelines.backup list`",
        )


def restore_roles(programs: Programs, server: Endpoint, roles: Path, first_role: str) -> None:
    """Restore roles, memberships and settings; the role that the server was made with is there already."""
    there = {f"CREATE ROLE {name};\n".encode() for name in (first_role, quoted(first_role))}
    with tempfile.TemporaryFile() as script:
        script.writelines(line for line in _lines(roles) if line not in there)
        script.seek(0)
        run(psql(programs, server), server, stdin=script)


def psql(programs: Programs, server: Endpoint) -> list[str]:
    """The command that runs a script on its standard input up to the first error.

    The words of an error don't show the statement, which may hold the verifier of a password.
    """
    options = ["--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", "--set=VERBOSITY=terse", "--file=-"]
    return [programs.path("psql"), database_argument(server, APPLICATION_NAME), *options]


def restore_dump(programs: Programs, server: Endpoint, folder: Path, entries: Path | None = None) -> None:
    """Restore the dump in a set's `folder` into the server's database, with as many connections as serve.

    With `entries`, a list as pg_restore writes one, only what is in it.
    """
    jobs = min(MOST_JOBS, os.cpu_count() or 1)
    # The folders of tablespaces are the old server's.
    options = [f"--jobs={jobs}", "--exit-on-error", "--no-tablespaces", str(folder / DUMP)]
    chosen = [f"--use-list={entries}"] if entries else []
    run([programs.path("pg_restore"), database_argument(server, APPLICATION_NAME), *chosen, *options], server)


def require_same(name: str, differing: Sequence[str], remedy: str) -> None:
    """Raise VerificationError where what was restored of a set is otherwise than the set says."""
    if differing:
        more = f"; and {len(differing) - MOST_NAMED} more" if len(differing) > MOST_NAMED else ""
        raise VerificationError(
            f"set {name}, restored, is not what was dumped: {'; '.join(differing[:MOST_NAMED])}{more}", remedy
        )


def _lines(path: Path) -> Iterator[bytes]:
    with path.open("rb") as stream:
        yield from stream
