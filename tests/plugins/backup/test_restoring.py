"""A set comes back as it was, or nothing changes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from demo.servers import installed_majors
from pgpipelines.backup.contents import Contents, read_contents, read_positions
from pgpipelines.backup.restore import Restored, Wanted, restore_set
from pgpipelines.backup.sets import DumpSet
from pgpipelines.errors import ConfigurationError
from pgpipelines.ledger import Run
from pgpipelines.sessions import Bounds, Endpoint, Session
from tests.fixtures.servers import Database, outside
from tests.plugins.backup.databases import fill, take

RUN = Run("tests", "run_1", "restore")
AT_ONCE = Bounds(lock_attempts=1)


def restored(taken: DumpSet, target: Database, **wanted: Any) -> Restored:
    """Restore a set into a database."""
    return restore_set(taken, Wanted(target.endpoint, target.name, **{"bounds": AT_ONCE, **wanted}), RUN)


def content(database: Database | Endpoint) -> tuple[Contents, Any]:
    """All that a database holds."""
    endpoint = database.endpoint if isinstance(database, Database) else database
    with Session(endpoint, "tests.contents", snapshot=True) as session:
        return read_contents(session), read_positions(session)


def databases_on(database: Database) -> list[str]:
    """The databases of a server that came of one."""
    return [name for (name,) in database.rows("SELECT datname FROM pg_database WHERE starts_with(datname, %s)", (database.name,))]


@pytest.fixture
def nowhere(source: Database) -> Iterator[Database]:
    """A database that does not exist yet."""
    missing = Database(source.server, f"{source.name}_new")
    yield missing
    drop(missing)


def drop(database: Database) -> None:
    for name in databases_on(Database(database.server, "postgres")):
        pass


@pytest.mark.parametrize("major", installed_majors())
def test_a_database_that_is_missing_is_made(database_of: Callable[..., Database], tmp_path: Path, major: int) -> None:
    source = fill(database_of(major))
    before = content(source)
    taken = take(source, tmp_path)
    new = Database(source.server, f"{source.name}_new")
    try:
        done = restored(taken, new)
        assert content(new) == before
        assert (done.tables, done.rows, done.kept) == (8, 508, "")
    finally:
        outside(source.server, f'DROP DATABASE IF EXISTS "{new.name}" WITH (FORCE)')
