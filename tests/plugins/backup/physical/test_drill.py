"""A backup counts when it and the archive lead to any moment, and to no other."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from pgpipelines.backup.physical.drill import drill_backup
from tests.fixtures.archiving import Archiving


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
