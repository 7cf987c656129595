"""A copy may keep the source from vacuuming for so long, and no longer."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from pgpipelines import snapshot_age
from pgpipelines.errors import ServerError, VerificationError
from pgpipelines.sessions import Session
from pgpipelines.snapshot_age import SnapshotAge
from tests.fixtures.servers import Database
from tests.fixtures.waiting import until_asleep
from tests.plugins.test_sessions import copied

SOON = timedelta(seconds=0.05)
NEVER = timedelta(hours=4)
AN_HOUR = "COPY (SELECT pg_sleep(3600)) TO STDOUT"


def threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "snapshot age"]


def bounded(source: Database, limit: timedelta, *sessions: Session) -> None:
    """Let the first session sleep for an hour, or until the limit is over."""
    with SnapshotAge(source.endpoint, limit) as age:
        age.cover(*sessions)
        copied(sessions[0], AN_HOUR)


def test_what_runs_when_the_limit_is_over_is_cancelled_and_says_why(source: Database) -> None:
    with Session(source.endpoint, "tests", snapshot=True) as session:
        with pytest.raises(ServerError, match=r"the snapshot of .* is older than 0.05 s") as caught:
            bounded(source, SOON, session)
        assert "raise max_snapshot_age, copy with more streams" in caught.value.remedy
        assert type(caught.value) is ServerError
        assert threads() == []
        session.rollback()
        assert copied(session, "COPY (SELECT 1) TO STDOUT") == "1\n"


def test_every_covered_session_is_cancelled(source: Database, target: Database) -> None:
    with (
        Session(source.endpoint, "tests") as one,
        Session(target.endpoint, "tests") as other,
        ThreadPoolExecutor(1) as pool,
    ):
        background = pool.submit(copied, other, AN_HOUR)
        until_asleep(target, other.backend)
        with pytest.raises(ServerError, match="is older than"):
            bounded(source, SOON, one, other)
        with pytest.raises(ServerError, match="user request"):
            background.result()


class Idle(Session):
    """A session that says when it was cancelled."""

    cancelled: threading.Event

    def cancel(self) -> None:
        super().cancel()
        self.cancelled.set()


@pytest.fixture
def idle(source: Database, monkeypatch: pytest.MonkeyPatch) -> Iterator[Idle]:
    monkeypatch.setattr(snapshot_age, "CANCEL_AGAIN_SECONDS", 0.05)
    with Idle(source.endpoint, "tests", snapshot=True) as session:
        session.cancelled = threading.Event()
        yield session


def test_a_session_that_idled_when_the_limit_was_over_is_cancelled_at_its_next_statement(
    source: Database, idle: Idle
) -> None:
    def copy() -> None:
        with SnapshotAge(source.endpoint, SOON) as age:
            age.cover(idle)
            idle.cancelled.wait()
            copied(idle, AN_HOUR)

    with pytest.raises(ServerError, match="is older than"):
        copy()


def test_a_copy_that_ended_well_all_the_same_is_no_failure(source: Database, idle: Idle) -> None:
    with SnapshotAge(source.endpoint, SOON) as age:
        age.cover(idle)
        idle.cancelled.wait()
    assert threads() == []


def test_a_copy_that_ends_in_time_is_let_alone(source: Database) -> None:
    with Session(source.endpoint, "tests") as session:
        with SnapshotAge(source.endpoint, NEVER) as age:
            age.cover(session)
            assert len(threads()) == 1
            assert copied(session, "COPY (SELECT 1) TO STDOUT") == "1\n"
        assert threads() == []


@pytest.mark.parametrize("error", [VerificationError("cause", "remedy"), KeyboardInterrupt(), ValueError()])
def test_other_failures_in_time_keep_their_own_cause(source: Database, error: BaseException) -> None:
    with pytest.raises(type(error)) as caught, SnapshotAge(source.endpoint, NEVER):
        raise error
    assert caught.value is error
    assert threads() == []


def test_sessions_that_are_closed_are_not_cancelled(source: Database) -> None:
    closed = Session(source.endpoint, "tests")
    closed.close()
    with Session(source.endpoint, "tests") as running, pytest.raises(ServerError, match="is older than"):
        bounded(source, SOON, running, closed)


@pytest.mark.parametrize(
    ("limit", "words"),
    [
        (timedelta(hours=4), "4 h"),
        (timedelta(days=2), "48 h"),
        (timedelta(minutes=90), "90 min"),
        (timedelta(seconds=61.5), "61.5 s"),
    ],
)
def test_the_limit_is_told_in_the_unit_that_fits(limit: timedelta, words: str) -> None:
    assert snapshot_age._spelled(limit) == words
