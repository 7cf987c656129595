from __future__ import annotations

from collections.abc import Callable

import pytest

from pgpipelines.errors import PipelineError, RetriableError, ServerError
from pgpipelines.sessions import Bounds, Endpoint, Session
from pgpipelines.templates import QualifiedName, identifier
from tests.fixtures.servers import Database


def shown(session: Session, setting: str) -> str:
    connection = session._connection
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting(%s)", (setting,))
        ((value,),) = cursor.fetchall()
        return str(value)


def test_an_endpoint_never_shows_its_password() -> None:
    secret = "hunter2"
    endpoint = Endpoint("c", {"host": "h", "port": "1", "user": "u", "password": secret, "dbname": "d"})
    assert str(endpoint) == "c (u@h:1/d)"
    assert secret not in repr(endpoint) + str(endpoint)


def test_an_endpoint_without_parameters_shows_what_libpq_takes() -> None:
    assert str(Endpoint("c", {"user": "u"})) == "c (u@localhost:5432/u)"
    assert str(Endpoint("c", {})) == "c (@localhost:5432/)"


@pytest.mark.parametrize(("snapshot", "isolation"), [(True, "repeatable read"), (False, "read committed")])
def test_isolation_does_not_depend_on_defaults(source: Database, snapshot: bool, isolation: str) -> None:
    source.run(f"ALTER DATABASE {source.name} SET default_transaction_isolation = 'serializable'")
    with Session(source.endpoint, "tests", snapshot=snapshot) as session:
        for _ in ("first", "second"):
            assert shown(session, "transaction_isolation") == isolation
            assert shown(session, "transaction_read_only") == ("on" if snapshot else "off")
            session.commit()


def test_settings_that_decide_about_values_are_pinned(source: Database) -> None:
    odd = {
        "TimeZone": "Asia/Seoul",
        "DateStyle": "German",
        "search_path": "odd",
        "lc_monetary": "C",
        "row_security": "on",
    }
    for setting, value in odd.items():
        source.run(f"ALTER DATABASE {source.name} SET {setting} = '{value}'")
    with Session(source.endpoint, "tests") as session:
        assert shown(session, "TimeZone") == "UTC"
        assert shown(session, "DateStyle") == "ISO, YMD"
        assert shown(session, "search_path") == "pg_catalog"
        assert shown(session, "row_security") == "off"
        session.use_role_search_path()
        assert shown(session, "search_path") == "odd"
        session.use_pinned_search_path()
        assert shown(session, "search_path") == "pg_catalog"
        session.rollback()
        assert shown(session, "search_path") == "pg_catalog"


def test_a_session_is_bounded_and_has_a_name_that_a_dba_knows(source: Database) -> None:
    bounds = Bounds(statement_timeout=1234, lock_timeout=567)
    with Session(source.endpoint, "충전소." * 20, bounds=bounds) as session:
        assert shown(session, "statement_timeout") == "1234ms"
        assert shown(session, "lock_timeout") == "567ms"
        assert session.bounds == bounds
    with Session(source.endpoint, "dag.task") as session:
        assert shown(session, "application_name") == "dag.task"
        assert session.version == 18
        assert session.backend == session._connection.get_backend_pid()


def test_the_connections_own_options_are_honoured(source: Database) -> None:
    endpoint = Endpoint("c", {**source.endpoint.parameters, "options": "-c work_mem=1MB", "application_name": "mine"})
    with Session(endpoint, "ours") as session:
        assert shown(session, "work_mem") == "1MB"
        assert shown(session, "application_name") == "ours"


@pytest.mark.parametrize("encoding", ["EUC_KR", "SQL_ASCII", "LATIN1"])
def test_names_are_read_in_any_encoding(database_of: Callable[..., Database], encoding: str) -> None:
    database = database_of(options=f"ENCODING '{encoding}' LOCALE 'C' TEMPLATE template0")
    name = "charge é" if encoding == "LATIN1" else "충전소"
    with Session(database.endpoint, "tests") as session:
        session.execute("copy/create_schema.sql", schema=name)
        assert session.one("copy/schema_privileges.sql", {"schema": name}).present
        session.commit()


def test_what_was_not_committed_is_gone(source: Database) -> None:
    with Session(source.endpoint, "tests") as session:
        session.execute("copy/create_schema.sql", schema="made")
    assert source.value("SELECT to_regnamespace('made') IS NULL")


def test_a_query_without_rows_gives_none(source: Database) -> None:
    with Session(source.endpoint, "tests") as session:
        assert session.one("catalog/table.sql", {"schema": "public", "name": "nothing"}) is None


def test_a_session_that_cannot_be_prepared_is_closed(source: Database) -> None:
    with pytest.raises(PipelineError, match="invalid value for parameter") as caught:
        Session(source.endpoint, "tests.broken", bounds=Bounds(lock_timeout=2**40))
    assert caught.value.cause.endswith("[22023]")


def test_cancelling_a_closed_session_does_nothing(source: Database) -> None:
    session = Session(source.endpoint, "tests")
    session.close()
    session.cancel()


def test_cancelling_towards_a_server_that_is_gone_does_nothing(database_of: Callable[..., Database]) -> None:
    database = database_of(nth=1)
    with Session(database.endpoint, "tests") as session:
        database.server.stop("immediate")
        try:
            session.cancel()
        finally:
            database.server.start()
        with pytest.raises(ServerError, match="connection"):
            session.query("copy/snapshot.sql")


def test_a_lost_connection_is_told_at_commit_too(source: Database) -> None:
    with Session(source.endpoint, "tests") as session:
        session.query("copy/snapshot.sql")
        source.run(f"SELECT pg_terminate_backend({session.backend}, 60000)")
        with pytest.raises(RetriableError, match=r"terminating connection due to administrator command") as caught:
            session.commit()
        assert "retry" in caught.value.remedy
        with pytest.raises(RetriableError):
            session.rollback()


def test_the_driver_leaves_percent_signs_of_names_alone(source: Database) -> None:
    name = QualifiedName("public", "100%s %(x)s")
    source.run(f"CREATE TABLE {identifier(name)} (a int)", ())
    with Session(source.endpoint, "tests") as session:
        assert session.one("copy/is_empty.sql", table=name).empty
