"""The demo's charger_db: its dirt is found, each kind as often as it was put in, and everything else is counted."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timezone

import pytest

from demo.servers import Server
from demo.systems import DAYS, SYSTEMS
from pgpipelines.templates import render
from tests.fixtures.servers import databases
from tests.plugins.rollup.runs import Statistics

SCALE = 0.02
SEED = 7
UNTIL = datetime(2025, 11, 20, 5, 30, tzinfo=timezone.utc)
(CHARGER_DB,) = (system for system in SYSTEMS if system.database == "charger_db")


@pytest.fixture(scope="module")
def demo(server_of: Callable[..., Server]) -> Iterator[Statistics]:
    """The demo's charger_db, rolled up with the settings that a user starts with."""
    values: dict[str, object] = {name: size.rows(SCALE) for name, size in CHARGER_DB.sizes.items()}
    values |= {"days": DAYS, "scale": SCALE, "seed": SEED, "until": UNTIL}
    steps = ("schema/charger_db", "samples/noise", *(f"samples/charger_db/{step}" for step in CHARGER_DB.fill))
    with databases(server_of) as make:
        stats = Statistics(make())
        stats.database.run(f"ALTER DATABASE {stats.database.name} SET timezone = 'UTC'")
        stats.perform((render(f"{step}.sql", seed=SEED), values) for step in steps)
        stats.run()
        yield stats


def test_dirt_is_found_in_exactly_its_known_number_of_each_kind(demo: Statistics) -> None:
    planted = demo.database.rows("SELECT kind, severity, sessions FROM pgpipelines_samples.dirt_counts")
    found = demo.database.rows("SELECT reason, severity, count(*) FROM pgpipelines.session_finding GROUP BY 1, 2")
    assert sorted(found) == sorted(row for row in planted if row[2])


def test_every_cell_is_right(demo: Statistics) -> None:
    assert demo.wrong() == []


KEPT = """
    SELECT sum(energy_delivered), sum(total_charge), count(*)
    FROM charger_usage_log AS l
    WHERE NOT EXISTS (
        SELECT FROM pgpipelines.session_finding AS f WHERE f.session_id = l.id AND f.severity = 'quarantine'
    )
"""


@pytest.mark.parametrize("table", ["hourly_charger_stats", "daily_charger_stats", "station_daily_stats"])
def test_energy_money_and_counts_are_those_of_the_sessions_that_ended(demo: Statistics, table: str) -> None:
    demo.database.run("DELETE FROM charger_usage_log WHERE end_time IS NULL")
    demo.run()
    counted = f"SELECT sum(total_energy), sum(total_revenue), sum(num_sessions) FROM {table}"
    assert demo.database.rows(counted) == demo.database.rows(KEPT)
