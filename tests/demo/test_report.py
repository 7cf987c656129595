"""The report: columns that line up, figures a person can read, failures in one line."""

from __future__ import annotations

from demo.report import Copy, report, succeeded
from demo.runs import Run, last_error

COPY = Copy("nightly", "public.users", 1_234_567, 98_765_432, 12.34, succeeded=True, verification="checksum")
GOOD = Run("nightly", "manual__1", "success")


def test_columns_line_up_also_under_korean_names() -> None:
    korean = Copy("nightly", "public.충전소", 5, 100, 0.05, succeeded=True, verification="checksum")
    assert report([GOOD], [COPY, korean]).splitlines() == [
        "DAG     table              rows   MB seconds  rows/s verified",
        "------- ------------- --------- ---- ------- ------- --------",
        "nightly public.users  1,234,567 98.8    12.3 100,046 checksum",
        "nightly public.충전소         5  0.0     0.1     100 checksum",
    ]


def test_a_failed_run_is_one_line_below_the_table() -> None:
    failed = Run("nightly", "manual__2", "failed", "copy: MissingObjectError: no such table")
    lines = report([GOOD, failed], [COPY]).splitlines()
    assert lines[-1] == "FAILED nightly: copy: MissingObjectError: no such table"
    assert len(lines) == 4


def test_a_failed_copy_is_not_called_verified() -> None:
    broken = Copy("nightly", "public.users", 0, 0, 0.0, succeeded=False, verification="")
    assert report([GOOD], [broken]).splitlines()[-1] == "nightly public.users    0 0.0     0.0        FAILED"


def test_success_is_every_run_and_every_table_verified() -> None:
    failed = Run("nightly", "manual__2", "failed", "why")
    unproven = Copy("nightly", "public.users", 1, 1, 1.0, succeeded=True, verification="")
    assert succeeded([GOOD], [COPY])
    assert not succeeded([GOOD, failed], [COPY])
    assert not succeeded([GOOD], [COPY, unproven])


def test_the_cause_of_a_failure_is_the_last_error_of_its_log() -> None:
    error = {"exc_type": "PrivilegeError", "exc_value": "may not read users\n  Remedy: GRANT SELECT"}
    log = [
        {"event": "::group::Log message source details"},
        {"event": "Task failed with exception", "level": "error", "error_detail": [{**error, "exc_type": "A"}, error]},
        {"event": "Task finished", "level": "info"},
    ]
    assert last_error(log) == "PrivilegeError: may not read users Remedy: GRANT SELECT"


def test_a_log_without_exceptions_gives_its_last_error_line() -> None:
    assert last_error([{"event": "killed", "level": "error"}, {"event": "bye", "level": "info"}]) == "killed"
    assert last_error(["plain text"]) == "its log names no error"
