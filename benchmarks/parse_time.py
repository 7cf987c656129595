"""How long the DAG files take to parse, once Airflow is imported: python -m benchmarks.parse_time.

This imports Airflow once, with all that the DAG files use of it, and parses each file in a process forked from there,
so that every file pays for its own imports (pgpipelines, the driver). The best of five rounds counts.
"""

from __future__ import annotations

import ast
import importlib
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.report import Promise, Section

ROOT = Path(__file__).resolve().parents[1]
ROUNDS = 5
PROMISE = Promise("parse of all DAG files", 0.5, "s")


def main() -> None:
    """Print seconds by file and in total."""
    with tempfile.TemporaryDirectory() as home:
        os.environ["AIRFLOW_HOME"] = home
        os.environ["AIRFLOW__LOGGING__LOGGING_LEVEL"] = "WARNING"
        os.environ["AIRFLOW__CORE__PLUGINS_FOLDER"] = str(ROOT / "plugins")
        sys.path.insert(0, str(ROOT / "plugins"))
        sys.dont_write_bytecode = False  # as everywhere, what is compiled is kept
        import airflow.dag_processing.processor  # noqa: F401, PLC0415 (after AIRFLOW_HOME is set)

        files = sorted((ROOT / "dags").glob("*.py"))
        for file in files:
            import_airflow_for(file)
        total = 0.0
        for file in files:
            seconds = min(parse_seconds(file) for _ in range(ROUNDS))
            total += seconds
            print(f"{file.name:32} {seconds:6.3f} s")
        print(f"{'all DAG files':32} {total:6.3f} s (bar: {PROMISE.limit:.3f} s)")


def section() -> Section:
    """The DAG files, as Airflow's dag processor parses them."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.parse_time"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    rows = re.findall(r"^(\S.*?) +(\d+\.\d+) s", done.stdout, re.MULTILINE)
    total = float(rows[-1][1]) if done.returncode == 0 and rows else None
    return Section(
        title="Parse time",
        words="Airflow imported beforehand; each file in a process forked from there; the best of five.",
        header=("file", "s"),
        rows=rows,
        bars=[PROMISE.bar(total)],
    )


def import_airflow_for(file: Path) -> None:
    """Import what a DAG file imports of Airflow, which loads its parts only when they are asked for."""
    for node in ast.walk(ast.parse(file.read_bytes())):
        if isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] == "airflow":
            module = importlib.import_module(node.module or "")
            for name in node.names:
                getattr(module, name.name)


def parse_seconds(file: Path) -> float:
    """Parse one DAG file in a process of its own and return the seconds that it took."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        from airflow.dag_processing.dagbag import DagBag  # noqa: PLC0415

        started = time.perf_counter()
        bag = DagBag(file, load_op_links=False)
        seconds = time.perf_counter() - started
        os.write(writing, str(seconds).encode())
        os._exit(1 if bag.import_errors else 0)
    os.close(writing)
    with os.fdopen(reading) as answer:
        seconds = float(answer.read())
    if os.waitpid(child, 0)[1] != 0:
        raise SystemExit(f"{file.name} does not import")
    return seconds


if __name__ == "__main__":
    main()
