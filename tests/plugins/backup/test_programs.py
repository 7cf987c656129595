"""Which installation of PostgreSQL's programs is taken, and what is said where none fits."""

from __future__ import annotations

from pathlib import Path

import pytest

from demo.servers import installed_majors
from pgpipelines.backup.programs import CLIENT_PROGRAMS, FOLDERS_VARIABLE, client_for, of_same_major, server_for
from pgpipelines.errors import ConfigurationError


def installation(folder: Path, version: str, *, without: str = "") -> str:
    """A folder of programs that do nothing but tell their version."""
    folder.mkdir()
    for name in CLIENT_PROGRAMS:
        if name != without:
            (folder / name).write_text(f"#!/bin/sh\necho '{name} (PostgreSQL) {version} (Some packager 1)'\n")
            (folder / name).chmod(0o755)
    return str(folder)


@pytest.mark.parametrize("major", installed_majors())
def test_a_server_is_dumped_by_its_own_version_where_that_is_installed(major: int) -> None:
    assert client_for(major).major == server_for(major).major == major


def test_else_by_the_next_newer_one(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    folders = [installation(tmp_path / version, version) for version in ("98.2", "97devel", "99rc1")]
    monkeypatch.setenv(FOLDERS_VARIABLE, ":".join(folders))
    assert client_for(90).version == "97devel"
    assert client_for(98).folder == tmp_path / "98.2"


def test_of_equals_the_folder_that_is_named_comes_first(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    newest = max(installed_majors())
    monkeypatch.setenv(FOLDERS_VARIABLE, installation(tmp_path / "mine", f"{newest}.99"))
    assert client_for(newest).folder == tmp_path / "mine"


def test_an_installation_with_a_program_missing_is_none(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv(FOLDERS_VARIABLE, installation(tmp_path / "97", "97.0", without="pg_dumpall"))
    with pytest.raises(ConfigurationError) as error:
        client_for(97)
    assert "pg_dumpall, pg_restore, psql of PostgreSQL 97 or newer are not installed (found: " in error.value.cause
    assert "install Debian's postgresql-client-97, or name the folder" in error.value.remedy


def test_a_drill_needs_the_programs_of_a_server(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv(FOLDERS_VARIABLE, installation(tmp_path / "97", "97.0"))
    assert client_for(97).major == 97
    with pytest.raises(ConfigurationError, match="no scratch server can be made"):
        server_for(97)


@pytest.mark.parametrize("major", installed_majors())
def test_a_physical_backup_is_handled_by_its_own_version(major: int) -> None:
    assert of_same_major(major, ("pg_basebackup", "pg_waldump")).major == major


def test_no_other_version_will_do_for_a_physical_backup(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv(FOLDERS_VARIABLE, installation(tmp_path / "98", "98.1"))
    with pytest.raises(ConfigurationError) as error:
        of_same_major(97, ("psql",))
    assert error.value.cause == "psql of PostgreSQL 97 are not installed (found: 98.1)"
    assert "install Debian's postgresql-97" in error.value.remedy
