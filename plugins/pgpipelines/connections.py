"""Airflow connections as database endpoints: the only place that reads one.

Every extra that libpq knows (sslmode, sslrootcert, target_session_attrs, options …) is honoured; one that
nobody knows is refused, because a misspelt sslmode would otherwise be no TLS at all.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from urllib.parse import quote

import psycopg2
from airflow.sdk import Asset, Connection
from airflow.sdk.exceptions import AirflowNotFoundException
from psycopg2.extensions import make_dsn

from pgpipelines.endpoints import Endpoint
from pgpipelines.errors import ConfigurationError
from pgpipelines.templates import QualifiedName

CONNECTION_TYPES = ("postgres", "postgresql")
# What apache-airflow-providers-postgres keeps in a connection's extra for itself.
HOOK_EXTRAS = frozenset(
    "iam redshift redshift-serverless cursor cluster-identifier workgroup-name aws_conn_id "
    "sqlalchemy_scheme sqlalchemy_query azure_conn_id enable_log_db_messages".split()
)
LIKELY_EXTRAS = ("sslmode", "sslrootcert", "sslcert", "sslkey", "sslpassword", "sslcrl", "channel_binding", "options")


def endpoint(conn_id: str) -> Endpoint:
    """The endpoint of an Airflow connection. Raises ConfigurationError for one that is missing or no PostgreSQL."""
    connection = _connection(conn_id, "postgresql://user:password@host:5432/database")
    if connection.conn_type not in CONNECTION_TYPES:
        raise ConfigurationError(
            f"connection {conn_id} is of type {connection.conn_type}", "choose a connection of type postgres"
        )
    given = {
        "host": connection.host,
        "port": connection.port,
        "user": connection.login,
        "password": connection.password,
        "dbname": connection.schema,
    }
    named = {name: str(value) for name, value in given.items() if value}
    return Endpoint(conn_id, {**named, **_libpq_extras(conn_id, connection.extra_dejson)})


def require_defined(conn_id: str) -> None:
    """Raise ConfigurationError where there is no such Airflow connection."""
    _connection(conn_id, "aws://key:secret@")


def password(conn_id: str) -> str:
    """The password of an Airflow connection, empty where it has none. Raises ConfigurationError for one missing."""
    return _connection(conn_id, "generic://:password@").password or ""


def table_asset(database: Endpoint, table: QualifiedName) -> Asset:
    """The Asset that stands for a table: DAGs can be scheduled on its name or its URI."""
    place = "/".join(quote(part, safe="") for part in (database.database, table.schema, table.name))
    return Asset(
        name=f"{database.conn_id}.{table}",
        uri=f"postgres://{database.host}:{database.port}/{place}",
        group="pgpipelines",
    )


def _connection(conn_id: str, example: str) -> Connection:
    try:
        found: Connection = Connection.get(conn_id)
    except AirflowNotFoundException:
        raise ConfigurationError(
            f"connection {conn_id} is not defined",
            f"set AIRFLOW_CONN_{conn_id.upper()} ({example}), or add it in the UI",
        ) from None
    return found


def _libpq_extras(conn_id: str, extras: Mapping[str, object]) -> dict[str, str]:
    given = {name: str(value) for name, value in extras.items() if value not in (None, "")}
    wanted = {name: value for name, value in given.items() if name not in HOOK_EXTRAS}
    for name in wanted:
        try:
            make_dsn(**{name: ""})
        except psycopg2.ProgrammingError:
            near = difflib.get_close_matches(name, LIKELY_EXTRAS, n=1)
            raise ConfigurationError(
                f"connection {conn_id}: extra {name!r} is no setting of PostgreSQL connections",
                f"did you mean {near[0]!r}?" if near else "remove it, or see libpq's list of connection parameters",
            ) from None
    return wanted
