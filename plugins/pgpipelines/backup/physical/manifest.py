"""What a physical backup says of itself, and whether its files are still what the server sent.

PostgreSQL's own backup_manifest has the SHA-256 of each file and of itself; ours has what is asked before a restore.
SHA256SUMS covers both.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from pgpipelines.backup.manifest import MANIFEST, SUMS, UnreadableSetError, describe_file, write_private
from pgpipelines.backup.physical.wal import Stretch, parse_lsn
from pgpipelines.backup.physical.waldump import read_log
from pgpipelines.backup.programs import Programs, major
from pgpipelines.errors import VerificationError

DATA = "data"
WAL = "pg_wal"
BACKUP_MANIFEST = "backup_manifest"
# As pg_verifybackup: WAL is read as WAL, and what a restore writes is no part of the backup.
UNCOVERED = frozenset({BACKUP_MANIFEST, "postgresql.auto.conf", "recovery.signal", "standby.signal"})
MOST_NAMED = 10


@dataclass(frozen=True)
class BaseManifest:
    """One backup of one server, taken from `taken_at` to `finished_at` by the server's clock.

    The log from `start_lsn` to `stop_lsn` is in the backup: restored to any moment before its end, it is not
    consistent. `stands_on` names the full backup that an incremental one needs, and is empty for a full one.
    """

    conn_id: str
    system_identifier: str
    stands_on: str
    taken_at: datetime
    finished_at: datetime
    timeline: int
    start_lsn: str
    stop_lsn: str
    segment_bytes: int
    server_version: str
    client_version: str
    data_checksums: bool
    bytes: int
    files: int
    notices: tuple[str, ...]
    seconds: float

    @property
    def server_major(self) -> int:
        """Major version of the server."""
        return major(self.server_version)

    @property
    def kind(self) -> str:
        """Whether it is whole by itself."""
        return "incremental" if self.stands_on else "full"

    @property
    def start(self) -> int:
        """Where its log begins."""
        return parse_lsn(self.start_lsn)

    @property
    def stop(self) -> int:
        """Where its log ends."""
        return parse_lsn(self.stop_lsn)

    @property
    def age(self) -> tuple[int, int]:
        """What orders backups of a server from old to new, whatever its clock said."""
        return self.timeline, self.start


@dataclass(frozen=True)
class Data:
    """What was read of a backup's data: bytes of all files, how many they are, and which log it needs."""

    bytes: int
    files: int
    log: Stretch


_MANIFEST = TypeAdapter(BaseManifest)


def write_manifest(folder: Path, manifest: BaseManifest) -> None:
    """Write a backup's manifest, and the sums of both manifests."""
    text = _MANIFEST.dump_json(manifest, indent=1)
    write_private(folder / MANIFEST, text)
    own, servers = hashlib.sha256(text).hexdigest(), describe_file(folder / DATA, BACKUP_MANIFEST).sha256
    write_private(folder / SUMS, f"{servers}  {DATA}/{BACKUP_MANIFEST}\n{own}  {MANIFEST}\n".encode())


def read_manifest(folder: Path) -> BaseManifest:
    """Read a backup's manifest. Raises UnreadableSetError where it, or the server's, is not as it was written."""
    try:
        sums = (folder / SUMS).read_text(encoding="ascii").splitlines()
        for name in (f"{DATA}/{BACKUP_MANIFEST}", MANIFEST):
            if f"{describe_file(folder, name).sha256}  {name}" not in sums:
                raise UnreadableSetError(f"{name} is not what {SUMS} says")
        return _MANIFEST.validate_json((folder / MANIFEST).read_bytes())
    except OSError as error:
        raise UnreadableSetError(f"{Path(error.filename or '').name}: {error.strerror}") from None
    except ValueError as error:
        raise UnreadableSetError(f"{MANIFEST} or {SUMS} can't be read ({type(error).__name__})") from None


def verify_data(programs: Programs, data: Path) -> Data:
    """Read every file of a backup's data. Raises a PipelineError, which names what is not as the server sent it.

    This is what pg_verifybackup does; not every build of PostgreSQL has one that runs.
    """
    described = _server_manifest(data)
    expected = {_path(each): each for each in described["Files"]}
    found = {path.relative_to(data).as_posix() for path in _files(data)}
    bad = [f"{name}: missing" for name in expected if name not in found]
    bad += [f"{name}: not of this backup" for name in found if name not in expected and not _uncovered(name)]
    bad += [f"{name}: changed" for name in expected if name in found and not _same(data / name, expected[name])]
    if bad:
        more = f"; and {len(bad) - MOST_NAMED} more" if len(bad) > MOST_NAMED else ""
        raise VerificationError(
            f"{data} is not what the server sent: {'; '.join(sorted(bad)[:MOST_NAMED])}{more}",
            "look at this disk, and take another backup; an older one may be whole: "
            "`python -m pgpipelines.backup.physical list`",
        )
    (log,) = described["WAL-Ranges"]
    needed = Stretch(log["Timeline"], parse_lsn(log["Start-LSN"]), parse_lsn(log["End-LSN"]))
    read_log(programs, data / WAL, needed)
    size = sum((data / name).stat().st_size for name in found)
    return Data(size, len(found), needed)


def _server_manifest(data: Path) -> Mapping[str, Any]:
    """Read backup_manifest, whose last line has the checksum of all lines before."""
    try:
        text = (data / BACKUP_MANIFEST).read_bytes()
        described: Mapping[str, Any] = json.loads(text)
        before = text[: text.rindex(b'"Manifest-Checksum"')]
    except (OSError, ValueError) as error:
        raise _unreadable(data) from error
    if hashlib.sha256(before).hexdigest() != described["Manifest-Checksum"]:
        raise _unreadable(data)
    return described


def _unreadable(data: Path) -> VerificationError:
    return VerificationError(
        f"{data / BACKUP_MANIFEST} is missing, or not what the server sent", "look at this disk; take another backup"
    )


def _path(described: Mapping[str, Any]) -> str:
    """A file's path; one that is no UTF-8 is written in hexadecimal."""
    return str(described["Path"]) if "Path" in described else os.fsdecode(bytes.fromhex(described["Encoded-Path"]))


def _same(path: Path, described: Mapping[str, Any]) -> bool:
    return path.stat().st_size == described["Size"] and describe_file(path.parent, path.name).sha256 == str(
        described["Checksum"]
    )


def _uncovered(name: str) -> bool:
    return name in UNCOVERED or name.startswith(f"{WAL}/")


def _files(data: Path) -> Iterator[Path]:
    return (path for path in data.rglob("*") if path.is_file())
