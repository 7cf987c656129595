"""What a set says of itself: manifest.json, and SHA256SUMS, which `sha256sum --check` reads too."""

from __future__ import annotations

import hashlib
import os
import re
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from pydantic import TypeAdapter

from pgpipelines.backup.contents import Contents, SequenceRange
from pgpipelines.backup.programs import major
from pgpipelines.backup.properties import Properties

DUMP = "database.dump"
ROLES = "roles.sql"
TABLESPACES = "tablespaces.sql"
MANIFEST = "manifest.json"
SUMS = "SHA256SUMS"
BLOCK_BYTES = 1024 * 1024
_SUM_LINE = re.compile(r"([0-9a-f]{64})  (\S+)")


@dataclass(frozen=True)
class File:
    """A file of the set."""

    name: str
    bytes: int
    sha256: str


@dataclass(frozen=True)
class Manifest:
    """One database at one snapshot, and the files that hold it. `seconds` is what taking the set took.

    `first_role` is the role that the server was made with; `lsn` is no earlier than the snapshot.
    """

    conn_id: str
    database: str
    snapshot: str
    lsn: str
    taken_at: datetime
    seconds: float
    server_version: str
    client_version: str
    format: str
    compression: str
    first_role: str
    encoding: str
    collation: str
    character_type: str
    files: tuple[File, ...]
    contents: Contents
    sequences: tuple[SequenceRange, ...]
    notices: tuple[str, ...]
    properties: Properties

    @property
    def bytes(self) -> int:
        """Bytes of all files."""
        return sum(file.bytes for file in self.files)

    @property
    def rows(self) -> int:
        """Rows of all tables."""
        return sum(table.rows for table in self.contents.tables)

    @property
    def server_major(self) -> int:
        """Major version of the server."""
        return major(self.server_version)

    @property
    def client_major(self) -> int:
        """Major version of the pg_dump that wrote it, which decides the archive's format."""
        return major(self.client_version)

    @property
    def dump(self) -> File:
        """The dump itself, among the files."""
        return next(file for file in self.files if file.name == DUMP)


_MANIFEST = TypeAdapter(Manifest)


class UnreadableSetError(Exception):
    """A set's manifest is missing, or not as it was written; one line that says why."""


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Write a set's manifest, and the sums of all its files."""
    text = _MANIFEST.dump_json(manifest, indent=1)
    write_private(folder / MANIFEST, text)
    sums = {**{file.name: file.sha256 for file in manifest.files}, MANIFEST: hashlib.sha256(text).hexdigest()}
    write_private(folder / SUMS, "".join(f"{digest}  {name}\n" for name, digest in sums.items()).encode())


def read_manifest(folder: Path) -> Manifest:
    """Read a set's manifest. Raises UnreadableSetError where it, or a file's size, is not as it was written."""
    try:
        text, sums = (folder / MANIFEST).read_bytes(), (folder / SUMS).read_bytes()
        expected = {name: digest for digest, name in map(_sum_line, sums.decode("ascii").splitlines())}
        if expected.get(MANIFEST) != hashlib.sha256(text).hexdigest():
            raise UnreadableSetError(f"{MANIFEST} is not what {SUMS} says")
        manifest = _MANIFEST.validate_json(text)
        if {**expected, MANIFEST: ""} != {**{file.name: file.sha256 for file in manifest.files}, MANIFEST: ""}:
            raise UnreadableSetError(f"{SUMS} is not what {MANIFEST} says")
        for file in manifest.files:
            size = (folder / file.name).stat().st_size
            if size != file.bytes:
                raise UnreadableSetError(f"{file.name} has {size} bytes instead of {file.bytes}")
    except OSError as error:
        raise UnreadableSetError(f"{Path(error.filename or '').name}: {error.strerror}") from None
    except ValueError as error:
        raise UnreadableSetError(f"{MANIFEST} or {SUMS} can't be read ({type(error).__name__})") from None
    return manifest


def describe_file(path: Path) -> File:
    """Read a file from its first byte to its last."""
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while block := stream.read(BLOCK_BYTES):
            digest.update(block)
        return File(path.name, stream.tell(), digest.hexdigest())


def write_private(path: Path, content: bytes) -> None:
    """Write a file that only its owner reads, and wait for the disk."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(descriptor)


def sync(path: Path) -> None:
    """Wait until a file, or a folder's list of names, is on disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _sum_line(line: str) -> tuple[str, str]:
    parts = _SUM_LINE.fullmatch(line)
    if parts is None:
        raise ValueError(line)
    return parts[1], parts[2]
