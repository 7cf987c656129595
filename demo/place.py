"""Where the demo keeps its things. Standard library only, for `make clean` runs it without the environment.

`.demo/` (mode 0700) holds the lock, the record of processes, their logs, AIRFLOW_HOME and the picture; `.demo/servers/`
the PostgreSQL servers and every password. Root's servers are in `/var/tmp/pgpipelines-0-…/` instead: PostgreSQL
refuses root, so they run as `nobody`, who may pass neither `.demo` nor, usually, a clone in root's home.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import stat
from pathlib import Path

from demo.errors import DemoError

ROOT = Path(__file__).resolve().parent.parent
STATE = ROOT / ".demo"
VENV = ROOT / ".venv"
BUILDING = ROOT / ".venv.lock"
LOCK = STATE / "lock"
PROCESSES = STATE / "processes.json"
LOGS = STATE / "logs"
AIRFLOW_HOME = STATE / "airflow"
PICTURE = STATE / "charger-statistics.svg"


def servers_folder() -> Path:
    """The folder of servers and secrets of this clone."""
    return outside(ROOT) if os.geteuid() == 0 else STATE / "servers"


def outside(origin: Path) -> Path:
    """A folder, named after `origin`, that `nobody` can pass; it belongs to root."""
    digest = hashlib.sha256(os.fsencode(origin.resolve())).hexdigest()[:12]
    return Path("/var/tmp") / f"pgpipelines-{os.geteuid()}-{digest}"  # noqa: S108 (open_folder checks the owner)


def open_folder(folder: Path, mode: int = 0o700) -> Path:
    """Make a folder that is ours alone to write to, and return it. Raises DemoError where it can't be."""
    try:
        folder.mkdir(mode=mode, parents=True, exist_ok=True)
        found = folder.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid():
            raise DemoError(f"{folder} belongs to somebody else: remove it, or ask its owner to")
        folder.chmod(mode)
    except OSError as error:
        raise DemoError(f"{folder} can't be written ({error.strerror}): clone to a folder of your own") from error
    return folder


def require_space(folder: Path, needed: int) -> None:
    """Raise DemoError where fewer than `needed` bytes are free for `folder`."""
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise DemoError(
            f"too little disk: {free / 1e9:.1f} GB free at {folder}, {needed / 1e9:.1f} GB needed "
            "(a smaller SCALE needs less)"
        )
