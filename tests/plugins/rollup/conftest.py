"""What the tests of the statistics start from."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from demo.servers import Server
from tests.fixtures.servers import Database, databases
from tests.plugins.rollup.charging import make_chargers
from tests.plugins.rollup.corners import all_corners
from tests.plugins.rollup.runs import Statistics, statistics
from tests.plugins.rollup.tables import write_raw


@pytest.fixture
def charging(source: Database) -> Database:
    """A charger_db with three chargers and no sessions."""
    make_chargers(source)
    return source


@pytest.fixture(scope="session")
def every_corner(server_of: Callable[..., Server]) -> Iterator[Database]:
    """A database with statistics of every corner, up to date. Tests are given copies, which are made in no time."""
    with databases(server_of) as make:
        stats = statistics(make())
        write_raw(stats.database, all_corners())
        stats.run()
        yield stats.database


@pytest.fixture
def stats(database_of: Callable[..., Database], every_corner: Database) -> Statistics:
    """Statistics of every corner, up to date."""
    return Statistics(database_of(options=f"TEMPLATE {every_corner.name}"))
