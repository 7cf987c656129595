"""Runs of the charger statistics, and what they are held against."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from fractions import Fraction
from typing import Any

from pgpipelines.rollup.engine import reconcile
from pgpipelines.rollup.reports import Reconciliation
from pgpipelines.rollup.request import Period, RollupRequest, RollupSettings
from tests.fixtures.servers import Database
from tests.plugins.rollup.chaos import Statement
from tests.plugins.rollup.charging import RUN, roll_up
from tests.plugins.rollup.oracle import Rules
from tests.plugins.rollup.tables import create_tables, differences

MICROSECOND = timedelta(microseconds=1)
# How an application may have set up its sessions: nothing of it may get into a figure.
PECULIAR = "SET DateStyle = 'SQL, DMY'; SET IntervalStyle = 'sql_standard'; SET extra_float_digits = -10"
# Random rows are dirtier than a run would let pass.
TOLERANT: dict[str, Any] = {"quarantine_at_least": 1_000_000_000}


def rules_of(settings: RollupSettings) -> Rules:
    """The same settings, for the oracle."""
    return Rules(
        source_timezone=settings.source_timezone,
        business_timezone=settings.business_timezone,
        sample_period=settings.sample_period // MICROSECOND,
        max_status_gap=settings.status_holds // MICROSECOND,
        power_tolerance=Fraction(settings.power_tolerance),
        future_tolerance=settings.future_tolerance // MICROSECOND,
        earliest_start=settings.earliest_start,
        uptime_target=Fraction(settings.uptime_target),
        maintenance_faults=settings.maintenance_faults,
    )


@dataclass
class Statistics:
    """The statistics of one database, made by runs with the same settings, as its superuser or as a `runner`."""

    database: Database
    settings: RollupSettings = field(default_factory=lambda: RollupSettings(**TOLERANT))
    runner: Database | None = None

    def run(self, rebuild: Period | None = None) -> None:
        """Hours, then days, then stations."""
        roll_up(self.runner or self.database, self.settings, rebuild)

    def rebuild(self) -> None:
        """Everything anew."""
        self.run(Period())

    def reconcile(self) -> Reconciliation:
        """What the raw log holds, and where it is."""
        return reconcile(RollupRequest(self.database.endpoint, self.settings), RUN)

    def wrong(self) -> list[str]:
        """What differs from what the oracle makes of the raw tables."""
        return differences(self.database, rules_of(self.settings))

    def perform(self, *changes: Iterable[Statement]) -> None:
        """Make changes, each in a transaction of its own."""
        connection = self.database.connect()
        try:
            with connection, connection.cursor() as cursor:
                cursor.execute(PECULIAR)
            for change in changes:
                with connection, connection.cursor() as cursor:
                    for statement, values in change:
                        cursor.execute(statement, values)
        finally:
            connection.close()


def statistics(database: Database, **settings: Any) -> Statistics:
    """The statistics of a database that gets the empty tables of charger_db."""
    create_tables(database)
    return Statistics(database, RollupSettings(**{**TOLERANT, **settings}))
