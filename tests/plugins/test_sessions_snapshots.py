"""Snapshots that sessions share, on a server and on its replica, and how they end before their time."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing

import pytest

from pgpipelines.diagnosis import RECOVERY_REMEDY
from pgpipelines.errors import RetriableError, ServerError
from pgpipelines.sessions import Session
from tests.fixtures.replicas import Replica
from tests.fixtures.servers import Database
from tests.fixtures.waiting import once_asleep
from tests.plugins.test_sessions import copied

COUNT = "COPY (SELECT count(*) FROM public.t) TO STDOUT"
AN_HOUR = "COPY (SELECT pg_sleep(3600) FROM public.t) TO STDOUT"
MAJORS = [15, 16, 18]


@pytest.mark.parametrize("major", MAJORS)
def test_sessions_see_what_the_exporting_one_sees(database_of: Callable[..., Database], major: int) -> None:
    database = database_of(major)
    database.run("CREATE TABLE t AS SELECT 1 AS a")
    with Session(database.endpoint, "leader", snapshot=True) as leader:
        snapshot = leader.export_snapshot()
        database.run("INSERT INTO t VALUES (2)")
        with (
            Session(database.endpoint, "stream", snapshot=True) as one,
            Session(database.endpoint, "stream", snapshot=True, readonly=False) as another,
        ):
            one.adopt_snapshot(snapshot)
            another.adopt_snapshot(snapshot)
            assert (copied(leader, COUNT), copied(one, COUNT), copied(another, COUNT)) == ("1\n", "1\n", "1\n")
            assert (
                one.one("copy/snapshot.sql", system=False).snapshot
                == leader.one("copy/snapshot.sql", system=False).snapshot
            )
            one.rollback()
            assert copied(one, COUNT) == "2\n"
            one.rollback()
            one.adopt_snapshot(snapshot)
            assert copied(one, COUNT) == "1\n"


@pytest.mark.parametrize("major", MAJORS)
@pytest.mark.parametrize("end", ["commit", "rollback", "close"])
def test_a_snapshot_whose_exporter_has_ended_is_worth_a_new_attempt(
    database_of: Callable[..., Database], major: int, end: str
) -> None:
    database = database_of(major)
    with (
        Session(database.endpoint, "leader", snapshot=True) as leader,
        Session(database.endpoint, "stream", snapshot=True) as stream,
    ):
        snapshot = leader.export_snapshot()
        getattr(leader, end)()
        with pytest.raises(RetriableError, match=f"snapshot {snapshot} is gone") as caught:
            adopt_once_it_is_gone(stream, snapshot)
        assert "new snapshot" in caught.value.remedy


def adopt_once_it_is_gone(session: Session, snapshot: str) -> None:
    """Adopt a snapshot again and again: the server needs a moment to notice that its exporter has closed."""
    while True:
        session.rollback()
        session.adopt_snapshot(snapshot)


@pytest.mark.parametrize("snapshot", ["../../../etc/passwd", "'; DROP TABLE t; --", "00000001-00000001-1"])
def test_what_is_no_snapshot_is_a_value_like_any_other(source: Database, snapshot: str) -> None:
    with Session(source.endpoint, "tests", snapshot=True) as session, pytest.raises(RetriableError, match="is gone"):
        session.adopt_snapshot(snapshot)


def test_other_failures_to_adopt_a_snapshot_keep_their_own_cause(source: Database) -> None:
    with Session(source.endpoint, "tests") as session:
        with pytest.raises(ServerError, match="isolation level SERIALIZABLE or REPEATABLE READ") as caught:
            session.adopt_snapshot("00000001-00000001-1")
        assert not isinstance(caught.value, RetriableError)


def test_a_replicas_sessions_share_a_snapshot(source: Database, replica_of: Callable[..., Replica]) -> None:
    source.run("CREATE TABLE t AS SELECT 1 AS a")
    replica = replica_of(source.server)
    database = replica.of(source)
    with (
        Session(database.endpoint, "leader", snapshot=True) as leader,
        Session(database.endpoint, "stream", snapshot=True) as stream,
    ):
        snapshot = leader.export_snapshot()
        source.run("INSERT INTO t VALUES (2)")
        replica.catch_up()
        stream.adopt_snapshot(snapshot)
        assert (copied(leader, COUNT), copied(stream, COUNT)) == ("1\n", "1\n")
        stream.rollback()
        assert copied(stream, COUNT) == "2\n"


@pytest.fixture
def impatient(source: Database, replica_of: Callable[..., Replica]) -> Database:
    """The source on a replica that lets no reader wait, with a table of one row."""
    source.run("CREATE TABLE t AS SELECT 1 AS a")
    return replica_of(source.server, max_standby_streaming_delay="0").of(source)


def remove_rows(database: Database) -> None:
    """Make the primary remove the table's rows, and say so to its replicas."""
    with closing(database.connect()) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM t")
            cursor.execute("VACUUM t")


def conflicts(session: Session, statement: str) -> None:
    with pytest.raises(RetriableError, match="conflict with recovery") as caught:
        copied(session, statement)
    assert "must be removed" in caught.value.cause
    assert caught.value.remedy == RECOVERY_REMEDY


def test_a_recovery_conflict_of_a_statement_is_worth_a_new_attempt(source: Database, impatient: Database) -> None:
    with Session(impatient.endpoint, "tests", snapshot=True) as session:
        with once_asleep(impatient, session.backend, lambda: remove_rows(source)):
            conflicts(session, AN_HOUR)
        session.rollback()
        assert copied(session, COUNT) == "0\n"


def test_a_recovery_conflict_between_statements_is_worth_a_new_attempt(source: Database, impatient: Database) -> None:
    with Session(impatient.endpoint, "tests", snapshot=True) as session:
        assert copied(session, COUNT) == "1\n"
        remove_rows(source)
        assert isinstance(impatient.server, Replica)
        impatient.server.catch_up()
        conflicts(session, COUNT)
    with Session(impatient.endpoint, "tests", snapshot=True) as session:
        assert copied(session, COUNT) == "0\n"
