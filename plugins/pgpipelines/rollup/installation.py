"""Puts up what the statistics need: their tables and views, what they remember, triggers that notice changes."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import takewhile
from typing import TYPE_CHECKING, Any

from pgpipelines.errors import ConflictError, MissingObjectError
from pgpipelines.rollup.needs import require_columns, require_keys
from pgpipelines.rollup.setting_aside import put_back, set_aside
from pgpipelines.templates import QualifiedName

if TYPE_CHECKING:
    from pgpipelines.rollup.request import RollupRequest
    from pgpipelines.sessions import Session

RAW = ("charger_usage_log", "power_consumption", "charger_info")
# The column that each statistics table was given last.
STATISTICS = (
    "hourly_charger_stats.last_status",
    "daily_charger_stats.last_status",
    "station_daily_stats.fault_count",
)
# The view that rollup/views.sql makes last.
LAST_VIEW = "station_periods"


@dataclass(frozen=True)
class Installed:
    """What stands now: `anew` tells that everything is marked, `by_triggers` that triggers notice changes."""

    anew: bool
    by_triggers: bool


def ensure_installed(session: Session, request: RollupRequest) -> Installed:
    """Put up what is missing, mark everything where something was, and commit.

    Raises MissingObjectError for a raw table that is not there, and for tables that are not as they have to be;
    ConflictError where the statistics of this database are those of another schema.
    """
    names = {"raw": list(RAW), "statistics": list(STATISTICS), "view": LAST_VIEW}
    found = session.one("rollup/installed.sql", {"schema": request.settings.schema, **names})
    if found.missing:
        raise MissingObjectError(
            f"{request.endpoint}: schema {request.settings.schema} has no {', '.join(found.missing)}",
            "name the schema that the raw tables are in, or copy them there first",
        )
    require_columns(session, request)
    complete = found.tracking_present and found.statistics_present
    if not complete:
        session.execute("rollup/tracking.sql", schema_present=found.schema_present)
    settings = {"settings": request.settings.figures}
    kept = session.one("rollup/settings.sql", {**settings, "log": request.tables["log"].name})
    _require_own_schema(request, kept.other_schema)
    _ensure_statistics(session, request, complete=complete)
    allowed = session.one(
        "rollup/trackable.sql", {"schema": request.settings.schema, "raw": list(RAW), "log": request.tables["log"].name}
    )
    untracked = allowed.by_triggers and _track(session, request, may_index=allowed.by_indexes)
    if kept.differ or not (complete and found.views_present):
        session.execute("rollup/views.sql", request.settings.values, schema=request.settings.schema, **request.tables)
    anew = not complete or kept.differ or untracked
    if anew:
        session.execute("rollup/mark_everything.sql")
        session.execute("rollup/keep_settings.sql", settings)
        _set_keys_aside(session, request)
    session.commit()
    return Installed(anew, allowed.by_triggers)


def _require_own_schema(request: RollupRequest, other: str | None) -> None:
    """Raise ConflictError where the marks and findings of this database are those of another schema's tables."""
    if other is not None:
        raise ConflictError(
            f"{request.endpoint}: this database has the statistics of schema {other} already",
            "give each schema a database of its own; where these are not wanted any more: "
            "TRUNCATE pgpipelines.rollup_settings",
        )


def _ensure_statistics(session: Session, request: RollupRequest, *, complete: bool) -> None:
    if not complete:
        session.execute("rollup/statistics.sql", **request.tables)
    hourly = request.tables["hourly"]
    if not session.one("rollup/is_empty.sql", table=hourly).is_empty:
        # A run that was to fill it, and failed, has left it to somebody else: rows are replaced by their key.
        put_back(session, hourly)
    require_keys(session, request)


def _set_keys_aside(session: Session, request: RollupRequest) -> None:
    """Take the keys of hours and days away where the next runs fill these: all days, where all hours are new."""
    tables = [request.tables[name] for name in ("hourly", "daily")]
    for table in takewhile(lambda table: session.one("rollup/is_empty.sql", table=table).is_empty, tables):
        set_aside(session, table)


def remove_tracking(session: Session, request: RollupRequest) -> None:
    """Take the triggers off the raw tables, and commit: the next run puts them up, and computes everything anew."""
    for table in (request.tables["log"], request.tables["samples"], request.tables["chargers"]):
        for member in session.query("rollup/members.sql", {"schema": table.schema, "name": table.name}):
            session.execute("rollup/remove_triggers.sql", table=QualifiedName(member.schema, member.name))
    session.commit()


def is_repeatable(session: Session, request: RollupRequest) -> bool:
    """Tell whether one transaction may be in charger_usage_log twice."""
    log = request.tables["log"]
    return bool(session.one("rollup/repeatable.sql", {"schema": log.schema, "name": log.name}).repeatable)


def _track(session: Session, request: RollupRequest, *, may_index: bool) -> bool:
    """Put up the triggers where one is missing, on a raw table or a partition, and tell whether that was so.

    A table that is no raw table any more is told apart: while it is away, nothing that stands in it counts.
    """
    repeatable = is_repeatable(session, request)
    tables = request.tables
    tracked = (
        (tables["log"], "mark_sessions", str(repeatable).lower()),
        (tables["samples"], "mark_samples", f"{request.settings.status_holds.total_seconds():f} seconds"),
        (tables["chargers"], "mark_chargers", ""),
    )
    untracked = False
    for table, function, argument in tracked:
        values = {"schema": table.schema, "name": table.name, "argument": argument}
        for missing in session.query("rollup/untracked.sql", values):
            untracked = True
            _put_triggers(session, missing, function, argument, left=False)
    arguments = {function: argument for _, function, argument in tracked}
    for stray in session.query("rollup/strays.sql", {"schema": request.settings.schema, "raw": list(RAW)}):
        _put_triggers(session, stray, stray.function, arguments[stray.function], left=True)
    if untracked and may_index:
        session.execute("rollup/indexes.sql", log=tables["log"], repeatable=repeatable)
    return untracked


def _put_triggers(session: Session, table: Any, function: str, argument: str, *, left: bool) -> None:
    session.execute(
        "rollup/triggers.sql",
        {"argument": argument},
        table=QualifiedName(table.schema, table.name),
        function=QualifiedName("pgpipelines", function),
        left=left,
    )
