"""Readers, writers and other runs meet a copy under way.

Sizes are small here; PGPIPELINES_READERS, PGPIPELINES_WRITERS, PGPIPELINES_ROWS and PGPIPELINES_REPLACES set others
(at full size: 200, 20, 300000, 5).
"""

from __future__ import annotations

import os
import shutil
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

import pytest

from demo.servers import Server, free_port
from pgpipelines.copy.publishing import TableResult
from tests.fixtures.copying import content, copied
from tests.fixtures.servers import THROW_AWAY, Database, server_folder

READERS = int(os.environ.get("PGPIPELINES_READERS", "20"))
ROWS = int(os.environ.get("PGPIPELINES_ROWS", "20000"))
REPLACES = int(os.environ.get("PGPIPELINES_REPLACES", "3"))


def fill(database: Database, rows: int = ROWS) -> None:
    database.run(
        f"""CREATE TABLE t (id int PRIMARY KEY, code int UNIQUE, v text, generation int);
            INSERT INTO t SELECT g, g, repeat('x', g % 50), 0 FROM generate_series(1, {rows}) AS g"""
    )


def next_generation(database: Database) -> None:
    """Change every row, drop some, add some."""
    database.run("""
        UPDATE t SET generation = generation + 1, v = v || 'y';
        DELETE FROM t WHERE id IN (SELECT id FROM t ORDER BY id LIMIT 100);
        INSERT INTO t SELECT g, g, 'new', (SELECT max(generation) FROM t)
        FROM generate_series((SELECT max(id) + 1 FROM t), (SELECT max(id) + 100 FROM t)) AS g;
    """)


def left_behind(database: Database) -> list[tuple[Any, ...]]:
    """What must not be there once a clean run has ended: sessions, locks, tables."""
    tables = "SELECT 'table', relname FROM pg_class WHERE relname LIKE 'pgpipelines%' AND relkind = 'r'"
    return still_held(database) + database.rows(tables)


def still_held(database: Database) -> list[tuple[Any, ...]]:
    """What must not outlive a run, however it ended: sessions and locks."""
    return database.rows("""
        SELECT 'session', application_name FROM pg_stat_activity
        WHERE datname = current_database() AND application_name LIKE 'tests.%'
        UNION ALL SELECT 'lock', mode FROM pg_locks WHERE locktype = 'advisory'
            AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
    """)


def eventually(holds: Callable[[], bool], seconds: float = 20) -> bool:
    """Wait until something holds that no event tells of; within bounds."""
    deadline = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > deadline:
            return False
        threading.Event().wait(0.05)
    return True


@pytest.fixture(scope="module")
def crowded() -> Iterator[Server]:
    """A server that takes as many connections as there are readers."""
    folder = server_folder("pgpipelines-crowd-")
    server = Server(folder / "18", 18, free_port(), {**THROW_AWAY, "max_connections": str(READERS + 30)})
    server.create()
    server.start()
    yield server
    server.stop("immediate")
    shutil.rmtree(folder)


class Readers:
    """Readers that poll one table, each through a connection of its own, and what their answers said."""

    SUMS = "SELECT count(*), sum(hashtextextended(t::text, 0)), min(generation), max(generation) FROM t"

    def __init__(self, database: Database, number: int) -> None:
        self.seen: set[tuple[Any, ...]] = set()
        self.answers = [0] * number
        self.errors: list[BaseException] = []
        self.stopped = threading.Event()
        self.threads = [threading.Thread(target=self.read, args=(database, reader)) for reader in range(number)]
        for thread in self.threads:
            thread.start()

    def read(self, database: Database, reader: int) -> None:
        try:
            connection = database.connect()
            connection.autocommit = True
            with closing(connection), connection.cursor() as cursor:
                while not self.stopped.is_set():
                    cursor.execute(self.SUMS)
                    self.seen.add(cursor.fetchone())
                    self.answers[reader] += 1
        except BaseException as error:  # noqa: BLE001 (an error of any reader fails the test)
            self.errors.append(error)

    def all_answered(self) -> None:
        """Wait until each reader has had an answer to a question that it asks from now on, or has failed."""
        before = list(self.answers)
        assert eventually(
            lambda: bool(self.errors) or all(now > then + 1 for now, then in zip(self.answers, before, strict=True)),
            100,
        )

    def stop(self) -> None:
        self.stopped.set()
        for thread in self.threads:
            thread.join()


def test_readers_see_the_old_table_or_the_new_one(source: Database, crowded: Server) -> None:
    target = Database(crowded, "postgres")
    fill(source, ROWS // 10)
    copied(source, target)
    whole = [target.rows(Readers.SUMS)[0]]
    readers = Readers(target, READERS)
    try:
        readers.all_answered()
        for _ in range(REPLACES):
            next_generation(source)
            whole.append(source.rows(Readers.SUMS)[0])
            copied(source, target)
        readers.all_answered()
    finally:
        readers.stop()
    assert readers.errors == []
    assert readers.seen <= set(whole)
    assert {whole[0], whole[-1]} <= readers.seen


def test_two_runs_at_once_follow_each_other(source: Database, target: Database) -> None:
    fill(source, 2000)
    results: list[TableResult] = []

    def run() -> None:
        results.append(copied(source, target))

    threads = [threading.Thread(target=run) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(result.changes.inserted for result in results) == [0, 0, 2000]
    assert content(target) == content(source)
    assert target.value("SELECT count(*) FROM pgpipelines.ledger WHERE status = 'succeeded'") == 3


def test_a_run_that_waited_publishes_what_the_source_is_then(source: Database, target: Database) -> None:
    fill(source, 100)
    copied(source, target)
    holder = target.connect()
    with holder, holder.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended('pgpipelines:public.t', 0))")
        thread = threading.Thread(target=copied, args=(source, target))
        thread.start()
        waits = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
        assert eventually(lambda: target.value(waits) == 1)
        next_generation(source)
    holder.close()
    thread.join()
    assert content(target) == content(source)


def test_an_interrupted_load_ends_both_servers_statements(source: Database, target: Database) -> None:
    source.run("CREATE VIEW t AS SELECT 1 AS id, pg_sleep(3600)::text AS nap")
    target.run("CREATE TABLE t (id int, nap text)")

    class Stopped(BaseException):
        pass

    def stop(*_: object) -> None:
        raise Stopped

    previous = signal.signal(signal.SIGUSR1, stop)
    asleep = "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND datname = current_database()"
    main = threading.get_ident()

    def interrupt() -> None:
        eventually(lambda: source.value(asleep) == 1)
        signal.pthread_kill(main, signal.SIGUSR1)

    thread = threading.Thread(target=interrupt)
    thread.start()
    try:
        with pytest.raises(Stopped):
            copied(source, target)
    finally:
        thread.join()
        signal.signal(signal.SIGUSR1, previous)
    assert eventually(lambda: still_held(source) == [] == still_held(target))
    assert content(target) == []
