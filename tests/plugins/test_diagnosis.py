from __future__ import annotations

import pickle
import re

import psycopg2
import pytest
from airflow.sdk import RetryAction
from psycopg2 import errors

from pgpipelines import errors as tree
from pgpipelines.dag_policy import FAIL_AT_ONCE
from pgpipelines.diagnosis import (
    LOGIN_REMEDIES,
    RECOVERY_REMEDY,
    REMEDIES,
    STARTING,
    connection_error,
    diagnose,
    sqlstate,
    statement_error,
)
from pgpipelines.endpoints import Endpoint
from pgpipelines.errors import (
    ConfigurationError,
    ConflictError,
    ConnectionFailedError,
    MissingObjectError,
    PipelineError,
    RetriableError,
    ServerError,
    one_line,
)
from tests.fixtures.servers import Database

HERE = Endpoint("conn", {"host": "h", "user": "lee", "dbname": "d", "password": "hunter2"})


@pytest.mark.parametrize("words", [words for words, _ in LOGIN_REMEDIES])
def test_a_failed_login_is_known_by_its_words(words: str) -> None:
    error = connection_error(HERE, f'connection to server at "h" failed:\nFATAL:  {words}\n')
    assert isinstance(error, ConnectionFailedError)
    assert words in error.cause
    assert "{" not in error.remedy
    assert "\n" not in error.cause


def test_a_missing_database_is_told_from_a_failed_login() -> None:
    error = connection_error(HERE, 'FATAL:  database "x" does not exist')
    assert isinstance(error, MissingObjectError)


@pytest.mark.parametrize("words", STARTING)
def test_a_server_that_takes_logins_soon_is_worth_another_try(words: str) -> None:
    error = connection_error(HERE, f'connection to server at "h" failed: FATAL:  the database system {words}\n')
    assert type(error) is RetriableError
    assert "wait until the server is up" in error.remedy


@pytest.mark.parametrize(
    ("code", "hinted"), [("55000", True), ("53200", True), ("P0001", True), ("53100", False), ("23505", False)]
)
def test_a_hint_of_the_server_is_the_remedy_where_there_is_no_better_one(
    source: Database, code: str, hinted: bool
) -> None:
    statement = f"DO $$ BEGIN RAISE EXCEPTION 'no' USING ERRCODE = '{code}', HINT = 'Set {{x}}\n to 7.'; END $$"
    with pytest.raises(PipelineError) as caught, diagnose(HERE):
        source.run(statement)
    assert (caught.value.remedy == "Set {x} to 7.") is hinted


def test_words_in_another_language_are_passed_on() -> None:
    error = connection_error(HERE, "치명적오류: 사용자의 password 인증을 실패했습니다")
    assert "인증을 실패했습니다" in error.cause
    assert error.remedy == "check host, port, login and TLS settings of the connection"


@pytest.mark.parametrize("code", [code for code in REMEDIES if len(code) == 5])
def test_every_known_state_has_a_class_and_a_remedy(source: Database, code: str) -> None:
    connection = source.connect()
    try:
        with connection.cursor() as cursor, pytest.raises(psycopg2.Error) as caught:
            cursor.execute(
                f"DO $$ BEGIN RAISE EXCEPTION 'what happened' USING ERRCODE = '{code}', DETAIL = 'more'; END $$"
            )
    finally:
        connection.close()
    error = statement_error(HERE, caught.value)
    kind, _ = REMEDIES[code]
    assert type(error) is kind
    assert error.cause.startswith("conn (lee@h:5432/d): what happened · more")
    assert error.cause.endswith(f"[{code}]")
    assert "{" not in error.remedy


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("23999", ConflictError),
        ("22999", ConflictError),
        ("53999", ServerError),
        ("XX000", ServerError),
        ("40002", RetriableError),
        ("08999", RetriableError),
        ("57999", ServerError),
    ],
)
def test_an_unknown_state_falls_back_to_its_class(source: Database, code: str, kind: type[PipelineError]) -> None:
    connection = source.connect()
    try:
        with connection.cursor() as cursor, pytest.raises(kind), diagnose(HERE):
            cursor.execute(f"DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = '{code}', MESSAGE = 'odd'; END $$")
    finally:
        connection.close()


RETRIABLE = {
    "recovery conflict or serialization failure": "40001",
    "deadlock": "40P01",
    "database dropped": "57P04",
    "stopped": "57P01",
    "crashed": "57P02",
    "starting": "57P03",
    "connection exception": "08000",
    "connection failure": "08006",
    "protocol violation": "08P01",
}


def raised(database: Database, code: str, words: str) -> PipelineError:
    """The error for a statement that fails with this state and these words."""
    connection = database.connect()
    try:
        with connection.cursor() as cursor, pytest.raises(PipelineError) as caught, diagnose(HERE):
            cursor.execute(f"DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = '{code}', MESSAGE = '{words}'; END $$")
    finally:
        connection.close()
    return caught.value


@pytest.mark.parametrize("what", RETRIABLE)
def test_what_a_new_attempt_can_mend_is_one_class(source: Database, what: str) -> None:
    error = raised(source, RETRIABLE[what], what)
    assert type(error) is RetriableError
    assert sqlstate(error) == RETRIABLE[what]
    assert "retry" in error.remedy


@pytest.mark.parametrize("code", ["55P03", "57014", "53100", "53200", "23505", "42501", "XX000"])
def test_what_a_new_attempt_would_meet_again_is_another(source: Database, code: str) -> None:
    assert not isinstance(raised(source, code, "odd"), RetriableError)


def test_a_recovery_conflict_has_a_remedy_of_its_own(source: Database) -> None:
    assert raised(source, "40001", "canceling statement due to conflict with recovery").remedy == RECOVERY_REMEDY
    assert raised(source, "40001", "could not serialize access").remedy != RECOVERY_REMEDY


def test_an_error_that_no_server_raised_has_no_state() -> None:
    assert sqlstate(PipelineError("cause", "remedy")) == ""


def test_another_attempt_is_left_to_airflow_where_it_can_help() -> None:
    def action(error: Exception) -> RetryAction:
        return FAIL_AT_ONCE.evaluate(error, try_number=1, max_tries=2).action

    assert action(RetriableError("cause", "remedy")) == RetryAction.DEFAULT
    assert action(ConfigurationError("cause", "remedy")) == RetryAction.FAIL


@pytest.mark.parametrize("error", [psycopg2.OperationalError("gone\naway"), psycopg2.InterfaceError("already closed")])
def test_a_lost_connection_without_a_state_is_a_server_error(error: psycopg2.Error) -> None:
    told = statement_error(HERE, error)
    assert type(told) is RetriableError
    assert "the connection broke" in told.remedy


def test_an_error_of_the_driver_itself_is_passed_on() -> None:
    told = statement_error(HERE, errors.ProgrammingError("can't adapt type"))
    assert told.cause == "conn (lee@h:5432/d): can't adapt type"


def test_other_errors_pass_through() -> None:
    with pytest.raises(KeyError), diagnose(HERE):
        raise KeyError


def test_a_message_becomes_one_line() -> None:
    assert one_line(" a\n\tb  c\n") == "a b c"


def classes(root: type[PipelineError] = PipelineError) -> list[type[PipelineError]]:
    return [found for kind in root.__subclasses__() for found in (kind, *classes(kind))]


@pytest.mark.parametrize("kind", classes())
def test_an_error_crosses_processes_with_cause_and_remedy(kind: type[PipelineError]) -> None:
    error = pickle.loads(pickle.dumps(kind("cause", "remedy")))  # noqa: S301 (our own bytes)
    assert type(error) is kind
    assert (error.cause, error.remedy, str(error)) == ("cause", "remedy", "cause\n  Remedy: remedy")


def test_the_tree_in_the_documentation_is_the_tree() -> None:
    drawn = re.findall(r"[├└]── (\w+)", tree.__doc__ or "")
    assert set(drawn) == {kind.__name__ for kind in classes()}
