"""Signals that ask the demo to stop: the first one is heard, and the stopping itself is then not disturbed."""

from __future__ import annotations

import signal
from types import FrameType

# The exit status of whoever was stopped.
STATUS = 130
STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Stopped(BaseException):
    """A signal asked the demo to stop; nothing that only handles errors gets in its way."""


def listen() -> None:
    """Let the next stopping signal raise Stopped in the main thread."""
    for number in STOPPING:
        signal.signal(number, _stop)


def ignore() -> None:
    """Let stopping signals pass from now on."""
    for number in STOPPING:
        signal.signal(number, signal.SIG_IGN)


def _stop(_number: int, _frame: FrameType | None) -> None:
    ignore()
    raise Stopped
