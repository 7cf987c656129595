"""Whatever happens while a backup is taken or tried: nothing is called good that is not, and the next run cleans up."""

from __future__ import annotations

import logging
import os
import random
import signal
import subprocess
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timezone
from pathlib import Path

import psutil
import pytest
from psycopg2.extensions import make_dsn

from demo.servers import own
from pgpipelines.backup.physical.backups import BaseDrill, list_backups, note_drill
from pgpipelines.backup.physical.drill import drill_backup
from pgpipelines.backup.physical.manifest import verify_data
from pgpipelines.backup.physical.restoring import READ_PROGRAMS
from pgpipelines.backup.physical.taking import take_backup
from pgpipelines.backup.programs import of_same_major
from pgpipelines.backup.scratch import scratch_folder
from pgpipelines.endpoints import Endpoint
from pgpipelines.errors import (
    ConfigurationError,
    ConflictError,
    ConnectionFailedError,
    PrivilegeError,
    ServerError,
)
from tests.fixtures.archiving import PASSWORD, ROLE, Archiving
from tests.fixtures.killing import run_killed
from tests.fixtures.servers import Database
from tests.fixtures.waiting import until
from tests.plugins.backup.databases import left_in
from tests.plugins.backup.test_roles import arguments_seen

STREAMING = "SELECT FROM pg_stat_replication WHERE application_name = 'tests.take' AND state = 'streaming'"
NOBODY_STREAMS = "SELECT WHERE NOT EXISTS (SELECT FROM pg_replication_slots)"
# More of them with PGPIPELINES_KILLS=20.
KILLS = int(os.environ.get("PGPIPELINES_KILLS", "1"))
TAKE_AND_DRILL = """
import sys
from pathlib import Path
from psycopg2.extensions import parse_dsn
from pgpipelines.backup.physical.drill import drill_backup
from pgpipelines.backup.physical.taking import take_backup
from pgpipelines.endpoints import Endpoint
print("ready", flush=True)
endpoint = Endpoint("conn", parse_dsn(sys.stdin.readline()))
drill_backup(take_backup(endpoint, Path(sys.argv[1]), "tests.take"), Path(sys.argv[2]), endpoint, "tests.drill")
"""


@pytest.fixture
def archiving(archiving_of: Callable[..., Archiving]) -> Archiving:
    return archiving_of(16)


def test_a_password_is_wrong(archiving: Archiving, directory: Path) -> None:
    wrong = Endpoint("conn", {**archiving.endpoint.parameters, "password": "wrong-canary"})
    with pytest.raises(ConnectionFailedError, match="password authentication failed") as error:
        take_backup(wrong, directory, "tests.take")
    assert "wrong-canary" not in str(error.value)
    assert left_in(directory) == []


def test_a_role_that_may_not_replicate_is_told_the_template(archiving: Archiving, directory: Path) -> None:
    archiving.database.run(f"ALTER ROLE {ROLE} NOREPLICATION")
    try:
        with pytest.raises(PrivilegeError, match=r"may not replicate[\s\S]*replicator.sql"):
            archiving.take(directory)
    finally:
        archiving.database.run(f"ALTER ROLE {ROLE} REPLICATION")
    assert left_in(directory) == []


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_pg_basebackup_is_killed(archiving: Archiving, directory: Path, number: signal.Signals) -> None:
    with ThreadPoolExecutor(1) as pool:
        taking = pool.submit(archiving.take, directory)
        until(archiving.database, STREAMING)
        leader = next(each for each in psutil.Process().children(recursive=True) if each.name() == "pg_basebackup")
        leader.send_signal(number)
        with pytest.raises(ServerError, match="pg_basebackup: "):
            taking.result()
    assert left_in(directory) == []
    until(archiving.database, NOBODY_STREAMS)
    assert archiving.take(directory).state == "whole"


def took(archiving: Archiving, directory: Path, *, kill_after: float | None) -> float:
    """Take and drill in a process of its own, killed after so many seconds; how long it ran."""
    arguments = [str(directory), str(archiving.archive)]
    status, seconds = run_killed(TAKE_AND_DRILL, arguments, make_dsn(**archiving.endpoint.parameters), kill_after)
    assert status == 0 or (kill_after is not None and status == -signal.SIGKILL)
    return seconds


def test_the_process_is_killed_at_any_moment(archiving: Archiving, directory: Path) -> None:
    """Nothing goes on without it, least of all what holds the server's WAL; the next run removes what it left."""
    chance = random.Random(7)
    seconds = took(archiving, directory, kill_after=None)
    for _ in range(KILLS):
        took(archiving, directory, kill_after=chance.uniform(0, seconds))
        until(archiving.database, NOBODY_STREAMS)
        backups = list_backups(directory, "conn")
        assert {each.state for each in backups} <= {"proven", "whole"}
        for each in backups:
            verify_data(of_same_major(16, READ_PROGRAMS), each.data)
    drill_backup(archiving.take(directory), archiving.archive, archiving.endpoint, "tests.drill")
    assert list((directory / "conn").glob(".partial-*")) == []
    assert not scratch_folder(directory / "conn").exists()


def test_two_at_once_exclude_each_other(archiving: Archiving, directory: Path) -> None:
    with ThreadPoolExecutor(1) as pool:
        taking = pool.submit(archiving.take, directory)
        until(archiving.database, STREAMING)
        with pytest.raises(ConflictError, match="another run"):
            archiving.take(directory)
        assert taking.result().state == "whole"


def test_files_are_for_their_owner_only_and_the_password_is_nowhere(
    archiving: Archiving, directory: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    with arguments_seen() as seen:
        proven = drill_backup(archiving.take(directory), archiving.archive, archiving.endpoint, "tests.drill")
    assert any(b"pg_basebackup" in each for each in seen)
    assert [each for each in seen if PASSWORD.encode() in each] == []
    assert PASSWORD not in caplog.text + repr(proven)
    below = [path for path in proven.folder.rglob("*") if not path.is_symlink()]
    assert {path.stat().st_mode & 0o077 for path in below} == {0}
    own = [path for path in proven.folder.iterdir() if path.is_file()]
    assert {path.name for path in own} == {"manifest.json", "SHA256SUMS", "drill.json"}
    assert not any(PASSWORD.encode() in path.read_bytes() for path in below if path.is_file())


def test_a_full_backup_that_failed_its_drill_is_no_basis(
    archiving_of: Callable[..., Archiving], directory: Path
) -> None:
    archiving = archiving_of(18)
    note_drill(archiving.take(directory), BaseDrill(proven=False, at=datetime.now(timezone.utc)))
    second = archiving.take(directory, incrementals=6).require_manifest()
    assert second.kind == "full"
    assert "the drill of conn/" in second.notices[0]
    assert archiving.take(directory, incrementals=6).require_manifest().kind == "incremental"


def test_a_server_that_archives_nothing_is_refused(source: Database, directory: Path) -> None:
    with pytest.raises(ConfigurationError, match="archive_mode = off"):
        take_backup(source.endpoint, directory, "tests.take")
    assert left_in(directory) == []


def test_another_server_is_refused(archiving_of: Callable[..., Archiving], directory: Path) -> None:
    archiving_of(16).take(directory)
    with pytest.raises(ConfigurationError, match="is another server than the one of conn/"):
        archiving_of(18).take(directory)


def test_a_disk_without_room_is_said_before(
    archiving: Archiving, directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = archiving.take(directory)
    usage = os.statvfs(directory)
    monkeypatch.setattr("pgpipelines.backup.storage.place.ROOM_TO_GROW", usage.f_blocks * usage.f_frsize)
    with pytest.raises(ServerError, match="bytes are free, and the last backups let expect"):
        archiving.take(directory)
    assert [each.name for each in list_backups(directory, "conn")] == [first.name]


@pytest.fixture
def small_disk(directory: Path) -> Iterator[Path]:
    """A disk with room for half a backup."""
    folder = directory / "small"
    folder.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=20m", "none", folder], check=False)
    if mounted.returncode != 0:
        pytest.skip("a disk can't be mounted here")
    yield folder
    subprocess.run(["umount", folder], check=True)


def test_the_disk_is_full(archiving: Archiving, small_disk: Path) -> None:
    with pytest.raises(ServerError, match="No space left on device") as error:
        archiving.take(small_disk)
    assert "free space" in error.value.remedy
    assert left_in(small_disk) == []
    until(archiving.database, NOBODY_STREAMS)


def test_a_tablespace_is_named(archiving: Archiving, directory: Path) -> None:
    place = archiving.archive.parent / "elsewhere"
    place.mkdir()
    own(place)
    with_tablespace = f"CREATE TABLESPACE far LOCATION '{place}'"
    connection = archiving.database.connect()
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute(with_tablespace)
        try:
            with pytest.raises(ConfigurationError, match="tablespace far lies outside"):
                archiving.take(directory)
        finally:
            cursor.execute("DROP TABLESPACE far")
    connection.close()
