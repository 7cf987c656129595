"""Whether a pooler between us and the server gives a session's backend to others while the session is idle.

A pooler in transaction or statement mode does, and what a copy counts on breaks without a word: settings leak to
strangers and are lost, locks of the session and exported snapshots end up elsewhere.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import closing
from datetime import datetime
from select import select
from typing import NamedTuple

import psycopg2
from psycopg2.extensions import POLL_OK, POLL_READ, connection

from pgpipelines.templates import render

# More than one, because several poolers may share one address, each with a pool of its own.
PROBES = 4
LOGIN_SECONDS = 10.0
ANSWER_SECONDS = 2.0


class Backend(NamedTuple):
    """One process of one server: process ids alone repeat where an address stands for several servers."""

    pid: int
    server_started_at: datetime


def is_shared(own: Backend, ask: Callable[[], Backend], dsn: str) -> bool:
    """Tell whether a session that was last served by `own`, and is idle, has lost it to another connection.

    `ask` says which backend serves the session now. A pool hands out what was given back last, or first, or any.
    Where it is first, the order of the questions finds out: with one backend in the pool the first probe meets
    `own`, with two the last, and with more `ask` meets another. Raises psycopg2.Error where a probe can't connect.
    """
    for _ in range(PROBES):
        try:
            with closing(psycopg2.connect(dsn, async_=True)) as probe:
                _wait(probe, LOGIN_SECONDS)
                if own == _served_by(probe) or own != ask() or own in {_served_by(probe), _served_by(probe)}:
                    return True
        except TimeoutError:
            # An idle backend that others may use would have been given to the probe: the pool has none left.
            return own != ask()
    return False


def _served_by(probe: connection) -> Backend:
    with probe.cursor() as run:
        run.execute(render("session/backend.sql"))
        _wait(probe, ANSWER_SECONDS)
        ((pid, started_at),) = run.fetchall()
        return Backend(pid, started_at)


def _wait(probe: connection, seconds: float) -> None:
    """Wait until the probe is ready. Raises TimeoutError: a pool may let a connection wait for minutes."""
    deadline = time.monotonic() + seconds
    while (state := probe.poll()) != POLL_OK:
        reading, writing = ([probe], []) if state == POLL_READ else ([], [probe])
        if not any(select(reading, writing, [], max(0.0, deadline - time.monotonic()))):
            raise TimeoutError
