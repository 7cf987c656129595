"""Whom the pages speak to: somebody with a charger_db that has no rows yet."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from pgpipelines.templates import render
from tests.docs.pages import Reader
from tests.fixtures.servers import Database
from tests.fixtures.tasks import connect

# Apart from the servers of other tests, which make roles of these names too.
OWN_SERVER = 2
ROLES = ("charger_app", "pgpipelines_writer")


@pytest.fixture
def reader(monkeypatch: pytest.MonkeyPatch, database_of: Callable[..., Database]) -> Iterator[Reader]:
    """A reader whose target_postgres_conn leads to an empty charger_db, on a server that has the pages' roles."""
    target = database_of(nth=OWN_SERVER)
    target.run(render("schema/charger_db.sql"))
    target.run("; ".join(f"CREATE ROLE {role}" for role in ROLES))
    connect(monkeypatch, "target_postgres_conn", target)
    yield Reader(target)
    target.run("; ".join(f"DROP OWNED BY {role} CASCADE; DROP ROLE {role}" for role in ROLES))
