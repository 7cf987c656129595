"""Work that several workers share: each takes the next piece as soon as it is done with one."""

from __future__ import annotations

import queue
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager, suppress
from typing import TypeVar

Piece = TypeVar("Piece")
Worker = TypeVar("Worker")
Result = TypeVar("Result")


@contextmanager
def shared(
    pieces: Iterable[Piece],
    workers: Sequence[Worker],
    work: Callable[[Worker, Piece], Result],
    cancel: Callable[[Worker], None],
) -> Iterator[Callable[[], list[Result]]]:
    """Begin to work, a thread for each worker; give a function that waits for the end and returns every result.

    The first failure, of a worker or of the block, cancels all workers and takes the rest away. None of them works any
    more when the block is left.
    """
    pending: queue.SimpleQueue[Piece] = queue.SimpleQueue()
    for piece in pieces:
        pending.put(piece)
    with ThreadPoolExecutor(max(len(workers), 1), thread_name_prefix="worker") as pool:
        working = [pool.submit(_work, worker, pending, work) for worker in workers]
        try:
            yield lambda: _results(working)
        except BaseException:
            _drain(pending)
            for worker in workers:
                cancel(worker)
            raise


def _work(worker: Worker, pending: queue.SimpleQueue[Piece], work: Callable[[Worker, Piece], Result]) -> list[Result]:
    """Do one piece after the other until none is left."""
    done: list[Result] = []
    while True:
        try:
            piece = pending.get_nowait()
        except queue.Empty:
            return done
        done.append(work(worker, piece))


def _results(working: Sequence[Future[list[Result]]]) -> list[Result]:
    finished, _ = wait(working, return_when=FIRST_EXCEPTION)
    return [result for future in finished for result in future.result()]


def _drain(pending: queue.SimpleQueue[Piece]) -> None:
    """Take away what was still to be done."""
    with suppress(queue.Empty):
        while True:
            pending.get_nowait()
