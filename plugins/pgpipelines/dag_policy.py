"""What every DAG of the package holds to. A DAG file adds what its DAG does, and when."""

from __future__ import annotations

import difflib
import inspect
import os
from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any, TypedDict

from airflow.sdk import CronTriggerTimetable, ExceptionRetryPolicy, RetryAction, RetryRule
from jinja2 import StrictUndefined

from pgpipelines import errors
from pgpipelines.templates import FILTERS, SQL_FOLDER, require_safe

OWNER = "pgpipelines"
RETRIES = 2
RETRY_DELAY = timedelta(minutes=1)
MAX_RETRY_DELAY = timedelta(minutes=10)
EXECUTION_TIMEOUT = timedelta(hours=6)
DAGRUN_TIMEOUT = timedelta(hours=12)
DEFAULT_POOL = "default_pool"
# Pools that somebody has made, as "charger_db=4, erp=2": names, and slots for the scripts that make them.
POOLS_VARIABLE = "PGPIPELINES_POOLS"

# A second try can't help where a person has to change something first.
FAIL_AT_ONCE = ExceptionRetryPolicy(
    rules=[
        RetryRule(
            exception=[
                errors.ConfigurationError,
                errors.MissingObjectError,
                errors.PrivilegeError,
                errors.DriftError,
                errors.VerificationError,
                errors.OverdueError,
                errors.QualityError,
            ],
            action=RetryAction.FAIL,
            reason="a person has to look: the error says at what",
        )
    ]
)

# Where a person is waiting, and a second try costs as much as the first: only what a new attempt can mend.
TRY_AGAIN_IF_RETRIABLE = ExceptionRetryPolicy(
    rules=[
        RetryRule(exception=errors.RetriableError, action=RetryAction.RETRY, reason="a new attempt can mend it"),
        RetryRule(exception=errors.PipelineError, action=RetryAction.FAIL, reason="a person decides what to do now"),
    ]
)


class DagSettings(TypedDict):
    """The keyword arguments of `dag` and `DAG` that this module decides."""

    description: str
    doc_md: str
    tags: list[str]
    catchup: bool
    max_active_runs: int
    dagrun_timeout: timedelta
    default_args: dict[str, Any]


def dag_settings(documentation: str | None, tags: Iterable[str]) -> DagSettings:
    """Return the settings of a DAG that `documentation` (Markdown; its first line a summary) describes."""
    text = inspect.cleandoc(documentation or "")
    return {
        "description": text.partition("\n")[0],
        "doc_md": text,
        "tags": sorted({OWNER, *tags}),
        "catchup": False,
        "max_active_runs": 1,
        "dagrun_timeout": DAGRUN_TIMEOUT,
        "default_args": {
            "owner": OWNER,
            "retries": RETRIES,
            "retry_delay": RETRY_DELAY,
            "retry_exponential_backoff": 2,
            "max_retry_delay": MAX_RETRY_DELAY,
            "retry_policy": FAIL_AT_ONCE,
            "execution_timeout": EXECUTION_TIMEOUT,
            "pre_execute": require_known_parameters,
        },
    }


def require_known_parameters(context: Mapping[str, Any]) -> None:
    """Raise ConfigurationError where a run was given a parameter that neither its DAG's form nor the task has.

    Airflow hands over whatever the configuration of a run holds: with `dryrun` for `dry_run`, a table would be copied.
    """
    asked = list(dict.fromkeys((*context["dag"].params, *context["task"].params)))
    for name in context["params"]:
        if name not in asked:
            near = "".join(f" (near: {match})" for match in difflib.get_close_matches(name, asked, 1))
            raise errors.ConfigurationError(
                f"unknown parameter {name}{near}; allowed: {', '.join(asked) or 'none'}",
                "correct the configuration of the run, and trigger the DAG again",
            )


class SqlTemplates(TypedDict):
    """The keyword arguments of `dag` and `DAG` by which operators render SQL as `pgpipelines.templates` does."""

    template_searchpath: list[str]
    template_undefined: type[StrictUndefined]
    user_defined_filters: dict[str, Any]
    jinja_environment_kwargs: dict[str, Any]


def sql_templates() -> SqlTemplates:
    """Return the settings of a DAG whose operators name templates of include/sql."""
    return {
        "template_searchpath": [str(SQL_FOLDER)],
        "template_undefined": StrictUndefined,
        "user_defined_filters": dict(FILTERS),
        "jinja_environment_kwargs": {"finalize": require_safe, "trim_blocks": True, "lstrip_blocks": True},
    }


def timetable(schedule: str | None, timezone: str) -> CronTriggerTimetable | None:
    """Return when a DAG runs: by `schedule` (cron) in `timezone`, or by hand only."""
    return None if schedule is None else CronTriggerTimetable(schedule, timezone=timezone)


def pool(wanted: str | None) -> str:
    """Return the pool of a task: the one that is wanted where it is known to exist, else Airflow's own.

    Airflow 3.3 never runs a task whose pool doesn't exist, and says so in the scheduler's log alone; and a DAG file
    can't look, since pools are in Airflow's database.
    """
    known = {part.partition("=")[0].strip() for part in os.environ.get(POOLS_VARIABLE, "").split(",")}
    return wanted if wanted and wanted in known else DEFAULT_POOL
