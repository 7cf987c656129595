from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.dumps import DEFAULT, OURS, SET, main


def test_a_set_is_measured_beside_pg_dump(capsys: pytest.CaptureFixture[str], place: Path) -> None:
    main(["--sessions", "1000", "--rounds", "1"])
    said = capsys.readouterr().out
    for contestant in (DEFAULT, OURS, SET, "its checksums, alone", "pg_restore of the dump, alone"):
        assert f"| {contestant} " in said or f"|   {contestant} " in said
    assert list(place.iterdir()) == []
