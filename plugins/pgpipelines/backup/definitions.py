"""What a restored database says of its roles and definitions, held against what the set says.

Both are written by the same programs, so that they can be compared line by line, in any order.
"""

from __future__ import annotations

import re
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from pgpipelines.backup.manifest import ROLES, Manifest
from pgpipelines.backup.processes import database_argument, run
from pgpipelines.backup.programs import Programs
from pgpipelines.backup.restoring import archive_in
from pgpipelines.sessions import Endpoint

# What belongs to one run of a program; and what computes a view's rows, which pg_dump counts among definitions or not.
PASSING = re.compile(
    rb"(--)?\s*$|-- Dumped |\\(un)?restrict |REFRESH MATERIALIZED VIEW |-- Name: .*; Type: MATERIALIZED VIEW DATA;"
)
SHOWN_WORDS = 4


def differing_definitions(programs: Programs, scratch: Endpoint, folder: Path, manifest: Manifest) -> Iterator[str]:
    """Name the lines of definitions and roles that the restored database lacks or has besides.

    Another version of the programs writes the same in other words: then nothing is compared. Of plain SQL only the
    roles are, for nobody can tell its definitions from its rows.
    """
    if programs.version != manifest.client_version or manifest.server_major != programs.major:
        return
    argument = database_argument(scratch, "pgpipelines.drill")
    plain = ["--schema-only", "--no-tablespaces"]
    with tempfile.TemporaryDirectory(prefix="pgpipelines-definitions-") as place:
        expected, found, roles = (Path(place) / name for name in ("expected", "found", "roles"))
        if archive := archive_in(folder):
            run([programs.path("pg_restore"), *plain, f"--file={expected}", str(archive)])
            run([programs.path("pg_dump"), argument, *plain, f"--file={found}"], scratch)
            yield from (f"definition {line}" for line in _differing(_lines(expected), _lines(found)))
        run([programs.path("pg_dumpall"), argument, "--roles-only", f"--file={roles}"], scratch)
        # The rest of such a line may hold the verifier of a password.
        ours = scratch.user.encode()
        there = Counter({line: count for line, count in _lines(roles).items() if ours not in line})
        yield from (
            "role " + " ".join(line.split()[:SHOWN_WORDS]) for line in _differing(_lines(folder / ROLES), there)
        )


def _differing(expected: Counter[bytes], found: Counter[bytes]) -> Iterator[str]:
    yield from (f"missing: {line.decode(errors='replace')}" for line in expected - found)
    yield from (f"unexpected: {line.decode(errors='replace')}" for line in found - expected)


def _lines(path: Path) -> Counter[bytes]:
    return Counter(line.strip() for line in path.read_bytes().splitlines() if not PASSING.match(line))
