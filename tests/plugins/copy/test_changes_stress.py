"""Writers and runs in every order: after a last run on a quiet table, nothing is missing and nothing differs.

Each case is a schedule dealt by its seed, in which sessions begin, write, prepare, commit and roll back between the
steps of runs. PGPIPELINES_CHANGE_RUNS sets the number of runs in each (1000 at full size), PGPIPELINES_CHANGE_SEED
another schedule.
"""

from __future__ import annotations

import itertools
import os
import random
from contextlib import ExitStack
from datetime import timedelta

import pytest

from pgpipelines.copy import writers
from tests.fixtures.following import Follower, Writer, by
from tests.fixtures.servers import Database

RUNS = int(os.environ.get("PGPIPELINES_CHANGE_RUNS", "15"))
SEED = int(os.environ.get("PGPIPELINES_CHANGE_SEED", "20240229"))
WRITERS = 6
LOOKBACK = timedelta(seconds=30)
# Some rows come without a cursor, and some with one that is late by as much as lookback bridges.
LATE = "CASE WHEN random() < 0.1 THEN NULL ELSE now() - random() * interval '30 seconds' END"
IN_TIME = "CASE WHEN random() < 0.1 THEN NULL ELSE now() END"
CASES = {
    "xmin": ("timestamptz", "NULL", "xmin", None),
    "start of transaction": ("timestamptz", IN_TIME, "c", None),
    "clock of statement": ("timestamptz", "clock_timestamp()", "c", None),
    "late clocks": ("timestamptz", LATE, "c", LOOKBACK),
    "zone +9": ("timestamp", f"({IN_TIME}) AT TIME ZONE 'Asia/Seoul'", "c", None),
    "zone -5": ("timestamp", f"({IN_TIME}) AT TIME ZONE 'Etc/GMT+5'", "c", None),
    "zone -12": ("timestamp", "now() AT TIME ZONE 'Etc/GMT+12'", "c", None),
    "a clock that is years behind": ("timestamp", "now() AT TIME ZONE 'UTC' - interval '3 years'", "c", None),
    "dates": ("date", "now()::date", "c", None),
    "yyyymmdd": ("varchar(8)", "to_char(now(), 'YYYYMMDD')", "c", None),
    "numbers": ("bigint", "nextval('public.numbers')", "c", None),
    "numbers as numeric": ("numeric", "nextval('public.numbers')", "c", None),
    "numbers in blocks": ("int", "nextval('public.blocks')", "c", 500),
}


class Actor:
    """A session that does one thing after another, as its dice say; it changes only rows of its own."""

    def __init__(self, database: Database, number: int, value: str, dice: random.Random) -> None:
        self.writer = Writer(database)
        self.number = number
        self.value = value
        self.dice = dice
        self.ids = itertools.count(number, WRITERS)
        self.newest = number
        self.savepoints = 0
        self.state = "idle"

    def act(self) -> None:
        """Do what comes next."""
        if self.state == "prepared":
            self.finish_prepared()
        elif self.state == "idle":
            self.dice.choice((self.begin, self.begin, self.insert, self.update))()
        else:
            self.in_transaction()

    def in_transaction(self) -> None:
        ends = (self.commit, self.commit, self.rollback, self.prepare)
        steps = (self.insert, self.insert, self.update, self.savepoint, self.savepoint, self.rollback_to)
        self.dice.choice((*ends, *steps, *steps))()

    def begin(self) -> None:
        self.writer.do("BEGIN")
        self.state, self.savepoints = "open", 0

    def insert(self) -> None:
        self.newest = next(self.ids)
        self.writer.do(f"INSERT INTO t VALUES ({self.newest}, '{self.dice.random()}', {self.value})")

    def update(self) -> None:
        row = self.dice.randrange(self.number, self.newest + 1, WRITERS)
        self.writer.do(f"UPDATE t SET v = '{self.dice.random()}', c = {self.value} WHERE id = {row}")

    def savepoint(self) -> None:
        self.savepoints += 1
        self.writer.do(f"SAVEPOINT s{self.savepoints}")

    def rollback_to(self) -> None:
        if self.savepoints:
            self.savepoints = self.dice.randint(1, self.savepoints)
            self.writer.do(f"ROLLBACK TO s{self.savepoints}")

    def commit(self) -> None:
        self.writer.do("COMMIT")
        self.state = "idle"

    def rollback(self) -> None:
        self.writer.do("ROLLBACK")
        self.state = "idle"

    def prepare(self) -> None:
        self.writer.do(f"PREPARE TRANSACTION 'stress {self.number}'")
        self.state = "prepared"

    def finish_prepared(self) -> None:
        self.writer.do(f"{self.dice.choice(('COMMIT', 'ROLLBACK'))} PREPARED 'stress {self.number}'")
        self.state = "idle"

    def finish(self) -> None:
        """End what is open."""
        if self.state == "open":
            self.commit()
        elif self.state == "prepared":
            self.finish_prepared()


@pytest.mark.parametrize("prepares", [True, False], ids=["prepares", "plain"])
@pytest.mark.parametrize("select", [None, "SELECT * FROM public.t"], ids=["table", "select"])
@pytest.mark.parametrize("case", CASES)
def test_nothing_is_missed(
    followed: Database, monkeypatch: pytest.MonkeyPatch, case: str, select: str | None, prepares: bool
) -> None:
    type_, value, column, lookback = CASES[case]
    if column == "xmin" and select is not None:
        pytest.skip("a SELECT has no xmin")
    # Nobody acts while a run looks: seconds of grace would only hide a bound that is too high.
    monkeypatch.setattr(writers, "GRACE", timedelta(0))
    followed.run("CREATE SEQUENCE numbers; CREATE SEQUENCE blocks CACHE 20")
    followed.run(f"CREATE TABLE t (id int PRIMARY KEY, v text, c {type_}); CREATE INDEX ON t (c)")
    dice = random.Random(f"{SEED} {case} {select} {prepares}")
    follower = Follower(followed, by(column, lookback or timedelta(0)), select=select)
    with ExitStack() as stack:
        actors = [Actor(followed, number, value, dice) for number in range(WRITERS)]
        for actor in actors:
            stack.enter_context(actor.writer)
            if not prepares:
                actor.prepare = actor.commit  # type: ignore[method-assign]

        def others_act() -> None:
            for _ in range(dice.randint(0, 6)):
                dice.choice(actors).act()

        for _ in range(RUNS):
            others_act()
            follower.run(before_snapshot=others_act, after_snapshot=others_act)
        for actor in actors:
            actor.finish()
    follower.run()
    expected = follower.table_now()
    assert {key for key in expected if key not in follower.target} == set()
    assert {key for key in expected if follower.target[key] != expected[key]} == set()
    assert len(expected) > RUNS // 2
