"""A dataset for multi-faceted analysis of electric vehicle charging transactions (Scientific Data 11, 262; 2024).

One CSV line is one session; times are Korean (Asia/Seoul), Duration in minutes, Demand in kWh. The set names no place:
a station here is what one company runs at one category of Location. UserID 0 stands for everybody without a
subscription, so it is nobody. About one line in 130 ends before it starts.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import TextIO
from zoneinfo import ZoneInfo

from demo.public_data.csv_lines import read_lines
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
from demo.public_data.values import Moment, doubt, energy, known, local_time, minutes, moment

SEOUL = ZoneInfo("Asia/Seoul")
COLUMNS = tuple(
    "UserID ChargerID ChargerCompany ChargerType Location StartDay StartTime EndDay EndTime Duration Demand".split()
)
DAYS = ("%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d", "%Y%m%d")
TIMES = tuple(f"{day} {time}" for day in DAYS for time in ("%H:%M:%S", "%H:%M"))
# A charger of which the set does not say that it is fast is slow: that is what most are.
FAST = frozenset({"1", "fast", "급속"})
NOBODY = "0"


def read(file: TextIO) -> Iterator[Record | Unreadable]:
    """Yield each line of a file."""
    return read_lines(file, COLUMNS, _read_line)


def _read_line(line: int, fields: Mapping[str, str]) -> Record:
    start = _moment(fields, "Start")
    if start is None:
        raise UnreadableError("StartDay and StartTime are empty: a session needs a start")
    end = _moment(fields, "End")
    user, charger_id = known(fields["UserID"]), known(fields["ChargerID"])
    return Record(
        line=line,
        identity="\x1f".join(fields[name].strip() for name in COLUMNS),
        station=None if charger_id is None else _station(fields),
        charger=None if charger_id is None else Charger(fitting_id("KR", charger_id), _charger_type(fields)),
        session=Session(
            session_date=start.local.date(),
            start_time=start.utc,
            end_time=None if end is None else end.utc,
            duration_minutes=minutes("Duration", fields["Duration"]),
            energy_delivered=energy("Demand", fields["Demand"]),
            user_id_hash=None if user in {None, NOBODY} else user_hash("korea", str(user)),
            status="charging" if end is None else "completed",
            extra_data={name: known(fields[name]) for name in ("ChargerCompany", "ChargerType", "Location")},
            clock=doubt(start, end),
        ),
    )


def _station(fields: Mapping[str, str]) -> Station:
    company, location = known(fields["ChargerCompany"]) or "?", known(fields["Location"]) or "?"
    return Station(fitting_id("KR", f"{company}-{location}"), f"{location} ({company})", operator_name=company)


def _charger_type(fields: Mapping[str, str]) -> str:
    return "FAST" if fields["ChargerType"].strip().lower() in FAST else "SLOW"


def _moment(fields: Mapping[str, str], which: str) -> Moment | None:
    day, time = fields[f"{which}Day"].strip(), fields[f"{which}Time"].strip()
    if known(day) is None and known(time) is None:
        return None
    # A day may carry a midnight that a spreadsheet has added to it.
    local: datetime = local_time(f"{which}Day and {which}Time", f"{day.partition(' ')[0]} {time}", TIMES)
    return moment(f"{which}Day", local, SEOUL)
