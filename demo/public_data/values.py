"""Texts of public data as values. Every function raises UnreadableError, which names the column and what it holds."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone, tzinfo
from decimal import Decimal, InvalidOperation

from demo.public_data.records import UnreadableError

# What stands for nothing; "-" is what spreadsheets make of a zero, or of nothing.
EMPTY = frozenset({"", "-", "na", "n/a", "nan", "null", "none"})
DURATION = re.compile(r"(?:(?P<days>\d+) (?:days?,? ?)?)?(?P<hours>\d+):(?P<minutes>\d{2})(?::(?P<seconds>\d{2}))?")
# Days since then, as a spreadsheet stores a time.
SPREADSHEET_ZERO = datetime(1899, 12, 30)  # noqa: DTZ001 (on whatever clock the cell was)
SPREADSHEET_TIME = re.compile(r"\d{5}(\.\d+)?")
# What numeric(10,3) and integer hold.
MOST_ENERGY = Decimal("9999999.999")
MOST_MINUTES = 2**31 - 1


@dataclass(frozen=True)
class Moment:
    """A local time as the instant that it is taken for, in UTC without zone; `doubt` says why it could be another."""

    utc: datetime
    local: datetime
    doubt: str | None = None


def known(text: str | None) -> str | None:
    """The text, or None where it stands for nothing."""
    stripped = (text or "").strip()
    return None if stripped.lower() in EMPTY else stripped


def local_time(column: str, text: str, formats: Iterable[str]) -> datetime:
    """A time on a clock of which the column does not tell the zone; also as a spreadsheet's serial number."""
    if SPREADSHEET_TIME.fullmatch(text):
        return SPREADSHEET_ZERO + timedelta(seconds=round(Decimal(text) * 86_400))
    for format_ in formats:
        try:
            return datetime.strptime(text, format_)  # noqa: DTZ007 (the zone stands elsewhere)
        except ValueError:
            continue
    raise UnreadableError(f"{column} is no time: {text!r}")


def moment(column: str, local: datetime, zone: tzinfo) -> Moment:
    """The instant of a local time.

    An hour that a clock shows twice is taken for the first one. One that it skips is taken as if the clock had not been
    set forward yet: 02:30 becomes what the clock then shows as 03:30.
    """
    try:
        utc = local.replace(tzinfo=zone).astimezone(timezone.utc).replace(tzinfo=None)
    except OverflowError:
        raise UnreadableError(f"{column} is out of range: {local}") from None
    first, second = (local.replace(tzinfo=zone, fold=fold).utcoffset() for fold in (0, 1))
    if first is None or second is None or first == second:
        return Moment(utc, local)
    return Moment(utc, local, "ambiguous" if first > second else "missing")


def doubt(start: Moment, end: Moment | None) -> str | None:
    """Why a session's times could be others; None where they are sure."""
    return start.doubt or (None if end is None else end.doubt)


def energy(column: str, text: str | None) -> Decimal | None:
    """Energy in kWh; None where nothing is said."""
    number = _number(column, text)
    if number is not None and abs(number) > MOST_ENERGY:
        raise UnreadableError(f"{column} is out of range: {text!r}")
    return number


def minutes(column: str, text: str | None) -> int | None:
    """Whole minutes, of minutes or of h:mm:ss, also with days in front; None where nothing is said."""
    number = _number(column, text) if text is None or ":" not in text else _minutes(column, text)
    if number is None:
        return None
    if abs(number) > MOST_MINUTES:
        raise UnreadableError(f"{column} is out of range: {text!r}")
    return round(number)


def degrees(column: str, text: str | None) -> float | None:
    """A longitude or latitude; None where nothing is said."""
    number = _number(column, text)
    return None if number is None else float(number)


def _minutes(column: str, text: str) -> Decimal:
    parts = DURATION.fullmatch(text.strip())
    if parts is None:
        raise UnreadableError(f"{column} is no duration: {text!r}")
    days, hours, mins, seconds = (int(part or 0) for part in parts.group("days", "hours", "minutes", "seconds"))
    return Decimal((days * 24 + hours) * 60 + mins) + Decimal(seconds) / 60


def _number(column: str, text: str | None) -> Decimal | None:
    given = known(text)
    if given is None:
        return None
    try:
        number = Decimal(given.replace(",", ""))
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite():
        raise UnreadableError(f"{column} is no number: {given!r}")
    return number
