"""Sessions through a pooler: one that keeps a backend for each session works, one that shares them is refused."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import psycopg2
import pytest
from psycopg2.extensions import make_dsn

from pgpipelines import poolers, sessions
from pgpipelines.endpoints import Endpoint
from pgpipelines.errors import ConfigurationError, ConnectionFailedError, RetriableError, ServerError
from pgpipelines.sessions import Session
from tests.fixtures.poolers import Pooler
from tests.fixtures.servers import Database
from tests.fixtures.waiting import once_asleep, until
from tests.plugins.test_sessions import copied, shown

PoolerOf = Callable[..., Pooler]
LAST_FIRST = {"server_round_robin": 0}
FIRST_FIRST = {"server_round_robin": 1}


def ask(endpoint: Endpoint, question: str) -> object:
    """The one value of a statement that a connection of its own runs outside of a transaction."""
    with closing(psycopg2.connect(make_dsn(**endpoint.parameters))) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(question)
            return cursor.fetchall()[0][0]


def fill(database: Database, endpoint: Endpoint, servers: int) -> None:
    """Make the pool hold so many idle connections to the server, by statements that wait for each other's end."""
    waiting = "SELECT FROM pg_locks WHERE locktype = 'advisory' AND NOT granted HAVING count(*) = %s"
    with closing(database.connect()) as holder, ThreadPoolExecutor(servers + 1) as pool:
        holder.cursor().execute("SELECT pg_advisory_xact_lock(1)")
        asking = [pool.submit(ask, endpoint, "SELECT pg_advisory_xact_lock_shared(1)") for _ in range(servers)]
        until(database, waiting, (servers,))
        holder.rollback()
        assert all(each.result() == "" for each in asking)


@pytest.mark.parametrize("servers", [0, 1, 2, 3, 5])
@pytest.mark.parametrize("order", [LAST_FIRST, FIRST_FIRST])
@pytest.mark.parametrize("pool_mode", ["transaction", "statement"])
def test_a_pool_that_shares_backends_is_refused_and_left_as_it_was(
    source: Database, pooler_of: PoolerOf, pool_mode: str, order: dict[str, int], servers: int
) -> None:
    endpoint = pooler_of(source, pool_mode, **order).through(source)
    fill(source, endpoint, servers)
    with pytest.raises(ConfigurationError, match="pooler gives this session's server process to others") as caught:
        Session(endpoint, "tests")
    assert "pool_mode = session" in caught.value.remedy
    assert {ask(endpoint, "SHOW search_path") for _ in range(servers + 1)} == {'"$user", public'}


@pytest.mark.parametrize("pool_mode", ["transaction", "statement"])
def test_a_shared_pool_of_one_backend_is_refused(source: Database, pooler_of: PoolerOf, pool_mode: str) -> None:
    pooler = pooler_of(source, pool_mode, default_pool_size=1)
    with pytest.raises(ConfigurationError, match="pooler gives this session's server process to others"):
        Session(pooler.through(source), "tests", snapshot=True)


@pytest.mark.parametrize("order", [LAST_FIRST, FIRST_FIRST])
@pytest.mark.parametrize("servers", [0, 1, 3])
def test_a_pool_that_keeps_a_backend_for_a_session_is_as_good_as_the_server(
    source: Database, pooler_of: PoolerOf, order: dict[str, int], servers: int
) -> None:
    endpoint = pooler_of(source, "session", **order).through(source)
    fill(source, endpoint, servers)
    with Session(endpoint, "dag.task", snapshot=True) as session:
        for _ in ("first", "second"):
            assert shown(session, "transaction_isolation") == "repeatable read"
            assert shown(session, "search_path") == "pg_catalog"
            assert shown(session, "IntervalStyle") == "postgres"
            session.commit()
        names = source.rows("SELECT application_name FROM pg_stat_activity WHERE pid = %s", (session.backend,))
        assert names == [("dag.task",)]


def test_a_pool_that_has_no_backend_left_for_a_probe_is_one_that_keeps_them(
    source: Database, pooler_of: PoolerOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(poolers, "ANSWER_SECONDS", 0.2)
    endpoint = pooler_of(source, "session", default_pool_size=1).through(source)
    with Session(endpoint, "tests") as session:
        assert shown(session, "search_path") == "pg_catalog"


def test_a_pool_that_takes_no_probe_is_diagnosed(source: Database, pooler_of: PoolerOf) -> None:
    endpoint = pooler_of(source, "session", max_client_conn=1).through(source)
    with pytest.raises(ConnectionFailedError, match="no more connections allowed") as caught:
        Session(endpoint, "tests")
    assert "max_client_conn" in caught.value.remedy


def test_without_a_pooler_nothing_is_probed(source: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(sessions, "is_shared")
    with Session(source.endpoint, "tests") as session:
        assert shown(session, "search_path") == "pg_catalog"


def test_a_snapshot_is_shared_through_a_pool(source: Database, pooler_of: PoolerOf) -> None:
    source.run("CREATE TABLE t (a int); INSERT INTO t VALUES (1)")
    endpoint = pooler_of(source, "session").through(source)
    count = "COPY (SELECT count(*) FROM public.t) TO STDOUT"
    with Session(endpoint, "first", snapshot=True) as first, Session(endpoint, "second", snapshot=True) as second:
        snapshot = first.export_snapshot()
        source.run("INSERT INTO t VALUES (2)")
        second.adopt_snapshot(snapshot)
        assert copied(second, count) == "1\n"


def test_a_statement_is_cancelled_through_a_pool(source: Database, pooler_of: PoolerOf) -> None:
    with Session(pooler_of(source, "session").through(source), "tests") as session:
        with (
            once_asleep(source, session.backend, session.cancel),
            pytest.raises(ServerError, match="user request") as caught,
        ):
            copied(session, "COPY (SELECT pg_sleep(3600)) TO STDOUT")
        assert not isinstance(caught.value, RetriableError)
        session.rollback()
        assert session.one("session/backend.sql").pid == session.backend


def test_a_setting_that_a_pooler_refuses_at_login_is_named(source: Database, pooler_of: PoolerOf) -> None:
    endpoint = pooler_of(source, "session").through(source, options="-c work_mem=1MB")
    with pytest.raises(ConnectionFailedError, match="unsupported startup parameter: options") as caught:
        Session(endpoint, "tests")
    assert "take it out of the connection's extra" in caught.value.remedy
