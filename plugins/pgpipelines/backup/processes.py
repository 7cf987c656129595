"""How a program of PostgreSQL runs: no secret among its arguments, no file for others, no life after its parent's."""

from __future__ import annotations

import ctypes
import os
import re
import signal
import subprocess
from collections.abc import Mapping, Sequence
from typing import IO

from psycopg2.extensions import make_dsn
from typing_extensions import Self

from pgpipelines.diagnosis import connection_error
from pgpipelines.endpoints import Endpoint
from pgpipelines.errors import ConfigurationError, PipelineError, PrivilegeError, ServerError, one_line
from pgpipelines.sessions import CONNECT_SECONDS

UMASK = 0o077
# What a secret key of age begins with (see keys).
KEY = re.compile("age-secret-key-", re.IGNORECASE)
WORDS_SHOWN = 600
STOP_SECONDS = 10
# Runs a program that starts another, which would outlive it: here all end with it, and when it is told to end. A
# pg_basebackup's receiver of WAL would else hold a replication slot, and so the server's WAL, for ever.
GUARD = ("sh", "-c", """trap 'kill -KILL 0' TERM; "$@" & wait $!; s=$?; trap '' TERM; kill -TERM 0; exit $s""", "sh")
_PR_SET_PDEATHSIG = 1
# Found before any fork, for nothing may be loaded between fork and exec.
_prctl = getattr(ctypes.CDLL(None), "prctl", None)

REMEDIES: tuple[tuple[str, type[PipelineError], str], ...] = (
    (
        "row-level security",
        PrivilegeError,
        "a policy would hide rows from this role, and a dump without them is none: let a superuser decide on "
        "ALTER ROLE … BYPASSRLS for the role that dumps",
    ),
    (
        "permission denied",
        PrivilegeError,
        "let the role that dumps read all: include/sql/roles/dumper.sql grants it (run it again for new large objects)",
    ),
    ("No space left on device", ServerError, "free space where dumps are kept, or lower what is kept"),
    ("canceling statement due to lock timeout", ServerError, "find who holds the table (pg_locks), and retry"),
)


class Process:
    """A program that runs; as a context manager it never outlives the block."""

    def __init__(
        self,
        command: Sequence[str],
        endpoint: Endpoint | None = None,
        *,
        stdin: IO[bytes] | int | None = None,
        stdout: IO[bytes] | int | None = None,
        death: signal.Signals = signal.SIGKILL,
        user: str | None = None,
        guarded: bool = False,
    ) -> None:
        """Start it. It gets `endpoint`'s password by its environment, and `death` when this thread dies.

        A `guarded` one takes the programs that it has started with it.
        """
        at_death = signal.SIGTERM if guarded else death
        self._name = os.path.basename(command[0])  # noqa: PTH119 (a text, not a place)
        self._endpoint = endpoint
        self.told_to_end = False
        self._popen = subprocess.Popen(  # noqa: S603 (programs of PostgreSQL, arguments without a shell)
            [*GUARD, *command] if guarded else command,
            start_new_session=guarded,
            stdin=subprocess.DEVNULL if stdin is None else stdin,
            stdout=subprocess.DEVNULL if stdout is None else stdout,
            stderr=subprocess.PIPE,
            env=_environment(endpoint),
            umask=UMASK,
            user=user,
            preexec_fn=lambda: _die_with_parent(at_death),  # noqa: PLW1509 (one system call, found beforehand)
        )

    def __enter__(self) -> Self:
        """Return the process."""
        return self

    def __exit__(self, *_: object) -> None:
        """Make sure that it has ended."""
        self.stop()
        if self._popen.stderr is not None:
            self._popen.stderr.close()

    @property
    def running(self) -> bool:
        """Tell whether it has not ended."""
        return self._popen.poll() is None

    def wait(self) -> None:
        """Wait for its end. Raises the PipelineError that fits its last words where it failed."""
        _, said = self._popen.communicate()
        if self._popen.returncode != 0:
            raise _failure(self._name, self._endpoint, said.decode(errors="replace"), self._popen.returncode)

    def tell_to_end(self) -> None:
        """Ask it to end, without waiting; may be called from another thread than the one that waits."""
        self.told_to_end = True
        self._popen.terminate()

    def stop(self, number: signal.Signals = signal.SIGTERM) -> None:
        """End it, by force where it does not listen; nothing happens where it has ended."""
        for each in (number, signal.SIGKILL):
            if not self.running:
                return
            self._popen.send_signal(each)
            try:
                self._popen.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                continue


def run(
    command: Sequence[str],
    endpoint: Endpoint | None = None,
    *,
    stdin: IO[bytes] | None = None,
    stdout: IO[bytes] | int | None = None,
    user: str | None = None,
    guarded: bool = False,
) -> None:
    """Run a program to its end. Raises the PipelineError that fits its last words where it fails."""
    with Process(command, endpoint, stdin=stdin, stdout=stdout, user=user, guarded=guarded) as process:
        process.wait()


def database_argument(endpoint: Endpoint, application_name: str) -> str:
    """The argument that leads a program to a database: everything but the password, which goes another way.

    Raises ConfigurationError for a secret that has no other way.
    """
    if "sslpassword" in endpoint.parameters:
        raise ConfigurationError(
            f"{endpoint}: sslpassword would be seen among the arguments of pg_dump",
            "keep the client's key without a passphrase, in a file of mode 0600",
        )
    open_ones = {name: value for name, value in endpoint.parameters.items() if name != "password"}
    defaults = {"connect_timeout": str(CONNECT_SECONDS)}
    return "--dbname=" + make_dsn(**{**defaults, **open_ones, "application_name": application_name})


def _environment(endpoint: Endpoint | None) -> Mapping[str, str]:
    """What is inherited, but for Airflow's own and keys: its connections are no program's business."""
    inherited = {
        name: value for name, value in os.environ.items() if not name.startswith("AIRFLOW") and not KEY.search(value)
    }
    password = endpoint.parameters.get("password") if endpoint else None
    # Messages are read here, and by people who look them up; times too.
    return {**inherited, "LC_MESSAGES": "C", "TZ": "UTC", **({"PGPASSWORD": password} if password else {})}


def _die_with_parent(number: signal.Signals) -> None:
    """Ask the kernel (Linux) for a signal when the thread that started this process is gone, however it went."""
    if _prctl is not None:
        _prctl(_PR_SET_PDEATHSIG, int(number))


def _failure(name: str, endpoint: Endpoint | None, said: str, status: int) -> PipelineError:
    words = one_line(said)[-WORDS_SHOWN:] or f"ended by {signal.Signals(-status).name if status < 0 else status}"
    if endpoint is not None and "connection to server" in words and "failed" in words:
        return connection_error(endpoint, words)
    cause = f"{name}: {words}" if endpoint is None else f"{endpoint}: {name}: {words}"
    for found, kind, remedy in REMEDIES:
        if found in words:
            return kind(cause, remedy)
    return ServerError(cause, "see the message, and the server's log")
