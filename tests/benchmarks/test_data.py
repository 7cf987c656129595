from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from benchmarks.data import EMPTY, Data, Sizes, change, make
from benchmarks.databases import Database
from demo.servers import SUPERUSER, Server
from tests.fixtures import servers

ROWS = 2_000
CONTENT = "SELECT string_agg(log::text, '' ORDER BY id) FROM charger_usage_log AS log"


@pytest.fixture
def server(server_of: Callable[..., Server]) -> Iterator[Server]:
    """A server on which data sets are made, and dropped at the end."""
    found = server_of()
    yield found
    for data in (Data(ROWS), Data(EMPTY), Data(ROWS, timed=True), Data(EMPTY, timed=True)):
        Database(found, "postgres").execute("benchmarks/drop_database.sql", database=data.database)


@pytest.fixture
def environment(server: Server, tmp_path: Path) -> Mapping[str, str]:
    """Passwords as the benchmarks give them."""
    passwords = tmp_path / "pgpass"
    passwords.touch(mode=0o600)
    passwords.write_text(f"127.0.0.1:{server.port}:*:{SUPERUSER}:{server.password}\n")
    return {**os.environ, "PGPASSFILE": str(passwords)}


def test_the_table_is_that_of_charger_db_without_what_surrounds_it(
    server: Server, environment: Mapping[str, str]
) -> None:
    make(server, Data(ROWS), environment)
    made = servers.Database(server, Data(ROWS).database)
    assert made.rows("SELECT tablename FROM pg_tables WHERE schemaname = 'public'") == [("charger_usage_log",)]
    assert made.value("SELECT count(*) FROM pg_indexes WHERE schemaname = 'public'") == 6
    assert made.value("SELECT count(*) FROM pg_constraint WHERE contype = 'f'") == 0
    assert made.value("SELECT count(*) FROM charger_usage_log") == ROWS


def test_the_same_rows_change_each_time_and_each_change_is_counted(
    server: Server, environment: Mapping[str, str]
) -> None:
    contents = []
    for _ in range(2):
        make(server, Data(ROWS), environment)
        made = servers.Database(server, Data(ROWS).database)
        before = made.value("SELECT count(*) FROM charger_usage_log")
        changed = change(server, Data(ROWS), 1, updated=100, deleted=50, inserted=70)
        updated = made.value("SELECT count(*) FROM charger_usage_log WHERE payment_status = 'refunded'")
        inserted = made.value("SELECT count(*) FROM charger_usage_log WHERE id > %s", [ROWS])
        deleted = before + inserted - made.value("SELECT count(*) FROM charger_usage_log")
        assert changed == updated + inserted + deleted
        assert inserted == 70
        assert 50 < updated < 200
        assert 20 < deleted < 100
        contents.append(made.value(CONTENT))
    assert contents[0] == contents[1]


def test_another_salt_changes_other_rows(server: Server, environment: Mapping[str, str]) -> None:
    make(server, Data(ROWS), environment)
    made = servers.Database(server, Data(ROWS).database)
    settled = "SELECT array_agg(id ORDER BY id) FROM charger_usage_log WHERE payment_status = 'refunded'"
    change(server, Data(ROWS), 1, updated=100)
    first = set(made.value(settled))
    change(server, Data(ROWS), 2, updated=100)
    assert len(set(made.value(settled)) - first) > 50


def test_a_change_is_what_the_indexed_column_tells(server: Server, environment: Mapping[str, str]) -> None:
    data = Data(ROWS, timed=True)
    make(server, data, environment)
    made = servers.Database(server, data.database)
    filled = made.value("SELECT max(changed_at) FROM charger_usage_log")
    assert made.value("SELECT count(DISTINCT changed_at) FROM charger_usage_log") == ROWS
    changed = change(server, data, 1, updated=100)
    assert made.value("SELECT count(*) FROM charger_usage_log WHERE changed_at > %s", [filled]) == changed


def test_no_password_is_part_of_what_is_written_on_a_command_line(server: Server) -> None:
    database = Database(server, "postgres")
    assert server.password not in f"{database.keywords} {database.url}"


def test_the_two_tables_that_are_compared_are_as_many_times_as_large_as_asked() -> None:
    sizes = Sizes(rows=1000, rounds=1, large_rows=1, large_bytes=1, base_rows=100, factor=10)
    assert sizes.larger.rows == 10 * sizes.base.rows
    assert sizes.larger == sizes.timed
