"""Databases of the benchmark's servers: how they are logged in to, and statements outside of any transaction."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import psycopg2
from psycopg2.extras import NamedTupleCursor

from demo.servers import SUPERUSER, Server
from pgpipelines.templates import render


@dataclass(frozen=True)
class Database:
    """One database of a server, as its superuser."""

    server: Server
    name: str

    @property
    def keywords(self) -> dict[str, str]:
        """Libpq's keywords, without the password."""
        return {"host": "127.0.0.1", "port": str(self.server.port), "dbname": self.name, "user": SUPERUSER}

    @property
    def url(self) -> str:
        """A URL without the password."""
        return "postgresql://{user}@{host}:{port}/{dbname}".format(**self.keywords)

    def connect(self) -> Any:
        """Open a connection, each statement of which is a transaction of its own."""
        connection = psycopg2.connect(self.server.dsn(self.name), cursor_factory=NamedTupleCursor)
        connection.autocommit = True
        return connection

    def execute(self, template: str, values: Mapping[str, Any] | None = None, **context: object) -> int:
        """Run the statements in include/sql/`template` and return the number of rows that the last one wrote."""
        with closing(self.connect()) as connection, connection.cursor() as cursor:
            cursor.execute(render(template, **context), dict(values or {}))
            return int(cursor.rowcount)

    def one(self, template: str, values: Mapping[str, Any] | None = None, **context: object) -> Any:
        """Run a statement and return its first row."""
        with closing(self.connect()) as connection:
            return first_row(connection, template, values, **context)


def first_row(connection: Any, template: str, values: Mapping[str, Any] | None = None, **context: object) -> Any:
    """Run a statement on an open connection and return its first row."""
    with connection.cursor() as cursor:
        cursor.execute(render(template, **context), dict(values or {}))
        return cursor.fetchall()[0]


def recreate(database: Database) -> None:
    """Make an empty database, whatever stood in its place."""
    maintenance = Database(database.server, "postgres")
    maintenance.execute("benchmarks/drop_database.sql", database=database.name)
    maintenance.execute("samples/database.sql", database=database.name, owner=None)
