from __future__ import annotations

from datetime import datetime, timezone
from decimal import Decimal

from pgpipelines.rollup.explanation import explain
from pgpipelines.rollup.request import RollupRequest, RollupSettings
from tests.fixtures.servers import Database
from tests.plugins.rollup.charging import RUN, add_sample, add_session, let_raw_rows_name_anything, roll_up
from tests.plugins.rollup.operations import Operations


def test_a_bucket_tells_its_sessions_and_samples(charging: Database) -> None:
    add_session(charging, "2025-01-01 00:30", "2025-01-01 02:00", 5, energy_meter_start=100, energy_meter_end=110)
    for at, register in (("00:45", 103), ("01:00", 106), ("01:15", 109), ("01:30", 110), ("01:45", 110)):
        add_sample(charging, f"2025-01-01 {at}", cumulative_energy=register)
    add_session(charging, "2025-01-01 01:59", "2025-01-01 02:30", 1, charger_id="C2")
    hour = datetime(2025, 1, 1, 1, tzinfo=timezone.utc)
    found = explain(RollupRequest(charging.endpoint), RUN, "C1", hour)
    assert [(row.method, row.whole_energy, row.energy, row.minutes) for row in found.sessions] == [
        ("by meter", 5, 2, 60)
    ]
    assert [row.register for row in found.samples] == [103, 106, 109, 110, 110]


def test_the_parts_of_every_bucket_add_up_to_it(charging: Database) -> None:
    let_raw_rows_name_anything(charging)
    operations = Operations(3)
    for _ in range(60):
        charging.run(operations.next())
    settings = RollupSettings(quarantine_at_least=10**9)
    roll_up(charging, settings)
    buckets = charging.rows(
        "SELECT charger_id, stats_hour, total_energy, total_revenue, active_sessions FROM hourly_charger_stats"
        " ORDER BY total_energy DESC, charger_id, stats_hour LIMIT 20"
    )
    assert buckets[0][2] > 0
    for charger, hour, energy, revenue, sessions in buckets:
        request = RollupRequest(charging.endpoint, settings)
        rows = explain(request, RUN, charger, hour.replace(tzinfo=timezone.utc)).sessions
        parts = [
            row.base_charge + row.energy_charge + row.time_charge + row.parking_charge + row.adjustment for row in rows
        ]
        assert (sum((row.energy for row in rows), Decimal(0)), sum(parts), len(rows)) == (energy, revenue, sessions)
