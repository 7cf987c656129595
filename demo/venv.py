"""Builds the virtual environment from the compiled requirements; runs on the standard library alone.

Usage: python -m demo.venv demo|dev. Writes .venv/<set>.stamp when all is installed, so that an interrupted
installation is taken up again by the next `make`.
"""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
OLDEST, NEWEST = (3, 10), (3, 13)
NEEDED_BYTES = 2 * 1024**3


def main(name: str) -> None:
    """Install the requirements of `demo` or `dev`; every expected failure leaves one line and status 1."""
    check_machine()
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
    got_uv = subprocess.run([*pip, "uv"], cwd=ROOT, capture_output=True, check=False).returncode == 0
    uv = [str(python), "-m", "uv", "pip", "install", "--quiet", "--compile-bytecode", "--python", str(python)]
    # What uv says against a proxy or a private certificate is no news: pip knows them, and speaks if it fails.
    if got_uv and subprocess.run([*uv, *requirements], cwd=ROOT, capture_output=True, check=False).returncode == 0:
        return
    run([*pip, *requirements], "the requirements were not installed: is the package index reachable?")


def run(command: list[str], problem: str) -> None:
    """Run `command`; its own last words stay visible above the one line that we add."""
    if subprocess.run(command, cwd=ROOT, check=False).returncode != 0:
        fail(problem)


def fail(message: str) -> None:
    """Leave with one line."""
    sys.exit(f"pgpipelines: {message}")


if __name__ == "__main__":
    main(sys.argv[1])
