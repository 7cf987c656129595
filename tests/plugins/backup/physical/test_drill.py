"""A backup counts when it and the archive lead to any moment, and to no other."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pgpipelines.backup.physical.drill import drill_backup, random_moment
from pgpipelines.backup.physical.waldump import End
from pgpipelines.errors import ServerError
from tests.fixtures.archiving import Archiving

NOW = datetime(2026, 11, 20, tzinfo=timezone.utc)


@pytest.mark.parametrize("major", [18, 16, 15])
def test_a_backup_is_proven(archiving_of: Callable[..., Archiving], directory: Path, major: int) -> None:
    archiving = archiving_of(major)
    taken = archiving.take(directory)
    assert taken.state == "whole"
    proven = drill_backup(taken, archiving.archive, archiving.endpoint, "tests.drill")
    assert proven.state == "proven"
    assert proven.manifest is not None
    assert proven.drill is not None
    assert proven.drill.target is not None
    assert proven.drill.target > proven.manifest.finished_at
    assert proven.drill.pages is proven.manifest.data_checksums is (major == 18)


@given(st.lists(st.integers(0, 20), max_size=8))
def test_a_random_moment_is_between_the_last_transaction_that_recovery_replays_and_the_next(times: list[int]) -> None:
    """Two transactions may end in another order than the log has them."""
    ends = [End(position, NOW + timedelta(microseconds=time)) for position, time in enumerate(times)]
    if not times or max(times) == times[0]:
        with pytest.raises(ServerError, match="no two transactions"):
            random_moment(ends)
    else:
        moment = random_moment(ends)
        assert all(end.at <= moment.time for end in ends[: moment.next.position])
        assert moment.last.position + 1 == moment.next.position
        assert moment.next.at > moment.time
