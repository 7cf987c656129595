"""Keeps the sample systems alive: charging sessions begin, end and are paid, meters report, people chat.

Usage: python -m demo.simulator, with the applications' connection strings in the environment:

    PGPIPELINES_CHARGER_DSN   charger_db, as its application's role
    PGPIPELINES_CHAT_DSN      chat, likewise; left out, nobody chats

Runs until SIGTERM or SIGINT. A server that goes away is waited for.
"""

from __future__ import annotations

import itertools
import logging
import os
import signal
import sys
import threading
from collections.abc import Iterable
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import psycopg2

from pgpipelines.templates import render

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection  # noqa: N812 (the driver names its class in lower case)

LOG = logging.getLogger(__name__)
CHARGER_STEPS = ("start_session", "add_sample", "finish_session", "add_sample", "pay_session")
CHAT_STEPS = ("send_message",)
PAUSE_SECONDS = 0.4
LEAST_SESSION_SECONDS = 30
LONGEST_BACKOFF_SECONDS = 15.0
# A step that waits longer than this for a lock or an answer is given up, so that SIGTERM is never ignored for long.
STATEMENT_MILLISECONDS = 5000


@dataclass(frozen=True)
class System:
    """A database to write to, and what is done there, in turn; the connection string stays out of its repr."""

    dsn: str = field(repr=False)
    steps: tuple[str, ...]


def main() -> None:
    """Run until told to stop."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s simulator: %(message)s")
    systems = systems_of(os.environ.get("PGPIPELINES_CHARGER_DSN"), os.environ.get("PGPIPELINES_CHAT_DSN"))
    if not systems:
        sys.exit("simulator: PGPIPELINES_CHARGER_DSN is not set")
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    keep_running(systems, stop)


def systems_of(charger_dsn: str | None, chat_dsn: str | None) -> tuple[System, ...]:
    """The systems that have a connection string."""
    known = ((charger_dsn, CHARGER_STEPS), (chat_dsn, CHAT_STEPS))
    return tuple(System(dsn, steps) for dsn, steps in known if dsn)


def keep_running(systems: Iterable[System], stop: threading.Event, pause: float = PAUSE_SECONDS) -> None:
    """Simulate until `stop` is set; connect again after an error, waiting longer (seconds) each time in a row."""
    backoff = 1.0
    while not stop.is_set():
        try:
            with ExitStack() as open_connections:
                rounds = [
                    (open_connections.enter_context(closing(connect(system.dsn))), system.steps) for system in systems
                ]
                LOG.info("connected")
                for turn in itertools.count():
                    if stop.is_set():
                        return
                    for connection, steps in rounds:
                        take(connection, steps[turn % len(steps)])
                    backoff = 1.0
                    stop.wait(pause)
        except psycopg2.Error as error:
            LOG.warning("%s; trying again in %.0f s", first_line(error), backoff)
            stop.wait(backoff)
            backoff = min(2 * backoff, LONGEST_BACKOFF_SECONDS)


def take(connection: Connection, step: str) -> int:
    """Take one step, in a transaction of its own; the rows it changed or added. Raises psycopg2.Error."""
    with connection, connection.cursor() as cursor:
        cursor.execute(render(f"samples/simulator/{step}.sql"), {"least_seconds": LEAST_SESSION_SECONDS})
        return int(cursor.rowcount)


def connect(dsn: str) -> Connection:
    """Connect as an application does."""
    return psycopg2.connect(
        dsn,
        application_name="pgpipelines simulator",
        connect_timeout=5,
        options=f"-c statement_timeout={STATEMENT_MILLISECONDS} -c timezone=UTC",
    )


def first_line(error: psycopg2.Error) -> str:
    """What went wrong, without the server's position marks."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0]


if __name__ == "__main__":
    main()
