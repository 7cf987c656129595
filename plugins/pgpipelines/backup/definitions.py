"""What a restored database says of its roles and definitions, held against what the set says.

Both are written by the same programs, so that they can be compared line by line, in any order.
"""

from __future__ import annotations

import re
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from pgpipelines.backup.manifest import Manifest
from pgpipelines.backup.processes import database_argument, run
from pgpipelines.backup.programs import Programs
from pgpipelines.backup.restoring import archive_in
from pgpipelines.endpoints import Endpoint

# What belongs to one run of a program; and what computes a view's rows, which pg_dump counts among definitions or not.
PASSING = re.compile(
    rb"(--)?\s*$|-- Dumped |-- User Config |\\(un)?restrict |"
    rb"REFRESH MATERIALIZED VIEW |-- Name: .*; Type: MATERIALIZED VIEW DATA;"
)
# What PostgreSQL may write otherwise of an expression once it has read what it wrote itself: x BETWEEN 1 AND 2 AND y,
# or name IN ('a', 'b'), are then the same with other parentheses and casts.
WORDING = re.compile(
    rb"[()]|::[\w.\"]+(?: varying| precision)?(?:\(\d+(?:,\d+)?\))?(?: with(?:out)? time zone)?(?:\[\])*"
)
SHOWN_WORDS = 4
APPLICATION_NAME = "pgpipelines.definitions"


def comparable(programs: Programs, server_major: int, manifest: Manifest) -> bool:
    """Tell whether the programs write what such a server has as the set says it: other versions use other words."""
    return programs.version == manifest.client_version and server_major == manifest.server_major


def differing_definitions(programs: Programs, restored: Endpoint, folder: Path) -> Iterator[str]:
    """Name the lines of definitions that the restored database lacks or has besides.

    Of plain SQL none are named, for nobody can tell its definitions from its rows.
    """
    archive = archive_in(folder)
    if archive is None:
        return
    plain = ["--schema-only", "--no-tablespaces"]
    with tempfile.TemporaryDirectory(prefix="pgpipelines-definitions-") as place:
        expected, found = Path(place) / "expected", Path(place) / "found"
        run([programs.path("pg_restore"), *plain, f"--file={expected}", str(archive)])
        argument = database_argument(restored, APPLICATION_NAME)
        run([programs.path("pg_dump"), argument, *plain, f"--file={found}"], restored)
        yield from (f"definition {line}" for line in _differing(_lines(expected), _lines(found)))


def differing_roles(programs: Programs, server: Endpoint, roles: Path, *, alone: bool) -> Iterator[str]:
    """Name the lines about roles that the server lacks or, where these roles are `alone` there, has besides."""
    with tempfile.TemporaryDirectory(prefix="pgpipelines-definitions-") as place:
        there = Path(place) / "roles"
        argument = database_argument(server, APPLICATION_NAME)
        run([programs.path("pg_dumpall"), argument, "--roles-only", f"--file={there}"], server)
        expected, ours = _lines(roles), server.user.encode()
        found = Counter({line: n for line, n in _lines(there).items() if ours not in line or line in expected})
        # The rest of such a line may hold the verifier of a password.
        differing = _differing(expected, found if alone else found & expected)
        yield from ("role " + " ".join(line.split()[:SHOWN_WORDS]) for line in differing)


def _differing(expected: Counter[bytes], found: Counter[bytes]) -> Iterator[str]:
    missing, unexpected = expected - found, found - expected
    yield from (f"missing: {line.decode(errors='replace')}" for line in _without_counterpart(missing, unexpected))
    yield from (f"unexpected: {line.decode(errors='replace')}" for line in _without_counterpart(unexpected, missing))


def _without_counterpart(lines: Counter[bytes], others: Counter[bytes]) -> Iterator[bytes]:
    """Yield the lines that none of the others says in other words."""
    said = Counter(WORDING.sub(b"", line) for line in others.elements())
    for line in lines.elements():
        meaning = WORDING.sub(b"", line)
        if said[meaning]:
            said[meaning] -= 1
        else:
            yield line


def _lines(path: Path) -> Counter[bytes]:
    return Counter(line.strip() for line in path.read_bytes().splitlines() if not PASSING.match(line))
