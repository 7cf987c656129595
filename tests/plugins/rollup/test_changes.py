"""Whatever is done to the raw rows, in whatever order: incremental runs, a rebuild and the oracle agree in every cell.

PGPIPELINES_ROLLUP_OPERATIONS sets the number of changes in all (10,000 at full size), PGPIPELINES_ROLLUP_SEED others.
"""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from pgpipelines.rollup.request import Period
from tests.fixtures.servers import Database
from tests.plugins.rollup.chaos import Chaos, stations_and_chargers
from tests.plugins.rollup.runs import statistics

OPERATIONS = int(os.environ.get("PGPIPELINES_ROLLUP_OPERATIONS", "160"))
SEED = os.environ.get("PGPIPELINES_ROLLUP_SEED", "1")


@dataclass(frozen=True)
class Case:
    """Where and when things happen."""

    centre: str
    settings: dict[str, Any]
    server_timezone: str = "UTC"
    twins: bool = False
    without_statistics: bool = False


CASES = {
    "Seoul": Case("2025-03-10", {}),
    "twins": Case("2025-03-10", {}, twins=True),
    "statistics made by the first run": Case("2025-03-10", {}, without_statistics=True),
    "Kolkata": Case("2025-03-10", {"business_timezone": "Asia/Kolkata"}, "Asia/Seoul"),
    "Berlin, 23 hours": Case("2025-03-30", {"business_timezone": "Europe/Berlin"}, "America/New_York"),
    "Berlin, 25 hours": Case("2025-10-26", {"business_timezone": "Europe/Berlin"}),
    "Berlin to the clocks of New York": Case(
        "2025-03-09 03:00", {"source_timezone": "America/New_York", "business_timezone": "Europe/Berlin"}
    ),
    "New York to itself": Case(
        "2025-11-02 01:00", {"source_timezone": "America/New_York", "business_timezone": "America/New_York"}
    ),
}
OPERATIONS_OF_EACH = max(OPERATIONS // len(CASES), 10)


@pytest.fixture
def reader(target: Database) -> Iterator[Database]:
    """The database through a role that may read the raw tables, and make tables of its own."""
    role = f"reads_{target.name}"
    target.run(f"CREATE ROLE {role} LOGIN PASSWORD 'secret'")
    target.run(f"GRANT CREATE ON DATABASE {target.name} TO {role}; GRANT CREATE ON SCHEMA public TO {role}")
    target.run(f"ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO {role}")
    yield target.login(role, "secret")
    target.run(f"DROP OWNED BY {role} CASCADE; DROP ROLE {role}")


@pytest.mark.parametrize("twins", [False, True], ids=["", "twins"])
def test_changes_are_found_without_triggers_too(target: Database, reader: Database, twins: bool) -> None:
    stats = statistics(target)
    stats.runner = reader
    target.run("DROP TABLE hourly_charger_stats, daily_charger_stats, station_daily_stats")
    if twins:
        target.run("ALTER TABLE charger_usage_log DROP CONSTRAINT charger_usage_log_transaction_id_key")
    dice = random.Random(f"{SEED} {twins}")
    chaos = Chaos(dice, datetime.fromisoformat("2025-03-10"), twins=twins)
    stats.perform(stations_and_chargers())
    for done in range(0, OPERATIONS_OF_EACH, 5):
        stats.perform(*(chaos.change() for _ in range(5)))
        if dice.random() < 0.05:
            stats.perform(chaos.reload())
        stats.run()
        assert stats.wrong() == [], f"after {done + 5} changes"
    assert not target.value("SELECT EXISTS (SELECT FROM pg_trigger WHERE tgname LIKE 'pgpipelines%')")


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_runs_between_changes_leave_what_a_rebuild_makes(target: Database, case: Case) -> None:
    target.run(f"ALTER DATABASE {target.name} SET timezone = '{case.server_timezone}'")
    stats = statistics(target, **case.settings)
    if case.twins:
        target.run("ALTER TABLE charger_usage_log DROP CONSTRAINT charger_usage_log_transaction_id_key")
    if case.without_statistics:
        target.run("DROP TABLE hourly_charger_stats, daily_charger_stats, station_daily_stats")
    dice = random.Random(f"{SEED} {case}")
    chaos = Chaos(dice, datetime.fromisoformat(case.centre), twins=case.twins)
    stats.perform(stations_and_chargers())
    done = 0
    while done < OPERATIONS_OF_EACH:
        changes = dice.randint(1, 9)
        stats.perform(*(chaos.change() for _ in range(changes)))
        if dice.random() < 0.05:
            stats.perform(chaos.reload())
        done += changes
        stats.run()
        assert stats.wrong() == [], f"after {done} changes"
        assert stats.reconcile().pending == 0
        if dice.random() < 0.2:
            first = dice.choice((None, date.fromisoformat(case.centre[:10]) + timedelta(days=dice.randint(-3, 3))))
            last = dice.choice((None, first and first + timedelta(days=dice.randint(0, 3))))
            stats.run(Period(first, last))
            assert stats.wrong() == [], f"after a rebuild from {first} to {last}, {done} changes"
