"""Removes what `make` has made in this clone, after stopping what runs; runs on the standard library alone.

Usage: python -m demo.clean data|all. `data` is what the demo stores; `all` adds the virtual environment and caches.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

from demo.errors import DemoError
from demo.lock import HeldError, held
from demo.place import BUILDING, LOCK, ROOT, STATE, VENV, open_folder, outside, servers_folder

STOP_SECONDS = 60
CACHES = (".pytest_cache", ".mypy_cache", ".ruff_cache", ".hypothesis", ".coverage*", "coverage.xml")


def main(what: str) -> int:
    """Remove `data` or `all`, and return the exit status."""
    try:
        if STATE.exists():
            open_folder(STATE)
            ask_to_stop(LOCK, "the demo")
            with held(LOCK, wait=STOP_SECONDS):
                stop_leftovers()
                remove(servers_folder(), STATE)
        remove(servers_folder())
        if what == "all":
            ask_to_stop(BUILDING, f"the make that builds {VENV.name}")
            with held(BUILDING, wait=STOP_SECONDS):
                remove_environment()
                remove(BUILDING)
            remove(*(path for pattern in CACHES for path in ROOT.glob(pattern)), *bytecode())
    except HeldError as error:
        return fail(f"process {error.pid} has not stopped after {STOP_SECONDS} seconds")
    except DemoError as error:
        return fail(str(error))
    except OSError as error:
        return fail(f"{error.filename} can't be removed: {error.strerror}")
    return 0


def ask_to_stop(lock: Path, who: str) -> None:
    """Send whoever holds a lock of this clone, if anybody does, what Ctrl-C would."""
    try:
        with held(lock):
            return
    except HeldError as error:
        if error.pid is not None:
            print(f"stopping {who} (process {error.pid})", flush=True)
            with suppress(ProcessLookupError):
                os.kill(error.pid, signal.SIGTERM)


def stop_leftovers() -> None:
    """Stop what a killed demo left running; it takes the virtual environment that it was started from."""
    python = VENV / "bin" / "python"
    if not python.exists():
        return
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "plugins")}
    done = subprocess.run(
        [python, "-m", "demo.stop"], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        last = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
        print(f"what an earlier demo left running, if anything, was not stopped: {last}", file=sys.stderr)


def remove_environment() -> None:
    """Remove the virtual environment and root's copy of its PostgreSQL; of a borrowed one, only the link."""
    if VENV.is_symlink():
        VENV.unlink()
    else:
        remove(outside(VENV), VENV)


def bytecode() -> list[Path]:
    """Python's caches beside the sources."""
    folders = [path for path in ROOT.iterdir() if path.is_dir() and path.name not in {".git", VENV.name}]
    return [cache for folder in folders for cache in (folder, *folder.rglob("*")) if cache.name == "__pycache__"]


def remove(*paths: Path) -> None:
    """Remove files and folders, whether or not they are there."""
    for path in paths:
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)


def fail(message: str) -> int:
    """Say in one line what is in the way."""
    print(f"pgpipelines: {message}", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
