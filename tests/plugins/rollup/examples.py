"""Rows of one charger on one day, written as a person would say them."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from tests.plugins.rollup.oracle import Sample, Session


def at(clock: str, day: int = 10) -> datetime:
    """A time of a day in March 2025, UTC, from h:m or h:m:s."""
    hours, minutes, *seconds = clock.split(":")
    past = timedelta(hours=int(hours), minutes=int(minutes), seconds=float(seconds[0]) if seconds else 0)
    return datetime(2025, 3, day) + past  # noqa: DTZ001 (raw times carry no zone)


def session(start: str, end: str | None, energy: str | None = "0.001", number: int = 1, **columns: Any) -> Session:
    """A session of the charger on 10 March; energy in kWh."""
    amounts = {name: Decimal(value) for name, value in columns.items() if "_charge" in name or "_meter_" in name}
    stated: dict[str, Any] = {"charger_id": "C1", "created_at": at(start), **columns, **amounts}
    return Session(
        id=number,
        start_time=at(start),
        end_time=None if end is None else at(end),
        energy_delivered=None if energy is None else Decimal(energy),
        **stated,
    )


def samples(
    *readings: tuple[str, str | None] | tuple[str, str | None, str], power: float | None = None
) -> list[Sample]:
    """Samples of the charger from clock, register (kWh) and status."""
    return [
        Sample(
            number,
            "C1",
            at(reading[0]),
            power,
            None if reading[1] is None else Decimal(reading[1]),
            reading[2] if len(reading) > 2 else None,
        )
        for number, reading in enumerate(readings, start=1)
    ]
