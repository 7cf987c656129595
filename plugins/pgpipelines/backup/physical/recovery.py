"""The server that lives for one drill: it recovers a backup to a moment, waits there to be asked, and may go on."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from pgpipelines.backup.physical.archive import Way
from pgpipelines.backup.physical.backups import BaseBackup
from pgpipelines.backup.physical.restoring import Target, lay_data, recovery_settings
from pgpipelines.backup.processes import Process, run
from pgpipelines.backup.programs import Programs, of_same_major
from pgpipelines.backup.scratch import LOOK_SECONDS, NAME, SETTINGS, scratch_place, serving
from pgpipelines.endpoints import Endpoint
from pgpipelines.errors import ConnectionFailedError, RetriableError, ServerError
from pgpipelines.sessions import Session

PROGRAMS = ("postgres", "pg_ctl", "pg_controldata", "pg_checksums")
GO_ON_SECONDS = 3600
STANDBY = {"wal_level": "replica", "hot_standby": "on"}
# What the server was not may not be less here: it says so in its control file.
AT_LEAST = {
    "max_connections": "max_connections",
    "max_worker_processes": "max_worker_processes",
    "max_wal_senders": "max_wal_senders",
    "max_prepared_transactions": "max_prepared_xacts",
    "max_locks_per_transaction": "max_locks_per_xact",
}


@dataclass(frozen=True)
class Recovered:
    """A server that waits at the moment it was recovered to; `lsn` and `last_transaction` are how far it has come."""

    endpoint: Endpoint
    lsn: str
    last_transaction: datetime
    data: Path
    programs: Programs
    user: str | None

    def go_on(self, *, pages: bool) -> None:
        """Let it become a server like any other, end it, and with `pages` compare the checksums of all its pages."""
        for action in (("promote",), ("stop", "--mode=fast")):
            options = [f"--pgdata={self.data}", f"--timeout={GO_ON_SECONDS}", "--silent"]
            run([self.programs.path("pg_ctl"), *action, *options], user=self.user)
        if pages:
            run([self.programs.path("pg_checksums"), "--check", f"--pgdata={self.data}"], user=self.user)


@contextmanager
def recovered(
    backup: BaseBackup, way: Way, position: int, target: Target, *, login: Endpoint, place: Path
) -> Iterator[Recovered]:
    """Recover a backup to a moment before `position`, in a server of its own, and drop it all.

    The server gets those files of the archive that the way to `position` needs, of one timeline, and no others.
    `login` says which role and database to ask as. Raises ServerError where the server does not come to the moment.
    """
    programs = of_same_major(backup.require_manifest().server_major, PROGRAMS)
    with scratch_place(place) as user:
        data, archived = place / "data", place / "wal"
        lay_data(backup, data)
        archived.mkdir()
        for name in way.files_until(position):
            shutil.copy(way.archive.folder / name, archived / name)
        _leave_settings(data)
        _give(place, user)
        settings = {**SETTINGS, **_at_least(programs, data), **recovery_settings(archived, way, target), **STANDBY}
        with serving(programs, data, settings, user) as server:
            where = {"host": str(place), "port": "5432", "user": login.user, "dbname": login.database}
            endpoint = Endpoint(NAME, {name: value for name, value in where.items() if value})
            state = _wait_until_paused(server, endpoint)
            yield Recovered(endpoint, state.lsn, state.last_transaction, data, programs, user)


def _at_least(programs: Programs, data: Path) -> dict[str, str]:
    """The settings that recovery wants no lower than they were."""
    with tempfile.TemporaryFile() as said:
        run([programs.path("pg_controldata"), f"--pgdata={data}"], stdout=said)
        said.seek(0)
        control = dict(line.decode().split(":", 1) for line in said if b":" in line)
    return {name: control[f"{written} setting"].strip() for name, written in AT_LEAST.items()}


def _leave_settings(data: Path) -> None:
    """Leave nothing of the server's own settings, which may ask for what this machine has not."""
    for name in ("postgresql.auto.conf", "postgresql.conf", "pg_ident.conf", "recovery.signal"):
        (data / name).write_text("", encoding="utf-8")
    # Only its folder's owner reaches the socket.
    (data / "pg_hba.conf").write_text("local all all trust\n", encoding="utf-8")


def _give(place: Path, user: str | None) -> None:
    """Let all below belong to the account that the server runs as."""
    if user is not None:
        for folder, folders, files in os.walk(place):
            for name in (*folders, *files):
                shutil.chown(Path(folder) / name, user)


def _wait_until_paused(server: Process, endpoint: Endpoint) -> Any:
    """Wait until the server has come to its moment, which takes as long as it takes; one that ends says why."""
    while True:
        with (
            suppress(ConnectionFailedError, RetriableError),
            Session(endpoint, "pgpipelines.drill", readonly=True) as session,
        ):
            state = session.one("physical/recovered.sql")
            if state.paused:
                return state
            if not state.in_recovery:
                raise ServerError(f"the {NAME} has gone on past its moment", "take another backup, and drill that")
        if not server.running:
            server.wait()
            raise ServerError(f"the {NAME} has ended", "retry, or look at this machine")
        time.sleep(LOOK_SECONDS)
