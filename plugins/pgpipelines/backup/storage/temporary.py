"""Folders among the temporary files that nobody else reads, and that do not outlive the next run by much."""

from __future__ import annotations

import fcntl
import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pgpipelines.errors import ConfigurationError

PRIVATE = 0o700


def own_folder(name: str) -> Path:
    """A folder of this account, made where it is missing. Raises ConfigurationError where it is somebody else's."""
    folder = Path(tempfile.gettempdir()) / f"pgpipelines-{name}-{os.geteuid()}"
    folder.mkdir(mode=PRIVATE, exist_ok=True)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid() or stat.S_IMODE(found.st_mode) != PRIVATE:
        raise ConfigurationError(
            f"{folder} is no folder of ours alone", "remove it, or set TMPDIR to a folder where nobody else writes"
        )
    return folder


@contextmanager
def private_folder() -> Iterator[Path]:
    """Give an empty folder that only we read, and remove those of dead processes."""
    base = own_folder("open")
    with _locked(base):
        for left in base.iterdir():
            _remove_left(left)
        folder = Path(tempfile.mkdtemp(dir=base))
        descriptor = os.open(folder, os.O_RDONLY)
        fcntl.flock(descriptor, fcntl.LOCK_EX)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(descriptor)


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _remove_left(folder: Path) -> None:
    """Remove a folder whose owner is dead: nobody holds its lock."""
    try:
        descriptor = os.open(folder, os.O_RDONLY)
    except FileNotFoundError:
        return
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        shutil.rmtree(folder, ignore_errors=True)
    except BlockingIOError:
        pass
    finally:
        os.close(descriptor)
