"""What a person sees while a copy runs: lines in the task log, and how long each step took."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field

from pgpipelines.errors import PipelineError
from pgpipelines.sessions import Endpoint, Session

# A line per batch, but never more than one in this time.
LINE_SECONDS = 5.0

log = logging.getLogger(__name__)


@dataclass
class Progress:
    """The steps of one copy. `expected_rows` is the server's estimate of the whole, 0 where it has none."""

    table: str
    batch_size: int
    expected_rows: int = 0
    seconds: dict[str, float] = field(default_factory=dict)
    _said_at: float = field(default_factory=time.monotonic)
    _said_rows: int = 0

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Time a step, in seconds, and log its end."""
        start = time.monotonic()
        yield
        self.seconds[name] = round(time.monotonic() - start, 3)
        log.info("%s: %s took %.2f s", self.table, name, self.seconds[name])

    def due(self) -> bool:
        """Tell whether it is time to look how far the rows have come."""
        return time.monotonic() - self._said_at >= LINE_SECONDS

    def rows(self, rows: int, size: int) -> None:
        """Log rows and bytes so far, their rate, and what is left, when another batch went through."""
        if rows - self._said_rows < self.batch_size:
            return
        now = time.monotonic()
        rate = (rows - self._said_rows) / (now - self._said_at)
        self._said_at, self._said_rows = now, rows
        left = self._left(rows, rate)
        log.info("%s: %s rows, %.1f MB, %.0f rows/s%s", self.table, f"{rows:,}", size / 1e6, rate, left)

    def _left(self, rows: int, rate: float) -> str:
        whole = self.expected_rows
        if whole <= rows:
            return ""
        return f", {rows / whole:.0%} of about {whole:,}, {(whole - rows) / rate:.0f} s left"


@contextmanager
def watch(target: Endpoint, backend: int, progress: Progress) -> Iterator[Callable[[], bool]]:
    """Give a function that reports how far the COPY of a backend of the target has come, and whether it may go on.

    It asks the server (pg_stat_progress_copy) through a second session, opened when the first line is due. A copy
    does not fail because it can't be watched.
    """
    with ExitStack() as sessions:
        watcher: Session | None = None
        blind = False

        def report() -> bool:
            nonlocal watcher, blind
            if blind or not progress.due():
                return True
            try:
                if watcher is None:
                    watcher = sessions.enter_context(Session(target, "pgpipelines progress"))
                found = watcher.one("copy/progress.sql", {"backend": backend})
                watcher.rollback()
            except PipelineError as error:
                log.warning("%s: no progress to show: %s", progress.table, error.cause)
                blind = True
                return True
            if found is not None and found.rows is not None:
                progress.rows(found.rows, found.bytes)
            return found is None or not found.failed

        yield report
