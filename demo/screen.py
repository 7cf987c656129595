"""What the demo says while it works: lines that begin with the time, and one live line on a terminal."""

from __future__ import annotations

import os
import shutil
import sys
import threading
import time

ERASE_LINE = "\r\x1b[K"


class Screen:
    """Writes to standard output; a pipe or a dumb terminal gets no live line."""

    def __init__(self) -> None:
        self._began = time.monotonic()
        self._terminal = sys.stdout.isatty() and os.environ.get("TERM", "dumb") != "dumb"
        self._live = False
        self._guard = threading.Lock()

    def say(self, text: str) -> None:
        """Print what happened and when."""
        self.show(f"{self.seconds:6.1f} s  {text}")

    def show(self, text: str) -> None:
        """Print text as it is."""
        with self._guard:
            self._erase()
            print(text, flush=True)

    def live(self, text: str) -> None:
        """Replace the live line."""
        if self._terminal:
            with self._guard:
                self._erase()
                room = shutil.get_terminal_size().columns - 1
                print(f"{self.seconds:6.1f} s  {text}"[:room], end="", flush=True)
                self._live = True

    @property
    def seconds(self) -> float:
        """Seconds since the start."""
        return time.monotonic() - self._began

    def _erase(self) -> None:
        if self._live:
            print(ERASE_LINE, end="")
            self._live = False
