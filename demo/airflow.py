"""Airflow as separate processes, set up by environment variables alone."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from urllib.parse import quote

from demo.api import Api, RefusedError
from demo.databases import METADATA_DATABASE, METADATA_ROLE
from demo.errors import DemoError
from demo.keys import Secrets, write_private
from demo.place import AIRFLOW_HOME, ROOT, VENV
from demo.processes import Processes
from demo.roles import password_of
from demo.servers import Server, binaries, free_port
from pgpipelines.configuration import load

UI_USER = "admin"
PREFERRED_PORT = 8080
START_SECONDS = 180
LONGEST_PAUSE_SECONDS = 0.2
API_SERVER = "api-server"
# The log servers are left out: they listen on every interface, and here each log is a local file anyway.
COMPONENTS: Mapping[str, tuple[str, ...]] = {
    API_SERVER: (),
    "scheduler": ("--skip-serve-logs",),
    "dag-processor": (),
    "triggerer": ("--skip-serve-logs",),
}
# Tasks that read one source at a time, over all DAGs.
POOL_SLOTS = 4
# What a production Airflow would not do: look at files and the queue every few moments, for one person
# who edits a file and wants to see it.
DEMO_SETTINGS = {
    "CORE__PARALLELISM": "8",
    "DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL": "10",
    "DAG_PROCESSOR__REFRESH_INTERVAL": "10",
    "SCHEDULER__SCHEDULER_IDLE_SLEEP_TIME": "0.2",
    # How soon a new Asset shows, and can start the DAGs that name it.
    "SCHEDULER__PARSING_CLEANUP_INTERVAL": "5",
}


@dataclass(frozen=True)
class Airflow:
    """Where this Airflow's API and UI are."""

    port: int
    secrets: Secrets

    @property
    def address(self) -> str:
        """The UI's address."""
        return f"http://127.0.0.1:{self.port}"

    def environment(self, metadata: Server, connections: Mapping[str, str]) -> dict[str, str]:
        """Environment of each process; `connections` are JSON texts by connection id."""
        login = f"{METADATA_ROLE}:{password_of(metadata, METADATA_ROLE)}"
        settings = {
            **DEMO_SETTINGS,
            "API__BASE_URL": self.address,
            "API__HOST": "127.0.0.1",
            "API__PORT": str(self.port),
            "API__SECRET_KEY": self.secrets.session_key,
            "API__WORKERS": "1",
            "API_AUTH__JWT_SECRET": self.secrets.jwt_secret,
            "CORE__DAGS_FOLDER": str(ROOT / "dags"),
            "CORE__EXECUTION_API_SERVER_URL": f"{self.address}/execution/",
            "CORE__EXECUTOR": "LocalExecutor",
            "CORE__FERNET_KEY": self.secrets.fernet_key,
            "CORE__HOSTNAME_CALLABLE": "socket.gethostname",  # the default asks the name server
            "CORE__LOAD_EXAMPLES": "False",
            "CORE__PLUGINS_FOLDER": str(ROOT / "plugins"),
            "CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(passwords_file()),
            "CORE__SIMPLE_AUTH_MANAGER_USERS": f"{UI_USER}:admin",
            "DATABASE__SQL_ALCHEMY_CONN": f"postgresql+psycopg2://{login}@127.0.0.1:{metadata.port}/{METADATA_DATABASE}",
            "LOGGING__COLORED_CONSOLE_LOG": "False",
        }
        return {
            **inherited_environment(),
            "AIRFLOW_HOME": str(AIRFLOW_HOME),
            **{f"AIRFLOW__{name}": value for name, value in settings.items()},
            **{f"AIRFLOW_CONN_{conn_id.upper()}": text for conn_id, text in connections.items()},
            "PGPIPELINES_DUMP_DIRECTORY": str(AIRFLOW_HOME / "dumps"),
            # Drills run servers too, by programs that their account can come to.
            "PGPIPELINES_POSTGRESQL_BIN": str(binaries(metadata.major)),
            "PGPIPELINES_POOLS": ",".join(f"{name}={POOL_SLOTS}" for name in named_pools()),
        }


def inherited_environment() -> dict[str, str]:
    """The launcher's environment, with the programs of this virtual environment first."""
    path = os.pathsep.join((str(VENV / "bin"), os.environ.get("PATH", os.defpath)))
    return {**os.environ, "PATH": path, "PYTHONUNBUFFERED": "1"}


def passwords_file() -> Path:
    """Where the simple auth manager looks passwords up."""
    return AIRFLOW_HOME / "passwords.json"


def migrate(processes: Processes, environment: Mapping[str, str], stamp: Path) -> None:
    """Make or upgrade Airflow's tables, once per version of Airflow: `stamp` notes it. Raises DemoError."""
    processes.run("db-migrate", python("airflow", "db", "migrate"), environment)
    stamp.write_text(version("apache-airflow-core"), encoding="ascii")


def migrated(stamp: Path) -> bool:
    """Tell whether the tables are those of the installed Airflow."""
    return stamp.exists() and stamp.read_text(encoding="ascii") == version("apache-airflow-core")


def start(processes: Processes, airflow: Airflow, environment: Mapping[str, str]) -> None:
    """Start all components; does not wait for them."""
    write_private(passwords_file(), json.dumps({UI_USER: airflow.secrets.ui_password}))
    for name, options in COMPONENTS.items():
        processes.start(name, python("airflow", name, *options), environment)


def wait_until_up(processes: Processes, airflow: Airflow) -> Api:
    """Wait until every component is healthy, and return a client that is logged in.

    Raises PortTakenError where another program was quicker to take the port, DemoError for any other failure.
    """
    deadline = time.monotonic() + START_SECONDS
    api = Api(airflow.address)
    while not (api.log_in(UI_USER, airflow.secrets.ui_password) and api.healthy(COMPONENTS)):
        try:
            processes.require_alive()
        except DemoError:
            if "address already in use" in processes.log(API_SERVER).read_text(errors="replace"):
                raise PortTakenError(str(airflow.port)) from None
            raise
        if time.monotonic() > deadline:
            raise DemoError(f"Airflow was not up after {START_SECONDS} seconds (logs: {processes.log('*')})")
        time.sleep(LONGEST_PAUSE_SECONDS)
    return api


def named_pools() -> list[str]:
    """The pools that pipelines.yaml names."""
    copies = load(ROOT / "include" / "pipelines.yaml").copies.values()
    return sorted({copy.pool for copy in copies if copy.pool})


def make_pools(api: Api) -> None:
    """Make the pools that are missing; one that a person has changed stays as it is."""
    for name in named_pools():
        try:
            api.get(f"/api/v2/pools/{quote(name)}")
        except RefusedError:
            description = "tasks that read this source at a time"
            api.post("/api/v2/pools", {"name": name, "slots": POOL_SLOTS, "description": description})


class PortTakenError(DemoError):
    """Another program took the UI's port while Airflow was starting."""


def python(module: str, *arguments: str) -> list[str]:
    """A command line that runs a module of this virtual environment."""
    return [str(VENV / "bin" / "python"), "-m", module, *arguments]


def choose_port() -> int:
    """The usual port of the UI, or a free one."""
    return free_port(PREFERRED_PORT)
