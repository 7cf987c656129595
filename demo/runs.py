"""The DAG runs that the demo shows: asked for, watched, and explained where they fail."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from urllib.parse import quote

from demo.api import Api, RefusedError

PAUSE_SECONDS = 0.5
# The DAG processor reads every file within this time, with a wide margin.
PARSE_SECONDS = 60
PARSE_SECONDS_AFTER_AN_ERROR = 10
PAGE = 100
SUCCEEDED = "success"
FAILED = "failed"
TASK_ENDS = frozenset((SUCCEEDED, FAILED, "skipped", "upstream_failed", "removed"))


@dataclass(frozen=True)
class Wanted:
    """A DAG to run, and the conf of its trigger form."""

    dag_id: str
    conf: Mapping[str, object] = field(default_factory=dict)


SYSTEMS = ("postgres", "erp", "agentic_ai", "chat")
STATISTICS = "charger_stats"
# All that `make demo` triggers: what fills the target, then what needs it filled.
FIRST = (
    *(Wanted(f"{system}_full_refresh") for system in SYSTEMS),
    *(Wanted(f"{system}_weekly_backup") for system in SYSTEMS),
    Wanted("postgres_data_copy", {"tables": ["station_info", "charger_info"], "target_schema": "on_demand"}),
    Wanted("simple_postgres_copy", {"source_table": "charger_info"}),
    Wanted(
        "simple_postgres_copy",
        {"source_conn_id": "erp_postgres_conn", "source_table": "users", "target_table": "erp.users"},
    ),
)
THEN = (
    *(Wanted(f"{system}_incremental_copy") for system in SYSTEMS),
    Wanted("example_after_copy"),
    Wanted(STATISTICS),
)


@dataclass(frozen=True)
class Run:
    """A run as it stands; `run_id` is empty where the trigger itself failed, `cause` explains a failure."""

    dag_id: str
    run_id: str
    state: str
    cause: str = ""

    @property
    def path(self) -> str:
        """The run's place in the REST API."""
        return f"/api/v2/dags/{quote(self.dag_id)}/dagRuns/{quote(self.run_id)}"

    @property
    def ended(self) -> bool:
        """Whether nothing more will happen to it."""
        return self.state in {SUCCEEDED, FAILED}


@dataclass(frozen=True)
class Task:
    """A task instance that has ended; `seconds` it ran."""

    dag_id: str
    run_id: str
    name: str
    state: str
    seconds: float


class Watcher:
    """Triggers runs and follows them to their end."""

    def __init__(self, api: Api, launched: datetime, check: Callable[[], None]) -> None:
        """`launched` is when this demo began; `check` raises where waiting has become pointless."""
        self._api = api
        self._launched = launched
        self._check = check

    def fail_leftovers(self) -> int:
        """Mark runs that a killed demo left unfinished as failed, lest new ones queue behind them."""
        answer = self._api.get("/api/v2/dags/~/dagRuns", state=["running", "queued"], limit=str(PAGE))
        left = [run for run in answer["dag_runs"] if moment(run["run_after"]) < self._launched]
        for run in left:
            self._api.patch(Run(run["dag_id"], run["dag_run_id"], "").path, {"state": FAILED})
        return len(left)

    def trigger(self, wanted: Sequence[Wanted]) -> list[Run]:
        """Unpause and trigger each DAG as soon as this demo's Airflow has read its file."""
        runs: dict[int, Run] = {}
        deadline = time.monotonic() + PARSE_SECONDS
        error = ""
        while len(runs) < len(wanted) and time.monotonic() < deadline:
            self._check()
            for place, one in enumerate(wanted):
                if place not in runs and self._parsed(one.dag_id):
                    runs[place] = self._trigger(one)
            if not error and (error := self._import_error()):
                deadline = min(deadline, time.monotonic() + PARSE_SECONDS_AFTER_AN_ERROR)
            time.sleep(PAUSE_SECONDS)
        cause = error or f"Airflow found no such DAG within {PARSE_SECONDS} seconds"
        return [runs.get(place) or Run(one.dag_id, "", FAILED, cause) for place, one in enumerate(wanted)]

    def watch(
        self,
        runs: Iterable[Run],
        ended: Callable[[Run | Task], None],
        waiting: Callable[[Sequence[Run]], None],
    ) -> list[Run]:
        """Wait until every run has ended, and return them so.

        `ended` hears of each task and run as it ends, `waiting` of the runs still going at each look.
        """
        current = list(runs)
        told: set[tuple[str, str, str]] = set()
        while going := [run for run in current if not run.ended]:
            self._check()
            refreshed = {run: self._refresh(run) for run in going}
            for task in self._tasks(going):
                if (key := (task.dag_id, task.run_id, task.name)) not in told:
                    told.add(key)
                    ended(task)
            current = [refreshed.get(run, run) for run in current]
            for run in refreshed.values():
                if run.ended:
                    ended(run)
            waiting([run for run in current if not run.ended])
            time.sleep(PAUSE_SECONDS)
        return current

    def _parsed(self, dag_id: str) -> bool:
        try:
            parsed = self._api.get(f"/api/v2/dags/{quote(dag_id)}")["last_parsed_time"]
        except RefusedError:
            return False
        return parsed is not None and moment(parsed) >= self._launched

    def _import_error(self) -> str:
        errors = self._api.get("/api/v2/importErrors")["import_errors"]
        texts = (
            f"{error['filename']}: {last_words(error['stack_trace'])}"
            for error in errors
            if moment(error["timestamp"]) >= self._launched
        )
        return next(texts, "")

    def _trigger(self, wanted: Wanted) -> Run:
        path = f"/api/v2/dags/{quote(wanted.dag_id)}"
        try:
            self._api.patch(path, {"is_paused": False})
            run = self._api.post(f"{path}/dagRuns", {"logical_date": None, "conf": wanted.conf})
        except RefusedError as error:
            return Run(wanted.dag_id, "", FAILED, str(error))
        return Run(wanted.dag_id, run["dag_run_id"], run["state"])

    def _refresh(self, run: Run) -> Run:
        now = replace(run, state=self._api.get(run.path)["state"])
        return replace(now, cause=self._cause(now)) if now.state == FAILED else now

    def _tasks(self, runs: Sequence[Run]) -> list[Task]:
        chosen = {"dag_ids": [run.dag_id for run in runs], "dag_run_ids": [run.run_id for run in runs]}
        answer = self._api.post("/api/v2/dags/~/dagRuns/~/taskInstances/list", {**chosen, "page_limit": PAGE})
        return [as_task(entry) for entry in answer["task_instances"] if entry["state"] in TASK_ENDS]

    def _cause(self, run: Run) -> str:
        entries = self._api.get(f"{run.path}/taskInstances", state=FAILED)["task_instances"]
        if not entries:
            return "no task of it ran"
        first = min(entries, key=lambda entry: str(entry["end_date"]))
        path = f"{run.path}/taskInstances/{quote(first['task_id'])}/logs/{first['try_number']}"
        log = self._api.get(path, map_index=str(first["map_index"]))["content"]
        return f"{as_task(first).name}: {last_error(log)}"


def as_task(entry: Mapping[str, Any]) -> Task:
    """A task instance from the API's words; a mapped one is called by the name that its DAG gives it."""
    mapped = "" if entry["map_index"] < 0 else f" [{entry['rendered_map_index'] or entry['map_index']}]"
    name = f"{entry['task_id']}{mapped}"
    return Task(entry["dag_id"], entry["dag_run_id"], name, entry["state"], entry["duration"] or 0.0)


def last_error(log: Sequence[Any]) -> str:
    """The last error of a task's log (structured, as the API gives it), in one line."""
    entries = [entry for entry in log if isinstance(entry, dict)]
    for entry in reversed(entries):
        if details := entry.get("error_detail"):
            return one_line(f"{details[-1]['exc_type']}: {details[-1]['exc_value']}")
    errors = (entry["event"] for entry in reversed(entries) if entry.get("level") in {"error", "critical"})
    return one_line(next(errors, "its log names no error"))


def last_words(stack_trace: str) -> str:
    """The message at the end of a stack trace."""
    return one_line(stack_trace.strip().rpartition("\n")[2])


def one_line(text: str) -> str:
    """The text without its line breaks."""
    return " ".join(text.split())


def moment(text: str) -> datetime:
    """A time as the API writes it; Python 3.10 does not know the Z."""
    return datetime.fromisoformat(text.replace("Z", "+00:00"))
