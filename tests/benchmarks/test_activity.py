from __future__ import annotations

from collections.abc import Callable

import pytest

from benchmarks.activity import watch
from benchmarks.databases import Database
from pgpipelines.templates import QualifiedName
from tests.fixtures import servers

TABLE = QualifiedName("public", "watched")


@pytest.mark.parametrize("major", [15, 18])
def test_what_a_run_writes_is_counted_and_read_from_the_log(
    database_of: Callable[..., servers.Database], major: int
) -> None:
    target = database_of(major)
    target.run("CREATE TABLE watched AS SELECT number AS id, 0 AS n FROM generate_series(1, 1000) AS number")
    with watch(Database(target.server, target.name), TABLE) as written:
        target.run(
            "UPDATE watched SET n = 1 WHERE id <= 20; DELETE FROM watched WHERE id > 990;"
            "INSERT INTO watched VALUES (2000, 0)"
        )
        found = written()
    assert (found.inserted, found.updated, found.deleted, found.tuples) == (1, 20, 10, 31)
    assert 31 * 24 < found.wal.records < 100_000
    assert found.wal.new_pages == 0


def test_pages_of_an_index_that_is_built_are_told_from_images_of_pages_that_stood(source: servers.Database) -> None:
    source.run("CREATE TABLE watched AS SELECT number AS id FROM generate_series(1, 10000) AS number")
    with watch(Database(source.server, source.name), TABLE) as written:
        source.run("CREATE INDEX ON watched (id)")
        found = written()
    assert found.tuples == 0
    assert found.wal.new_pages > 10_000 * 8
    assert found.wal.content == found.wal.records + found.wal.new_pages


def test_a_table_that_the_run_makes_is_counted_from_nothing(source: servers.Database) -> None:
    with watch(Database(source.server, source.name), TABLE) as written:
        source.run("CREATE TABLE watched (id int); INSERT INTO watched VALUES (1), (2)")
        assert written().inserted == 2
