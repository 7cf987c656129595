"""The three servers of the demo: where copies come from, where they go, and Airflow's metadata."""

from __future__ import annotations

import json
import threading
from dataclasses import replace
from pathlib import Path

import psutil
from psycopg2.extensions import parse_dsn

from demo import systems
from demo.errors import DemoError
from demo.roles import Login
from demo.servers import Server, ServerError, free_port
from demo.systems import administer, create_role, exists
from pgpipelines.endpoints import Endpoint

MAJOR = 18
PREFERRED_PORTS = {"source": 15432, "target": 15433, "metadata": 15434}
NAMES = tuple(PREFERRED_PORTS)
# Another program may take a port between our look and the server's start.
ATTEMPTS = 5
METADATA_ROLE = "airflow"
METADATA_DATABASE = "airflow"


class Databases:
    """Servers by name; use as a context manager: leaving it stops them all."""

    def __init__(self, folder: Path) -> None:
        """`folder` holds, or will hold, one folder per server."""
        self._folder = folder
        self._servers: dict[str, Server] = {}
        self._guard = threading.Lock()
        self._closed = False

    def start(self, name: str) -> Server:
        """Make the server where there is none, and start it on its usual port or on a free one.

        Raises DemoError for a data folder that can't be used, ServerError for a server that does not start.
        """
        server = Server(self._folder / name, MAJOR, PREFERRED_PORTS[name])
        require_same_major(server)
        server.create()
        with self._guard:
            if self._closed:
                raise DemoError(f"the {name} server was not started: the demo is stopping")
            server.stop()  # one that a killed demo left behind
            self._servers[name] = server
            self._servers[name] = started = start_on_free_port(server)
        return started

    def __getitem__(self, name: str) -> Server:
        """A started server."""
        return self._servers[name]

    def require_alive(self) -> None:
        """Raise DemoError where a server has ended, naming its log."""
        for name, server in self._servers.items():
            if not alive(server):
                raise DemoError(f"the {name} server died (log: {server.log})")

    def close(self) -> None:
        """Stop every server and refuse to start more."""
        with self._guard:
            self._closed = True
            for server in self._servers.values():
                server.stop()


def require_same_major(server: Server) -> None:
    """Raise DemoError for a data folder of another PostgreSQL."""
    file = server.data / "PG_VERSION"
    found = file.read_text().strip() if file.exists() else str(MAJOR)
    if found != str(MAJOR):
        raise DemoError(
            f"the data in {server.data} are of PostgreSQL {found}, this is {MAJOR}: `make reset` removes them"
        )


def start_on_free_port(server: Server) -> Server:
    """Start on the server's port, or on another where it is taken, and return the server as started."""
    for attempt in range(ATTEMPTS):
        chosen = replace(server, port=free_port(server.port))
        try:
            chosen.start()
        except ServerError:
            if attempt == ATTEMPTS - 1 or free_port(chosen.port) == chosen.port:
                raise
        else:
            return chosen
    raise AssertionError("unreachable")


def alive(server: Server) -> bool:
    """Tell whether the server's process lives, without starting another one to ask."""
    try:
        return bool(psutil.pid_exists(int((server.data / "postmaster.pid").read_text().split()[0])))
    except (FileNotFoundError, IndexError):
        return False


def superuser(server: Server, database: str = "postgres") -> Endpoint:
    """How the demo itself logs in."""
    return Endpoint(server.home.name, parse_dsn(server.dsn(database)))


def connections(databases: Databases) -> dict[str, str]:
    """Airflow's connections by id, in its JSON form."""
    logins = {
        "source": systems.source_logins(databases["source"]),
        "target": systems.target_logins(databases["target"]),
    }
    return {
        conn_id: as_json(databases[name], login) for name, found in logins.items() for conn_id, login in found.items()
    }


def as_json(server: Server, who: Login) -> str:
    """A connection in Airflow's JSON form."""
    return json.dumps(
        {
            "conn_type": "postgres",
            "host": "127.0.0.1",
            "port": server.port,
            "login": who.user,
            "password": who.password,
            "schema": who.database,
        }
    )


def prepare_metadata(server: Server, *, anew: bool) -> None:
    """Make Airflow's role and, if `anew`, an empty database of it, in place of a half-made one."""
    with systems.superuser(server) as connection:
        create_role(connection, server, METADATA_ROLE)
        half_made = anew and exists(connection, METADATA_DATABASE)
    if half_made:
        administer(server, "drop_database", database=METADATA_DATABASE)
    if anew:
        administer(server, "database", database=METADATA_DATABASE, owner=METADATA_ROLE)
