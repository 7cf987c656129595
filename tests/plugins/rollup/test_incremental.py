from __future__ import annotations

from datetime import date

import pytest

from pgpipelines.rollup.engine import reconcile
from pgpipelines.rollup.request import Period, RollupRequest, RollupSettings
from tests.fixtures.servers import Database
from tests.plugins.rollup.charging import RUN, let_raw_rows_name_anything, rebuilt, roll_up, statistics
from tests.plugins.rollup.operations import Operations

# Random rows are mostly wrong: what they do to the figures is looked at here, not how many there are.
LENIENT = RollupSettings(quarantine_at_least=10**9)


@pytest.mark.parametrize("seed", range(2))
def test_what_follows_changes_equals_what_is_computed_anew(charging: Database, seed: int) -> None:
    let_raw_rows_name_anything(charging)
    operations = Operations(seed)
    request = RollupRequest(charging.endpoint, LENIENT)
    for _ in range(12):
        for _ in range(10):
            charging.run(operations.next())
        roll_up(charging, LENIENT)
        reconcile(request, RUN)
        assert statistics(charging) == rebuilt(charging, LENIENT)


@pytest.mark.parametrize("seed", range(2))
def test_a_period_computed_anew_stays_what_it_was(charging: Database, seed: int) -> None:
    let_raw_rows_name_anything(charging)
    operations = Operations(seed)
    for _ in range(80):
        charging.run(operations.next())
    roll_up(charging, LENIENT)
    before = statistics(charging)
    report, _, _ = roll_up(charging, LENIENT, Period(date(2024, 12, 31), date(2025, 1, 1)))
    assert (report.whole, report.written, report.deleted) == (False, 0, 0)
    assert statistics(charging) == before
