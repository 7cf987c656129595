"""The page about physical backups, followed word for word by somebody whose server is at another place."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import pytest

from demo import roles
from demo.servers import Server, binaries, free_port, server_user
from pgpipelines.backup.physical import tasks
from pgpipelines.configuration import BaseBackups, load
from tests.docs.pages import ROOT, first_table, page
from tests.fixtures.archiving import PASSWORD, ROLE, Archiving
from tests.fixtures.servers import Database, outside, server_folder
from tests.fixtures.tasks import as_task

PAGE = "physical-backup"
CONNECTION = "replication_postgres_conn"
BLOCK = re.compile(r"^( *)```(\w+)\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)
MOMENT = "2026-11-20T19:31:51.347775+00:00"


@dataclass
class Follower:
    """Somebody who follows the page; `means` says what stands for what is shown."""

    home: Path
    means: dict[str, str] = field(default_factory=dict)
    environment: dict[str, str] = field(default_factory=dict)

    def block(self, words: str) -> str:
        """The block with these words."""
        found = next(text for indent, _, text in BLOCK.findall(page(PAGE)) if words in text)
        return re.sub(rf"^{re.match(' *', found)[0]}", "", found, flags=re.MULTILINE)  # type: ignore[index]

    def real(self, text: str) -> str:
        """Text of the page with the reader's own places."""
        for shown, real in self.means.items():
            text = text.replace(shown, real)
        return text

    def do(self, words: str) -> tuple[str, str]:
        """Run the commands of the block with these words; what the page shows, and what there is, but for figures."""
        lines = self.block(words).splitlines()
        commands = [line[2:] for line in lines if line.startswith(("$ ", "> "))]
        shown = [line for line in lines if not line.startswith(("$ ", "> "))]
        done = subprocess.run(
            ["bash", "-c", self.real("set -e\n" + "\n".join(commands))],
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        said = done.stdout
        for before, real in self.means.items():
            said = said.replace(real, before) if before.startswith("/") else said
        return figureless("\n".join(shown)), figureless(said)


def figureless(text: str) -> str:
    """Text without what differs from day to day: figures, and the room that they take."""
    lines = (re.sub(r" +", " ", re.sub(r"\d+", "0", line)).rstrip() for line in text.strip("\n").splitlines())
    return "\n".join(lines)


@pytest.fixture
def follower() -> Iterator[Follower]:
    """A reader with folders and accounts of their own."""
    home = server_folder("pgpipelines-page-")
    user = server_user()
    programs = binaries(18)
    follower = Follower(
        home,
        {
            "/backup": str(home / "backup"),
            "/srv/restored": str(home / "restored"),
            "/opt/pgpipelines": str(ROOT),
            "-o postgres -g backup": f"-o {user}" if user else "",
            "sudo -u postgres pg_ctl": f"runuser -u {user} -- {programs / 'pg_ctl'}" if user else "pg_ctl",
            "chown -R postgres": f"chown -R {user}" if user else "true",
            "5433": str(free_port()),
            r"psql -d postgres -c '\password pgpipelines_replicator'": "true",  # asks a person
        },
    )
    yield follower
    stop = follower.real("sudo -u postgres pg_ctl -D /srv/restored --mode=immediate stop")
    subprocess.run(["bash", "-c", stop], env=follower.environment, capture_output=True, check=False)
    shutil.rmtree(home)


def test_a_reader_takes_a_backup_and_goes_back_to_a_moment(follower: Follower, monkeypatch: pytest.MonkeyPatch) -> None:
    (follower.home / "backup").mkdir()
    follower.environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT / "plugins")}
    follower.do("install -d")
    server = a_server(follower)
    try:
        database = Database(server, "charger_db")
        outside(server, "CREATE DATABASE charger_db")
        database.run("CREATE TABLE charger_info AS SELECT generate_series(1, 3) AS id")
        follow(follower, Archiving(database, follower.home / "backup" / "wal" / CONNECTION), monkeypatch)
    finally:
        server.stop("immediate")


def a_server(follower: Follower) -> Server:
    """A server with the settings of the page."""
    settings = dict(
        re.fullmatch(r"(\w+) = '?(.*?)'?", line).groups()  # type: ignore[union-attr, misc]
        for line in follower.real(follower.block("archive_command =")).splitlines()
    )
    server = Server(follower.home / "server", 18, free_port(), {"fsync": "off", **settings})
    server.create()
    server.start()
    path = os.pathsep.join([str(Path(sys.executable).parent), str(binaries(18)), os.environ["PATH"]])
    address = {"PGHOST": "127.0.0.1", "PGPORT": str(server.port), "PGUSER": "postgres", "PGPASSWORD": server.password}
    follower.environment |= {"PATH": path, **address}
    return server


def follow(follower: Follower, archiving: Archiving, monkeypatch: pytest.MonkeyPatch) -> None:
    """Do what the page says, from the role on."""
    server = archiving.database.server
    follower.do("roles/replicator.sql")
    with closing(archiving.database.connect()) as connection, connection:
        roles.set_password(connection, ROLE, PASSWORD)
    configuration = follower.home / "pipelines.yaml"
    configuration.write_text(follower.real(follower.block("base_backups:")), encoding="utf-8")
    follower.environment["PGPIPELINES_CONFIG"] = str(configuration)
    address = f"postgresql://{ROLE}:{PASSWORD}@127.0.0.1:{server.port}/postgres"
    monkeypatch.setenv(f"AIRFLOW_CONN_{CONNECTION.upper()}", address)
    settings = load(configuration).base_backups["postgres_base_backup"].settings()
    taken = as_task(lambda: tasks.take(settings, CONNECTION)).result
    as_task(lambda: tasks.drill(settings, taken))
    archiving.database.run("INSERT INTO charger_info VALUES (0); DELETE FROM charger_info WHERE id = 0")
    moment: datetime = archiving.database.value("SELECT clock_timestamp()")
    archiving.database.run("DELETE FROM charger_info")
    archiving.switch()
    follower.means |= {MOMENT: moment.isoformat()}
    for words in ("sha256sum", "physical list", "physical restore", "pg_ctl -D", "pg_promote"):
        shown, there = follower.do(words)
        assert there == shown


def test_every_setting_is_explained() -> None:
    named = {name for key, *_ in first_table(page(PAGE), "## Set it up") for name in re.findall(r"\w+", key)}
    assert named == set(BaseBackups.model_fields)
