"""Builds the virtual environment from the compiled requirements; runs on the standard library alone.

Usage: python -m demo.venv demo|dev. Writes .venv/<set>.stamp when all is installed, so that an interrupted
installation is taken up again by the next `make`. One at a time in a clone.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any, NoReturn

from demo import signals
from demo.lock import HeldError, held
from demo.place import BUILDING, ROOT, VENV

OLDEST, NEWEST = (3, 10), (3, 13)
NEEDED_BYTES = 2 * 1024**3


def main(name: str) -> int:
    """Install the requirements of `demo` or `dev`, and return the exit status; what may go wrong is one line."""
    signals.listen()
    try:
        check_machine()
        with held(BUILDING):
            build(name)
    except HeldError as error:
        fail(f"another make (process {error.pid}) is building {VENV.name}: try again when it has ended")
    except OSError as error:
        fail(f"{error.filename or 'the operating system'}: {error.strerror or error}")
    except signals.Stopped:
        return signals.STATUS
    return 0


def build(name: str) -> None:
    """Make the environment where none of this version stands, and install."""
    python = VENV / "bin" / "python"
    if not works(python):
        print(f"creating {VENV.name} with Python {sys.version.split()[0]}", flush=True)
        run([sys.executable, "-m", "venv", "--clear", str(VENV)], "the virtual environment was not created")
    print("installing requirements (a minute or two the first time)", flush=True)
    install(python, ["-r", "requirements.txt", "-r", f"requirements-{name}.txt"])
    (VENV / f"{name}.stamp").touch()


def check_machine() -> None:
    """Refuse, in one line, a machine on which the installation would fail half-way."""
    version = sys.version_info[:2]
    if not OLDEST <= version <= NEWEST:
        fail(
            f"Python {version[0]}.{version[1]} is not supported (3.10 to 3.13 are): "
            "name another, as in `make demo PYTHON=python3.12`"
        )
    if importlib.util.find_spec("ensurepip") is None or importlib.util.find_spec("venv") is None:
        fail(
            "this Python has no venv module: install it (Debian and Ubuntu: "
            f"apt install python{version[0]}.{version[1]}-venv)"
        )
    free = shutil.disk_usage(ROOT).free
    if free < NEEDED_BYTES:
        fail(f"too little disk: {free / 1e9:.1f} GB free at {ROOT}, {NEEDED_BYTES / 1e9:.1f} GB needed")


def works(python: Path) -> bool:
    """Tell whether an interpreter of this version stands there and has pip (a half-made one has not)."""
    script = "import pip, sys; print(*sys.version_info[:2])"
    if not python.exists():
        return False
    found = subprocess.run([python, "-c", script], capture_output=True, text=True, check=False)
    return found.stdout.split() == [str(part) for part in sys.version_info[:2]]


def install(python: Path, requirements: list[str]) -> None:
    """Install with uv, which is several times quicker, or with pip where uv can't be had.

    Modules are compiled now: otherwise Airflow's processes do it all at once, in their first seconds.
    """
    pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    got_uv = succeeds([*pip, "uv"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    uv = [str(python), "-m", "uv", "pip", "install", "--quiet", "--compile-bytecode", "--python", str(python)]
    # What uv says against a proxy or a private certificate is no news: pip knows them, and speaks if it fails.
    if got_uv and succeeds([*uv, *requirements], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL):
        return
    run([*pip, *requirements], "the requirements were not installed: is the package index reachable?")


def run(command: list[str], problem: str) -> None:
    """Run `command`; its own last words stay visible above the one line that we add."""
    if not succeeds(command):
        fail(problem)


def succeeds(command: list[str], **streams: Any) -> bool:
    """Run `command` and tell whether it succeeded. Stopped, it is killed with all that it has started.

    In a session of its own: a Ctrl-C of the terminal reaches us alone, and not every program takes it quietly.
    """
    with subprocess.Popen(command, cwd=ROOT, start_new_session=True, **streams) as process:
        try:
            return process.wait() == 0
        except signals.Stopped:
            os.killpg(process.pid, signal.SIGKILL)
            raise


def fail(message: str) -> NoReturn:
    """Leave with one line."""
    sys.exit(f"pgpipelines: {message}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
