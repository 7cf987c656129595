"""Which set is meant by what a person writes."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from pgpipelines.backup.restore.choosing import choose, moment
from pgpipelines.backup.sets import set_name
from pgpipelines.errors import ConfigurationError, VerificationError
from tests.plugins.backup.databases import list_sets
from tests.plugins.backup.test_retention import write_set

THREE = datetime(2026, 11, 20, 3, tzinfo=timezone.utc)


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """Sets of three hours, of which the one at two is not proven, and one that is broken."""
    for hour in range(3):
        write_set(tmp_path, THREE - timedelta(hours=3 - hour), proven=hour < 2)
    (write_set(tmp_path, THREE, proven=True) / "manifest.json").write_text("{}")
    return tmp_path


def hour_of(directory: Path, wanted: str, *, drilled: bool = True) -> int:
    return choose(list_sets(directory), wanted, drilled=drilled).require_manifest().taken_at.hour


@pytest.mark.parametrize(
    ("wanted", "hour"),
    [
        ("", 1),
        ("2026-11-20 00:59:59Z", 0),
        ("2026-11-20 01:00Z", 1),
        ("2026-11-20T09:30+09:00", 0),
        ("2026-11-20 10:30 Asia/Seoul", 1),
        ("2027-01-01 00:00 Asia/Seoul", 1),
        (set_name("conn", THREE - timedelta(hours=1), "db").removeprefix("conn/"), 2),
        (set_name("conn", THREE - timedelta(hours=3), "db"), 0),
    ],
)
def test_a_set_is_chosen_by_nothing_a_time_or_a_name(directory: Path, wanted: str, hour: int) -> None:
    assert hour_of(directory, wanted) == hour


def test_sets_that_nothing_drills_are_good_when_they_are_whole(directory: Path) -> None:
    assert hour_of(directory, "", drilled=False) == 2


@pytest.mark.parametrize(
    ("wanted", "kind", "words"),
    [
        ("2026-11-19 23:00Z", VerificationError, "no proven set from before 2026-11-19 23:00:00"),
        ("2026-11-20 01:00", ConfigurationError, "could be any zone's"),
        ("yesterday", ConfigurationError, "there is no set 'yesterday', and it is no time"),
        ("yesterday Asia/Seoul", ConfigurationError, "it is no time"),
        ("2026-11-20 01:00 ../../etc/passwd", ConfigurationError, "it is no time"),
        (set_name("conn", THREE, "db"), VerificationError, "is broken"),
    ],
)
def test_what_no_set_can_be_meant_by_is_refused(
    directory: Path, wanted: str, kind: type[Exception], words: str
) -> None:
    with pytest.raises(kind, match=words):
        hour_of(directory, wanted)


def test_a_time_is_read_in_its_zone() -> None:
    assert moment(" 2026-11-20 12:00 Asia/Seoul ") == THREE
