"""Where sets are restored to, and a set."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from pgpipelines.backup.sets import DumpSet
from tests.fixtures.servers import Database, outside
from tests.plugins.backup.databases import fill, take
from tests.plugins.backup.restore.test_restoring import missing


@pytest.fixture
def place(source: Database) -> Iterator[Database]:
    """A database that is not there yet; whatever comes of it is dropped."""
    yield from missing(source)


@pytest.fixture
def used(source: Database, place: Database) -> Database:
    """A database in use, with another table than the set has."""
    outside(source.server, f'CREATE DATABASE "{place.name}" TEMPLATE template0')
    place.run("CREATE TABLE precious AS SELECT 1 AS id")
    return place


@pytest.fixture
def taken(source: Database, tmp_path: Path) -> DumpSet:
    """A set of everything."""
    return take(fill(source), tmp_path)
