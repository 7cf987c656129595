"""Rows go from one COPY into the other; whatever happens, both sides have ended afterwards."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import closing

import pytest

from pgpipelines.copy import progress
from pgpipelines.copy.relay import Relayed, SendingEnd, _raise_cause, relay
from pgpipelines.errors import ConflictError, ServerError
from pgpipelines.sessions import Session
from pgpipelines.templates import Sql
from tests.fixtures.copying import RUN
from tests.fixtures.servers import Database
from tests.fixtures.waiting import until

WRITE = Sql("COPY public.t FROM STDIN")


class Sides:
    """A source and a target session, and what a relay between them does."""

    def __init__(self, source: Database, target: Database) -> None:
        self.source = Session(source.endpoint, "tests.source")
        self.target = Session(target.endpoint, "tests.target")
        self.reports = 0

    def relay(self, read: str, write: Sql = WRITE, report: Callable[[], bool] | None = None) -> Relayed:
        return relay(self.source, self.target, Sql(read), write, report or self.count)

    def count(self) -> bool:
        self.reports += 1
        return True


@pytest.fixture
def sides(source: Database, target: Database) -> Iterator[Sides]:
    target.run("CREATE TABLE t (v text)")
    both = Sides(source, target)
    yield both
    both.source.close()
    both.target.close()


def rows(number: int, width: int) -> str:
    return f"COPY (SELECT repeat('x', {width}) FROM generate_series(1, {number})) TO STDOUT"


def threads() -> set[str]:
    return {thread.name for thread in threading.enumerate() if thread.name.startswith("relay")}


@pytest.mark.parametrize(("number", "width"), [(0, 1), (1, 0), (1, 10), (70_000, 20), (3, 3_000_000)])
def test_every_row_and_byte_arrives(sides: Sides, number: int, width: int) -> None:
    done = sides.relay(rows(number, width))
    assert done == Relayed(rows=number, bytes=number * (width + 1))
    sides.target.commit()
    assert threads() == set()


def test_an_error_of_the_source_is_the_one_that_is_raised(sides: Sides, target: Database) -> None:
    with pytest.raises(ConflictError, match="division by zero") as caught:
        sides.relay("COPY (SELECT 1 / (5000 - g) FROM generate_series(1, 10000) AS g) TO STDOUT")
    assert "test_" in caught.value.cause
    sides.target.rollback()
    assert target.value("SELECT count(*) FROM t") == 0
    assert threads() == set()


def test_an_error_of_the_source_before_its_first_row_is_raised(sides: Sides) -> None:
    with pytest.raises(ConflictError, match="division by zero"):
        sides.relay("COPY (SELECT 1 / 0) TO STDOUT")


def test_an_error_of_the_target_is_the_one_that_is_raised(sides: Sides, target: Database) -> None:
    target.run("ALTER TABLE t ADD CHECK (length(v) < 5)")
    with pytest.raises(ConflictError, match="violates check constraint"):
        sides.relay(rows(100_000, 50))
    assert threads() == set()


def test_a_target_that_refuses_to_begin_is_raised(sides: Sides) -> None:
    with pytest.raises(ServerError, match="does not exist"):
        sides.relay(rows(100_000, 50), Sql("COPY public.t (nothing) FROM STDIN"))


def test_errors_of_both_sides_raise_one_of_them(sides: Sides, target: Database) -> None:
    target.run("ALTER TABLE t ADD CHECK (length(v) < 5)")
    with pytest.raises((ConflictError, ServerError), match=r"violates check|division by zero"):
        sides.relay("COPY (SELECT repeat('x', 50 / (50000 - g)) FROM generate_series(1, 100000) AS g) TO STDOUT")


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit])
def test_an_interrupt_cancels_both_servers(
    sides: Sides, source: Database, target: Database, error: type[BaseException]
) -> None:
    def interrupt() -> bool:
        raise error

    with pytest.raises(error):
        sides.relay("COPY (SELECT pg_sleep(3600)) TO STDOUT", report=interrupt)
    assert threads() == set()
    for database, name in ((source, "tests.source"), (target, "tests.target")):
        state = database.value("SELECT state FROM pg_stat_activity WHERE application_name = %s", (name,))
        assert state == "idle in transaction (aborted)"


def test_a_signal_in_the_main_thread_cancels_both_servers(sides: Sides) -> None:
    def stop(*_: object) -> None:
        raise SystemExit

    def raise_signal() -> bool:
        signal.raise_signal(signal.SIGUSR1)
        return True

    previous = signal.signal(signal.SIGUSR1, stop)
    try:
        with pytest.raises(SystemExit):
            sides.relay("COPY (SELECT pg_sleep(3600)) TO STDOUT", report=raise_signal)
    finally:
        signal.signal(signal.SIGUSR1, previous)
    assert threads() == set()


def test_a_target_that_failed_stops_the_source_before_its_end(
    sides: Sides, target: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(progress, "LINE_SECONDS", 0)
    target.run("ALTER TABLE t ADD CHECK (length(v) < 5)")
    an_hour = "COPY (SELECT repeat('x', 5000) || pg_sleep(0.01) FROM generate_series(1, 360000)) TO STDOUT"
    shown = progress.Progress(target.endpoint, RUN)
    with (
        closing(shown),
        shown.watch(sides.target.backend) as report,
        pytest.raises(ConflictError, match="violates check constraint"),
    ):
        sides.relay(an_hour, report=report)
    assert threads() == set()


def test_a_target_that_gave_up_because_the_source_failed_is_not_to_blame(
    sides: Sides, source: Database, target: Database
) -> None:
    aborted = "SELECT FROM pg_stat_activity WHERE pid = %s AND state = 'idle in transaction (aborted)'"
    holder = source.connect()

    def has_given_up() -> bool:
        holder.close()
        until(target, aborted, (sides.target.backend,))
        return False

    with closing(holder), holder.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(1)")
        with pytest.raises(ConflictError, match="division by zero"):
            sides.relay("COPY (SELECT 1 / length(pg_advisory_lock(1)::text)) TO STDOUT", report=has_given_up)
    assert threads() == set()


def test_a_stream_that_only_the_sender_saw_break_is_no_success(sides: Sides) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with SendingEnd(writing) as end:
        end.failed = True
        sending: Future[int] = Future()
        sending.set_exception(BrokenPipeError("the target stopped reading"))
        receiving: Future[int] = Future()
        receiving.set_result(5)
        with pytest.raises(BrokenPipeError):
            _raise_cause(sending, receiving, end)
