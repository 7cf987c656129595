"""One demo at a time in a clone: a lock that ends with the process that holds it, however that ends."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

LOOK_SECONDS = 0.1


class HeldError(Exception):
    """Another process holds the lock; `pid` is its process id, None in the moment before it is written."""

    def __init__(self, pid: int | None) -> None:
        super().__init__(f"held by process {pid}")
        self.pid = pid


@contextmanager
def held(path: Path, wait: float = 0) -> Iterator[None]:
    """Hold the lock file at `path`, for which `wait` seconds are waited. Raises HeldError."""
    with path.open("a+", encoding="ascii") as file:
        _acquire(file.fileno(), path, time.monotonic() + wait)
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        try:
            yield
        finally:
            file.truncate(0)


def _acquire(descriptor: int, path: Path, deadline: float) -> None:
    while not _try(descriptor):
        if time.monotonic() >= deadline:
            text = path.read_text(encoding="ascii").strip()
            raise HeldError(int(text) if text.isdigit() else None)
        time.sleep(LOOK_SECONDS)


def _try(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
