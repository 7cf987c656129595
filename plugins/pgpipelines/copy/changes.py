"""How an incremental copy finds the rows that changed since the last run, without missing any.

A row that the last run did not see was written by a transaction that had not ended at that run's snapshot. So its
xmin is at least the snapshot's (`floor`), whenever it commits and whatever its cursor holds: no row that a copy has
to read fails that test. A cursor column adds where to look, so that an index can find the rows:

- No such row lies below `bound`. Transactions that were open set a time no earlier than their start, which
  pg_stat_activity tells; numbers were handed out after those that a run saw whose snapshot is older than every
  transaction that was open. Where starts can't be told (prepared transactions, a role that may not see them, a
  replica), the bound stays where it was: what it said remains true.
- With a `lookback`, rows from the `highest` cursor that was seen, less this, are read again whoever wrote them.

Views and the user's own SELECT have no xmin: there the bound alone decides.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from pgpipelines.copy.cursors import KIND_OF_XMIN
from pgpipelines.copy.readings import read_cursor
from pgpipelines.copy.request import XMIN
from pgpipelines.copy.watermark import OLDEST_FLOOR, Origin, Snapshot, Storage, Watermark
from pgpipelines.errors import ConfigurationError

if TYPE_CHECKING:
    from pgpipelines.copy.cursors import Tracking
    from pgpipelines.copy.writers import InFlight
    from pgpipelines.sessions import Session
    from pgpipelines.templates import Sql

FIRST_RUN = "no earlier run has left a watermark"
SMALLEST_BIGINT = -(2**63)


@dataclass(frozen=True)
class Condition:
    """Which rows to read, as `copy/changed.sql` renders it with this as `change`; `values` are to be bound.

    One of `floor` and `since` is given: rows of `floor` or a later transaction, rows whose cursor is `since` or above.
    """

    column: str | None
    type: Sql
    nullable: bool
    floor: int | None
    since: str | None = None
    again: str | None = None
    attached: tuple[int, ...] = ()

    @property
    def values(self) -> dict[str, object]:
        """The values that the template names."""
        return {
            "change_floor": None if self.floor is None else str(self.floor),
            "change_since": self.since,
            "change_again": self.again,
            "change_attached": list(self.attached),
        }


@dataclass(frozen=True)
class Position:
    """What a run has to read, and what it leaves to the next one once that is done.

    Without a `condition` every row is to be read, and `reason` says why.
    """

    condition: Condition | None
    reason: str | None
    watermark: Watermark


def observe(
    session: Session,
    tracking: Tracking,
    in_flight: InFlight,
    last: Watermark | None,
    target: Storage = frozenset(),
) -> Position:
    """Say what to read in the session's snapshot, which must be younger than `in_flight`.

    `last` is the watermark of the last run that succeeded, `target` what holds the target's rows now.
    Raises ConfigurationError for a text that is no yyyymmdd.
    """
    now = _snapshot(session)
    reason = FIRST_RUN if last is None else last.contradiction(tracking, now, target)
    kept = None if reason else last
    reading = read_cursor(session, tracking, in_flight, now, kept)
    condition = None
    if kept is not None:
        condition = _condition(session, tracking, now, kept, backwards=reading.backwards)
        reason = None if condition else _why_everything(tracking, now, kept)
    _require_dates(session, tracking, condition)
    watermark = Watermark(
        cursor=tracking.cursor.column,
        kind=tracking.kind.name,
        origin=now.origin,
        storage=tracking.storage,
        floor=now.floor,
        ceiling=now.ceiling,
        highest=reading.highest,
        bound=reading.bound,
        seen=reading.seen,
    )
    return Position(condition, reason, watermark)


def written_since(then: str, now: str) -> Condition | None:
    """The rows that a snapshot `then` did not show and one `now` does, as both are printed; None where xmin can't tell.

    Says nothing of another history: after a failover or a restore, rows may be missing here, or be too many.
    """
    floor, ceiling = int(then.partition(":")[0]), int(now.split(":")[1])
    if not 0 <= ceiling - floor < OLDEST_FLOOR:
        return None
    return Condition(column=None, type=KIND_OF_XMIN.type, nullable=False, floor=floor)


def _why_everything(tracking: Tracking, now: Snapshot, kept: Watermark) -> str:
    if tracking.has_xmin and not kept.reaches(now):
        return "the last run is too many transactions ago to tell what is new"
    return "the last run could not tell when the rows that it did not see were written"


def _snapshot(session: Session) -> Snapshot:
    may = session.one("copy/origin_privileges.sql")
    row = session.one("copy/origin.sql", system=may.system, timeline=may.timeline)
    return Snapshot(row.at, int(row.floor), int(row.ceiling), Origin(row.system, row.timeline, row.database))


def _condition(
    session: Session, tracking: Tracking, now: Snapshot, kept: Watermark, *, backwards: bool
) -> Condition | None:
    """The rows that the run which left `kept` did not see; None where that can't be told."""
    floor = kept.floor if tracking.has_xmin and kept.reaches(now) else None
    again, since = (None, None) if backwards else _reach_back(session, tracking, kept)
    if floor is None and since is None:
        return None
    return Condition(
        column=None if tracking.column is None else tracking.column.name,
        type=tracking.kind.type,
        nullable=tracking.nullable,
        floor=floor,
        since=since,
        again=again if tracking.cursor.lookback else None,
        attached=tuple(sorted(oid for oid, _ in tracking.storage - kept.storage)),
    )


def _reach_back(session: Session, tracking: Tracking, kept: Watermark) -> tuple[str | None, str | None]:
    """The highest cursor and the bound of `kept`, less the lookback."""
    if tracking.kind.name == XMIN:
        return None, None
    lookback = tracking.cursor.lookback
    if not tracking.kind.is_time:
        return _less(tracking, kept.highest), _less(tracking, kept.bound)
    row = session.one(
        "copy/reach_back.sql",
        {"highest": kept.highest, "bound": kept.bound, "lookback": lookback or timedelta(0)},
        kind=tracking.kind,
    )
    return row.again, row.since


def _less(tracking: Tracking, digits: str | None) -> str | None:
    """A number less the lookback, as far down as its type goes."""
    if digits is None:
        return None
    lookback = tracking.cursor.lookback
    number = int(digits) - (lookback if isinstance(lookback, int) else 0)
    return str(number if tracking.kind.type == "numeric" else max(number, SMALLEST_BIGINT))


def _require_dates(session: Session, tracking: Tracking, condition: Condition | None) -> None:
    """Raise ConfigurationError where a row that is to be read sorts among dates and is none."""
    if tracking.kind.name != "yyyymmdd":
        return
    column, selection = tracking.cursor.column, tracking.selection
    values = condition.values if condition else {}
    found = session.one("copy/no_dates.sql", values, selection=selection, column=column, change=condition)
    if found:
        raise ConfigurationError(
            f"column {column} of {selection.table} holds {found.value!r}, which is no yyyymmdd",
            "correct the row, or use another cursor (xmin needs no column)",
        )
