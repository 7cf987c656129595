"""Applies the role templates of include/sql/roles, and sets passwords without sending them.

To hand a template to a database administrator, render it: pgpipelines.templates.render("roles/reader.sql", ...).
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from psycopg2.extensions import encrypt_password

from pgpipelines.templates import render

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection  # noqa: N812 (the driver names its class in lower case)

READER = "pgpipelines_reader"
WRITER = "pgpipelines_writer"
DUMPER = "pgpipelines_dumper"
RESTORER = "pgpipelines_restorer"
MONITOR = "pgpipelines_monitor"
REPLICATOR = "pgpipelines_replicator"


class Cluster(Protocol):
    """A server that this package may administer (demo.servers.Server is one)."""

    @property
    def password(self) -> str:
        """The superuser's password."""

    def dsn(self, database: str = ..., user: str = ..., password: str | None = ...) -> str:
        """A libpq connection string; the superuser's unless told otherwise."""


@dataclass(frozen=True)
class Login:
    """Who enters which database of a server; the password stays out of its repr."""

    database: str
    user: str
    password: str = field(repr=False)


def login(cluster: Cluster, database: str, role: str) -> Login:
    """The login of a role that `set_password` has given its password."""
    return Login(database, role, password_of(cluster, role))


def password_of(cluster: Cluster, role: str) -> str:
    """A role's password: derived from the superuser's, so that it is the same at each start and stored nowhere."""
    return hmac.new(cluster.password.encode(), role.encode(), hashlib.sha256).hexdigest()


def apply(connection: Connection, template: str, **parameters: object) -> None:
    """Run include/sql/roles/`template`.sql in the connection's transaction. Raises psycopg2.Error."""
    with connection.cursor() as cursor:
        # The (empty) mapping makes the driver read %% as %, which is how names with % are rendered.
        cursor.execute(render(f"roles/{template}.sql", **parameters), {})


def set_password(connection: Connection, role: str, password: str) -> None:
    """Set a password by its SCRAM verifier, computed here: the server and its log never see the password."""
    verifier = encrypt_password(password, role, scope=connection, algorithm="scram-sha-256")
    with connection.cursor() as cursor:
        cursor.execute(render("roles/password.sql", role=role), {"verifier": verifier})
