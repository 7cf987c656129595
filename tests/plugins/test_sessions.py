from __future__ import annotations

import io
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg2 import errorcodes

from pgpipelines.endpoints import Bounds, Endpoint
from pgpipelines.errors import ConfigurationError, PipelineError, RetriableError, ServerError
from pgpipelines.sessions import Session
from pgpipelines.templates import QualifiedName, Sql, identifier
from tests.fixtures.servers import Database

FIRST_WITH_TRANSACTION_TIMEOUT = 17


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


@pytest.mark.parametrize(
    ("snapshot", "readonly", "isolation", "shown_readonly"),
    [
        (True, None, "repeatable read", "on"),
        (True, False, "repeatable read", "off"),
        (False, None, "read committed", "off"),
        (False, True, "read committed", "on"),
    ],
)
def test_isolation_does_not_depend_on_defaults(
    source: Database, snapshot: bool, readonly: bool | None, isolation: str, shown_readonly: str
) -> None:
    opposite = "off" if shown_readonly == "on" else "on"
    source.run(f"ALTER DATABASE {source.name} SET default_transaction_isolation = 'serializable'")
    source.run(f"ALTER DATABASE {source.name} SET default_transaction_read_only = {opposite}")
    with Session(source.endpoint, "tests", snapshot=snapshot, readonly=readonly) as session:
        for _ in ("first", "second"):
            assert shown(session, "transaction_isolation") == isolation
            assert shown(session, "transaction_read_only") == shown_readonly
            session.commit()
    source.run(f"SET transaction_read_only = off; ALTER DATABASE {source.name} RESET default_transaction_read_only")


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


@pytest.mark.parametrize("major", [18, 16, 15])
def test_a_session_is_never_ended_for_being_idle_or_for_its_length(
    database_of: Callable[..., Database], major: int
) -> None:
    database = database_of(major)
    timeouts = ["idle_in_transaction_session_timeout", "idle_session_timeout"]
    timeouts += ["transaction_timeout"] if major >= FIRST_WITH_TRANSACTION_TIMEOUT else []
    for timeout in timeouts:
        database.run(f"ALTER DATABASE {database.name} SET {timeout} = '1min'")
    with Session(database.endpoint, "tests") as session:
        assert [shown(session, timeout) for timeout in timeouts] == ["0"] * len(timeouts)


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


def test_a_refused_attempt_leaves_nothing_and_the_transaction_goes_on(source: Database) -> None:
    def make_twice() -> None:
        for _ in range(2):
            session.execute("copy/create_schema.sql", schema="twice")

    with Session(source.endpoint, "tests") as session:
        assert session.attempt(lambda: session.execute("copy/create_schema.sql", schema="once"), ()) is not None
        assert session.attempt(make_twice, [errorcodes.DUPLICATE_SCHEMA]) is None
        session.commit()
        with pytest.raises(PipelineError, match="already exists"):
            session.attempt(make_twice, [errorcodes.UNIQUE_VIOLATION])
    assert source.rows("SELECT nspname FROM pg_namespace WHERE nspname IN ('once', 'twice')") == [("once",)]


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
            session.query("copy/snapshot.sql", system=False)


def test_a_lost_connection_is_told_at_commit_too(source: Database) -> None:
    with Session(source.endpoint, "tests") as session:
        session.query("copy/snapshot.sql", system=False)
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
        assert session.one("copy/is_empty.sql", table=name, only=False).empty


# ------------------------------------------------------------------------------------------------------------ batches


def tables(database: Database, number: int) -> set[str]:
    """Make so many tables, for a query that lists tables."""
    names = {f"t{each}" for each in range(number)}
    database.run("; ".join(f"CREATE TABLE {name} ()" for name in sorted(names)) or "SELECT 1")
    return names


@pytest.mark.parametrize(
    ("rows", "size", "sizes"), [(0, 3, []), (2, 3, [2]), (3, 3, [3]), (7, 3, [3, 3, 1]), (2, 1, [1, 1])]
)
def test_rows_come_in_batches_of_a_size(source: Database, rows: int, size: int, sizes: list[int]) -> None:
    names = tables(source, rows)
    with Session(source.endpoint, "tests") as session:
        batches = list(session.batches("catalog/readable.sql", None, size))
    assert [len(batch) for batch in batches] == sizes
    assert {row.name for batch in batches for row in batch} == names


def test_batches_may_be_read_at_the_same_time_and_left_early(source: Database) -> None:
    tables(source, 4)
    with Session(source.endpoint, "tests", snapshot=True) as session:
        first, second = (session.batches("catalog/readable.sql", None, 3) for _ in range(2))
        assert [len(batch) for pair in zip(first, second, strict=True) for batch in pair] == [3, 3, 1, 1]
        for batch in session.batches("catalog/readable.sql", None, 3):
            assert len(batch) == 3
            break
        assert session.one("copy/snapshot.sql", system=False).snapshot


def test_batches_take_values_and_names(source: Database) -> None:
    name = "100%s 충전소's \\"
    source.run(f"CREATE TABLE {identifier(name)} ()", ())
    with Session(source.endpoint, "tests") as session:
        ((row,),) = session.batches("catalog/table.sql", {"schema": "public", "name": name}, 10)
        assert row.kind == "r"
        ((empty,),) = session.batches("copy/is_empty.sql", None, 10, table=QualifiedName("public", name), only=False)
        assert empty.empty


def test_a_batch_holds_no_more_rows_than_were_fetched(source: Database) -> None:
    tables(source, 50)
    with Session(source.endpoint, "tests") as session:
        batches = session.batches("catalog/readable.sql", None, 2)
        next(batches)
        with session._connection.cursor() as cursor:
            cursor.execute("SELECT statement, is_holdable FROM pg_catalog.pg_cursors")
            ((statement, is_holdable),) = cursor.fetchall()
            assert "CURSOR" in statement
            assert not is_holdable
        batches.close()
        assert session.query("copy/snapshot.sql", system=False) != []


@pytest.mark.parametrize("when", ["at the start", "in the middle"])
def test_an_error_of_a_batch_is_diagnosed(source: Database, when: str) -> None:
    source.run("CREATE TABLE t ()")
    with Session(source.endpoint, "tests") as session:
        if when == "at the start":
            batches = session.batches(
                "copy/is_empty.sql", None, 1, table=QualifiedName("public", "nothing"), only=False
            )
            with pytest.raises(PipelineError, match="does not exist"):
                next(batches)
            session.rollback()
        else:
            batches = session.batches("catalog/readable.sql", None, 1)
            next(batches)
            source.run(f"SELECT pg_terminate_backend({session.backend}, 60000)")
            with pytest.raises(RetriableError, match="terminating connection"):
                next(batches)


# --------------------------------------------------------------------------------------------------------------- copy


def copied(session: Session, statement: str, values: dict[str, object] | None = None) -> str:
    stream = io.BytesIO()
    session.copy(Sql(statement), stream, 8192, values)
    return stream.getvalue().decode()


TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=20)


@pytest.mark.parametrize(
    "value", ["100%", "%s %(value)s %%", 'it\'s "so"', "\\ \\' \\N \\x41", "충전소 😀", "a\nb\tc", "$1 --", ""]
)
def test_a_copy_takes_values_of_any_text(source: Database, value: str) -> None:
    with Session(source.endpoint, "tests") as session:
        shown = copied(
            session, "COPY (SELECT encode(convert_to(%(value)s, 'UTF8'), 'hex')) TO STDOUT", {"value": value}
        )
    assert bytes.fromhex(shown.strip()).decode() == value


def test_a_copy_takes_values_of_many_texts(source: Database) -> None:
    with Session(source.endpoint, "tests") as session:

        @settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
        @given(TEXTS)
        def check(value: str) -> None:
            statement = "COPY (SELECT encode(convert_to(%(value)s, 'UTF8'), 'hex')) TO STDOUT"
            assert bytes.fromhex(copied(session, statement, {"value": value}).strip()).decode() == value

        check()


def test_a_copy_without_values_keeps_the_percent_signs_of_its_names(source: Database) -> None:
    name = "100%s %(x)s"
    source.run(f"CREATE TABLE {identifier(name)} (a int); INSERT INTO {identifier(name)} VALUES (1)", ())
    with Session(source.endpoint, "tests") as session:
        assert copied(session, f"COPY public.{identifier(name)} TO STDOUT") == "1\n"


@pytest.mark.parametrize("value", ["a\x00b", "\ud800"])
def test_a_value_that_is_no_text_of_postgresql_is_refused(source: Database, value: str) -> None:
    with Session(source.endpoint, "tests") as session:
        with pytest.raises(ConfigurationError, match="a value can't be sent") as caught:
            copied(session, "COPY (SELECT %(value)s) TO STDOUT", {"value": value})
        assert "\n" not in caught.value.cause
        with pytest.raises(ConfigurationError, match="a value can't be sent"):
            session.query("catalog/table.sql", {"schema": "public", "name": value})


def test_writers_of_the_same_rows_are_told_to_try_again(source: Database) -> None:
    source.run("CREATE TABLE t (a int); INSERT INTO t VALUES (1), (1)")
    table = QualifiedName("public", "t")
    with Session(source.endpoint, "tests", snapshot=True, readonly=False) as session:
        session.query("copy/is_empty.sql", table=table, only=False)
        source.run("UPDATE t SET a = 2")
        with pytest.raises(RetriableError, match="could not serialize access"):
            session.execute("copy/drop_duplicates.sql", table=table, key=["a"])
