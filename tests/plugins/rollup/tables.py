"""The raw tables and the statistics of a database, as the oracle's rows and as cells to be compared."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import timezone
from decimal import Decimal
from typing import Any, TypeVar

from pgpipelines.templates import render
from tests.fixtures.servers import Database
from tests.plugins.rollup.oracle import (
    Amounts,
    Charger,
    DailyStats,
    Expected,
    Finding,
    HourlyStats,
    Raw,
    Rules,
    Sample,
    Session,
    StationStats,
    expected,
    utc_of,
)

Row = TypeVar("Row", Session, Sample, Charger)
# Rows of a table by key, each with its columns.
Table = Mapping[tuple[Any, ...], Mapping[str, object]]
KEYS = {
    "hourly_charger_stats": ("charger_id", "stats_hour"),
    "daily_charger_stats": ("charger_id", "stats_date"),
    "station_daily_stats": ("station_id", "stats_date"),
    "pgpipelines.session_finding": ("session_id", "severity", "reason"),
}
# What means the same as nothing written.
NOTHING = {"end_time": "nullif(end_time, 'infinity')"}
STATUSES = ("AVAILABLE", "IN_USE", "FAULT", "OFFLINE", "MAINTENANCE", "RESERVED")


def create_tables(database: Database) -> None:
    """Make the tables of charger_db."""
    database.run(render("schema/charger_db.sql"))


def write_raw(database: Database, raw: Raw) -> None:
    """Add rows to the raw tables; stations that chargers name are made where they are missing."""
    connection = database.connect()
    try:
        with connection, connection.cursor() as cursor:
            for charger in raw.chargers:
                station = "INSERT INTO station_info (station_id, station_name) VALUES (%s, '') ON CONFLICT DO NOTHING"
                cursor.execute(station, (charger.station_id,))
            _insert(cursor, "charger_info", raw.chargers, {"charger_type": "FAST"})
            _insert(cursor, "charger_usage_log", raw.sessions, {})
            _insert(cursor, "power_consumption", raw.samples, {})
    finally:
        connection.close()


def _insert(cursor: Any, table: str, rows: Sequence[Row], more: Mapping[str, object]) -> None:
    for row in rows:
        columns = {**{field.name: getattr(row, field.name) for field in fields(row)}, **more}
        values = ", ".join(f"%({name})s" for name in columns)
        cursor.execute(f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({values})", columns)


def read_raw(database: Database) -> Raw:
    """The raw tables as they are."""
    return Raw(
        tuple(_rows(database, "charger_usage_log", Session)),
        tuple(_rows(database, "power_consumption", Sample)),
        tuple(_rows(database, "charger_info", Charger)),
    )


def _rows(database: Database, table: str, kind: type[Row]) -> Iterator[Row]:
    columns = ", ".join(NOTHING.get(field.name, field.name) for field in fields(kind))
    for row in database.rows(f"SELECT {columns} FROM {table}"):
        values: list[Any] = [None if isinstance(value, Decimal) and value.is_nan() else value for value in row]
        yield kind(*values)


def right_tables(database: Database, rules: Rules) -> Mapping[str, Table]:
    """What the statistics have to be, given the raw tables as they are."""
    now = database.value("SELECT now()").astimezone(timezone.utc)
    return tables_of(expected(read_raw(database), rules, now))


def found_tables(database: Database, wanted: Mapping[str, Table]) -> Mapping[str, Table]:
    """What the statistics are, in the columns that are wanted."""
    return {table: _table(database, table, rows) for table, rows in wanted.items()}


def _table(database: Database, table: str, wanted: Table) -> Table:
    key = KEYS[table]
    columns = [*key, *next(iter(wanted.values()), {})]
    chosen = ", ".join(f"{column}::text" if column.startswith("hourly_") else column for column in columns)
    rows = database.rows(f"SELECT {chosen} FROM {table}")
    found = [dict(zip(columns, row, strict=True)) for row in rows]
    for row in found:
        for column in [name for name in row if name.startswith("hourly_")]:
            row[column] = json.loads(row[column] or "null", parse_float=Decimal)
    return {tuple(row.pop(name) for name in key): row for row in found}


@dataclass(frozen=True)
class Difference:
    """A cell, or where `column` is empty a row, that is not what it has to be."""

    table: str
    key: tuple[Any, ...]
    column: str
    found: object
    right: object

    def __str__(self) -> str:
        """Say what is where."""
        place = f"{self.table}[{', '.join(map(str, self.key))}]"
        return f"{place}.{self.column}: found {self.found}, right is {self.right}"


def differences(database: Database, rules: Rules) -> list[str]:
    """Every cell of the statistics that isn't what the raw tables make it."""
    right = right_tables(database, rules)
    found = found_tables(database, right)
    return [
        str(difference)
        for table in right
        for key in sorted({*right[table], *found[table]}, key=str)
        for difference in _row_differences(table, key, found[table].get(key), right[table].get(key))
    ]


def _row_differences(
    table: str, key: tuple[Any, ...], found: Mapping[str, object] | None, right: Mapping[str, object] | None
) -> Iterator[Difference]:
    if found is None or right is None:
        yield Difference(table, key, "", found, right)
        return
    for column, value in right.items():
        if found[column] != value:
            yield Difference(table, key, column, found[column], value)


def tables_of(result: Expected) -> Mapping[str, Table]:
    """The oracle's result as tables."""
    return {
        "hourly_charger_stats": {(row.charger_id, utc_of(row.hour.starts)): _hourly(row) for row in result.hours},
        "daily_charger_stats": {(row.charger_id, row.day): _daily(row) for row in result.days},
        "station_daily_stats": {(row.station_id, row.day): _station(row) for row in result.stations},
        "pgpipelines.session_finding": {
            (row.session_id, row.severity, row.reason): _finding(row) for row in result.findings
        },
    }


def kwh(wh: int) -> Decimal:
    """Whole Wh as a column in kWh."""
    return Decimal(wh).scaleb(-3)


def krw(hundredths: int) -> Decimal:
    """Units of 0.01 KRW as a column in KRW."""
    return Decimal(hundredths).scaleb(-2)


def _sums(amounts: Amounts) -> dict[str, object]:
    """The columns that are sums, in hourly, daily and station rows alike."""
    return {
        "num_sessions": amounts.num_sessions,
        "total_energy": kwh(amounts.energy),
        "total_revenue": krw(amounts.revenue),
        "revenue_completed": krw(amounts.revenue_completed),
        "revenue_pending": krw(amounts.revenue_pending),
        "revenue_failed": krw(amounts.revenue_failed),
        "occupied_seconds": amounts.occupied_seconds,
        "charging_seconds": amounts.charging_seconds,
        "up_seconds": amounts.up_seconds,
        "down_seconds": amounts.down_seconds,
        "maintenance_seconds": amounts.maintenance_seconds,
        "fault_count": amounts.fault_count,
    }


def _charger_sums(amounts: Amounts) -> dict[str, object]:
    """The columns that are sums, in hourly and daily rows alike."""
    return {
        **_sums(amounts),
        "active_sessions": amounts.active_sessions,
        "total_duration_minutes": amounts.minutes,
        "base_charge": krw(amounts.base_charge),
        "energy_charge": krw(amounts.energy_charge),
        "time_charge": krw(amounts.time_charge),
        "parking_charge": krw(amounts.parking_charge),
        "adjustment": krw(amounts.adjustment),
        "metered_energy": kwh(amounts.metered_energy),
    }


def _hourly(row: HourlyStats) -> Mapping[str, object]:
    return {
        **_charger_sums(row.amounts),
        "stats_date": row.hour.day,
        "hour_key": row.hour.key,
        "avg_power": row.avg_power,
        "max_power": row.max_power,
        "provisional": row.provisional,
        "last_status": row.last_status,
    }


def _daily(row: DailyStats) -> Mapping[str, object]:
    average = row.avg_charge_per_session
    return {
        **_charger_sums(row.amounts),
        "avg_charge_per_session": None if average is None else krw(average),
        "hourly_energy": {key: kwh(wh) for key, wh in row.energy_by_hour.items()},
        "hourly_sessions": row.sessions_by_hour,
        "hourly_revenue": {key: krw(hundredths) for key, hundredths in row.revenue_by_hour.items()},
        "uptime_percentage": row.amounts.uptime_percentage,
        "maintenance_required": row.maintenance_required,
        "provisional": row.provisional,
        "last_status": row.last_status,
        "unknown_seconds": row.unknown_seconds,
    }


def _station(row: StationStats) -> Mapping[str, object]:
    return {
        **_sums(row.amounts),
        **{f"num_{status.lower()}": row.last_statuses.get(status, 0) for status in STATUSES},
        "uptime_percentage": row.amounts.uptime_percentage,
        "unknown_seconds": row.unknown_seconds,
    }


def _finding(row: Finding) -> Mapping[str, object]:
    return {"energy_wh": row.energy_wh, "revenue": krw(row.revenue)}
