"""Rows from several servers' processes into one COPY: each row whole, in whatever order they come."""

from __future__ import annotations

import io
import os
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING

from psycopg2.errorcodes import QUERY_CANCELED

from pgpipelines.diagnosis import sqlstate
from pgpipelines.errors import PipelineError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from typing_extensions import Buffer

    from pgpipelines.sessions import Session
    from pgpipelines.templates import Sql

BLOCK_BYTES = 128 * 1024


class _Mouth(io.RawIOBase):
    """Where one worker's blocks are poured in."""

    def __init__(self, pour: Callable[[Buffer], int]) -> None:
        self._pour = pour

    def writable(self) -> bool:
        """Tell io that this end is written to."""
        return True

    def write(self, data: Buffer) -> int:
        """Pour in all of a block."""
        return self._pour(data)


@contextmanager
def funnel(target: Session, statement: Sql) -> Iterator[tuple[Callable[[], io.BufferedWriter], Callable[[], int]]]:
    """Run a COPY FROM STDIN; give a function that opens a mouth, and one that ends the COPY and returns its rows.

    The driver writes one row of COPY's text at a time, and a buffer passes on what it has before it takes what doesn't
    fit: blocks are of whole rows.
    A COPY that fails tells so at its end: libpq goes on sending to a server that has refused rows. Leaving the block
    ends it, or cancels it where there is an error.
    """
    reading, writing = os.pipe()
    lock = threading.Lock()
    with io.FileIO(writing, "w") as sink, ThreadPoolExecutor(1, thread_name_prefix="funnel") as pool:
        receiving = pool.submit(_receive, target, statement, reading)

        def pour(block: Buffer) -> int:
            with lock:
                left = memoryview(block)
                while left:
                    left = left[sink.write(left) :]
            return memoryview(block).nbytes

        def end() -> int:
            sink.close()
            return receiving.result()

        try:
            yield lambda: io.BufferedWriter(_Mouth(pour), BLOCK_BYTES), end
            end()
        except BaseException as error:
            target.cancel()
            sink.close()
            # What else fails once the COPY has (a broken pipe; a snapshot that went with the session) is only its echo.
            failure = receiving.exception()
            if isinstance(error, BrokenPipeError) or (isinstance(error, PipelineError) and not _cancelled(failure)):
                receiving.result()
            raise


def _cancelled(failure: BaseException | None) -> bool:
    return isinstance(failure, PipelineError) and sqlstate(failure) == QUERY_CANCELED


def _receive(target: Session, statement: Sql, reading: int) -> int:
    with io.FileIO(reading) as stream:
        return target.copy(statement, stream, BLOCK_BYTES)
