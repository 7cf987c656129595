"""Bounds how long a source has to keep old rows for one copy: a snapshot that stays open keeps vacuum from its work."""

from __future__ import annotations

import threading
from datetime import timedelta
from types import TracebackType

from typing_extensions import Self

from pgpipelines.endpoints import Endpoint
from pgpipelines.errors import PipelineError, ServerError
from pgpipelines.sessions import Session

UNITS = ((3600, "h"), (60, "min"))
# A session between two statements doesn't hear a cancel: its next statement hears the next one.
CANCEL_AGAIN_SECONDS = 1.0


class SnapshotAge:
    """Cancels what the covered sessions run once `limit` is over; use as a context manager from the snapshot on.

    The failure that follows inside of the block becomes a ServerError that says why. A block that ends well in spite
    of it is let alone.
    """

    def __init__(self, source: Endpoint, limit: timedelta) -> None:
        self.source = source
        self.limit = limit
        self._sessions: list[Session] = []
        self._over = False
        self._left = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="snapshot age", daemon=True)

    def cover(self, *sessions: Session) -> None:
        """Cancel these sessions too, and not again once they are closed."""
        self._sessions.extend(sessions)

    def __enter__(self) -> Self:
        """Start to count."""
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop counting. Raises ServerError in place of the PipelineError that a cancel has led to."""
        self._left.set()
        self._thread.join()
        if self._over and isinstance(error, PipelineError):
            raise ServerError(
                f"the snapshot of {self.source} is older than {_spelled(self.limit)}",
                "raise max_snapshot_age, copy with more streams, or in smaller groups; what was loaded is kept",
            ) from error

    def _watch(self) -> None:
        pause = self.limit.total_seconds()
        while not self._left.wait(pause):
            self._over = True
            pause = CANCEL_AGAIN_SECONDS
            for session in tuple(self._sessions):
                session.cancel()


def _spelled(span: timedelta) -> str:
    seconds = span.total_seconds()
    for size, name in UNITS:
        if seconds % size == 0:
            return f"{seconds // size:.0f} {name}"
    return f"{seconds:g} s"
