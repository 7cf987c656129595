"""A connection's folder of sets: one run at a time, nothing left of dead runs, room enough for one more."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from pgpipelines.backup.manifest import sync, write_private
from pgpipelines.backup.sets import DumpSet, file_name
from pgpipelines.backup.storage.temporary import PRIVATE
from pgpipelines.errors import ConfigurationError, ConflictError, ServerError

LOCK = ".lock"
# What begins so is no set: not yet, or no more.
PARTIAL = ".partial-"
SETS_TO_ESTIMATE_BY = 3
ROOM_TO_GROW = 1.2


@contextmanager
def held(folder: Path) -> Iterator[Path]:
    """Hold a connection's folder, made where it is missing, and clear it of what dead runs have left.

    The lock ends with its holder, however that ends. Raises ConflictError where another run holds it.
    """
    try:
        for missing in [path for path in (*reversed(folder.parents), folder) if not path.exists()]:
            missing.mkdir(mode=PRIVATE, exist_ok=True)
        descriptor = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise ConfigurationError(
            f"the folder {folder} can't be used for dumps: {error.strerror}",
            "set PGPIPELINES_DUMP_DIRECTORY, or `directory` of the pipeline, to a folder that Airflow may write to",
        ) from None
    try:
        _lock(descriptor, folder)
        remove_leftovers(folder)
        yield folder
    finally:
        os.close(descriptor)


def remove_leftovers(folder: Path) -> None:
    """Remove what runs that died have left; only who holds the folder may."""
    for path in folder.glob(f"{PARTIAL}*"):
        shutil.rmtree(path)


def remove_whole(folder: Path) -> None:
    """Remove a set or a backup: from one moment to the next it is none any more, however long its files take to go."""
    doomed = folder.with_name(f"{PARTIAL}{folder.name}")
    folder.rename(doomed)
    shutil.rmtree(doomed)


def connection_folder(directory: Path, conn_id: str) -> Path:
    """Where a directory keeps what is a connection's."""
    return directory / file_name(conn_id)


def folders_in(place: Path) -> list[Path]:
    """The folders in one, by name, but for leftovers and what others keep there; none where it is missing."""
    if not place.is_dir():
        return []
    # What begins with @ is kept beside connections' folders by others: no connection's folder does.
    return sorted(path for path in place.iterdir() if path.is_dir() and not path.name.startswith((".", "@")))


def write_beside(folder: Path, name: str, content: bytes) -> None:
    """Write a file into the folder of a set or a backup, whole or not at all."""
    partial = folder / f"{PARTIAL}{name}"
    write_private(partial, content)
    partial.rename(folder / name)
    sync(folder)


def require_room(sets: Sequence[DumpSet], folder: Path) -> None:
    """Raise ServerError where the disk has less room than the largest of the last sets took, and a fifth."""
    last = [each.manifest.bytes for each in sets if each.manifest][-SETS_TO_ESTIMATE_BY:]
    require_free(folder, max(last, default=0), "dumps")


def require_free(folder: Path, last_bytes: int, what: str) -> None:
    """Raise ServerError where the disk has less room than the last of something took, and a fifth."""
    needed = int(last_bytes * ROOM_TO_GROW)
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise ServerError(
            f"{folder}: {free:,} bytes are free, and the last {what} let expect {needed:,}",
            "free space on this disk, or lower what is kept; nothing was begun and nothing was removed",
        )


def _lock(descriptor: int, folder: Path) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise ConflictError(
            f"{folder}: another run takes, tries or removes sets here", "wait for its end, and retry"
        ) from None
