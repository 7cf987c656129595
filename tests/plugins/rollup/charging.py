"""A small charger_db, the runs of its statistics, and what stands in them."""

from __future__ import annotations

from typing import Any

from pgpipelines.ledger import Run
from pgpipelines.rollup.engine import roll_up_days, roll_up_hours, roll_up_stations
from pgpipelines.rollup.reports import DaysReport, HoursReport, StationsReport
from pgpipelines.rollup.request import Period, RollupRequest, RollupSettings
from pgpipelines.templates import render
from tests.fixtures.servers import Database

RUN = Run("tests", "run_1", "statistics")
STATISTICS = ("hourly_charger_stats", "daily_charger_stats", "station_daily_stats")


def make_chargers(database: Database) -> None:
    """Make charger_db: stations S1 and S2, chargers C1 and C2 (50 and 7 kW) at S1, and C3 (50 kW) at S2."""
    database.run(render("schema/charger_db.sql"))
    database.run(
        """
        INSERT INTO station_info (station_id, station_name) VALUES ('S1', 'one'), ('S2', 'two');
        INSERT INTO charger_info (charger_id, station_id, charger_type, rated_power)
        VALUES ('C1', 'S1', 'FAST', 50), ('C2', 'S1', 'SLOW', 7), ('C3', 'S2', 'FAST', 50)
        """
    )


def let_raw_rows_name_anything(database: Database) -> None:
    """Let raw rows name chargers that are not there."""
    database.run("ALTER TABLE charger_usage_log DROP CONSTRAINT charger_usage_log_charger_id_fkey")
    database.run("ALTER TABLE power_consumption DROP CONSTRAINT power_consumption_charger_id_fkey")


def insert(database: Database, table: str, **values: Any) -> None:
    """Insert one row."""
    names = ", ".join(values)
    places = ", ".join(["%s"] * len(values))
    database.run(f"INSERT INTO {table} ({names}) VALUES ({places})", list(values.values()))


def add_session(database: Database, start: str, end: str | None, energy: float | None = 10, **values: Any) -> None:
    """Insert a session, of charger C1 unless said otherwise."""
    given = {"charger_id": "C1", "start_time": start, "end_time": end, "energy_delivered": energy, **values}
    insert(database, "charger_usage_log", **given)


def add_sample(database: Database, at: str, **values: Any) -> None:
    """Insert a meter sample, of charger C1 unless said otherwise."""
    insert(database, "power_consumption", **{"charger_id": "C1", "measurement_time": at, **values})


def roll_up(
    database: Database, settings: RollupSettings | None = None, rebuild: Period | None = None
) -> tuple[HoursReport, DaysReport, StationsReport]:
    """Bring all three tables up to date."""
    request = RollupRequest(database.endpoint, settings or RollupSettings(), rebuild)
    return roll_up_hours(request, RUN), roll_up_days(request, RUN), roll_up_stations(request, RUN)


def statistics(database: Database) -> dict[str, list[Any]]:
    """Every row of the three tables and of the findings, without the moment of finding."""
    rows = {
        table: database.rows(f'SELECT to_jsonb(t) FROM {table} AS t ORDER BY t.*::text COLLATE "C"')
        for table in STATISTICS
    }
    rows["findings"] = database.rows(
        "SELECT to_jsonb(t) - 'found_at' FROM pgpipelines.session_finding AS t ORDER BY session_id, reason"
    )
    return rows


def rebuilt(database: Database, settings: RollupSettings | None = None) -> dict[str, list[Any]]:
    """The statistics when everything is computed anew."""
    roll_up(database, settings, Period())
    return statistics(database)


def hours(database: Database, columns: str, charger: str = "C1") -> list[tuple[Any, ...]]:
    """Columns of a charger's hours, in order."""
    return database.rows(
        f"SELECT {columns} FROM hourly_charger_stats WHERE charger_id = %s ORDER BY stats_hour", (charger,)
    )
