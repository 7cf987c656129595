"""Servers for one run of a benchmark, in a temporary folder, thrown away afterwards."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from demo.servers import Server, free_port, installed_majors

# The newest version that pgcopydb of Debian 12 knows; where it is not installed, one that comes with the package.
WANTED_MAJOR, OTHER_MAJOR = 15, 16


def usual_major() -> int:
    """The version of the servers, unless another is asked for."""
    return WANTED_MAJOR if WANTED_MAJOR in installed_majors() else OTHER_MAJOR


@contextmanager
def running(names: Sequence[str], major: int, settings: Mapping[str, str]) -> Iterator[tuple[Path, list[Server]]]:
    """Start servers of these names while the block runs; give the folder that all of it is in, and them."""
    folder = Path(tempfile.mkdtemp(prefix="pgpipelines-bench-"))
    folder.chmod(0o755)  # servers of a root user run as another account
    servers = [Server(folder / name, major, free_port(), settings) for name in names]
    try:
        for server in servers:
            server.create()
            server.start()
        yield folder, servers
    finally:
        for server in servers:
            server.stop("immediate")
        shutil.rmtree(folder)
