"""What the tests of the statistics start from."""

from __future__ import annotations

import pytest

from tests.fixtures.servers import Database
from tests.plugins.rollup.charging import make_chargers


@pytest.fixture
def charging(source: Database) -> Database:
    """A charger_db with three chargers and no sessions."""
    make_chargers(source)
    return source
