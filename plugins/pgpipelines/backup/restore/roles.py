"""The roles of a set on a server that has roles of its own: those that are missing are made, the others left alone."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Collection, Iterator
from pathlib import Path

from psycopg2.extensions import encodings

from pgpipelines.backup.programs import Programs
from pgpipelines.backup.restoring import run_psql
from pgpipelines.endpoints import Endpoint

# Statements of pg_dumpall, behind comments and psql's own commands. A text with a backslash is written as E'…'.
_STATEMENT = re.compile(
    rb"""(?:\s|--[^\n]*\n|\\[^\n]*\n)*((?:[^;'"]|'(?:[^'\\]|''|\\.)*'|"(?:[^"]|"")*")*;)""", re.DOTALL
)
_NAME = rb'"(?:[^"]|"")*"|[^\s;"]+'
# Whom a statement changes: a membership is the member's, a privilege on a setting his who gets it.
_CHANGES = re.compile(
    rb"(?:(?:CREATE|ALTER|COMMENT ON|SECURITY LABEL (?:FOR (?:NAME) )?ON) ROLE"
    rb"|GRANT (?:NAME) TO|GRANT [A-Z, ]+ ON PARAMETER (?:NAME) TO) (NAME)[\s;]".replace(b"NAME", _NAME)
)


def missing_roles(script: bytes, encoding: str, present: Collection[str]) -> list[str]:
    """The roles that a script of pg_dumpall makes and a server lacks; `encoding` is that of the script."""
    there = _encoded(encoding, present)
    names = [name for statement, name in _of_roles(script) if statement.startswith(b"CREATE ") and name not in there]
    return [name.decode(encodings[encoding]) for name in names]


def make_missing_roles(
    programs: Programs, server: Endpoint, file: Path, encoding: str, present: Collection[str]
) -> None:
    """Make the roles that are missing, with their passwords, settings and memberships: all of them, or none."""
    there = _encoded(encoding, present)
    script = file.read_bytes()
    wanted = [statement for statement, name in _of_roles(script) if name not in there]
    settings = [statement for statement in _statements(script) if statement.startswith(b"SET ")]
    with tempfile.TemporaryFile() as stream:
        stream.writelines(statement + b"\n" for statement in [*settings, *wanted])
        stream.seek(0)
        run_psql(programs, server, "--single-transaction", "--file=-", stdin=stream)


def _of_roles(script: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Each statement about a role, and the role's name."""
    for statement in _statements(script):
        changed = _CHANGES.match(statement)
        if changed:
            yield statement, _unquoted(changed[1])


def _statements(script: bytes) -> Iterator[bytes]:
    return (found[1] for found in _STATEMENT.finditer(script))


def _unquoted(name: bytes) -> bytes:
    return name[1:-1].replace(b'""', b'"') if name.startswith(b'"') else name


def _encoded(encoding: str, names: Collection[str]) -> set[bytes]:
    return {name.encode(encodings[encoding], errors="replace") for name in names}
