"""A set's files, as files of this machine."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pgpipelines.backup.sets import DumpSet


@contextmanager
def opened(found: DumpSet) -> Iterator[Path]:
    """Give a folder of this machine with a set's files, as they were written, for as long as the block runs."""
    yield found.folder
