"""The demo's words and picture about charger statistics: figures that can be counted, an SVG that can be read."""

from __future__ import annotations

import importlib.util
import sys
from decimal import Decimal
from pathlib import Path
from types import ModuleType
from xml.etree import ElementTree

import pytest

from demo.picture import Bar, Panel, draw, tick_step
from demo.statistics import picture, summary
from tests.fixtures.servers import Database
from tests.plugins.rollup.charging import add_session, make_chargers, roll_up

SCRIPT = Path(__file__).resolve().parents[2] / "docs" / "draw_statistics.py"
SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture
def charged(target: Database) -> Database:
    """Two days of sessions: 10 kWh at 09 and 20 kWh at 10 in Seoul; one that can't be right, one that is odd."""
    make_chargers(target)
    add_session(target, "2025-01-01 00:00", "2025-01-01 01:00", 10, total_charge=3000)
    add_session(target, "2025-01-03 01:00", "2025-01-03 02:00", 20, total_charge=7000, duration_minutes=90)
    add_session(target, "2025-01-03 03:00", "2025-01-03 02:00", 5, total_charge=500)
    roll_up(target)
    return target


def parsed(svg: str) -> ElementTree.Element:
    """The picture's root."""
    return ElementTree.fromstring(svg)  # noqa: S314 (drawn here)


def tips(svg: str) -> list[str]:
    """What the bars say when pointed at."""
    return [tip.text or "" for tip in parsed(svg).iterfind(f".//{SVG}rect/{SVG}title")]


def texts(svg: str, style: str = "") -> list[str]:
    """What is written, in a style or in any."""
    found = parsed(svg).iterfind(f".//{SVG}text")
    return [text.text or "" for text in found if style in {"", text.get("class")}]


def test_the_picture_has_energy_by_hour_and_revenue_by_day(charged: Database) -> None:
    svg = picture(charged.endpoint) or ""
    assert texts(svg, "title") == ["Energy by hour of day, Asia/Seoul", "Revenue by day, Asia/Seoul"]
    shown = tips(svg)
    assert len(shown) == 24 + 3
    assert shown[9:11] == [
        "09: 5.000 kWh, all chargers, mean of 2 days",
        "10: 10.000 kWh, all chargers, mean of 2 days",
    ]
    assert shown[24:] == [
        "2025-01-01: 3,000.00 KRW, all chargers, paid or not",
        "2025-01-02: 0 KRW, all chargers, paid or not",
        "2025-01-03: 7,000.00 KRW, all chargers, paid or not",
    ]


def test_the_same_figures_give_the_same_bytes(charged: Database) -> None:
    assert picture(charged.endpoint) == picture(charged.endpoint)


def test_statistics_without_rows_give_no_picture(target: Database) -> None:
    make_chargers(target)
    roll_up(target)
    assert picture(target.endpoint) is None


def test_the_report_says_what_was_rolled_up_found_and_reconciled(charged: Database) -> None:
    assert summary(charged.endpoint) == [
        "statistics   2 sessions in 2 hours and 2 days of chargers, 2 days of stations",
        "quarantined  1: end_before_start 1",
        "flagged      1: duration_differs 1",
        "reconciled   3 sessions, 35.000 kWh, 10,500.00 KRW in the log, as many in hours and quarantine",
    ]


def test_the_report_says_what_does_not_reconcile_and_what_is_left_out(charged: Database) -> None:
    charged.run("UPDATE hourly_charger_stats SET total_energy = total_energy + 1")
    assert summary(charged.endpoint)[-1].startswith("reconciled   FAILED: ")
    charged.run("UPDATE charger_usage_log SET energy_delivered = 6 WHERE energy_delivered = 5")
    assert summary(charged.endpoint)[-1] == (
        "reconciled   0 sessions, 0.000 kWh, 0.00 KRW in the log, as many in hours and quarantine; "
        "1 chargers with newer rows left out"
    )


@pytest.mark.parametrize(
    ("highest", "step"), [("0", "1"), ("0.8", "0.2"), ("7", "2"), ("10", "2"), ("11", "5"), ("260000", "100000")]
)
def test_scales_go_in_round_steps(highest: str, step: str) -> None:
    assert tick_step(Decimal(highest)) == Decimal(step)


def test_bars_are_as_high_as_their_values_and_stay_inside() -> None:
    svg = draw([Panel("t", "u", [Bar(str(number), Decimal(number) / 3) for number in range(5)])])
    bars = [rect for rect in parsed(svg).iter(f"{SVG}rect") if rect.get("class") in {"bar", "top"}]
    heights = [float(bar.attrib["height"]) for bar in bars]
    assert heights == pytest.approx([heights[1] * number for number in range(5)], abs=0.05)
    bottoms = {round(float(bar.attrib["y"]) + float(bar.attrib["height"]), 1) for bar in bars}
    assert bottoms == {264.0}
    assert max(heights) <= 200
    assert [bar.get("class") for bar in bars] == ["bar"] * 4 + ["top"]


@pytest.mark.parametrize(("bars", "labels"), [(5, 5), (24, 12), (60, 15)])
def test_bars_have_as_many_labels_as_there_is_room_for(bars: int, labels: int) -> None:
    svg = draw([Panel("t", "u", [Bar(f"day {number:02}", Decimal(1)) for number in range(bars)])])
    assert len([text for text in texts(svg) if text.startswith("day")]) == labels


def test_only_letters_that_mean_something_else_in_xml_are_escaped() -> None:
    svg = draw([Panel("a < b & c", "u", [Bar("<1>", Decimal(1))])])
    assert texts(svg, "title") == ["a < b & c"]


@pytest.fixture
def script() -> ModuleType:
    """docs/draw_statistics.py as a module."""
    spec = importlib.util.spec_from_file_location("draw_statistics", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_script_writes_the_picture_of_the_database_that_the_environment_names(
    charged: Database, script: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.setenv("PGPIPELINES_STATISTICS_DSN", charged.dsn)
    assert script.main(tmp_path / "picture.svg") == 0
    assert (tmp_path / "picture.svg").read_text(encoding="utf-8") == picture(charged.endpoint)


def test_the_script_says_in_a_line_what_it_lacks(
    target: Database,
    script: ModuleType,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.delenv("PGPIPELINES_STATISTICS_DSN", raising=False)
    assert script.main(tmp_path / "picture.svg") == 1
    monkeypatch.setenv("PGPIPELINES_STATISTICS_DSN", target.dsn)
    assert script.main(tmp_path / "picture.svg") == 1
    make_chargers(target)
    roll_up(target)
    assert script.main(tmp_path / "picture.svg") == 1
    said = capsys.readouterr().err.splitlines()
    assert [line.partition(":")[0] for line in said] == ["pgpipelines"] * 3
    assert not (tmp_path / "picture.svg").exists()
