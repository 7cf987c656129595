"""ACN-Data of Caltech: charging sessions as its web interface and API give them, one JSON document.

{"_meta": …, "_items": [{"sessionID": …, "connectionTime": "Wed, 25 Apr 2018 11:08:04 GMT", …}, …]}

Times are GMT; `timezone` only tells the date on the site's own clock. A station is a siteID, a charger is a stationID.
A driver who did not claim a session is null, as is doneChargingTime where nobody knows. The items are read one at a
time; each is named by its number and the line where it begins, for a whole document may be one line.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import date, datetime, timezone
from typing import TextIO
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from demo.public_data.json_items import read_items
from demo.public_data.records import (
    Charger,
    Record,
    Session,
    Station,
    Unreadable,
    UnreadableError,
    fitting_id,
    user_hash,
)
from demo.public_data.values import energy, known, local_time, moment

TIMES = ("%a, %d %b %Y %H:%M:%S GMT", "%Y-%m-%d %H:%M:%S+00:00", "%Y-%m-%dT%H:%M:%SZ")
ITEMS = "_items"
# Kept beside the session as they are.
KEPT = ("sessionID", "clusterID", "doneChargingTime", "timezone", "userInputs")


def read(file: TextIO) -> Iterator[Record | Unreadable]:
    """Yield each item of a file."""
    for number, line, item in read_items(file, ITEMS):
        try:
            yield _read_item(line, item)
        except UnreadableError as error:
            yield Unreadable(f"{line} (item {number})", str(error))


def _read_item(line: int, item: object) -> Record:
    if not isinstance(item, dict):
        raise UnreadableError(f"no session: {json.dumps(item)[:40]}")
    if not _can_be_stored(item):
        raise UnreadableError("a text or number is none that PostgreSQL can store")
    start, end = _time(item, "connectionTime"), _time(item, "disconnectTime")
    if start is None:
        raise UnreadableError("connectionTime is empty: a session needs a start")
    session_id, user, site, station = (_text(item, name) for name in ("sessionID", "userID", "siteID", "stationID"))
    return Record(
        line=line,
        identity=session_id or json.dumps(item, sort_keys=True),
        station=None if station is None else Station(fitting_id("ACN", site or "?"), f"ACN site {site or '?'}"),
        charger=None if station is None else _charger(item, station),
        session=Session(
            session_date=_date(item, start),
            start_time=start,
            end_time=end,
            duration_minutes=None,
            energy_delivered=energy("kWhDelivered", _text(item, "kWhDelivered")),
            user_id_hash=None if user is None else user_hash("acn", user),
            status="charging" if end is None else "completed",
            extra_data={name: item.get(name) for name in KEPT},
        ),
    )


def _can_be_stored(item: object) -> bool:
    """Tell whether jsonb takes an item: no zero bytes, no halves of characters, no infinite numbers."""
    try:
        return b"\\u0000" not in json.dumps(item, ensure_ascii=False, allow_nan=False).encode()
    except ValueError:
        return False


def _charger(item: Mapping[str, object], station: str) -> Charger:
    # Nearly all are of 7 kW; the set does not say which are more.
    return Charger(fitting_id("ACN", station), "SLOW", location_detail=_text(item, "spaceID"))


def _text(item: Mapping[str, object], name: str) -> str | None:
    value = item.get(name)
    if isinstance(value, dict | list | bool):
        raise UnreadableError(f"{name} is no text: {json.dumps(value)[:40]}")
    return None if value is None else known(str(value))


def _time(item: Mapping[str, object], name: str) -> datetime | None:
    text = _text(item, name)
    return None if text is None else moment(name, local_time(name, text, TIMES), timezone.utc).utc


def _date(item: Mapping[str, object], start: datetime) -> date | None:
    """The date on the site's clock; None where the set names a zone that nobody knows."""
    try:
        zone = ZoneInfo(_text(item, "timezone") or "")
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None
    return start.replace(tzinfo=timezone.utc).astimezone(zone).date()
