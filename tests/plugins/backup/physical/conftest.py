"""Folders for physical backups, in memory: each has a thousand files to wait for."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fixtures.servers import server_folder


@pytest.fixture
def directory() -> Iterator[Path]:
    """A folder for backups, in memory: each has a thousand files to wait for."""
    folder = server_folder("pgpipelines-base-backups-")
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def directory_of_module() -> Iterator[Path]:
    """The same, for all tests of a file."""
    folder = server_folder("pgpipelines-base-backups-")
    yield folder
    shutil.rmtree(folder)
