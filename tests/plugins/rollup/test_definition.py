"""The engine's figures against the oracle's: at every edge of the definition, in every kind of zone and of day."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from pgpipelines.rollup.request import RollupSettings
from tests.fixtures.servers import Database
from tests.plugins.rollup.corners import BEYOND, CORNERS, Corner, all_corners, raw_of
from tests.plugins.rollup.oracle import Charger, Raw
from tests.plugins.rollup.runs import TOLERANT, Statistics, statistics
from tests.plugins.rollup.tables import write_raw

# The day of the examples, which reach 60 days ahead, by zone: before clocks change, mostly.
DAYS = [
    ("Asia/Seoul", "2025-03-10"),
    ("Asia/Seoul", "1987-05-09"),
    ("Asia/Seoul", "1987-10-10"),
    ("Asia/Seoul", "1988-05-07"),
    ("Asia/Seoul", "1988-10-08"),
    ("Asia/Kolkata", "2025-03-10"),
    ("Asia/Kathmandu", "2025-03-10"),
    ("Europe/Berlin", "2025-03-29"),
    ("Europe/Berlin", "2025-10-25"),
    # Clocks that move at midnight, and a day that never was (30 December 2011).
    ("America/Sao_Paulo", "2018-11-03"),
    ("America/Sao_Paulo", "2019-02-16"),
    ("America/Havana", "2025-11-01"),
    ("Pacific/Apia", "2011-12-29"),
]
SERVER_TIMEZONES = ("UTC", "Asia/Seoul", "America/New_York")


def cornered(target: Database, day: str, server_timezone: str = "UTC", **settings: Any) -> Statistics:
    """A database with every corner on a day."""
    target.run(f"ALTER DATABASE {target.name} SET timezone = '{server_timezone}'")
    stats = statistics(target, earliest_start=date(1980, 1, 1), **settings)
    write_raw(target, all_corners(datetime.fromisoformat(day)))
    return stats


@pytest.mark.parametrize(("zone", "day"), DAYS)
def test_every_corner_comes_out_right(target: Database, zone: str, day: str) -> None:
    stats = cornered(target, day, business_timezone=zone)
    stats.run()
    assert stats.wrong() == []


@pytest.mark.parametrize("corner", BEYOND.values(), ids=BEYOND)
def test_what_is_beyond_all_reason_stops_no_run(target: Database, corner: Corner) -> None:
    stats = statistics(target)
    write_raw(target, raw_of([corner, *list(CORNERS.values())[:3]]))
    stats.run()
    assert stats.wrong() == []


@pytest.mark.parametrize("day", ["2025-03-08", "2025-03-09", "2025-11-01", "2025-11-02"])
def test_raw_times_may_be_written_in_a_zone_that_changes_its_clocks(target: Database, day: str) -> None:
    stats = cornered(target, day, source_timezone="America/New_York", business_timezone="America/New_York")
    stats.run()
    assert stats.wrong() == []


@pytest.mark.parametrize("server_timezone", SERVER_TIMEZONES)
def test_the_server_s_time_zone_changes_nothing(target: Database, server_timezone: str) -> None:
    stats = cornered(target, "2025-03-29", server_timezone, business_timezone="Europe/Berlin")
    stats.run()
    assert stats.wrong() == []
    # What is marked in sessions of that zone, too.
    target.run("UPDATE charger_usage_log SET start_time = start_time + interval '61 minutes' WHERE id % 2 = 0")
    stats.run()
    assert stats.wrong() == []


def test_rows_that_come_one_by_one_make_the_same(target: Database) -> None:
    stats = statistics(target)
    corners = all_corners()
    write_raw(target, Raw(chargers=corners.chargers))
    for place in range(7):
        write_raw(target, Raw(corners.sessions[place::7], corners.samples[place::7]))
        stats.run()
        assert stats.wrong() == []


def test_what_belongs_to_unknown_chargers_is_in_no_statistics(target: Database) -> None:
    stats = statistics(target)
    # As where the tables were copied without foreign keys.
    target.run("ALTER TABLE charger_usage_log DROP CONSTRAINT charger_usage_log_charger_id_fkey")
    target.run("ALTER TABLE power_consumption DROP CONSTRAINT power_consumption_charger_id_fkey")
    corners = all_corners()
    write_raw(target, Raw(corners.sessions, corners.samples, corners.chargers[::2]))
    stats.run()
    assert stats.wrong() == []
    write_raw(target, Raw(chargers=[Charger(charger.charger_id, "S1", 50.0) for charger in corners.chargers[1::2]]))
    stats.run()
    assert stats.wrong() == []


def test_other_settings_change_every_figure_they_decide(target: Database) -> None:
    stats = cornered(target, "2025-03-29")
    stats.run()
    for settings in (
        {"business_timezone": "Asia/Kolkata"},
        {"business_timezone": "Europe/Berlin", "source_timezone": "America/New_York"},
        {"sample_period": timedelta(minutes=30)},
        {"power_tolerance": Decimal("0.01"), "max_status_gap": timedelta(minutes=5)},
        {"uptime_target": Decimal("12.5"), "maintenance_faults": 1},
    ):
        stats.settings = RollupSettings(**{**TOLERANT, **settings})
        stats.run()
        assert stats.wrong() == [], settings
