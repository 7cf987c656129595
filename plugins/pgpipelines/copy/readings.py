"""What the cursor column says at a snapshot: its highest value, and what no row that is not shown lies below."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from pgpipelines.copy.request import XMIN
from pgpipelines.copy.watermark import MOST_SEEN, Seen

if TYPE_CHECKING:
    from pgpipelines.copy.cursors import Tracking
    from pgpipelines.copy.watermark import Snapshot, Watermark
    from pgpipelines.copy.writers import InFlight
    from pgpipelines.sessions import Session

# No clock on earth is further ahead of UTC; none is further behind than `copy/time_bound.sql` says.
FURTHEST_AHEAD = timedelta(hours=14)
LARGEST_BIGINT = 2**63 - 1

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Reading:
    """What the cursor column says at a snapshot; `backwards` where its highest value went down."""

    highest: str | None = None
    bound: str | None = None
    seen: tuple[Seen, ...] = ()
    backwards: bool = False


def read_cursor(
    session: Session, tracking: Tracking, in_flight: InFlight, now: Snapshot, kept: Watermark | None
) -> Reading:
    """Read the cursor column in the session's snapshot; `kept` is the last run's watermark, if it holds."""
    if tracking.kind.name == XMIN:
        return Reading()
    if tracking.kind.is_time:
        reading, doubt = _read_times(session, tracking, in_flight, now, kept), in_flight.doubt
    else:
        sequence = _sequence(session, tracking)
        highest, in_order = _highest_number(session, tracking, sequence)
        reading = _read_numbers(in_flight, now, kept, highest, in_order)
        doubt = in_flight.doubt or _disorder(tracking, sequence)
    if doubt is None:
        return reading
    log.warning("%s: cursor %s does not narrow the search: %s", tracking.selection.table, tracking.cursor.column, doubt)
    bound = None if kept is None or reading.backwards else kept.bound
    # A replica's clock is not the one that its primary's transactions begin by.
    return replace(reading, bound=bound, seen=() if in_flight.replica else reading.seen)


def _read_times(
    session: Session, tracking: Tracking, in_flight: InFlight, now: Snapshot, kept: Watermark | None
) -> Reading:
    highest = _highest(session, tracking, _limit(tracking, now))
    row = session.one(
        "copy/time_bound.sql",
        {
            "highest": highest,
            "kept_highest": kept.highest if kept else None,
            "kept_bound": kept.bound if kept else None,
            "at": now.at,
            "oldest": in_flight.oldest,
        },
        has_zone=tracking.kind.has_zone,
    )
    return Reading(highest, row.bound, backwards=row.backwards)


def _limit(tracking: Tracking, now: Snapshot) -> datetime | date | str:
    """What a time is below, unless it is dated in the future of every zone."""
    if tracking.kind.has_zone:
        return now.at
    latest = (now.at + FURTHEST_AHEAD).replace(tzinfo=None)
    if tracking.kind.name == "timestamp":
        return latest
    day_after = latest.date() + timedelta(days=1)
    return day_after if tracking.kind.name == "date" else day_after.strftime("%Y%m%d")


def _highest(session: Session, tracking: Tracking, limit: object) -> str | None:
    """The highest cursor below `limit`, as the server writes it (yyyymmdd as a date)."""
    highest: str | None = session.one(
        "copy/highest.sql",
        {"limit": limit},
        selection=tracking.selection,
        column=tracking.cursor.column,
        kind=tracking.kind,
    ).highest
    return highest


def _highest_number(session: Session, tracking: Tracking, sequence: Any) -> tuple[int | None, int | None]:
    """The highest number, and the highest that the column's sequence can have handed out: others are anybody's."""
    top = "Infinity" if tracking.kind.type == "numeric" else str(LARGEST_BIGINT)
    highest = _number(_highest(session, tracking, top))
    last = None if sequence is None else sequence.last_value
    if highest is None or last is None or highest <= last:
        return highest, highest
    return highest, _number(_highest(session, tracking, str(last + 1)))


def _number(digits: str | None) -> int | None:
    return None if digits is None else int(digits)


def _sequence(session: Session, tracking: Tracking) -> Any:
    sequence = None if tracking.column is None else tracking.column.sequence
    if sequence is None:
        return None
    return session.one("copy/sequence.sql", {"schema": sequence.name.schema, "name": sequence.name.name})


def _disorder(tracking: Tracking, sequence: Any) -> str | None:
    """Say why a later transaction may take a lower number; not where the user gave a lookback for that."""
    if sequence is None or sequence.in_order or tracking.cursor.lookback:
        return None
    return (
        "its sequence hands numbers out in blocks (CACHE, INCREMENT or CYCLE), not in order; "
        "give a lookback of more numbers than sessions may hold back, or use the cursor xmin"
    )


def _read_numbers(
    in_flight: InFlight, now: Snapshot, kept: Watermark | None, highest: int | None, in_order: int | None
) -> Reading:
    """What was seen before every transaction that is open had begun bounds what those may write."""
    backwards = kept is not None and kept.highest is not None and (highest is None or highest < int(kept.highest))
    before = () if kept is None or backwards else kept.seen
    bound = None if kept is None or backwards else kept.bound
    settled = [entry.highest for entry in before if entry.at < in_flight.oldest]
    seen = tuple(entry for entry in before if entry.at >= in_flight.oldest)
    if in_order is not None:
        seen += (Seen(now.at, in_order),)
    return Reading(
        highest=None if highest is None else str(highest),
        bound=str(settled[-1]) if settled else bound,
        seen=seen[-MOST_SEEN:],
        backwards=backwards,
    )
