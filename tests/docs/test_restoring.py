"""The pages about restores: who follows them word for word gets back what there was."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest

from demo import roles, systems
from demo.servers import Server, binaries
from demo.systems import SYSTEMS
from pgpipelines.backup.properties import Properties, read_properties
from pgpipelines.backup.storage.folder import Folder
from pgpipelines.backup.taking import take_set
from pgpipelines.endpoints import Endpoint
from pgpipelines.sessions import Session
from tests.docs.pages import page
from tests.docs.terminal import Terminal
from tests.fixtures.servers import Database, outside
from tests.plugins.backup.databases import prove
from tests.plugins.backup.restore.test_restoring import content
from tests.plugins.backup.restore.test_restoring_rows import rows

# Apart from the servers of other tests, which make roles of these names too.
OWN_SERVER, NEW_SERVER = 3, 4
UNTIL = datetime(2025, 11, 20, 5, 30, tzinfo=timezone.utc)
PIPELINES = "dumps: {nightly: {schedule: null, databases: [erp_dump_conn, chat_dump_conn]}}"


@dataclass(frozen=True)
class Company:
    """A server with the sample systems, what they hold by name, and the directory with a proven set of each."""

    server: Server
    directory: Path
    held: Mapping[str, tuple[Any, Properties]]


@pytest.fixture(scope="module")
def company(server_of: Callable[..., Server], tmp_path_factory: pytest.TempPathFactory) -> Company:
    server, directory = server_of(nth=OWN_SERVER), tmp_path_factory.mktemp("dumps")
    systems.create_source_systems(server, 0.001, 7, UNTIL)
    for system in SYSTEMS:
        password = roles.password_of(server, roles.DUMPER)
        dumper = Database(server, system.database, roles.DUMPER, password)
        conn_id = f"{system.database.removesuffix('_db')}_dump_conn"
        prove(take_set(Endpoint(conn_id, dumper.endpoint.parameters), Folder(directory), "tests.take"))
    return Company(server, directory, {system.database: whole(server, system.database) for system in SYSTEMS})


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, company: Company) -> Callable[[Server], Terminal]:
    """Give a terminal from where a server is reached."""
    (tmp_path / "pipelines.yaml").write_text(PIPELINES, encoding="utf-8")
    monkeypatch.setenv("PGPIPELINES_CONFIG", str(tmp_path / "pipelines.yaml"))
    monkeypatch.setenv("PGPIPELINES_DUMP_DIRECTORY", str(company.directory))

    def at(server: Server) -> Terminal:
        restorer = roles.login(server, "postgres", roles.RESTORER)
        address = f"postgresql://{restorer.user}:{restorer.password}@127.0.0.1:{server.port}/postgres"
        monkeypatch.setenv("AIRFLOW_CONN_RESTORE_POSTGRES_CONN", address)
        monkeypatch.setenv("PATH", f"{binaries(18)}:/usr/bin:/bin")
        passwords = tmp_path / ".pgpass"
        passwords.touch(mode=0o600)
        passwords.write_text(f"*:*:*:*:{server.password}\n")
        return Terminal({"5432": str(server.port), "/srv/dumps": str(company.directory)}, tmp_path)

    return at


def whole(server: Server, database: str) -> tuple[Any, Properties]:
    """What a database holds, and what it is."""
    there = Database(server, database)
    with Session(there.endpoint, "tests.contents") as session:
        return content(there), read_properties(session, database)


def globals_of(server: Server) -> list[str]:
    """The roles of a server, but for the password of the one that it was made with."""
    command = [str(binaries(server.major) / "pg_dumpall"), "--roles-only", f"--dbname={server.dsn()}"]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    return sorted(line for line in said if "restrict " not in line and "ALTER ROLE postgres WITH" not in line)


def test_bring_one_back(company: Company, terminal: Callable[[Server], Terminal]) -> None:
    erp = Database(company.server, "erp")
    before = rows(erp)
    erp.run("DELETE FROM orders WHERE id % 10 = 0; UPDATE users SET email = username; CREATE TABLE t ()")
    assert list(terminal(company.server).follow(page("restore-dumps"))) == []
    assert rows(erp) == before
    assert whole(company.server, "erp_again") == company.held["erp"]


def test_the_whole_cluster_is_gone(
    company: Company, terminal: Callable[[Server], Terminal], server_of: Callable[..., Server]
) -> None:
    new = server_of(nth=NEW_SERVER)
    assert list(terminal(new).follow(page("the-whole-cluster-is-gone"))) == []
    assert globals_of(new) == globals_of(company.server)
    for system in SYSTEMS:
        assert whole(new, system.database) == company.held[system.database]
        outside(new, f"DROP DATABASE {system.database}")
