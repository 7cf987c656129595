"""What a person restores is a server at the moment asked for; what can't lead there is refused before."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from psycopg2 import errors

from demo.servers import Server, free_port, own
from pgpipelines.backup.physical.__main__ import main
from pgpipelines.backup.physical.archive import Archive
from pgpipelines.backup.physical.backups import BaseBackup, list_backups
from pgpipelines.backup.physical.restoring import Target, backup_for, restore, way_to
from pgpipelines.errors import ConfigurationError, VerificationError
from tests.fixtures.archiving import SEGMENT_BYTES, Archiving, archive_command
from tests.fixtures.servers import THROW_AWAY, Database, outside
from tests.fixtures.waiting import until
from tests.plugins.backup.databases import left_in

NUMBERS = "SELECT max(number) FROM marker"
IN_CHARGE = "SELECT WHERE NOT pg_is_in_recovery()"


@pytest.fixture(scope="module")
def archiving(archiving_of: Callable[..., Archiving]) -> Archiving:
    return archiving_of(18)


@pytest.fixture(scope="module")
def backups(archiving: Archiving, directory_of_module: Path) -> list[BaseBackup]:
    """A full backup and an incremental one, with ten markers after each, of a server that was itself restored once."""
    outside(archiving.database.server, "ALTER SYSTEM SET recovery_target_name = 'long ago'")
    made = []
    for _ in range(2):
        made.append(archiving.take(directory_of_module / "dumps" / "@base_backups", incrementals=1))
        archiving.mark(10)
    archiving.switch()
    return made


@contextmanager
def server_over(data: Path, archiving: Archiving, **settings: str) -> Iterator[Database]:
    """Start a server on a restored data folder."""
    before = archiving.database.server
    home = data.parent
    shutil.copy(before.home / "password", home / "password")
    own(home, data, *data.rglob("*"))
    server = Server(home, before.major, free_port(), {**THROW_AWAY, **settings})
    server.start()
    try:
        yield Database(server, "postgres")
    finally:
        server.stop("immediate")


@pytest.fixture
def into(directory: Path) -> Path:
    """Where a server is restored to."""
    return directory / "home" / "data"


def test_a_restored_server_waits_at_the_moment_and_goes_on_when_told(
    archiving: Archiving, backups: list[BaseBackup], into: Path
) -> None:
    into.mkdir(parents=True)
    marker = archiving.markers[14]
    way = restore(backups[1], archiving.archive, Target(time=marker.at), into)
    assert way.timeline == 1
    assert into.stat().st_mode & 0o077 == 0
    with server_over(into, archiving) as restored:
        assert restored.value(NUMBERS) == marker.number
        with pytest.raises(errors.ReadOnlySqlTransaction):
            restored.run("INSERT INTO marker VALUES (0)")
        restored.run("SELECT pg_wal_replay_resume()")
        until(restored, IN_CHARGE)
        restored.run("INSERT INTO marker VALUES (0)")
    assert left_in(into.parent.parent / "home" / ".partial-data") == []


def test_without_a_moment_the_whole_archive_is_replayed(
    archiving: Archiving, backups: list[BaseBackup], into: Path
) -> None:
    into.parent.mkdir()
    restore(backups[0], archiving.archive, Target(), into)
    with server_over(into, archiving) as restored:
        until(restored, IN_CHARGE)
        assert restored.value(NUMBERS) == archiving.database.value(NUMBERS)


def test_a_second_timeline_is_followed_from_its_history(
    archiving: Archiving, backups: list[BaseBackup], into: Path
) -> None:
    """A server that was restored goes on in the same archive; then both histories can be gone back to."""
    into.parent.mkdir()
    archive = into.parent / "wal"
    shutil.copytree(archiving.archive, archive)
    own(archive, *archive.iterdir())
    first = archiving.markers[4]
    restore(backups[0], archive, Target(position=first.lsn), into)
    with server_over(into, archiving, archive_mode="on", archive_command=archive_command(archive)) as restored:
        restored.run("SELECT pg_wal_replay_resume()")
        until(restored, IN_CHARGE)
        second = Archiving(restored, archive)
        restored.run("INSERT INTO marker VALUES (1000)")
        restored.run("INSERT INTO marker VALUES (1001)")
        second.switch()
    shutil.rmtree(into)
    later = archiving.markers[18]
    restore(backups[0], archive, Target(), into)
    with server_over(into, archiving) as restored:
        until(restored, IN_CHARGE)
        found = [number for (number,) in restored.rows("SELECT number FROM marker ORDER BY number")]
        assert found == [*range(1, first.number + 1), 1000, 1001]
    shutil.rmtree(into)
    way = way_to(backups[0], archive, Target(time=later.at), timeline=1)
    assert way.timeline == 1
    (archive / "00000002.history").unlink()
    with pytest.raises(VerificationError, match=r"00000002\.history missing"):
        restore(backups[0], archive, Target(), into)
    assert not into.exists()
    with pytest.raises(VerificationError, match="timeline 1 does not come from timeline 2"):
        Archive(archive, SEGMENT_BYTES).way(2, later.lsn, 1)


def test_a_folder_that_is_not_empty_is_refused(archiving: Archiving, backups: list[BaseBackup], into: Path) -> None:
    into.mkdir(parents=True)
    (into / "mine").touch()
    with pytest.raises(ConfigurationError, match="is not empty"):
        restore(backups[0], archiving.archive, Target(), into)
    assert left_in(into) == ["mine"]


def test_a_moment_that_nothing_leads_to_is_refused(archiving: Archiving, backups: list[BaseBackup], into: Path) -> None:
    second = backups[1].require_manifest()
    too_early = Target(time=second.finished_at - timedelta(microseconds=1))
    with pytest.raises(VerificationError, match=r"was finished at .* after this moment"):
        restore(backups[1], archiving.archive, too_early, into)
    assert backup_for(backups, too_early) == backups[0]
    assert backup_for(backups, Target()) == backups[1]
    with pytest.raises(VerificationError, match="no backup was finished before"):
        backup_for(backups, Target(position=1))
    last = archiving.markers[-1]
    for beyond in (Target(time=last.at + timedelta(days=1)), Target(position=last.lsn + 2**32)):
        with pytest.raises(VerificationError, match="does not reach so far"):
            restore(backups[1], archiving.archive, beyond, into)
    assert not into.exists()


def test_an_incremental_backup_without_its_full_one_is_broken(backups: list[BaseBackup]) -> None:
    aside = backups[0].folder.rename(backups[0].folder.with_name(".aside"))
    try:
        (left,) = list_backups(backups[0].folder.parent.parent, "conn")
        assert left.state == "broken"
    finally:
        aside.rename(backups[0].folder)


@pytest.fixture
def command(
    archiving: Archiving, backups: list[BaseBackup], into: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., tuple[int, str]]:
    """The command, for a pipeline of these backups."""
    into.parent.mkdir()
    archive = into.parent / "wal" / "conn"
    shutil.copytree(archiving.archive, archive)
    own(archive, *archive.iterdir())
    dumps = backups[0].folder.parents[2]
    (into.parent / "pipelines.yaml").write_text(
        f"base_backups: {{weekly: {{schedule: null, servers: [conn], wal_archive: {archive.parent}, "
        f"directory: {dumps}, keep: 1, drill: none}}}}",
        encoding="utf-8",
    )
    monkeypatch.setenv("PGPIPELINES_CONFIG", str(into.parent / "pipelines.yaml"))

    def call(*arguments: str) -> tuple[int, str]:
        with pytest.MonkeyPatch.context() as patch:
            written: list[str] = []
            patch.setattr("sys.stdout.write", written.append)
            return main(arguments), "".join(written)

    return call


def test_the_command_lists_and_judges(command: Callable[..., tuple[int, str]], backups: list[BaseBackup]) -> None:
    status, said = command("list")
    assert status == 0
    assert re.findall(r"(conn/\S+) +(\w+)", said) == [(each.name, "whole") for each in backups]
    assert command("overdue")[0] == 0
    status, said = command("retention")
    assert status == 0
    assert backups[0].name not in said


def test_the_command_says_that_nothing_is_configured(command: Callable[..., tuple[int, str]], into: Path) -> None:
    configuration = into.parent / "pipelines.yaml"
    configuration.write_text("copies: {}", encoding="utf-8")
    assert command("overdue") == (1, "no pipeline of `base_backups` is configured: no server is backed up\n")
    configuration.write_text("base_backups: {weekly: {servers: [conn]}}", encoding="utf-8")
    status, said = command("list")
    assert status == 1
    assert "base_backups.weekly.schedule: missing" in said


def test_the_command_names_a_missing_wal_file(
    command: Callable[..., tuple[int, str]], backups: list[BaseBackup], into: Path
) -> None:
    archive = into.parent / "wal" / "conn"
    way = way_to(backups[1], archive, Target())
    (archive / way.files[0]).unlink()
    status, said = command("overdue")
    assert status == 1
    assert f"{way.files[0]} missing" in said
    status, said = command("restore", "--into", str(into))
    assert (status, into.exists()) == (1, False)
    assert f"{way.files[0]} missing" in said


def test_the_command_restores(
    command: Callable[..., tuple[int, str]], archiving: Archiving, backups: list[BaseBackup], into: Path
) -> None:
    marker = archiving.markers[6]
    status, said = command("restore", "--target-time", marker.at.isoformat(), "--into", str(into))
    assert status == 0
    assert f"data folder of PostgreSQL 18, of {backups[0].name}." in said
    with server_over(into, archiving) as restored:
        assert restored.value(NUMBERS) == marker.number


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--target-time", "2026-11-20T18:30:00"], "which is no moment"),
        (["--target-lsn", "x"], "which is no moment"),
        (["--backup", "conn/x"], "there is no backup conn/x"),
        (["--server", "other"], "which server? `base_backups` of pipelines.yaml has: conn"),
    ],
)
def test_the_command_says_what_it_does_not_know(
    command: Callable[..., tuple[int, str]], into: Path, arguments: list[str], words: str
) -> None:
    status, said = command("restore", *arguments, "--into", str(into))
    assert (status, into.exists()) == (1, False)
    assert words in said
