from __future__ import annotations

import pytest

from benchmarks.entries import PGCOPYDB
from benchmarks.job import MissingPeerError
from benchmarks.measure import Measured
from benchmarks.report import Promise, Section, markdown, table
from benchmarks.rounds import Entry, Results
from benchmarks.scenarios import Found, section


def took(seconds: float) -> Measured:
    return Measured(seconds, 0.0, None, None, {})


def test_a_bar_that_was_not_measured_never_counts_as_held() -> None:
    assert Promise("a", 1).bar(None).verdict == "not measured"
    assert Promise("a", 1).bar(2).verdict == "**missed**"


@pytest.mark.parametrize(
    ("promise", "figure", "wanted", "found", "verdict"),
    [
        (Promise("a", 0.25), 0.25, "≤ 0.25 ×", "0.25 ×", "holds"),
        (Promise("a", 10, digits=1, at_least=True), 9.9, "≥ 10.0 ×", "9.9 ×", "**missed**"),
        (Promise("a", 0, "", 0), 1234, "≤ 0", "1,234", "**missed**"),
    ],
)
def test_a_promise_is_compared_as_it_is_meant(
    promise: Promise, figure: float, wanted: str, found: str, verdict: str
) -> None:
    bar = promise.bar(figure)
    assert (bar.wanted, bar.found, bar.verdict) == (wanted, found, verdict)


def test_a_missing_contestant_keeps_its_row_with_the_reason() -> None:
    row = Results(missing={PGCOPYDB: "not installed"}).row(PGCOPYDB, "1")
    assert row[0] == f"{PGCOPYDB.label}: missing here (not installed)"
    assert set(row[1:]) == {""}


def test_a_ratio_is_the_median_of_the_pairs() -> None:
    one, other = Entry("one", "engine"), Entry("other", "engine")
    results = Results(found={one: [took(2), took(9), took(4)], other: [took(1), took(1), took(1)]})
    assert results.ratio(one, other) == 4
    assert results.ratio(one, PGCOPYDB) is None


def test_a_scenario_that_the_engine_cannot_run_names_its_bars_all_the_same() -> None:
    def measure() -> Found:
        raise MissingPeerError("no such thing")

    missing = section("One", "Words.", [Promise("a", 1), Promise("b", 2)], measure)
    assert [bar.verdict for bar in missing.bars] == ["not measured"] * 2
    assert "no such thing" in markdown([], [missing])


def test_the_report_lines_its_columns_up_and_puts_the_bars_first() -> None:
    assert table(("what", "s"), [("a", "10.00"), ("longer", "1.00")]).splitlines() == [
        "| what   |     s |",
        "| :----- | ----: |",
        "| a      | 10.00 |",
        "| longer |  1.00 |",
    ]
    one = Section("One", "Words.", ("what",), [("row",)], [Promise("promise", 2).bar(1)])
    report = markdown(["2 cores"], [one])
    assert report.index("2 cores") < report.index("promise") < report.index("## One")
