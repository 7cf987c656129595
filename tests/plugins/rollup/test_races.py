"""Writers, runs, readers and kills at the same time: no change is lost, none counts twice, nobody sees half a day.

Things happen between the statements of a run, as dice say. PGPIPELINES_ROLLUP_RACES sets how many runs are raced
(1,000 at full size), PGPIPELINES_ROLLUP_SEED what happens.
"""

from __future__ import annotations

import itertools
import os
import random
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from datetime import datetime
from typing import Any

import psycopg2
import pytest

from pgpipelines.errors import PipelineError, RetriableError
from pgpipelines.sessions import Session
from tests.fixtures.servers import Database
from tests.fixtures.waiting import until
from tests.plugins.rollup.chaos import CHARGERS, Chaos, Statement, stations_and_chargers
from tests.plugins.rollup.runs import Statistics, statistics

RACES = int(os.environ.get("PGPIPELINES_ROLLUP_RACES", "10"))
SEED = os.environ.get("PGPIPELINES_ROLLUP_SEED", "1")
WRITERS = 4
CENTRE = datetime.fromisoformat("2025-03-10")
TABLES = ("hourly_charger_stats", "daily_charger_stats", "station_daily_stats")


class Actor:
    """A session that writes in transactions of several statements, some of which it takes back."""

    def __init__(self, database: Database, dice: random.Random, number: int) -> None:
        self.dice = dice
        # Two writers to each half of the chargers: they meet, and don't wait for each other all the time.
        chargers = list(CHARGERS)[number % 2 :: 2]
        ids = itertools.count(number + 1, WRITERS + 1)
        self.chaos = Chaos(dice, CENTRE, chargers, cascades=False, ids=ids)
        self.connection = database.connect()
        with self.connection, self.connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = '20ms'")

    def act(self) -> None:
        """Do what comes next."""
        kind = self.dice.random()
        if kind < 0.3:
            self.connection.commit()
        elif kind < 0.38:
            self.connection.rollback()
        else:
            self.perform(self.chaos.change())

    def perform(self, change: Iterator[Statement]) -> None:
        """Make a change, unless another writer holds what it needs: then the transaction is taken back."""
        try:
            with self.connection.cursor() as cursor:
                for statement, values in change:
                    cursor.execute(statement, values)
        except psycopg2.Error:
            self.connection.rollback()


@contextmanager
def before_each_statement(act: Callable[[Session], object]) -> Iterator[None]:
    """Let something happen before each statement and each commit of the package's sessions."""
    lock = threading.Lock()
    cursor, commit = Session._cursor, Session.commit

    def act_alone(session: Session) -> None:
        with lock:
            act(session)

    def acted_cursor(session: Session, name: str | None = None) -> Any:
        act_alone(session)
        return cursor(session, name)

    def acted_commit(session: Session) -> None:
        act_alone(session)
        commit(session)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Session, "_cursor", acted_cursor)
        patch.setattr(Session, "commit", acted_commit)
        yield


@pytest.fixture
def stats(target: Database) -> Statistics:
    """Statistics of some rows, up to date."""
    stats = statistics(target)
    chaos = Chaos(random.Random(SEED), CENTRE, ids=itertools.count(1_000_000))
    stats.perform(stations_and_chargers(), *(chaos.change() for _ in range(60)))
    stats.run()
    return stats


def test_what_commits_while_a_run_works_is_left_to_the_next(stats: Statistics) -> None:
    dice = random.Random(f"{SEED} races")
    with ExitStack() as stack:
        actors = [Actor(stats.database, dice, number) for number in range(WRITERS)]
        demolisher = Actor(stats.database, dice, WRITERS)
        for actor in (*actors, demolisher):
            stack.callback(actor.connection.close)

        def others_act(_: Session) -> None:
            if dice.random() < 0.3:
                dice.choice(actors).act()
            if dice.random() < 0.002:
                demolisher.perform(demolisher.chaos.delete_charger())
                demolisher.connection.commit()

        spoilt = 0
        for race in range(1, RACES + 1):
            with before_each_statement(others_act):
                try:
                    stats.run()
                except RetriableError:  # a charger was deleted under its rows
                    spoilt += 1
            if race % 10 == 0 or race == RACES:
                for actor in actors:
                    actor.connection.commit()
                stats.run()
                assert stats.wrong() == [], f"after {race} races"
        assert spoilt < max(RACES // 10, 3)


def test_runs_among_writers_that_wait_for_nobody_lose_nothing(stats: Statistics) -> None:
    over = threading.Event()

    def write(actor: Actor) -> int:
        written = 0
        while not over.is_set():
            kind = actor.dice.random()
            if kind < 0.006:
                actor.connection.commit()
                actor.perform(actor.chaos.reload() if kind < 0.005 else actor.chaos.delete_charger())
            else:
                actor.act()
            written += 1
        actor.connection.commit()
        return written

    done = 0
    with ExitStack() as stack:
        actors = [Actor(stats.database, random.Random(f"{SEED} {number}"), number) for number in range(WRITERS)]
        for actor in actors:
            stack.callback(actor.connection.close)
        pool = stack.enter_context(ThreadPoolExecutor(WRITERS))
        for _ in range(max(RACES // 10, 2)):
            over.clear()
            writing = [pool.submit(write, actor) for actor in actors]
            for _ in range(10):
                with suppress(RetriableError):
                    stats.run()
                    done += 1
            over.set()
            assert all(writer.result() > 0 for writer in writing)
            stats.run()
            assert stats.wrong() == []
    assert done > 0


def test_a_writer_s_marks_survive_the_runs_that_it_outlasts(stats: Statistics) -> None:
    chaos = Chaos(random.Random(SEED), CENTRE, cascades=False)
    with ExitStack() as stack:
        late = stats.database.connect()
        stack.callback(late.close)
        with late.cursor() as cursor:
            for _ in range(10):
                for statement, values in chaos.change():
                    cursor.execute(statement, values)
                stats.run()
        late.commit()
    assert stats.wrong() != []
    stats.run()
    assert stats.wrong() == []


def backends(database: Database) -> list[int]:
    """Everybody else who is in the database."""
    rows = database.rows(
        "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    return [pid for (pid,) in rows]


def kill(database: Database, pid: int) -> None:
    """Terminate a backend, and wait until it is gone."""
    database.run("SELECT pg_terminate_backend(%s)", (pid,))
    until(database, "SELECT WHERE NOT EXISTS (SELECT FROM pg_stat_activity WHERE pid = %s)", (pid,))


@pytest.mark.parametrize("rebuilding", [False, True], ids=["incremental", "rebuild"])
def test_a_run_killed_before_one_of_its_statements_loses_nothing(stats: Statistics, rebuilding: bool) -> None:
    chaos = Chaos(random.Random(SEED), CENTRE)
    for doomed in itertools.count(step=max(1, 100 // RACES)):
        stats.perform(*(chaos.change() for _ in range(3)))
        steps = itertools.count()

        def kill_at_step(session: Session, steps: Iterator[int] = steps, doomed: int = doomed) -> None:
            if next(steps) == doomed:
                kill(stats.database, session.backend)

        with before_each_statement(kill_at_step):
            try:
                stats.rebuild() if rebuilding else stats.run()
            except RetriableError:
                pass
            else:
                break
        stats.run()
        assert stats.wrong() == [], f"killed at step {doomed}"
    assert doomed > 10
    assert stats.wrong() == []


def test_runs_killed_at_random_moments_lose_nothing(stats: Statistics) -> None:
    dice = random.Random(f"{SEED} kills")
    chaos = Chaos(dice, CENTRE)
    killed = 0
    with ThreadPoolExecutor(1) as pool:
        for _ in range(max(RACES // 2, 10)):
            stats.perform(*(chaos.change() for _ in range(5)))
            running = pool.submit(stats.rebuild if dice.random() < 0.5 else stats.run)
            threading.Event().wait(dice.uniform(0, 0.3))
            for pid in backends(stats.database):
                kill(stats.database, pid)
            try:
                running.result()
            except PipelineError:
                killed += 1
            stats.run()
            assert stats.wrong() == []
    assert killed > 0


def seen(database: Database) -> tuple[Any, ...]:
    """What a reader sees of the three tables, each in one look."""
    return tuple(
        database.value(f"SELECT md5(string_agg(t::text, ' ' ORDER BY t::text)) FROM {table} AS t") for table in TABLES
    )


@pytest.mark.parametrize("rebuilding", [False, True], ids=["incremental", "rebuild"])
def test_readers_see_a_table_before_or_after_and_never_between(stats: Statistics, rebuilding: bool) -> None:
    toggle = "UPDATE charger_usage_log SET total_charge = coalesce(total_charge, 0) + (1 - 2 * (%s %% 2))"
    whole = []
    for place in range(2):
        stats.database.run(toggle, (place,))
        stats.run()
        assert stats.wrong() == []
        whole.append(seen(stats.database))
    assert all(before != after for before, after in zip(*whole, strict=True))
    views: set[tuple[int, str]] = set()
    over = threading.Event()

    def look() -> None:
        while not over.is_set():
            views.update(enumerate(seen(stats.database)))

    with ThreadPoolExecutor(2) as pool:
        readers = [pool.submit(look) for _ in range(2)]
        try:
            for place in range(max(RACES // 3, 6)):
                stats.database.run(toggle, (place,))
                stats.rebuild() if rebuilding else stats.run()
        finally:
            over.set()
        for reader in readers:
            reader.result()
    assert views <= {view for each in whole for view in enumerate(each)}
    assert len(views) == 2 * len(TABLES)
