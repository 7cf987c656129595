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
    ConfigurationError,
    ConflictError,
    ConnectionFailedError,
    DriftError,
    MissingObjectError,
    PipelineError,
    PrivilegeError,
    RetriableError,
    ServerError,
    one_line,
)
from pgpipelines.templates import quoted

if TYPE_CHECKING:
    from psycopg2.extensions import connection

    from pgpipelines.endpoints import Endpoint

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
    (
        "too many connections for",
        "raise the role's or database's CONNECTION LIMIT, or lower the parallelism of the pool",
    ),
    ("too many clients", "raise max_connections, or lower the parallelism of the pool"),
    ("remaining connection slots", "raise max_connections, or lower the parallelism of the pool"),
    (
        "unsupported startup parameter",
        "a pooler refuses this setting: take it out of the connection's extra, or connect to the server directly",
    ),
    ("no more connections allowed", "raise the pooler's max_client_conn, or lower the parallelism of the pool"),
    ("permission denied for database", "GRANT CONNECT ON DATABASE {database} TO {user};"),
)
# What a server says that will take logins soon (SQLSTATE 57P03).
STARTING = ("is starting up", "is shutting down", "is in recovery mode", "is not yet accepting connections")
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
        RetriableError,
        "retry; let other writers of the target table come in another hour",
    ),
    "40": (RetriableError, "retry: another transaction changed what this one read or wrote"),
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
        RetriableError,
        "the server was stopped or the session terminated: retry when it is up",
    ),
    errorcodes.CRASH_SHUTDOWN: (RetriableError, "the server restarted: retry; the target is unchanged"),
    errorcodes.CANNOT_CONNECT_NOW: (RetriableError, "the server is starting or stopping: retry when it is up"),
    errorcodes.DATABASE_DROPPED: (RetriableError, "retry, if the database was not dropped for good"),
    errorcodes.READ_ONLY_SQL_TRANSACTION: (
        ConfigurationError,
        "leave what writes out of the SQL for the source, which is only read; a target must be no replica",
    ),
    errorcodes.INSUFFICIENT_PRIVILEGE: (PrivilegeError, "grant the privilege named above to role {user}"),
    errorcodes.UNDEFINED_TABLE: (MissingObjectError, "check the table's name and schema"),
    errorcodes.UNDEFINED_FUNCTION: (MissingObjectError, "create the function in this database first"),
    errorcodes.UNDEFINED_OBJECT: (
        MissingObjectError,
        "create the type, collation or role in this database first",
    ),
    errorcodes.INVALID_SCHEMA_NAME: (MissingObjectError, "create the schema in this database first"),
    errorcodes.INVALID_OBJECT_DEFINITION: (
        DriftError,
        "compare both definitions: a partition that the source has dropped may stand in the way "
        "(ALTER TABLE … DETACH PARTITION …); the target is unchanged",
    ),
    errorcodes.FOREIGN_KEY_VIOLATION: (
        ConflictError,
        "copy the referenced table first, or both in one pipeline, or make the foreign key DEFERRABLE; "
        "the target is unchanged",
    ),
    errorcodes.UNTRANSLATABLE_CHARACTER: (
        ConflictError,
        "the target database's encoding lacks this character: use a UTF8 database",
    ),
    errorcodes.CHARACTER_NOT_IN_REPERTOIRE: (
        ConflictError,
        "the source holds bytes that are not valid text in its encoding: correct the row that does",
    ),
    errorcodes.RAISE_EXCEPTION: (
        ConflictError,
        "a function of this database, named above, refuses what was done: correct what it finds fault with, or disable "
        "the trigger that calls it",
    ),
    "23": (
        ConflictError,
        "the target's constraint refuses rows that the source has: compare both definitions",
    ),
    "22": (
        ConflictError,
        "no column or expression takes this value: compare both definitions, and what a view or trigger computes",
    ),
    "08": (RetriableError, "the connection broke: retry; the target is unchanged"),
    "53": (ServerError, "the server lacks a resource: see its log; the target is unchanged"),
    "57": (ServerError, "the server ended the session: see its log, then retry"),
    "58": (ServerError, "the server met an error of its operating system: see its log"),
}
LOST = (RetriableError, "the connection broke (server restart, network, kill): retry; the target is unchanged")
OTHER = (ServerError, "see the server's log for the statement")
# Where the server gives a hint, it knows better.
VAGUE = frozenset({OTHER, REMEDIES[errorcodes.OUT_OF_MEMORY], REMEDIES["53"], REMEDIES[errorcodes.RAISE_EXCEPTION]})
# psycopg2's `closed` of a connection that the other side has ended.
BROKEN = 2
# A replica's own words, under a code (40001) that other failures have too.
RECOVERY_CONFLICT = "conflict with recovery"
RECOVERY_REMEDY = (
    "retry; the replica may wait longer for its readers (max_standby_streaming_delay), or ask the primary to keep "
    "their rows (hot_standby_feedback)"
)
# So that no row is hidden silently, sessions ask the server to refuse instead: GRANT would not help.
FILTERED = "affected by row-level security"
FILTERED_REMEDY = (
    "ALTER ROLE {user} BYPASSRLS; where a view reads the table, the role that owns the view is the one whose rows are "
    "hidden"
)
# A session that is to write says so when it begins, which a replica refuses as a feature that it lacks.
NO_WRITES = "read-write mode during recovery"
# How SET TRANSACTION SNAPSHOT fails where the exporting transaction has ended, by version and by when it ended.
SNAPSHOT_GONE = frozenset(
    {
        errorcodes.INVALID_PARAMETER_VALUE,
        errorcodes.UNDEFINED_OBJECT,
        errorcodes.OBJECT_NOT_IN_PREREQUISITE_STATE,
    }
)


@contextmanager
def diagnose_connection(endpoint: Endpoint) -> Iterator[None]:
    """Raise ConnectionFailedError for a failed login, MissingObjectError where there is no such database.

    Raises RetriableError where the server starts or stops.
    """
    try:
        yield
    except psycopg2.Error as error:
        raise connection_error(endpoint, str(error)) from error


def connection_error(endpoint: Endpoint, text: str) -> PipelineError:
    """The PipelineError for libpq's words about a failed login."""
    cause = f"{endpoint}: {one_line(text)}"
    if MISSING_DATABASE.search(text):
        return MissingObjectError(cause, "check the database name of the connection, or create the database")
    if any(words in text for words in STARTING):
        return RetriableError(cause, "wait until the server is up, and retry")
    for words, remedy in LOGIN_REMEDIES:
        if words in text:
            return ConnectionFailedError(cause, _fill(remedy, endpoint))
    return ConnectionFailedError(cause, "check host, port, login and TLS settings of the connection")


@contextmanager
def diagnose(endpoint: Endpoint, connection: connection | None = None) -> Iterator[None]:
    """Raise the PipelineError that fits an error of the driver, on this connection if one is given."""
    try:
        yield
    except psycopg2.Error as error:
        raise statement_error(endpoint, error, _last_words(connection)) from error


def statement_error(endpoint: Endpoint, error: psycopg2.Error, last_words: str = "") -> PipelineError:
    """The PipelineError for a statement that failed; a lost connection may have brought last words of the server."""
    code = error.pgcode or ""
    lost = isinstance(error, psycopg2.OperationalError | psycopg2.InterfaceError) and not code
    kind, remedy = LOST if lost else REMEDIES.get(code) or REMEDIES.get(code[:2]) or OTHER
    said = [error.diag.message_primary or last_words or str(error), error.diag.message_detail, error.diag.context]
    words = " · ".join(one_line(part) for part in said if part)
    if RECOVERY_CONFLICT in words:
        remedy = RECOVERY_REMEDY
    if FILTERED in words:
        remedy = FILTERED_REMEDY
    if NO_WRITES in words:
        kind, remedy = REMEDIES[errorcodes.READ_ONLY_SQL_TRANSACTION]
    hint = one_line(error.diag.message_hint or "") if (kind, remedy) in VAGUE else ""
    return kind(f"{endpoint}: {words}" + (f" [{code}]" if code else ""), hint or _fill(remedy, endpoint))


def _last_words(connection: connection | None) -> str:
    """What a server said when it ended a session that ran nothing: libpq has read it, but no error carries it."""
    return connection.info.error_message or "" if connection is not None and connection.closed == BROKEN else ""


def sqlstate(error: PipelineError) -> str:
    """The server's code behind an error of `diagnose`, empty where it gave none."""
    cause = error.__cause__
    return (cause.pgcode or "") if isinstance(cause, psycopg2.Error) else ""


def _fill(remedy: str, endpoint: Endpoint) -> str:
    return remedy.format(user=quoted(endpoint.user), database=quoted(endpoint.database))
