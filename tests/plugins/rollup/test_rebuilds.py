"""A rebuild makes right whatever became of the statistics, and a run that finds too much dirt changes nothing."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import pytest

from pgpipelines.errors import QualityError, VerificationError
from pgpipelines.rollup.request import Period, RollupSettings
from tests.plugins.rollup.charging import statistics as content
from tests.plugins.rollup.runs import Statistics

# What no run did to the statistics.
TAMPERING = {
    "cells": """
        UPDATE hourly_charger_stats SET total_energy = total_energy + 1 WHERE num_sessions > 0;
        UPDATE daily_charger_stats SET hourly_energy = NULL, occupied_seconds = 1;
        UPDATE station_daily_stats SET num_fault = 77;
        UPDATE pgpipelines.session_finding SET energy_wh = 1""",
    "rows lost": """
        DELETE FROM hourly_charger_stats WHERE stats_hour > '2025-03-10 11:30';
        DELETE FROM daily_charger_stats WHERE charger_id < 'C4';
        DELETE FROM station_daily_stats; DELETE FROM pgpipelines.session_finding""",
    "rows from nowhere": """
        INSERT INTO hourly_charger_stats (charger_id, stats_hour, stats_date, hour_key)
        VALUES ('C1', '2025-03-10 03:00', '2025-03-10', '12'), ('C2', '2031-01-01 00:00', '2031-01-01', '09');
        INSERT INTO daily_charger_stats (charger_id, stats_date) VALUES ('C1', '2025-03-10'), ('C2', '2031-01-01');
        INSERT INTO station_daily_stats (station_id, stats_date) VALUES ('S0', '2031-01-01')""",
}


@pytest.mark.parametrize("tampering", TAMPERING.values(), ids=TAMPERING)
def test_a_rebuild_makes_right_what_no_run_has_done(stats: Statistics, tampering: str) -> None:
    stats.database.run(tampering)
    stats.run()
    assert stats.wrong() != []
    stats.rebuild()
    assert stats.wrong() == []


def test_a_rebuild_of_some_days_makes_those_right_and_leaves_the_others(stats: Statistics) -> None:
    # One session lasts 60 days, open ones have no end: they are computed as far as they reach. All others end before.
    reaching = stats.database.value(
        "SELECT array_agg(charger_id) FROM charger_usage_log WHERE end_time IS NULL OR end_time > '2025-04-01'"
    )
    stats.database.run(
        "UPDATE hourly_charger_stats SET up_seconds = 77; UPDATE daily_charger_stats SET up_seconds = 77"
    )
    stats.run(Period(date(2025, 4, 1), date(2025, 4, 2)))
    for table in ("hourly_charger_stats", "daily_charger_stats"):
        untouched = f"SELECT bool_and(up_seconds = 77) FROM {table} WHERE charger_id <> ALL (%s)"
        assert stats.database.value(untouched, (reaching,)) is True
        rebuilt = f"SELECT bool_or(up_seconds = 77) FROM {table} WHERE stats_date BETWEEN '2025-04-01' AND '2025-04-02'"
        assert stats.database.value(rebuilt) is False
    stats.run(Period(first=date(2025, 3, 10)))
    assert stats.wrong() == []


def test_a_rebuild_of_right_statistics_writes_nothing(stats: Statistics) -> None:
    versions = {
        table: f"SELECT array_agg(xmin::text || ctid::text ORDER BY ctid) FROM {table}"
        for table in ("hourly_charger_stats", "daily_charger_stats", "station_daily_stats")
    }
    before = {table: stats.database.value(query) for table, query in versions.items()}
    stats.rebuild()
    assert {table: stats.database.value(query) for table, query in versions.items()} == before


def test_reconciliation_sees_what_was_tampered_with(stats: Statistics) -> None:
    assert stats.reconcile().pending == 0
    stats.database.run("UPDATE hourly_charger_stats SET total_energy = total_energy + 0.001 WHERE charger_id = 'C3'")
    with pytest.raises(VerificationError):
        stats.reconcile()


def test_too_much_dirt_stops_a_run_and_leaves_what_was_good(stats: Statistics) -> None:
    good: Mapping[str, object] = content(stats.database)
    stats.database.run("UPDATE charger_usage_log SET energy_delivered = -energy_delivered WHERE id % 2 = 1")
    stats.settings = RollupSettings(earliest_start=stats.settings.earliest_start)
    for _ in range(2):
        with pytest.raises(QualityError, match="negative_energy"):
            stats.run()
        assert content(stats.database) == good
    stats.database.run("UPDATE charger_usage_log SET energy_delivered = -energy_delivered WHERE id % 2 = 1")
    stats.run()
    assert content(stats.database) == good
    assert stats.wrong() == []
