"""A backup or an archive that is no more what it was: found, named, and never called good."""

from __future__ import annotations

import os
import random
import re
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from demo.servers import binaries
from pgpipelines.backup.physical.backups import BaseBackup, read_backup
from pgpipelines.backup.physical.drill import drill_backup
from pgpipelines.backup.physical.manifest import verify_data
from pgpipelines.backup.physical.restoring import READ_PROGRAMS
from pgpipelines.backup.physical.wal import segment_name
from pgpipelines.backup.programs import of_same_major
from pgpipelines.errors import PipelineError, PrivilegeError, ServerError, VerificationError
from tests.fixtures.archiving import ROLE, SEGMENT_BYTES, Archiving

# More of them with PGPIPELINES_FLIPS=200.
FLIPS = int(os.environ.get("PGPIPELINES_FLIPS", "10"))
MAJOR = 16
VERIFY = (str(binaries(MAJOR) / "pg_verifybackup"), "--quiet")
RECORD_HEAD_BYTES = 24

Change = Callable[[bytes], bytes | None]


@pytest.fixture(scope="module")
def archiving(archiving_of: Callable[..., Archiving]) -> Archiving:
    return archiving_of(MAJOR)


@pytest.fixture(scope="module")
def taken(archiving: Archiving, directory_of_module: Path) -> BaseBackup:
    return archiving.take(directory_of_module)


@pytest.fixture
def backup(taken: BaseBackup) -> Iterator[BaseBackup]:
    """A backup that was not tried."""
    yield taken
    (taken.folder / "drill.json").unlink(missing_ok=True)


@contextmanager
def changed(path: Path, change: Change) -> Iterator[None]:
    """Another content for a file, or none, meanwhile."""
    before = path.read_bytes() if path.exists() else None
    after = change(before or b"")
    path.unlink() if after is None else path.write_bytes(after)
    try:
        yield
    finally:
        path.unlink(missing_ok=True) if before is None else path.write_bytes(before)


def flipped(at: int | None = None, bit: int = 0) -> Change:
    """Turn a bit over, in the middle unless told."""

    def change(content: bytes) -> bytes:
        place = len(content) // 2 if at is None else at
        return content[:place] + bytes([content[place] ^ 1 << bit]) + content[place + 1 :]

    return change


def fails_its_drill(archiving: Archiving, backup: BaseBackup, kind: type[PipelineError], words: str) -> None:
    """See the drill fail with these words, and the backup say so afterwards."""
    with pytest.raises(kind, match=words):
        drill_backup(backup, archiving.archive, archiving.endpoint, "tests.drill")
    after = read_backup(backup.folder)
    assert after.state == "failed drill"
    assert after.drill is not None
    assert re.search(words, after.drill.fault)


@pytest.mark.parametrize(
    ("name", "change", "words"),
    [
        ("PG_VERSION", flipped(), "PG_VERSION: changed"),
        ("global/pg_control", lambda _: None, "global/pg_control: missing"),
        ("base/more", lambda _: b"", "base/more: not of this backup"),
    ],
)
def test_a_file_that_changed_is_named(
    archiving: Archiving, backup: BaseBackup, name: str, change: Change, words: str
) -> None:
    with changed(backup.data / name, change):
        fails_its_drill(archiving, backup, VerificationError, words)
        assert subprocess.run([*VERIFY, str(backup.data)], capture_output=True, check=False).returncode != 0


def test_pg_verifybackup_agrees_where_nothing_changed(backup: BaseBackup) -> None:
    read = verify_data(of_same_major(MAJOR, READ_PROGRAMS), backup.data)
    assert read.files == backup.require_manifest().files
    subprocess.run([*VERIFY, str(backup.data)], check=True)


@pytest.mark.parametrize("name", ["manifest.json", "data/backup_manifest", "SHA256SUMS"])
@pytest.mark.parametrize("change", [flipped(), lambda _: None, lambda _: b""])
def test_a_backup_whose_own_words_changed_is_broken(backup: BaseBackup, name: str, change: Change) -> None:
    with changed(backup.folder / name, change):
        found = read_backup(backup.folder)
        assert found.state == "broken"
        with pytest.raises(VerificationError, match="is broken: "):
            found.require_manifest()


def test_a_note_that_was_cut_is_no_proof(backup: BaseBackup) -> None:
    (backup.folder / "drill.json").write_text('{"proven": true')
    assert read_backup(backup.folder).state == "broken"


def test_whatever_changed_in_a_file_is_found(backup: BaseBackup) -> None:
    chance = random.Random(11)
    programs = of_same_major(MAJOR, READ_PROGRAMS)
    log = backup.require_manifest()
    wal = backup.data / "pg_wal" / segment_name(log.timeline, log.start // SEGMENT_BYTES, SEGMENT_BYTES)
    files = [path for path in backup.data.rglob("*") if path.is_file() and path.stat().st_size and path != wal]
    files = [path for path in files if path.name != "postgresql.auto.conf"]
    for number in range(FLIPS):
        path = chance.choice(files)
        at, bit = chance.randrange(path.stat().st_size), chance.randrange(8)
        change: Change = flipped(at, bit) if number % 3 else lambda content, at=at: content[:at]  # type: ignore[misc]
        if number % 10 == 0:
            # The head of the first record that the backup needs: room between records is no content.
            path, change = wal, flipped(log.start % SEGMENT_BYTES + chance.randrange(RECORD_HEAD_BYTES), bit)
        with changed(path, change), pytest.raises(PipelineError):
            verify_data(programs, backup.data)
    assert verify_data(programs, backup.data).files == log.files


@pytest.mark.parametrize("change", [lambda _: None, lambda content: content[:-1]])
def test_an_archived_file_that_is_missing_or_cut_is_named(
    archiving: Archiving, backup: BaseBackup, change: Change
) -> None:
    archiving.mark(3)
    removed = archiving.archive / archiving.switch()
    with changed(removed, change):
        fails_its_drill(archiving, backup, VerificationError, f"{removed.name} missing, or not whole")


def test_a_bit_of_the_archived_log_is_found(archiving: Archiving, backup: BaseBackup) -> None:
    archiving.mark(3)
    before_the_last = archiving.markers[-1].lsn % SEGMENT_BYTES - 8
    with changed(archiving.archive / archiving.switch(), flipped(before_the_last)):
        fails_its_drill(archiving, backup, ServerError, r"pg_waldump: .*error in WAL record")


def test_a_log_that_is_not_archived_is_said(archiving: Archiving, backup: BaseBackup, tmp_path: Path) -> None:
    with pytest.raises(ServerError, match=f"was not archived within 0 s to {tmp_path}"):
        drill_backup(backup, tmp_path, archiving.endpoint, "tests.drill", archive_seconds=0)
    assert read_backup(backup.folder).state == "whole"


def test_a_role_that_may_not_switch_is_told_so(archiving: Archiving, backup: BaseBackup) -> None:
    archiving.database.run(f"REVOKE EXECUTE ON FUNCTION pg_switch_wal() FROM {ROLE}")
    with pytest.raises(PrivilegeError, match=r"pg_switch_wal[\s\S]*replicator.sql"):
        drill_backup(backup, archiving.archive, archiving.endpoint, "tests.drill")
    archiving.make_role()
    assert read_backup(backup.folder).state == "whole"
