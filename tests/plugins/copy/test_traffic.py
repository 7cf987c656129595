"""Others read and write both tables while copies go on: nobody fails, nobody sees half, nobody waits for long.

Sizes are small here; PGPIPELINES_READERS, PGPIPELINES_WRITERS and PGPIPELINES_REPLACES set others (at full size: 200,
20, 20).
"""

from __future__ import annotations

import os
import random
import shutil
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest

from demo.servers import Server, free_port
from pgpipelines.copy.merging import Changes, Merged, Merging
from pgpipelines.copy.request import Cursor
from pgpipelines.errors import ConflictError
from tests.fixtures.copying import content, copied
from tests.fixtures.servers import THROW_AWAY, Database, server_folder
from tests.fixtures.waiting import until
from tests.plugins.copy.test_concurrency import eventually

READERS = int(os.environ.get("PGPIPELINES_READERS", "6"))
WRITERS = int(os.environ.get("PGPIPELINES_WRITERS", "3"))
REPLACES = int(os.environ.get("PGPIPELINES_REPLACES", "2"))
# Nobody is to wait for a copy; a busy machine may make anybody wait for it.
SLOWEST_SECONDS = 20.0
# The server itself notes who has waited for a lock for longer than this.
LOG_LONG_WAITS = {"log_lock_waits": "on", "deadlock_timeout": "200ms", "log_line_prefix": "%a: "}
ROWS = 4000
COPIED_COLUMNS = "id, part, amount, generation"

# Rows of part 0 are changed by `next_generation` alone, those of part 1 by the source's writers, who move amounts from
# row to row, and those of part 2 by nobody in the source. In the target, others write their notes beside those rows.
TABLE = f"""
    CREATE TABLE t (id int PRIMARY KEY, part int NOT NULL, amount int NOT NULL, generation int NOT NULL);
    INSERT INTO t SELECT g, g % 3, 100, 0 FROM generate_series(1, {ROWS}) AS g;
"""
NEXT_GENERATION = """
    UPDATE t SET generation = generation + 1 WHERE part = 0;
    DELETE FROM t WHERE id IN (SELECT id FROM t WHERE part = 0 ORDER BY id LIMIT 20);
    INSERT INTO t SELECT m.id + g, 0, 100, m.generation
    FROM (SELECT max(id) AS id, max(generation) AS generation FROM t) AS m, generate_series(1, 20) AS g;
"""
# What holds in every state that somebody committed.
WHOLE = """
    SELECT count(*), sum(amount), max(generation) FILTER (WHERE part = 0) - min(generation) FILTER (WHERE part = 0)
    FROM t
"""
LOCK_WAITS = """
    SELECT application_name, query FROM pg_stat_activity
    WHERE application_name LIKE 'traffic%%' AND datname = %s AND wait_event_type = 'Lock' AND wait_event <> 'extend'
"""


@pytest.fixture(scope="module")
def crowded() -> Iterator[Server]:
    """A server that takes as many connections as there are readers and writers on both sides."""
    folder = server_folder("pgpipelines-traffic-")
    most = 2 * (READERS + WRITERS) + 30
    server = Server(folder / "18", 18, free_port(), {**THROW_AWAY, **LOG_LONG_WAITS, "max_connections": str(most)})
    server.create()
    server.start()
    yield server
    server.stop("immediate")
    shutil.rmtree(folder)


@pytest.fixture
def pair(crowded: Server) -> Iterator[tuple[Database, Database]]:
    """A source and a target that are equal; the target has a column of its own."""
    outside = Database(crowded, "postgres").connect()
    outside.autocommit = True
    with closing(outside), outside.cursor() as cursor:
        for name in ("here", "there"):
            cursor.execute(f"CREATE DATABASE {name}")
        source, target = Database(crowded, "here"), Database(crowded, "there")
        source.run(TABLE)
        target.run(TABLE + "ALTER TABLE t ADD note int DEFAULT 0")
        yield source, target
        for name in ("here", "there"):
            cursor.execute(f"DROP DATABASE {name} WITH (FORCE)")


@dataclass
class Traffic:
    """Sessions that do the same again and again, what they saw, and the longest that one of them took (seconds)."""

    stopped: threading.Event = field(default_factory=threading.Event)
    seen: set[tuple[Any, ...]] = field(default_factory=set)
    slowest: dict[str, float] = field(default_factory=dict)
    rounds: list[int] = field(default_factory=list)
    working: list[Future[None]] = field(default_factory=list)

    def act(self, database: Database, name: str, number: int, once: Callable[[Any, random.Random], None]) -> None:
        chance = random.Random(number)
        with closing(database.connect()) as connection, connection.cursor() as cursor:
            cursor.execute("SELECT set_config('application_name', %s, false)", (f"traffic {name}",))
            connection.commit()
            while not self.stopped.is_set():
                begin = time.monotonic()
                once(cursor, chance)
                connection.commit()
                self.slowest[name] = max(self.slowest.get(name, 0), time.monotonic() - begin)
                self.rounds[number] += 1

    def read(self, cursor: Any, _: random.Random) -> None:
        cursor.execute(WHOLE)
        self.seen.add(cursor.fetchone())

    def all_acted(self) -> None:
        """Wait until everybody has begun and ended a round from now on, or has failed."""
        before = list(self.rounds)

        def moved() -> bool:
            failed = any(each.done() for each in self.working)
            return failed or all(now > then + 1 for now, then in zip(self.rounds, before, strict=True))

        assert eventually(moved, 100)


def move_amounts(cursor: Any, chance: random.Random) -> None:
    """Take from one row of part 1 what another gets: two rows in an order in which no two writers block each other."""
    first, second = sorted(chance.sample(range(1, ROWS, 3), 2))
    cursor.execute("UPDATE t SET amount = amount - 1 WHERE id = %s", (first,))
    cursor.execute("UPDATE t SET amount = amount + 1 WHERE id = %s", (second,))


def write_notes(cursor: Any, chance: random.Random) -> None:
    cursor.execute("UPDATE t SET note = note + 1 WHERE id = %s", (chance.randrange(2, ROWS, 3),))


@contextmanager
def traffic(source: Database, target: Database) -> Iterator[Traffic]:
    """Readers and writers of both sides, while the block runs. Raises what any of them met."""
    roles: list[tuple[Database, str, Any]] = []
    going = Traffic()
    for database, side, write in ((source, "source", move_amounts), (target, "target", write_notes)):
        roles += [(database, f"readers of the {side}", going.read)] * READERS
        roles += [(database, f"writers of the {side}", write)] * WRITERS
    going.rounds = [0] * len(roles)
    with ThreadPoolExecutor(len(roles)) as pool:
        going.working = [pool.submit(going.act, *role[:2], number, role[2]) for number, role in enumerate(roles)]
        try:
            going.all_acted()
            yield going
            going.all_acted()
        finally:
            going.stopped.set()
    for each in going.working:
        each.result()


@contextmanager
def lock_waits(target: Database) -> Iterator[set[tuple[Any, ...]]]:
    """Whom a server shows to wait for a lock in the target's database, while the block runs."""
    seen: set[tuple[Any, ...]] = set()
    stopped = threading.Event()

    def look() -> None:
        with closing(target.connect()) as connection, connection.cursor() as cursor:
            connection.autocommit = True
            while not stopped.wait(0.005):
                cursor.execute(LOCK_WAITS, (target.name,))
                seen.update(cursor.fetchall())

    with ThreadPoolExecutor(1) as pool:
        looking = pool.submit(look)
        try:
            yield seen
        finally:
            stopped.set()
            looking.result()


def test_the_server_notes_who_waits_for_long(pair: tuple[Database, Database]) -> None:
    _, target = pair
    with closing(target.connect()) as holder, holder.cursor() as holds, ThreadPoolExecutor(1) as pool:
        holds.execute("LOCK TABLE t")
        reader = pool.submit(target.rows, "SELECT 'waited', count(*) FROM t")
        noted = eventually(
            lambda: "still waiting for AccessShareLock" in target.server.log.read_text(errors="replace"), 100
        )
        holder.rollback()
        assert noted
        assert reader.result() == [("waited", ROWS)]


@pytest.mark.parametrize("strategy", ["full_refresh", "incremental"])
def test_others_read_and_write_both_tables_and_never_wait(pair: tuple[Database, Database], strategy: Any) -> None:
    source, target = pair
    options = {"cursor": Cursor("xmin")}
    copied(source, target, options=options, strategy=strategy)
    with traffic(source, target) as going, lock_waits(target) as waits:
        for _ in range(REPLACES):
            source.run(NEXT_GENERATION)
            copied(source, target, options=options, strategy="full_refresh")
            source.run("UPDATE t SET generation = generation + 1 WHERE part = 0")
            copied(source, target, options=options, strategy=strategy)
    sys.stdout.write("".join(f"slowest of the {name}: {seconds:.3f} s\n" for name, seconds in going.slowest.items()))
    assert going.seen == {(ROWS, ROWS * 100, 0)}
    assert {who for who, _ in waits if "readers" in who} == set()
    logged = source.server.log.read_text(errors="replace").splitlines()
    assert [line for line in logged if "readers" in line and "still waiting for" in line] == []
    assert max(going.slowest.values()) < SLOWEST_SECONDS
    copied(source, target)
    assert content(target, columns=COPIED_COLUMNS) == content(source)
    assert target.value("SELECT sum(note) FROM t") > 0


# ------------------------------------------------------------------------------------------- others change the same row


@pytest.fixture
def meddling(pair: tuple[Database, Database], monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Callable[[], None]]]:
    """What somebody does to the target, one thing per attempt, after the copy has read it and before it writes."""
    acts: list[Callable[[], None]] = []
    merge = Merging.merge

    def meddled(merging: Merging, *, later: bool) -> Merged:
        if acts:
            acts.pop(0)()
        return merge(merging, later=later)

    monkeypatch.setattr(Merging, "merge", meddled)
    yield acts
    assert acts == [], "everything was done"


@pytest.mark.parametrize("change", ["UPDATE t SET amount = 7 WHERE id = 3", "DELETE FROM t WHERE id = 3"])
def test_a_row_that_somebody_else_changed_meanwhile_leads_to_a_new_attempt(
    pair: tuple[Database, Database], meddling: list[Callable[[], None]], change: str
) -> None:
    source, target = pair
    source.run("UPDATE t SET amount = 5 WHERE id IN (3, 6)")
    meddling += [lambda: target.run(change)] * 2
    result = copied(source, target)
    expected = Changes(updated=2) if change.startswith("UPDATE") else Changes(inserted=1, updated=1)
    assert result.changes == expected
    assert content(target, columns=COPIED_COLUMNS) == content(source)


def test_a_row_that_somebody_else_is_changing_is_waited_for(
    pair: tuple[Database, Database], meddling: list[Callable[[], None]]
) -> None:
    source, target = pair
    source.run("UPDATE t SET amount = 5 WHERE id IN (3, 6)")
    holder = target.connect()

    def hold() -> None:
        with holder.cursor() as cursor:
            cursor.execute("UPDATE t SET amount = 7 WHERE id = 3")
        pool.submit(let_go)

    def let_go() -> None:
        until(target, "SELECT FROM pg_locks WHERE locktype = 'transactionid' AND NOT granted")
        holder.commit()

    with ThreadPoolExecutor(1) as pool, closing(holder):
        meddling.append(hold)
        assert copied(source, target).changes == Changes(updated=2)
    assert content(target, columns=COPIED_COLUMNS) == content(source)


def test_a_row_that_somebody_else_added_meanwhile_is_refused_and_put_right_by_the_next_run(
    pair: tuple[Database, Database], meddling: list[Callable[[], None]]
) -> None:
    source, target = pair
    source.run("INSERT INTO t VALUES (9000, 0, 100, 0)")
    meddling.append(lambda: target.run("INSERT INTO t VALUES (9000, 0, 1, 1)"))
    before = content(target)
    # The server does not tell such a row from one that was there before: a constraint stands in the way.
    with pytest.raises(ConflictError, match="already exists"):
        copied(source, target)
    assert content(target, columns=COPIED_COLUMNS + ", note") == sorted([*before, b"9000\t0\t1\t1\t0"])
    assert copied(source, target).changes == Changes(updated=1)
    assert content(target, columns=COPIED_COLUMNS) == content(source)
