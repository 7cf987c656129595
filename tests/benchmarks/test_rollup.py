from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.rollup import BENCHMARKS, main


def test_every_figure_of_the_statistics_is_measured(capsys: pytest.CaptureFixture[str], place: Path) -> None:
    main(["--sessions", "200", "--only", *BENCHMARKS])
    said = capsys.readouterr().out
    for figure in (
        "energy, money and counts by hour alone, 1 connections",
        "hours, 2 connections",
        "all three tables, 1 connections",
        "all three tables, samples every 15 minutes",
        "1,000 corrections in 200 sessions",
        "1,000 corrections in 2,000 sessions",
        "an hour of a charger explained in 2,000 sessions",
        "the next hour of 10 chargers",
        "COPY of 200 sessions, not tracked",
        "COPY of 200 sessions, tracked",
    ):
        assert figure in said
    assert list(place.iterdir()) == []
