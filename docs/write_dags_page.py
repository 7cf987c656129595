"""Writes docs/dags.md from the DAGs themselves; with --check, only tells whether it is up to date (status 1 if not)."""

from __future__ import annotations

import os
import re
import sys
import tempfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "dags.md"
HEADING = re.compile(r"^(#+ )", re.MULTILINE)


def main(arguments: list[str]) -> int:
    """Write the page, or compare it."""
    text = page(parsed_dags())
    if "--check" not in arguments:
        PAGE.write_text(text, encoding="utf-8")
        return 0
    if PAGE.exists() and PAGE.read_text(encoding="utf-8") == text:
        return 0
    sys.stderr.write("docs/dags.md is not what the DAGs say; `make docs` writes it\n")
    return 1


def parsed_dags() -> list[Any]:
    """Parse the DAG files as Airflow does, with the package's own configuration, in a home that is thrown away."""
    with tempfile.TemporaryDirectory() as home:
        os.environ |= {"AIRFLOW_HOME": home, "AIRFLOW__LOGGING__LOGGING_LEVEL": "WARNING"}
        os.environ.pop("PGPIPELINES_CONFIG", None)
        sys.path.insert(0, str(ROOT / "plugins"))
        from airflow.dag_processing.dagbag import DagBag  # noqa: PLC0415 (after AIRFLOW_HOME is set)

        bag = DagBag(ROOT / "dags", load_op_links=False)
    if bag.import_errors:
        raise SystemExit("\n".join(bag.import_errors.values()))
    return [bag.dags[dag_id] for dag_id in sorted(bag.dags)]


def page(dags: list[Any]) -> str:
    """The page's Markdown: each DAG's schedule and its own documentation."""
    parts = ["# The DAGs", "", "Written from the DAGs' own documentation by `make docs`: change it there."]
    for dag in dags:
        parts += ["", f"## {dag.dag_id}", "", schedule(dag), "", HEADING.sub(r"##\1", dag.doc_md.strip())]
    return "\n".join(parts) + "\n"


def schedule(dag: Any) -> str:
    """When a DAG runs, in a line."""
    from airflow.sdk import AssetOrTimeSchedule  # noqa: PLC0415 (as above)
    from airflow.sdk.definitions.timetables.assets import AssetTriggeredTimetable  # noqa: PLC0415 (as above)

    timetable = dag.timetable
    if isinstance(timetable, AssetOrTimeSchedule):
        return f"Runs {by_time(timetable.timetable)}, and {after_copies(timetable)}."
    if isinstance(timetable, AssetTriggeredTimetable):
        return f"Runs {after_copies(timetable)}."
    if not timetable.can_be_scheduled:
        return "Runs by hand, or by API."
    return f"Runs {by_time(timetable)}."


def by_time(timetable: Any) -> str:
    """The schedule of a timetable that has one."""
    return f"by the schedule `{timetable.expression}`, {timetable.timezone}"


def after_copies(timetable: Any) -> str:
    """The tables whose copies a timetable waits for."""
    return f"when tables were copied: {', '.join(f'`{name}`' for name in assets(timetable.asset_condition))}"


def assets(condition: Any) -> list[str]:
    """The names of the Assets in a condition."""
    parts = getattr(condition, "objects", None)
    return [condition.name] if parts is None else [name for part in parts for name in assets(part)]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
