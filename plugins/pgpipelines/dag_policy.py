"""What every DAG of the package holds to. A DAG file adds what its DAG does, and when."""

from __future__ import annotations

import inspect
from collections.abc import Iterable
from datetime import timedelta
from typing import Any, TypedDict

from airflow.sdk import CronTriggerTimetable, ExceptionRetryPolicy, RetryAction, RetryRule

from pgpipelines import errors

OWNER = "pgpipelines"
RETRIES = 2
RETRY_DELAY = timedelta(minutes=1)
MAX_RETRY_DELAY = timedelta(minutes=10)
EXECUTION_TIMEOUT = timedelta(hours=6)
DAGRUN_TIMEOUT = timedelta(hours=12)

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
            ],
            action=RetryAction.FAIL,
            reason="a person has to look: the error says at what",
        )
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
        },
    }


def timetable(schedule: str | None, timezone: str) -> CronTriggerTimetable | None:
    """Return when a DAG runs: by `schedule` (cron) in `timezone`, or by hand only."""
    return None if schedule is None else CronTriggerTimetable(schedule, timezone=timezone)
