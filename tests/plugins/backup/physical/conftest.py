"""A server of each version that archives its log as the page says, for the tests of this folder."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from demo.servers import Server, free_port, installed_majors, own
from tests.fixtures.servers import NEWEST, THROW_AWAY, Database, server_folder
from tests.plugins.backup.physical.archiving import Archiving, archive_command


@pytest.fixture(scope="module")
def archiving_of() -> Iterator[Callable[..., Archiving]]:
    """Give the running, archiving server of a major version, with its role that takes backups."""
    folder = server_folder("pgpipelines-archiving-")
    running: dict[int, Archiving] = {}

    def give(major: int = NEWEST) -> Archiving:
        if major not in installed_majors():
            pytest.skip(f"PostgreSQL {major} is not installed (Debian: apt-get install postgresql-{major})")
        if major not in running:
            archive = folder / f"wal {major}%"
            archive.mkdir()
            own(archive)
            settings = {**THROW_AWAY, "archive_mode": "on", "archive_command": archive_command(archive)}
            if major >= 17:
                settings["summarize_wal"] = "on"
            server = Server(folder / str(major), major, free_port(), settings)
            server.create()
            server.start()
            running[major] = Archiving(Database(server, "postgres"), archive)
            running[major].prepare()
        return running[major]

    yield give
    for archiving in running.values():
        archiving.database.server.stop("immediate")
    shutil.rmtree(folder)


@pytest.fixture
def directory() -> Iterator[Path]:
    """A folder for backups, in memory: each has a thousand files to wait for."""
    folder = server_folder("pgpipelines-base-backups-")
    yield folder
    shutil.rmtree(folder)
