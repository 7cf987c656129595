from __future__ import annotations

import pickle
import re

import psycopg2
import pytest
from psycopg2 import errors

from pgpipelines import errors as tree
from pgpipelines.diagnosis import LOGIN_REMEDIES, REMEDIES, connection_error, diagnose, one_line, statement_error
from pgpipelines.errors import ConflictError, ConnectionFailedError, MissingObjectError, PipelineError, ServerError
from pgpipelines.sessions import Endpoint
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
    [("23999", ConflictError), ("22999", ConflictError), ("53999", ServerError), ("XX000", ServerError)],
)
def test_an_unknown_state_falls_back_to_its_class(source: Database, code: str, kind: type[PipelineError]) -> None:
    connection = source.connect()
    try:
        with connection.cursor() as cursor, pytest.raises(kind), diagnose(HERE):
            cursor.execute(f"DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = '{code}', MESSAGE = 'odd'; END $$")
    finally:
        connection.close()


@pytest.mark.parametrize("error", [psycopg2.OperationalError("gone\naway"), psycopg2.InterfaceError("already closed")])
def test_a_lost_connection_without_a_state_is_a_server_error(error: psycopg2.Error) -> None:
    told = statement_error(HERE, error)
    assert isinstance(told, ServerError)
    assert "the connection broke" in told.remedy


def test_an_error_of_the_driver_itself_is_passed_on() -> None:
    told = statement_error(HERE, errors.ProgrammingError("can't adapt type"))
    assert told.cause == "conn (lee@h:5432/d): can't adapt type"


def test_other_errors_pass_through() -> None:
    with pytest.raises(KeyError), diagnose(HERE):
        raise KeyError


def test_a_message_becomes_one_line() -> None:
    assert one_line(" a\n\tb  c\n") == "a b c"


def classes() -> list[type[PipelineError]]:
    return PipelineError.__subclasses__()


@pytest.mark.parametrize("kind", classes())
def test_an_error_crosses_processes_with_cause_and_remedy(kind: type[PipelineError]) -> None:
    error = pickle.loads(pickle.dumps(kind("cause", "remedy")))  # noqa: S301 (our own bytes)
    assert type(error) is kind
    assert (error.cause, error.remedy, str(error)) == ("cause", "remedy", "cause\n  Remedy: remedy")


def test_the_tree_in_the_documentation_is_the_tree() -> None:
    drawn = re.findall(r"[├└]── (\w+)", tree.__doc__ or "")
    assert set(drawn) == {kind.__name__ for kind in classes()}
