"""Parses the DAG files in a process that notes each file opened and refuses each connection; prints JSON."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any, NoReturn

import tests.fixtures.airflow_home  # noqa: F401 (before Airflow is imported)

import airflow.sdk  # isort: skip
import psycopg  # isort: skip
import psycopg2  # isort: skip

from tests.dags.bag import ROOT, parsed  # isort: skip

REFUSED_EVENTS = ("socket.", "sqlite3.", "subprocess.", "os.system", "os.exec", "os.posix_spawn", "os.fork")

opened: set[str] = set()
refused: list[str] = []
watching = False


def watch(event: str, arguments: tuple[Any, ...]) -> None:
    """Python's audit hook: sees what happens below any library."""
    if not watching:
        return
    if event == "open":
        opened.add(str(arguments[0]))
    elif event.startswith(REFUSED_EVENTS):
        refuse(event)


def refuse(*what: object, **_: object) -> NoReturn:
    """Stand in for what a DAG file must not do."""
    refused.append(str(what))
    raise AssertionError(f"a DAG file at parse time: {what}")


def own_files() -> list[str]:
    """Name the files opened that are neither code nor part of an installed package."""
    installed = (
        sys.prefix,
        sys.base_prefix,
        str(Path(airflow.sdk.__file__).parents[2]),
        "/usr/share/zoneinfo",
    )
    return sorted(
        Path(name).resolve().relative_to(ROOT).as_posix() if Path(name).is_relative_to(ROOT) else name
        for name in opened
        if not name.startswith(installed) and Path(name).suffix not in {".py", ".pyc"}
    )


parsed()  # Airflow loads some of its own parts at the first parse
for name in [name for name in sys.modules if name.partition(".")[0] == "pgpipelines"]:
    del sys.modules[name]
psycopg2.connect = psycopg.connect = psycopg.Connection.connect = refuse  # type: ignore[method-assign]
airflow.sdk.Connection.get = airflow.sdk.Variable.get = refuse  # type: ignore[method-assign]
sys.addaudithook(watch)
watching = True
bag = parsed()
watching = False
sys.stdout.write(json.dumps({"dags": sorted(bag.dags), "opened": own_files(), "refused": refused}))
