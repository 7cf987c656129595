"""Fills the databases of the compose profile `samples`: the sample systems, their roles, and two logins for copies.

Reads SAMPLES_SOURCE and SAMPLES_TARGET (host or host:port), SAMPLES_PASSWORD (the superuser's),
SAMPLES_READER_PASSWORD, SAMPLES_WRITER_PASSWORD and SCALE. What was made before is kept.
"""

from __future__ import annotations

import logging
import os
from dataclasses import dataclass, field

from psycopg2.extensions import make_dsn

from demo import roles, systems

SEED = 1


@dataclass(frozen=True)
class Container:
    """A PostgreSQL server of the compose file, entered as its superuser."""

    address: str
    password: str = field(repr=False)

    def dsn(self, database: str = "postgres", user: str = "postgres", password: str | None = None) -> str:
        """A libpq connection string; the superuser's unless told otherwise."""
        host, _, port = self.address.partition(":")
        secret = self.password if password is None else password
        return make_dsn(host=host, port=port or "5432", dbname=database, user=user, password=secret)


def main() -> None:
    """Make what is missing, then give the two roles the passwords that .env has for them."""
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    superuser_password = os.environ["SAMPLES_PASSWORD"]
    source = Container(os.environ["SAMPLES_SOURCE"], superuser_password)
    target = Container(os.environ["SAMPLES_TARGET"], superuser_password)
    systems.create_source_systems(source, float(os.environ["SCALE"]), SEED, systems.start_of_today())
    systems.create_targets(target)
    for server, role, name in (
        (source, roles.READER, "SAMPLES_READER_PASSWORD"),
        (target, roles.WRITER, "SAMPLES_WRITER_PASSWORD"),
    ):
        with systems.superuser(server) as connection:
            roles.set_password(connection, role, os.environ[name])


if __name__ == "__main__":
    main()
