"""The sample systems: made inside PostgreSQL, entered by roles with one duty each.

On a source server stand charger_db, erp, agentic_ai and chat, each owned by its application's role and filled
by the templates of include/sql/samples; on a target server stand the databases `warehouse` and `backup`. The same
seed, scale and end give the same rows on any version of PostgreSQL.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime, timezone
from types import MappingProxyType
from typing import TYPE_CHECKING

import psycopg2

from demo import roles
from demo.roles import DUMPER, MONITOR, READER, RESTORER, WRITER, Cluster, Login
from pgpipelines.templates import render

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection  # noqa: N812 (the driver names its class in lower case)

LOG = logging.getLogger(__name__)
MAINTENANCE_DATABASE = "postgres"
# What copies write to, by the connection id that pipelines use.
TARGETS = MappingProxyType({"target_postgres_conn": "warehouse", "backup_postgres_conn": "backup"})
# Where a database tells how it was made; readable like the data, so that copies of a whole database may take it.
SAMPLES_SCHEMA = "pgpipelines_samples"
DAYS = 60


@dataclass(frozen=True)
class Size:
    """Rows of a kind: so many at scale 1, and never fewer than `least`."""

    at_scale_1: int
    least: int

    def rows(self, scale: float) -> int:
        """Rows at a scale."""
        return max(self.least, round(self.at_scale_1 * scale))


@dataclass(frozen=True)
class System:
    """A sample system: its database, the application's role, and the templates that fill it, in order."""

    database: str
    owner: str
    connection_id: str
    schemas: tuple[str, ...]
    sizes: Mapping[str, Size]
    fill: tuple[str, ...]


SYSTEMS = (
    System(
        database="charger_db",
        owner="charger_app",
        connection_id="source_postgres_conn",
        schemas=("public",),
        sizes=MappingProxyType({"stations": Size(100, 2), "chargers": Size(500, 10), "sessions": Size(100_000, 1000)}),
        fill=(
            "stations",
            "chargers",
            "timeline",
            "sessions",
            "set_aside_indexes",
            "meter_samples",
            "put_back_indexes",
            "finish",
        ),
    ),
    System(
        database="erp",
        owner="erp_app",
        connection_id="erp_postgres_conn",
        schemas=("public",),
        sizes=MappingProxyType({"users": Size(5000, 50), "posts": Size(8000, 100), "orders": Size(12_000, 100)}),
        fill=("fill",),
    ),
    System(
        database="agentic_ai",
        owner="agentic_app",
        connection_id="agentic_ai_postgres_conn",
        schemas=("agentic_ai",),
        sizes=MappingProxyType({"users": Size(2000, 20), "tasks": Size(10_000, 200)}),
        fill=("fill",),
    ),
    System(
        database="chat",
        owner="chat_app",
        connection_id="chat_postgres_conn",
        schemas=("public",),
        sizes=MappingProxyType(
            {"users": Size(3000, 30), "rooms": Size(100, 5), "messages": Size(40_000, 500), "logins": Size(8000, 100)}
        ),
        fill=("fill",),
    ),
)


@dataclass(frozen=True)
class SourceSystems:
    """What stands on a source server.

    Attributes:
        connections: Logins of the package's roles, by the connection id that pipelines use.
        applications: Logins of the applications' roles, by database: what the simulator enters as.
        made: Databases that this call has made; the others had been made before and were kept.
    """

    connections: Mapping[str, Login]
    applications: Mapping[str, Login]
    made: tuple[str, ...]


def create_source_systems(cluster: Cluster, scale: float, seed: int, until: datetime) -> SourceSystems:
    """Make the four sample systems where they are missing, and give each role what it needs.

    A whole database is kept with what has been written to it since, whatever scale and seed it had; one that
    an interrupted call has left is removed and made again.

    Args:
        cluster: The server, entered as its superuser.
        scale: 1 is about 100,000 charging sessions and 2.9 million meter samples; fractions are fine.
        seed: Decides every value; the same seed, scale and until give the same rows.
        until: The moment (with its time zone) at which the history ends, DAYS before which it begins.

    Raises:
        ValueError: A scale that isn't positive, or a moment without time zone.
        psycopg2.Error: The server refuses.
    """
    if scale <= 0:
        raise ValueError(f"scale must be above 0, not {scale}")
    if until.tzinfo is None:
        raise ValueError("until needs a time zone")
    with superuser(cluster) as connection:
        owners = [system.owner for system in SYSTEMS]
        for role in (*owners, READER, DUMPER, MONITOR):
            create_role(connection, cluster, role)
        roles.apply(connection, "restorer", role=RESTORER, database=MAINTENANCE_DATABASE, owners=owners)
        roles.set_password(connection, RESTORER, roles.password_of(cluster, RESTORER))
        roles.apply(connection, "private_database", database=MAINTENANCE_DATABASE)
        roles.apply(connection, "monitor", role=MONITOR, database=MAINTENANCE_DATABASE)
    made = tuple(system.database for system in SYSTEMS if create(cluster, system, scale, seed, until))
    return SourceSystems(connections=source_logins(cluster), applications=application_logins(cluster), made=made)


def source_logins(cluster: Cluster) -> Mapping[str, Login]:
    """Logins of the package's roles on a source server, by connection id; known before the systems are made."""
    return MappingProxyType(
        {system.connection_id: roles.login(cluster, system.database, READER) for system in SYSTEMS}
        | {"monitor_postgres_conn": roles.login(cluster, SYSTEMS[0].database, MONITOR)}
        | {"dump_postgres_conn": roles.login(cluster, SYSTEMS[0].database, DUMPER)}
        | {"restore_postgres_conn": roles.login(cluster, MAINTENANCE_DATABASE, RESTORER)}
    )


def application_logins(cluster: Cluster) -> Mapping[str, Login]:
    """Logins of the applications' roles, by database; known before the systems are made."""
    return MappingProxyType(
        {system.database: roles.login(cluster, system.database, system.owner) for system in SYSTEMS}
    )


def target_logins(cluster: Cluster) -> Mapping[str, Login]:
    """Logins of the package's role on a target server, by connection id; known before the databases are made."""
    return MappingProxyType({conn_id: roles.login(cluster, database, WRITER) for conn_id, database in TARGETS.items()})


def create_targets(cluster: Cluster) -> Mapping[str, Login]:
    """Make the databases of TARGETS where they are missing; their logins by connection id. Raises psycopg2.Error."""
    with superuser(cluster) as connection:
        create_role(connection, cluster, WRITER)
        roles.apply(connection, "private_database", database=MAINTENANCE_DATABASE)
        missing = [database for database in TARGETS.values() if not exists(connection, database)]
    for database in missing:
        administer(cluster, "database", database=database, owner=None)
    for database in TARGETS.values():
        with superuser(cluster, database) as connection:
            roles.apply(connection, "private_database", database=database)
            roles.apply(connection, "writer", role=WRITER, database=database, schemas=["public"])
    return target_logins(cluster)


def create(cluster: Cluster, system: System, scale: float, seed: int, until: datetime) -> bool:
    """Make one system where it isn't whole, and grant its roles; tells whether it had to be made."""
    making = not is_whole(cluster, system)
    if making:
        started = time.monotonic()
        administer(cluster, "database", database=system.database, owner=system.owner)
        fill(cluster, system, scale, seed, until)
        LOG.info("%s: made at scale %g in %.1f s", system.database, scale, time.monotonic() - started)
    with superuser(cluster, system.database) as connection:
        grant(connection, system)
    return making


def is_whole(cluster: Cluster, system: System) -> bool:
    """Tell whether a database stands and was filled to its end; removes one that was not."""
    with superuser(cluster) as connection:
        if not exists(connection, system.database):
            return False
    with superuser(cluster, system.database) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass(%(table)s)", {"table": f"{SAMPLES_SCHEMA}.generation"})
        found = cursor.fetchone()
        if found and found[0]:
            cursor.execute(render("samples/made.sql"))
            seed, scale = cursor.fetchone() or (None, None)
            LOG.info("%s: kept (seed %s, scale %s)", system.database, seed, scale)
            return True
    LOG.info("%s: left half-made by an earlier run, made again", system.database)
    administer(cluster, "drop_database", database=system.database)
    return False


def fill(cluster: Cluster, system: System, scale: float, seed: int, until: datetime) -> None:
    """Make and fill a system's tables as its application, in one transaction that ends by saying that it is whole."""
    values: dict[str, object] = {name: size.rows(scale) for name, size in system.sizes.items()}
    values |= {"days": DAYS, "scale": scale, "seed": seed, "until": until}
    templates = (
        f"schema/{system.database}.sql",
        "samples/noise.sql",
        *(f"samples/{system.database}/{step}.sql" for step in system.fill),
        "samples/generation.sql",
    )
    owner = cluster.dsn(system.database, system.owner, roles.password_of(cluster, system.owner))
    with closing(connect(owner)) as connection:
        with connection, connection.cursor() as cursor:
            for template in templates:
                cursor.execute(render(template, seed=seed), values)
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")


def grant(connection: Connection, system: System) -> None:
    """Give the package's roles what they need in one database, and take from everybody else what they don't."""
    database, schemas = system.database, [*system.schemas, SAMPLES_SCHEMA]
    roles.apply(connection, "private_database", database=database)
    roles.apply(connection, "reader", role=READER, database=database, schemas=schemas, owner=system.owner)
    roles.apply(connection, "dumper", role=DUMPER, database=database, owner=system.owner)
    roles.apply(connection, "monitor", role=MONITOR, database=database)


def create_role(connection: Connection, cluster: Cluster, role: str) -> None:
    """Make a login role with its password; what it may do is granted per database."""
    roles.apply(connection, "login", role=role)
    roles.set_password(connection, role, roles.password_of(cluster, role))


def exists(connection: Connection, database: str) -> bool:
    """Tell whether the server has a database of that name."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT FROM pg_database WHERE datname = %(database)s", {"database": database})
        return cursor.fetchone() is not None


def administer(cluster: Cluster, template: str, **parameters: object) -> None:
    """Run a statement of include/sql/samples that can't stand in a transaction, as the superuser."""
    with closing(connect(cluster.dsn())) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(render(f"samples/{template}.sql", **parameters))


@contextmanager
def superuser(cluster: Cluster, database: str = MAINTENANCE_DATABASE) -> Iterator[Connection]:
    """A connection as the superuser, in one transaction that commits unless an error leaves the block."""
    with closing(connect(cluster.dsn(database))) as connection, connection:
        yield connection


def connect(dsn: str) -> Connection:
    """Connect with the time zone that the samples are written in."""
    return psycopg2.connect(dsn, options="-c timezone=UTC", application_name="pgpipelines samples")


def start_of_today() -> datetime:
    """Today's 00:00 UTC: where a demo's history may end, so that its simulator goes on from there."""
    return datetime.now(timezone.utc).replace(hour=0, minute=0, second=0, microsecond=0)
