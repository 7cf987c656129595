"""What a line of public data says, as the staging table takes it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from datetime import date, datetime
from decimal import Decimal

from demo.errors import DemoError

ID_CHARACTERS = 50
# Of station_info's and charger_info's columns: a text that is longer than its column can't be kept whole.
MOST_CHARACTERS = {
    "station_name": 100,
    "address": 255,
    "operator_name": 100,
    "location_detail": 255,
    "connector_type": 50,
    "model_name": 100,
    "asset_tag": 100,
}


class UnreadableError(DemoError):
    """A line that can't become a session: the message is the reason."""


@dataclass(frozen=True)
class Unreadable:
    """A line, or lines, of a file that were left out, and why."""

    place: str
    reason: str


@dataclass(frozen=True)
class Station:
    """A row of station_info, as far as public data know it."""

    station_id: str
    station_name: str
    address: str | None = None
    longitude: float | None = None
    latitude: float | None = None
    operator_name: str | None = None


@dataclass(frozen=True)
class Charger:
    """A row of charger_info, as far as public data know it; of the station on the same line."""

    charger_id: str
    charger_type: str
    location_detail: str | None = None
    connector_type: str | None = None
    model_name: str | None = None
    asset_tag: str | None = None


@dataclass(frozen=True)
class Session:
    """A row of charger_usage_log: times in UTC without zone, energy in kWh, `clock` the doubt about a local hour."""

    session_date: date | None
    start_time: datetime
    end_time: datetime | None
    duration_minutes: int | None
    energy_delivered: Decimal | None
    user_id_hash: str | None
    status: str
    extra_data: Mapping[str, object]
    clock: str | None = None


@dataclass(frozen=True)
class Record:
    """One line: `identity` is the same text whenever the session is read again. Without a charger, nobody knows whose.

    Raises UnreadableError where a text is longer than its column.
    """

    line: int
    identity: str
    station: Station | None
    charger: Charger | None
    session: Session

    def __post_init__(self) -> None:
        for name, most in MOST_CHARACTERS.items():
            for part in (self.station, self.charger):
                text = getattr(part, name, None)
                if text is not None and len(text) > most:
                    raise UnreadableError(f"{name} would have {len(text)} characters, {most} fit")

    def values(self) -> Iterator[object]:
        """The values of the staging table's columns, in the order of samples/public_data/stage.sql."""
        yield self.line
        yield digest(self.identity)
        yield from _values(self.station, Station)
        yield from _values(self.charger, Charger)
        for name, value in vars(self.session).items():
            yield json.dumps(value, ensure_ascii=False, sort_keys=True) if name == "extra_data" else value


def _values(part: Station | Charger | None, kind: type[Station | Charger]) -> Iterator[object]:
    return (getattr(part, field.name, None) for field in fields(kind))


def digest(text: str) -> str:
    """A short text of its own for every text."""
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def fitting_id(prefix: str, text: str) -> str:
    """An id that begins with the prefix: the text itself where it fits its column, else its digest."""
    return f"{prefix}-{text}" if len(prefix) + 1 + len(text) <= ID_CHARACTERS else f"{prefix}-{digest(text)}"


def user_hash(layout: str, user: str) -> str:
    """What stands for a user of a data set in user_id_hash."""
    return hashlib.sha256(f"{layout} {user}".encode()).hexdigest()
