"""Rows from one server's COPY straight into the other's, through a pipe, as bytes that Python never reads.

Memory is bounded by bytes: the pipe, one block on either side, and a field larger than a block. A thread runs
each side; the caller's thread waits, reports, and can be interrupted at any time.
"""

from __future__ import annotations

import io
import os
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from typing_extensions import Buffer

    from pgpipelines.sessions import Session
    from pgpipelines.templates import Sql

BLOCK_BYTES = 128 * 1024
REPORT_SECONDS = 1.0


@dataclass(frozen=True)
class Relayed:
    """What went through: rows, and their bytes in COPY's format."""

    rows: int
    bytes: int

    def __add__(self, other: Relayed) -> Relayed:
        """Add up two streams."""
        return Relayed(self.rows + other.rows, self.bytes + other.bytes)


class SendingEnd(io.RawIOBase):
    """The writing end. Counts bytes; after a failure it drops what the buffer above it still holds."""

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor
        self.sent = 0
        self.failed = False

    def writable(self) -> bool:
        """Tell io that this end is written to."""
        return True

    def write(self, data: Buffer) -> int:
        """Write as much as the pipe takes now, and return how much that was."""
        if self.failed:
            return memoryview(data).nbytes
        written = os.write(self.descriptor, data)
        self.sent += written
        return written

    def close(self) -> None:
        """Close the pipe's end, which the receiver sees as the end of the stream."""
        super().close()
        os.close(self.descriptor)


class ReceivingEnd(io.RawIOBase):
    """The reading end. A stream that the sender broke off ends in an error, never as if complete."""

    def __init__(self, descriptor: int, sender: SendingEnd) -> None:
        self.descriptor = descriptor
        self.sender = sender

    def read(self, size: int = BLOCK_BYTES, /) -> bytes:
        """Return what the pipe holds, `size` bytes at most, and nothing at the end of a complete stream."""
        data = os.read(self.descriptor, size)
        if not data and self.sender.failed:
            raise BrokenPipeError("the source stopped in the middle")
        return data

    def close(self) -> None:
        """Close the pipe's end: the sender's next write fails."""
        super().close()
        os.close(self.descriptor)


def relay(
    source: Session,
    target: Session,
    read: Sql,
    write: Sql,
    report: Callable[[], bool],
    *,
    values: Mapping[str, object] | None = None,
    meanwhile: Callable[[], None] = lambda: None,
) -> Relayed:
    """Stream `read`, with its bound `values`, on the source into `write` on the target.

    Calls `report` about once a second. `meanwhile` is what the target does before it takes rows, while the source
    begins to read.

    `report` tells whether the target still takes rows: libpq goes on sending to a server that has refused them.
    Raises the error of the side that failed first. Either way both sides have ended when this returns.
    """
    reading, writing = os.pipe()
    sender = SendingEnd(writing)
    receiver = ReceivingEnd(reading, sender)
    with ThreadPoolExecutor(2, thread_name_prefix="relay") as pool:
        sending = pool.submit(_send, source, read, values or {}, sender)
        receiving = pool.submit(_receive, target, write, receiver, meanwhile)
        try:
            pending = {sending, receiving}
            while pending and not _failed(sending, receiving):
                pending = wait(pending, REPORT_SECONDS, return_when=FIRST_EXCEPTION).not_done
                # Where the source failed before, the target's failure is only the echo.
                if not report() and not sender.failed:
                    source.cancel()
                    receiving.result()
            _raise_cause(sending, receiving, sender)
        except BaseException:
            source.cancel()
            target.cancel()
            raise
    return Relayed(rows=receiving.result(), bytes=sender.sent)


def _send(source: Session, statement: Sql, values: Mapping[str, object], end: SendingEnd) -> int:
    with io.BufferedWriter(end, BLOCK_BYTES) as buffer:
        try:
            rows = source.copy(statement, buffer, BLOCK_BYTES, values)
            buffer.flush()
        except BaseException:
            end.failed = True
            raise
    return rows


def _receive(target: Session, statement: Sql, end: ReceivingEnd, meanwhile: Callable[[], None]) -> int:
    with end:
        meanwhile()
        return target.copy(statement, end, BLOCK_BYTES)


def _failed(*sides: Future[int]) -> bool:
    return any(side.done() and side.exception() is not None for side in sides)


def _raise_cause(sending: Future[int], receiving: Future[int], sender: SendingEnd) -> None:
    """Raise the error that came first, if any: a broken pipe is only the echo of the other side's."""
    if sender.failed and not isinstance(sending.exception(), BrokenPipeError):
        sending.result()
    if _failed(sending, receiving):
        receiving.result()
        sending.result()
