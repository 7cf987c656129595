"""Stops whatever a killed demo left running; `make clean` runs it in the virtual environment."""

from __future__ import annotations

from demo.databases import MAJOR, NAMES
from demo.place import PROCESSES, servers_folder
from demo.processes import stop_leftovers
from demo.servers import Server


def main() -> None:
    """Stop processes first, then the servers that they use. Raises ServerError."""
    stop_leftovers(PROCESSES)
    for name in NAMES:
        Server(servers_folder() / name, MAJOR, 0).stop()


if __name__ == "__main__":
    main()
