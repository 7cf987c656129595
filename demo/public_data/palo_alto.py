"""City of Palo Alto: Electric Vehicle Charging Station Usage (2011 to 2020, exported from ChargePoint).

One CSV line is one session of one port. A station is a pedestal (its MAC Address, for its name changes over the years),
a charger is a port of it. Each time stands beside the abbreviation of its zone, which decides the hour that a clock
shows twice; where it is missing, the clock of Los Angeles counts. Some exports hold End Date as the serial number that
a spreadsheet has made of it. Fees are in dollars (a few in other currencies), and stay in extra_data.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta, timezone, tzinfo
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
    digest,
    fitting_id,
    user_hash,
)
from demo.public_data.values import Moment, degrees, doubt, energy, known, local_time, minutes, moment

PACIFIC = ZoneInfo("America/Los_Angeles")
# Hours from UTC of the abbreviations that the export knows.
OFFSETS = {"UTC": 0, "GMT": 0, "EDT": -4, "EST": -5, "CDT": -5, "CST": -6, "MDT": -6, "MST": -7, "PDT": -7, "PST": -8}
TIMES = ("%m/%d/%Y %H:%M", "%m/%d/%Y %H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M:%S", "%m/%d/%Y %I:%M:%S %p")
REQUIRED = (
    "Station Name",
    "MAC Address",
    "Start Date",
    "End Date",
    "Total Duration (hh:mm:ss)",
    "Energy (kWh)",
    "Port Number",
)
ADDRESS = ("Address 1", "City", "State/Province", "Postal Code", "Country")
# Kept beside the session as they are: other columns repeat these, or say what a pedestal is.
KEPT = (
    "Charging Time (hh:mm:ss)",
    "Ended By",
    "Fee",
    "Currency",
    "Plug In Event Id",
    "Driver Postal Code",
    "Transaction Date (Pacific Time)",
)
DIRECT_CURRENT = "DC"


def read(file: TextIO) -> Iterator[Record | Unreadable]:
    """Yield each line of a file."""
    return read_lines(file, REQUIRED, _read_line)


def _read_line(line: int, fields: Mapping[str, str]) -> Record:
    start = _moment(fields, "Start")
    if start is None:
        raise UnreadableError("Start Date is empty: a session needs a start")
    end = _moment(fields, "End")
    user = known(fields.get("User ID"))
    pedestal = _pedestal(fields)
    return Record(
        line=line,
        identity=_identity(fields, pedestal),
        station=None if pedestal is None else _station(fields, pedestal),
        charger=None if pedestal is None else _charger(fields, pedestal),
        session=Session(
            session_date=start.local.date(),
            start_time=start.utc,
            end_time=None if end is None else end.utc,
            duration_minutes=minutes("Total Duration (hh:mm:ss)", fields["Total Duration (hh:mm:ss)"]),
            energy_delivered=energy("Energy (kWh)", fields["Energy (kWh)"]),
            user_id_hash=None if user is None else user_hash("palo_alto", user),
            status="charging" if end is None else "completed",
            extra_data={name: known(fields.get(name)) for name in KEPT},
            clock=doubt(start, end),
        ),
    )


def _identity(fields: Mapping[str, str], pedestal: str | None) -> str:
    """The plug-in event of a port; all that the line says where the event has no number."""
    event = known(fields.get("Plug In Event Id"))
    if event is None or pedestal is None:
        return "\x1f".join(f"{name}={text.strip()}" for name, text in sorted(fields.items()))
    return "\x1f".join((pedestal, fields["Port Number"].strip(), event, fields["Start Date"].strip()))


def _pedestal(fields: Mapping[str, str]) -> str | None:
    """What tells a pedestal from others: its MAC address, else its name; None where neither is there."""
    address, name = known(fields["MAC Address"]), known(fields["Station Name"])
    if address is not None:
        return address.replace(":", "").upper()
    return None if name is None else digest(name)


def _station(fields: Mapping[str, str], pedestal: str) -> Station:
    parts = (known(fields.get(name)) for name in ADDRESS)
    return Station(
        station_id=fitting_id("PA", pedestal),
        station_name=known(fields["Station Name"]) or pedestal,
        address=", ".join(part for part in parts if part) or None,
        longitude=degrees("Longitude", fields.get("Longitude")),
        latitude=degrees("Latitude", fields.get("Latitude")),
        operator_name=known(fields.get("Org Name")),
    )


def _charger(fields: Mapping[str, str], pedestal: str) -> Charger:
    port = known(fields["Port Number"]) or "?"
    direct = DIRECT_CURRENT in fields.get("Port Type", "").upper().split()
    return Charger(
        charger_id=fitting_id("PA", f"{pedestal}-{port}"),
        charger_type="FAST" if direct else "SLOW",
        location_detail=f"port {port}",
        connector_type=known(fields.get("Plug Type")),
        model_name=known(fields.get("Model Number")),
        # serial_number is unique among chargers; ports of a pedestal share theirs.
        asset_tag=known(fields.get("System S/N")),
    )


def _moment(fields: Mapping[str, str], which: str) -> Moment | None:
    text = known(fields[f"{which} Date"])
    if text is None:
        return None
    return moment(f"{which} Date", local_time(f"{which} Date", text, TIMES), _zone(fields, f"{which} Time Zone"))


def _zone(fields: Mapping[str, str], column: str) -> tzinfo:
    abbreviation = known(fields.get(column))
    if abbreviation is None:
        return PACIFIC
    if abbreviation.upper() not in OFFSETS:
        raise UnreadableError(f"{column} is no time zone of this set: {abbreviation!r}")
    return timezone(timedelta(hours=OFFSETS[abbreviation.upper()]))
