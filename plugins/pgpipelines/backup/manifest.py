"""What a set says of itself: manifest.json, and SHA256SUMS, which `sha256sum --check` reads too."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import MappingProxyType
from typing import Literal

from pydantic import TypeAdapter

from pgpipelines.backup.contents import Contents, SequenceRange
from pgpipelines.backup.programs import major
from pgpipelines.backup.properties import Properties

DUMP, DIRECTORY, PLAIN = "database.dump", "database.dir", "database.sql"
# How pg_dump writes a database, and what it is called in a set.
Format = Literal["custom", "directory", "plain"]
DUMPS: Mapping[Format, str] = MappingProxyType({"custom": DUMP, "directory": DIRECTORY, "plain": PLAIN})
ROLES = "roles.sql"
TABLESPACES = "tablespaces.sql"
MANIFEST = "manifest.json"
SUMS = "SHA256SUMS"
# What an encrypted file's name ends with.
SEALED = ".age"
BLOCK_BYTES = 1024 * 1024
# A file of a set, or of a folder in it: a name never leads anywhere else, whoever wrote it.
_SUM_LINE = re.compile(r"([0-9a-f]{64})  ((?:\w[\w.-]*/)?\w[\w.-]*)", re.ASCII)


@dataclass(frozen=True)
class File:
    """A file of the set."""

    name: str
    bytes: int
    sha256: str


@dataclass(frozen=True)
class Manifest:
    """One database at one snapshot, and the files that hold it. `seconds` is what taking the set took.

    `first_role` is the role that the server was made with; `lsn` is no earlier than the snapshot. `key` names the key
    by which the files are encrypted: they have the suffix .age then, and sizes and sums of what is kept.
    """

    conn_id: str
    database: str
    snapshot: str
    lsn: str
    taken_at: datetime
    seconds: float
    server_version: str
    client_version: str
    format: Format
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
    key: str = ""
    system_identifier: str = ""

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
    def dump_sha256(self) -> str:
        """The sum of the dump; where it is a directory, that of the lines of SUMS of its files."""
        name = DUMPS[self.format]
        lines = [_line(file) for file in self.files if file.name.startswith(f"{name}/")]
        single = (file.sha256 for file in self.files if file.name.removesuffix(SEALED) == name)
        return hashlib.sha256("".join(lines).encode()).hexdigest() if lines else next(single)


_MANIFEST = TypeAdapter(Manifest)


class UnreadableSetError(Exception):
    """A set's manifest is missing, or not as it was written; one line that says why."""


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Write a set's manifest, and the sums of all its files."""
    text = _MANIFEST.dump_json(manifest, indent=1)
    write_private(folder / MANIFEST, text)
    files = [*manifest.files, File(MANIFEST, len(text), hashlib.sha256(text).hexdigest())]
    write_private(folder / SUMS, "".join(map(_line, files)).encode())


def read_manifest(texts: Mapping[str, bytes], sizes: Mapping[str, int]) -> Manifest:
    """Read a set's manifest: `texts` is what MANIFEST and SUMS hold, `sizes` has the bytes of each file.

    Raises UnreadableSetError where it, or a file's size, is not as it was written.
    """
    missing = [name for name in (MANIFEST, SUMS) if name not in texts]
    if missing:
        raise UnreadableSetError(f"{missing[0]} is missing")
    try:
        expected = {name: digest for digest, name in map(_sum_line, texts[SUMS].decode("ascii").splitlines())}
        if expected.get(MANIFEST) != hashlib.sha256(texts[MANIFEST]).hexdigest():
            raise UnreadableSetError(f"{MANIFEST} is not what {SUMS} says")
        manifest = _MANIFEST.validate_json(texts[MANIFEST])
    except ValueError as error:
        raise UnreadableSetError(f"{MANIFEST} or {SUMS} can't be read ({type(error).__name__})") from None
    if {**expected, MANIFEST: ""} != {**{file.name: file.sha256 for file in manifest.files}, MANIFEST: ""}:
        raise UnreadableSetError(f"{SUMS} is not what {MANIFEST} says")
    for file in manifest.files:
        if file.name not in sizes:
            raise UnreadableSetError(f"{file.name} is missing")
        if sizes[file.name] != file.bytes:
            raise UnreadableSetError(f"{file.name} has {sizes[file.name]} bytes instead of {file.bytes}")
    return manifest


def describe_file(folder: Path, name: str) -> File:
    """Read a file of a set from its first byte to its last."""
    digest = hashlib.sha256()
    with (folder / name).open("rb") as stream:
        while block := stream.read(BLOCK_BYTES):
            digest.update(block)
        return File(name, stream.tell(), digest.hexdigest())


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


def _line(file: File) -> str:
    return f"{file.sha256}  {file.name}\n"


def _sum_line(line: str) -> tuple[str, str]:
    parts = _SUM_LINE.fullmatch(line)
    if parts is None:
        raise ValueError(line)
    return parts[1], parts[2]
