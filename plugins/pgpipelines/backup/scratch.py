"""A server that lives for one drill: in a folder of its own, reached by a socket there, and by nobody else.

It is a child of the process that drills, and goes when that does. PostgreSQL refuses to run as root, so root runs it
as `nobody`.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import shutil
import signal
import stat
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from pgpipelines.backup.processes import Process, run
from pgpipelines.backup.programs import FOLDERS_VARIABLE, Programs
from pgpipelines.endpoints import Endpoint
from pgpipelines.errors import ConfigurationError, ConnectionFailedError, RetriableError, ServerError
from pgpipelines.sessions import Session

NAME = "scratch server"
UNPRIVILEGED_USER = "nobody"
START_SECONDS = 60
END_SECONDS = 30
LOOK_SECONDS = 0.05
# What it holds is restored again rather than saved; what it would log may hold verifiers of passwords.
SETTINGS: Mapping[str, str] = MappingProxyType(
    {
        "listen_addresses": "",
        "fsync": "off",
        "full_page_writes": "off",
        "wal_level": "minimal",
        "max_wal_senders": "0",
        "max_wal_size": "4GB",
        "autovacuum": "off",
        "maintenance_work_mem": "256MB",
        "dynamic_shared_memory_type": "mmap",
        "log_min_messages": "fatal",
        "log_min_error_statement": "panic",
    }
)


@dataclass(frozen=True)
class Scratch:
    """An empty database, as a superuser; the roles to restore before, and the one of these that is there already.

    `alone` says that the server has no other roles.
    """

    database: Endpoint
    roles: Path
    first_role: str
    alone: bool


def scratch_folder(sets: Path) -> Path:
    """Where the drills of a folder of sets take place: always the same, so that the next one clears it."""
    digest = hashlib.sha256(os.fsencode(sets.resolve())).hexdigest()[:16]
    return Path(tempfile.gettempdir()) / f"pgpipelines-drill-{digest}"


@contextmanager
def scratch_server(programs: Programs, folder: Path, first_role: str, encoding: str) -> Iterator[Endpoint]:
    """Run a server in `folder`, made by `first_role`; give a superuser's endpoint of an empty database. Drop it all.

    Raises ServerError where it can't be made or started, ConfigurationError where its programs are out of reach.
    """
    require_passable(programs)
    with scratch_place(folder) as user:
        data = folder / "data"
        _initialise(programs, data, first_role, encoding, user)
        with serving(programs, data, SETTINGS, user) as server:
            yield _administrator(server, folder, first_role)


def require_passable(programs: Programs) -> None:
    """Raise ConfigurationError where the account that a server runs as can't come to its programs."""
    folders = {programs.folder, *programs.folder.parents, *programs.folder.resolve().parents}
    if os.geteuid() == 0 and not all(folder.stat().st_mode & stat.S_IXOTH for folder in folders):
        raise ConfigurationError(
            f"PostgreSQL refuses to run as root, and {UNPRIVILEGED_USER} may not pass {programs.folder}",
            f"let Airflow run by an account of its own, or name a folder with the same programs in {FOLDERS_VARIABLE}",
        )


@contextmanager
def scratch_place(folder: Path) -> Iterator[str | None]:
    """Make an empty folder for one drill, and remove it afterwards; give the account that its server runs as."""
    _remove_left(folder)
    folder.mkdir(mode=0o700)
    try:
        user = None if os.geteuid() != 0 else UNPRIVILEGED_USER
        if user is not None:
            shutil.chown(folder, user)
        yield user
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _remove_left(folder: Path) -> None:
    """Remove what a killed drill has left: its server ends with it, and may write until it has."""
    deadline = time.monotonic() + END_SECONDS
    while folder.exists() and time.monotonic() < deadline:
        shutil.rmtree(folder, ignore_errors=True)
        if folder.exists():
            time.sleep(LOOK_SECONDS)


@contextmanager
def serving(programs: Programs, data: Path, settings: Mapping[str, str], user: str | None) -> Iterator[Process]:
    """Run a server over a data folder; its socket is in the folder above."""
    given = {**settings, "unix_socket_directories": str(data.parent)}
    options = [word for name, value in given.items() for word in ("-c", f"{name}={value}")]
    with Process([programs.path("postgres"), "-D", str(data), *options], user=user, death=signal.SIGQUIT) as server:
        try:
            yield server
        finally:
            server.stop(signal.SIGQUIT)


def _initialise(programs: Programs, data: Path, first_role: str, encoding: str, user: str | None) -> None:
    options = [f"--pgdata={data}", f"--username={first_role}", f"--encoding={encoding}"]
    # Only its folder's owner reaches the socket. Order of text is the restored objects' own affair.
    options += ["--auth=trust", "--locale=C", "--no-sync", "--no-instructions"]
    run([programs.path("initdb"), *options], user=user)


def _administrator(server: Process, folder: Path, first_role: str) -> Endpoint:
    """Wait until the server answers, and make a superuser whose name nobody has."""
    place = {"host": str(folder), "port": "5432", "dbname": "postgres"}
    role = f"drill_{secrets.token_hex(8)}"
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            with Session(Endpoint(NAME, {**place, "user": first_role}), "pgpipelines.drill") as session:
                session.execute("dump/drill_role.sql", role=role)
                session.commit()
                return Endpoint(NAME, {**place, "user": role})
        except (ConnectionFailedError, RetriableError) as error:
            if not server.running:
                server.wait()
            if not server.running or time.monotonic() > deadline:
                raise ServerError(
                    f"the {NAME} does not answer: {error.cause}", "retry, or look at this machine"
                ) from None
            time.sleep(LOOK_SECONDS)
