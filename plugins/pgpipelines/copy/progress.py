"""What a person sees while a copy runs: lines in the task log, a row in the target, and how long each step took."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import datetime, timezone
from typing import TYPE_CHECKING

from pgpipelines.endpoints import Endpoint
from pgpipelines.errors import PipelineError
from pgpipelines.ledger import forget_progress
from pgpipelines.sessions import Session

if TYPE_CHECKING:
    from pgpipelines.copy.relay import Relayed
    from pgpipelines.ledger import Run

# A line per batch, but never more than one in this time.
LINE_SECONDS = 5.0

log = logging.getLogger(__name__)


@dataclass
class Progress:
    """The steps of one run, on one table after the other. `expected_rows` is an estimate, 0 where there is none.

    Several threads report. The target's server is asked (pg_stat_progress_copy) through a session of its own, opened
    when the first line is due. A copy does not fail because it can't be watched.
    """

    target: Endpoint
    run: Run
    batch_size: int = 10_000
    seconds: dict[str, dict[str, float]] = field(default_factory=dict)
    started_at: datetime = field(default_factory=lambda: datetime.now(timezone.utc))
    table: str = ""
    expected_rows: int = 0
    _step: str = ""
    _rows: int = 0
    _bytes: int = 0
    _backends: set[int] = field(default_factory=set)
    _refused: set[int] = field(default_factory=set)
    _said_at: float = field(default_factory=time.monotonic)
    _said_rows: int = 0
    _watcher: Session | None = None
    _blind: bool = False
    _shown: set[str] = field(default_factory=set)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def begin(self, table: str, expected_rows: int, batch_size: int) -> None:
        """Turn to a table."""
        with self._lock:
            self.table, self.expected_rows, self.batch_size = table, expected_rows, batch_size
            self._rows = self._bytes = self._said_rows = 0

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Time a step of the present table, in seconds, and log its end."""
        start = time.monotonic()
        table, self._step = self.table, name
        yield
        took = round(time.monotonic() - start, 3)
        steps = self.seconds.setdefault(table, {})
        steps[name] = round(steps.get(name, 0.0) + took, 3)
        log.info("%s: %s took %.2f s", table, name, took)

    def add(self, relayed: Relayed) -> None:
        """Count rows that arrived for good."""
        with self._lock:
            self._rows += relayed.rows
            self._bytes += relayed.bytes

    @contextmanager
    def watch(self, backend: int) -> Iterator[Callable[[], bool]]:
        """Give a function that reports how far the rows have come.

        It tells whether the target's `backend` still takes them.
        """
        with self._lock:
            self._backends.add(backend)
        try:
            yield lambda: self._report(backend)
        finally:
            with self._lock:
                self._backends.discard(backend)

    def close(self) -> None:
        """Forget what the target shows of this run, and stop watching."""
        if self._watcher is None:
            return
        try:
            forget_progress(self._watcher, sorted(self._shown))
        except PipelineError as error:
            log.warning("the progress of this run stays in the target: %s", error.cause)
        self._watcher.close()
        self._watcher = None

    def _report(self, backend: int) -> bool:
        with self._lock:
            if not self._blind and time.monotonic() - self._said_at >= LINE_SECONDS:
                try:
                    self._look()
                except PipelineError as error:
                    log.warning("%s: no progress to show: %s", self.table, error.cause)
                    self._blind = True
            return backend not in self._refused

    def _look(self) -> None:
        """Ask the target how far its sessions are, say it, and show it in the target."""
        if self._watcher is None:
            self._watcher = Session(self.target, "pgpipelines progress")
        found = self._watcher.query("copy/progress.sql", {"backends": sorted(self._backends)})
        self._refused = {row.backend for row in found if row.failed}
        rows = self._rows + sum(row.rows for row in found)
        size = self._bytes + sum(row.bytes for row in found)
        self._say(rows, size)
        self._watcher.commit()

    def _say(self, rows: int, size: int) -> None:
        if rows - self._said_rows < self.batch_size or self._watcher is None:
            return
        now = time.monotonic()
        rate = (rows - self._said_rows) / (now - self._said_at)
        self._said_at, self._said_rows = now, rows
        whole = self.expected_rows
        share = rows / whole if whole > rows else None
        left = (whole - rows) / rate if whole > rows else None
        told = "" if share is None else f", {share:.0%} of about {whole:,}, {left:.0f} s left"
        log.info("%s: %s rows, %.1f MB, %.0f rows/s%s", self.table, f"{rows:,}", size / 1e6, rate, told)
        values = {"rows": rows, "bytes": size, "share": share, "seconds_left": left, "step": self._step}
        place = {"target_table": self.table, "started_at": self.started_at}
        self._watcher.execute("ledger/report_progress.sql", {**asdict(self.run), **values, **place})
        self._shown.add(self.table)
