"""The sample systems come back: whole, their rows, their tables; on every version of PostgreSQL."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from datetime import datetime, timezone
from pathlib import Path

import pytest

from demo import roles, systems
from demo.servers import Server
from demo.systems import SYSTEMS
from pgpipelines.backup.sets import DumpSet
from pgpipelines.templates import QualifiedName
from pgpipelines.whole_database import every_table
from tests.fixtures.copying import copied
from tests.fixtures.servers import Database, outside
from tests.plugins.backup.databases import take
from tests.plugins.backup.restore.test_restoring import content, missing, restored
from tests.plugins.backup.restore.test_restoring_rows import rows

UNTIL = datetime(2025, 11, 20, 5, 30, tzinfo=timezone.utc)
OWN_SERVER = 5
WAREHOUSE = "warehouse"
FIVE = [*(system.database for system in SYSTEMS), WAREHOUSE]
# The others with PGPIPELINES_RESTORES=all.
FEW = [(15, "erp"), (16, "agentic_ai"), (18, WAREHOUSE)]
CASES = [(major, name) for major in (15, 16, 18) for name in FIVE] if "PGPIPELINES_RESTORES" in os.environ else FEW


@pytest.fixture(params=CASES, ids=lambda case: f"{case[1]} on {case[0]}")
def system(request: pytest.FixtureRequest, server_of: Callable[..., Server]) -> Iterator[Database]:
    """A sample system; the warehouse has tables, rows and the ledger of a copy."""
    major, name = request.param
    server = server_of(major, OWN_SERVER)
    database = Database(server, name)
    source = next(each for each in SYSTEMS if each.database == ("chat" if name == WAREHOUSE else name))
    for role in (source.owner, roles.READER, roles.DUMPER, roles.MONITOR):
        Database(server, "postgres").run(f"DROP ROLE IF EXISTS {role}")
    with systems.superuser(server) as connection:
        for role in (source.owner, roles.READER, roles.DUMPER, roles.MONITOR):
            systems.create_role(connection, server, role)
    systems.create(server, source, 0.001, 7, UNTIL)
    if name == WAREHOUSE:
        outside(server, f"CREATE DATABASE {WAREHOUSE}")
        for table in every_table(Database(server, source.database).endpoint, "tests"):
            copied(Database(server, source.database), database, table)
    yield database
    for made in {source.database, name}:
        outside(server, f"DROP DATABASE {made} WITH (FORCE)")


def leaf(taken: DumpSet) -> QualifiedName:
    """A table with rows that none of another table need."""
    kinds = ("orders", "agent_executions", "login_log", "power_consumption")
    return next(each.table for each in taken.require_manifest().contents.tables if each.table.name in kinds)


def test_a_system_comes_back_whole_by_its_rows_and_by_a_table(system: Database, tmp_path: Path) -> None:
    taken, before = take(system, tmp_path), rows(system)
    for place in missing(system):
        restored(taken, place)
        assert content(place) == content(system)
        every = ", ".join(f'"{name.schema}"."{name.name}"' for name in before)
        place.run(f"TRUNCATE {every} CASCADE")
        restored(taken, place, mode="data_only")
        assert rows(place) == before
        table = leaf(taken)
        place.run(f'DELETE FROM "{table.schema}"."{table.name}" WHERE hashtext({table.name}::text) % 3 = 0')
        assert rows(place) != before
        restored(taken, place, mode="tables", tables=(table,), replace=True)
        assert rows(place) == before
        done = restored(taken, place, replace=True)
        assert content(place) == content(system)
        assert done.kept
