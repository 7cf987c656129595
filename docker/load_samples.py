"""Fills the databases of the compose profile `samples`, and makes the connections of Airflow that lead to them.

Reads SAMPLES_SOURCE and SAMPLES_TARGET (host or host:port), SAMPLES_PASSWORD (the superuser's) and SCALE. What was made
before is kept, and so is a connection of the same id that leads elsewhere.
"""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field

from airflow.models.connection import Connection
from airflow.utils.session import create_session
from psycopg2.extensions import make_dsn
from sqlalchemy import select

from demo import systems
from demo.roles import Login

SEED = 1
LOG = logging.getLogger("samples")


@dataclass(frozen=True)
class Container:
    """A PostgreSQL server of the compose file, entered as its superuser."""

    address: str
    password: str = field(repr=False)

    @property
    def host(self) -> str:
        """Its name in the network."""
        return self.address.partition(":")[0]

    @property
    def port(self) -> int:
        """Its TCP port."""
        return int(self.address.partition(":")[2] or 5432)

    def dsn(self, database: str = "postgres", user: str = "postgres", password: str | None = None) -> str:
        """A libpq connection string; the superuser's unless told otherwise."""
        secret = self.password if password is None else password
        return make_dsn(host=self.host, port=self.port, dbname=database, user=user, password=secret)


def connect(server: Container, logins: Mapping[str, Login]) -> None:
    """Let Airflow's connections of these ids lead to a sample server, unless they lead to another."""
    with create_session() as session:
        for conn_id, login in logins.items():
            connection = session.scalar(select(Connection).where(Connection.conn_id == conn_id))
            if connection is None:
                connection = Connection(conn_id=conn_id, conn_type="postgres", host=server.host, port=server.port)
                session.add(connection)
            if (connection.host, connection.port) != (server.host, server.port):
                LOG.info("%s: kept, for it leads to %s", conn_id, connection.host)
                continue
            connection.login, connection.schema = login.user, login.database
            connection.set_password(login.password)
            LOG.info("%s: leads to %s on %s", conn_id, login.database, server.host)


def main() -> None:
    """Make what is missing."""
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stdout, force=True)
    password = os.environ["SAMPLES_PASSWORD"]
    source, target = (Container(os.environ[name], password) for name in ("SAMPLES_SOURCE", "SAMPLES_TARGET"))
    made = systems.create_source_systems(source, float(os.environ["SCALE"]), SEED, systems.start_of_today())
    connect(source, made.connections)
    connect(target, systems.create_targets(target))


if __name__ == "__main__":
    main()
