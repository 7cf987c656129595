"""Turns what the driver and the server say into one line of cause and one of remedy.

SQLSTATE codes are from PostgreSQL's appendix A. A failed login carries none, only text, and a server may say
it in its own language: what isn't recognised is passed on in the server's words.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import psycopg2
from psycopg2 import errorcodes

from pgpipelines.errors import (
    ConflictError,
    ConnectionFailedError,
    MissingObjectError,
    PipelineError,
    PrivilegeError,
    ServerError,
)
from pgpipelines.templates import quoted

if TYPE_CHECKING:
    from pgpipelines.sessions import Endpoint

LOGIN_REMEDIES = (
    ("password authentication failed", "correct the login or password of the connection"),
    ("no password supplied", "set the password of the connection"),
    (
        "Connection refused",
        "check host and port, and that the server listens there (listen_addresses, firewall)",
    ),
    ("could not translate host name", "check the host name of the connection"),
    ("timeout expired", "check host, port and firewall: nothing answered in time"),
    (
        "no pg_hba.conf entry",
        "allow this user, database and address (and TLS or not) in the server's pg_hba.conf",
    ),
    (
        "does not support SSL",
        "the connection asks for TLS: enable ssl on the server, or lower sslmode knowingly",
    ),
    (
        "certificate verify failed",
        "the server's certificate is not signed by sslrootcert: name the right root",
    ),
    ("root certificate file", "place the root certificate where sslrootcert points, readable by Airflow"),
    ("too many clients", "raise max_connections, or lower the parallelism of the pool"),
    ("remaining connection slots", "raise max_connections, or lower the parallelism of the pool"),
    ("starting up", "wait until the server is up; Airflow retries the task"),
    ("shutting down", "wait until the server is up; Airflow retries the task"),
    ("permission denied for database", "GRANT CONNECT ON DATABASE {database} TO {user};"),
)
MISSING_DATABASE = re.compile(r'database ".*" does not exist')

# SQLSTATE, or its first two characters, to the error class and what a person can do about it.
REMEDIES: dict[str, tuple[type[PipelineError], str]] = {
    errorcodes.QUERY_CANCELED: (
        ServerError,
        "raise the statement timeout, or find what made the statement slow",
    ),
    errorcodes.LOCK_NOT_AVAILABLE: (
        ConflictError,
        "find who holds the lock (pg_blocking_pids, pg_locks) and let them finish; the task can be retried",
    ),
    errorcodes.DEADLOCK_DETECTED: (
        ConflictError,
        "retry; let other writers of the target table come in another hour",
    ),
    errorcodes.DISK_FULL: (ServerError, "free space on the server's disk; the target is unchanged"),
    errorcodes.OUT_OF_MEMORY: (
        ServerError,
        "free memory on the server, or lower work_mem; the target is unchanged",
    ),
    errorcodes.TOO_MANY_CONNECTIONS: (
        ServerError,
        "raise max_connections, or lower the parallelism of the pool",
    ),
    errorcodes.ADMIN_SHUTDOWN: (
        ServerError,
        "the server was stopped or the session terminated: retry when it is up",
    ),
    errorcodes.CRASH_SHUTDOWN: (ServerError, "the server restarted: retry; the target is unchanged"),
    errorcodes.INSUFFICIENT_PRIVILEGE: (PrivilegeError, "grant the privilege named above to role {user}"),
    errorcodes.UNDEFINED_TABLE: (MissingObjectError, "check the table's name and schema"),
    errorcodes.UNDEFINED_FUNCTION: (MissingObjectError, "create the function in this database first"),
    errorcodes.UNDEFINED_OBJECT: (
        MissingObjectError,
        "create the type, collation or role in this database first",
    ),
    errorcodes.INVALID_SCHEMA_NAME: (MissingObjectError, "create the schema in this database first"),
    errorcodes.FOREIGN_KEY_VIOLATION: (
        ConflictError,
        "copy the referenced table first, or both in one pipeline; the target is unchanged",
    ),
    errorcodes.UNTRANSLATABLE_CHARACTER: (
        ConflictError,
        "the target database's encoding lacks this character: use a UTF8 database",
    ),
    errorcodes.CHARACTER_NOT_IN_REPERTOIRE: (
        ConflictError,
        "the source holds bytes that are not valid text in its encoding: correct the row named above",
    ),
    "23": (
        ConflictError,
        "the target's constraint refuses rows that the source has: compare both definitions",
    ),
    "22": (
        ConflictError,
        "no column or expression takes this value: compare both definitions, and what a view or trigger computes",
    ),
    "08": (ServerError, "the connection broke: retry; the target is unchanged"),
    "53": (ServerError, "the server lacks a resource: see its log; the target is unchanged"),
    "57": (ServerError, "the server ended the session: see its log, then retry"),
    "58": (ServerError, "the server met an error of its operating system: see its log"),
}
LOST = (ServerError, "the connection broke (server restart, network, kill): retry; the target is unchanged")
OTHER = (ServerError, "see the server's log for the statement")


@contextmanager
def diagnose_connection(endpoint: Endpoint) -> Iterator[None]:
    """Raise ConnectionFailedError for a failed login, MissingObjectError where there is no such database."""
    try:
        yield
    except psycopg2.Error as error:
        raise connection_error(endpoint, str(error)) from error


def connection_error(endpoint: Endpoint, text: str) -> PipelineError:
    """The PipelineError for libpq's words about a failed login."""
    cause = f"{endpoint}: {one_line(text)}"
    if MISSING_DATABASE.search(text):
        return MissingObjectError(cause, "check the database name of the connection, or create the database")
    for words, remedy in LOGIN_REMEDIES:
        if words in text:
            return ConnectionFailedError(cause, _fill(remedy, endpoint))
    return ConnectionFailedError(cause, "check host, port, login and TLS settings of the connection")


@contextmanager
def diagnose(endpoint: Endpoint) -> Iterator[None]:
    """Raise the PipelineError that fits an error of the driver."""
    try:
        yield
    except psycopg2.Error as error:
        raise statement_error(endpoint, error) from error


def statement_error(endpoint: Endpoint, error: psycopg2.Error) -> PipelineError:
    """The PipelineError for a statement that failed."""
    code = error.pgcode or ""
    lost = isinstance(error, psycopg2.OperationalError | psycopg2.InterfaceError) and not code
    kind, remedy = LOST if lost else REMEDIES.get(code) or REMEDIES.get(code[:2]) or OTHER
    said = [error.diag.message_primary or one_line(str(error)), error.diag.message_detail, error.diag.context]
    words = " · ".join(one_line(part) for part in said if part)
    return kind(f"{endpoint}: {words}" + (f" [{code}]" if code else ""), _fill(remedy, endpoint))


def _fill(remedy: str, endpoint: Endpoint) -> str:
    return remedy.format(user=quoted(endpoint.user), database=quoted(endpoint.database))


def one_line(text: str) -> str:
    """Fold a message into one line."""
    return " ".join(text.split())
