"""What the statistics need: columns of tables that an application has made, the statistics' keys, a zone's hours."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from pgpipelines.errors import ConfigurationError, MissingObjectError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from pgpipelines.rollup.request import RollupRequest
    from pgpipelines.sessions import Session

TEXT = ("character varying", "text", "character")
WHOLE = ("integer", "bigint", "smallint")
EXACT = ("numeric",)
AMOUNT = (*EXACT, "double precision", "real")
NUMBER = (*AMOUNT, *WHOLE)
TIME = ("timestamp without time zone",)
EITHER_TIME = (*TIME, "timestamp with time zone")
DATE = ("date",)
# By table, the columns of each kind; where no type is named, any will do.
RAW: dict[str, dict[tuple[str, ...], str]] = {
    "charger_usage_log": {
        WHOLE: "id",
        TEXT: "charger_id transaction_id payment_status",
        TIME: "start_time end_time",
        EITHER_TIME: "created_at",
        AMOUNT: "energy_delivered energy_meter_start energy_meter_end base_charge energy_charge time_charge "
        "parking_charge total_charge",
        NUMBER: "duration_minutes max_power",
        (): "status error_code",
    },
    "power_consumption": {
        WHOLE: "id",
        TEXT: "charger_id charger_status",
        TIME: "measurement_time",
        AMOUNT: "cumulative_energy input_power",
    },
    "charger_info": {TEXT: "charger_id station_id", NUMBER: "rated_power", DATE: "installation_date"},
}
STATISTICS: dict[str, dict[tuple[str, ...], str]] = {
    "hourly_charger_stats": {
        TEXT: "charger_id",
        EITHER_TIME: "stats_hour",
        WHOLE: "num_sessions total_duration_minutes",
        EXACT: "total_energy total_revenue",
        NUMBER: "avg_power max_power",
    },
    "daily_charger_stats": {
        TEXT: "charger_id",
        DATE: "stats_date",
        WHOLE: "num_sessions total_duration_minutes fault_count",
        EXACT: "total_energy total_revenue avg_charge_per_session",
        ("jsonb",): "hourly_energy hourly_sessions hourly_revenue",
        NUMBER: "uptime_percentage",
        ("boolean",): "maintenance_required",
    },
    "station_daily_stats": {
        TEXT: "station_id",
        DATE: "stats_date",
        WHOLE: "num_sessions num_available num_in_use num_fault",
        EXACT: "total_energy total_revenue",
    },
}
KEYS = {
    "hourly": ["charger_id", "stats_hour"],
    "daily": ["charger_id", "stats_date"],
    "station": ["station_id", "stats_date"],
}


def require_columns(session: Session, request: RollupRequest) -> None:
    """Raise MissingObjectError for columns that tables lack, or have of a type that is no good; it names all."""
    columns = [
        {"table_name": table, "column_name": column, "types": types or None}
        for table, needed in {**RAW, **STATISTICS}.items()
        for types, names in needed.items()
        for column in names.split()
    ]
    values = {"schema": request.settings.schema, "columns": json.dumps(columns)}
    unfit = [row.what for row in session.query("rollup/unfit_columns.sql", values)]
    if unfit:
        raise MissingObjectError(
            f"{request.endpoint}: tables of schema {request.settings.schema} are not as the statistics need them: "
            f"{', '.join(unfit)}",
            "give them these columns by ALTER TABLE: include/sql/schema/charger_db.sql has each table whole",
        )


def require_keys(session: Session, request: RollupRequest) -> None:
    """Raise MissingObjectError for a statistics table whose rows no unique key tells apart."""
    for short, key in KEYS.items():
        table = request.tables[short]
        values = {"schema": table.schema, "name": table.name, "table_text": str(table), "key": key}
        if not session.one("rollup/has_key.sql", values).has_key:
            columns = ", ".join(key)
            raise MissingObjectError(
                f"{request.endpoint}: {table} has no unique key of {columns}",
                f"ALTER TABLE {table} ADD UNIQUE ({columns})",
            )


def require_even_hours(session: Session, request: RollupRequest, values: Mapping[str, Any]) -> None:
    """Raise ConfigurationError for a business zone two of whose hours would overlap while there are sessions."""
    day = session.one("rollup/uneven_move.sql", values, log=request.tables["log"]).day
    if day is not None:
        raise ConfigurationError(
            f"business_timezone: the clocks of {request.settings.business_timezone} move by part of an hour "
            f"(in the week before {day}), so that two of its hours overlap",
            "choose a zone whose clocks move by whole hours, or never",
        )
