"""Databases, how to log in, and how long a session there may take: what is known before one is opened."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Endpoint:
    """A database and how to log in: libpq keywords by name. Its text and repr never show the password."""

    conn_id: str
    parameters: Mapping[str, str] = field(repr=False)

    def __str__(self) -> str:
        """Connection id, user, host, port and database, for messages."""
        return f"{self.conn_id} ({self.user}@{self.host}:{self.port}/{self.database})"

    @property
    def host(self) -> str:
        """Host name as given; `localhost` where libpq would use its own default."""
        return self.parameters.get("host", "localhost")

    @property
    def port(self) -> str:
        """TCP port."""
        return self.parameters.get("port", "5432")

    @property
    def user(self) -> str:
        """Login role, empty where libpq takes the operating system's user."""
        return self.parameters.get("user", "")

    @property
    def database(self) -> str:
        """Database name; libpq's default is the user's name."""
        return self.parameters.get("dbname", self.user)

    def of(self, database: str) -> Endpoint:
        """Another database of the same server, by the same login."""
        return Endpoint(self.conn_id, {**self.parameters, "dbname": database})


@dataclass(frozen=True)
class Bounds:
    """How long a statement may run and a lock be waited for, in milliseconds; how often another run is waited for."""

    statement_timeout: int = 6 * 3600 * 1000
    lock_timeout: int = 30 * 1000
    lock_attempts: int = 10
