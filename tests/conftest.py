"""Fixtures of all tests, one module per concern."""

from __future__ import annotations

import tests.fixtures.airflow_home  # noqa: F401 (before anything that imports Airflow)
from demo.servers import installed_majors
from tests.fixtures.archiving import archiving_of
from tests.fixtures.clones import clone_of
from tests.fixtures.following import followed, followed_database
from tests.fixtures.objects import object_server, objects
from tests.fixtures.poolers import pooler_of
from tests.fixtures.replicas import replica_of
from tests.fixtures.scratch import initialised_once
from tests.fixtures.servers import database_of, server_of, source, target

__all__ = [
    "archiving_of",
    "clone_of",
    "database_of",
    "followed",
    "followed_database",
    "initialised_once",
    "object_server",
    "objects",
    "pooler_of",
    "replica_of",
    "server_of",
    "source",
    "target",
]


def pytest_report_header() -> str:
    """Name the servers that the tests can run on."""
    return f"PostgreSQL: {', '.join(map(str, installed_majors()))}"
