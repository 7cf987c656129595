"""Whatever happened before, the newest proven set is never lost, and what is shown is what is done."""

from __future__ import annotations

import os
from datetime import datetime, timedelta, timezone
from pathlib import Path
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from pgpipelines.backup.contents import Contents, LargeObjects, TableContent
from pgpipelines.backup.manifest import Manifest, write_manifest
from pgpipelines.backup.properties import Properties
from pgpipelines.backup.retention import Keep, Kept, apply_retention, removable
from pgpipelines.backup.sets import DRILL, DRILL_REPORT, DrillReport, set_name
from pgpipelines.backup.storage.folder import Folder
from pgpipelines.templates import QualifiedName
from tests.plugins.backup.databases import folder_of, list_sets

SEOUL = ZoneInfo("Asia/Seoul")
START = datetime(2026, 1, 1, 15, tzinfo=timezone.utc)  # midnight in Seoul
# More of them with PGPIPELINES_HISTORIES=10000.
HISTORIES = int(os.environ.get("PGPIPELINES_HISTORIES", "100"))

PROPERTIES = Properties("postgres", "c", "", "", -1, "", grants=(), settings=(), roles=())
TABLES = tuple(TableContent(QualifiedName("public", f"table_{nth}"), nth, str(nth)) for nth in range(50))

times = st.integers(0, 2 * 365 * 24 * 60).map(lambda minutes: START + timedelta(minutes=minutes))
sets = st.lists(st.builds(Kept, st.uuids().map(str), times, st.booleans()), max_size=60, unique_by=lambda one: one.name)
keeps = st.builds(Keep, st.integers(0, 8), st.integers(0, 5), st.integers(0, 13))
# What a night may bring: nothing, a set, a proven set; and a clock that jumps by days.
nights = st.lists(
    st.tuples(st.sampled_from(["missed", "whole", "proven"]), st.integers(-40, 40) | st.just(0)), max_size=90
)


def newest_proven(history: list[Kept]) -> list[Kept]:
    return sorted((each for each in history if each.proven), key=lambda each: (each.taken_at, each.name))[-1:]


@settings(max_examples=HISTORIES, deadline=None)
@given(sets, keeps, times)
def test_the_newest_proven_set_and_sets_of_the_future_stay(found: list[Kept], keep: Keep, now: datetime) -> None:
    gone = set(removable(found, keep, SEOUL, now))
    past = [each for each in found if each.taken_at <= now]
    assert gone <= {each.name for each in past}
    assert not gone & {each.name for each in newest_proven(found)}
    assert not gone & {each.name for each in newest_proven(past)}


@settings(max_examples=HISTORIES, deadline=None)
@given(sets, keeps, times)
def test_what_stays_stays_when_it_is_asked_again(found: list[Kept], keep: Keep, now: datetime) -> None:
    gone = removable(found, keep, SEOUL, now)
    left = [each for each in found if each.name not in gone]
    assert removable(left, keep, SEOUL, now) == []


@settings(max_examples=HISTORIES, deadline=None)
@given(sets, keeps, times)
def test_each_of_the_last_days_weeks_and_months_with_a_proven_set_keeps_one(
    found: list[Kept], keep: Keep, now: datetime
) -> None:
    gone = removable(found, keep, SEOUL, now)
    past = [each for each in found if each.proven and each.taken_at <= now]
    left = [each for each in past if each.name not in gone]
    for count, form in ((keep.daily, "%Y-%m-%d"), (keep.weekly, "%G-%V"), (keep.monthly, "%Y-%m")):
        wanted = sorted({each.taken_at.astimezone(SEOUL).strftime(form) for each in past})[-count:] if count else []
        assert set(wanted) <= {each.taken_at.astimezone(SEOUL).strftime(form) for each in left}


@settings(max_examples=HISTORIES, deadline=None)
@given(nights, keeps)
def test_over_any_history_of_nights_the_newest_proven_set_is_never_lost(
    history: list[tuple[str, int]], keep: Keep
) -> None:
    there: list[Kept] = []
    now = START
    for nth, (night, jump) in enumerate(history):
        now += timedelta(days=1 + jump)
        if night == "missed":
            continue
        there.append(Kept(str(nth), now, night == "proven"))
        before = newest_proven(there)
        gone = removable(there, keep, SEOUL, now)
        there = [each for each in there if each.name not in gone]
        assert newest_proven(there) == before


def test_a_year_of_nights_leaves_days_weeks_and_months() -> None:
    there: list[Kept] = []
    for day in range(365):
        now = START + timedelta(days=day)
        there.append(Kept(f"{now.astimezone(SEOUL):%m-%d}", now, True))
        gone = removable(there, Keep(daily=7, weekly=4, monthly=12), SEOUL, now)
        there = [each for each in there if each.name not in gone]
    assert [each.name for each in there] == [
        *("02-28 03-31 04-30 05-31 06-30 07-31 08-31 09-30 10-31 11-30".split()),
        *("12-13 12-20 12-26 12-27 12-28 12-29 12-30 12-31 01-01".split()),
    ]


def write_set(
    directory: Path, taken_at: datetime, *, proven: bool, database: str = "db", conn_id: str = "conn"
) -> Path:
    """A set as it is found on disk, but for the dump itself."""
    folder = directory / set_name(conn_id, taken_at, database)
    folder.mkdir(parents=True)
    manifest = Manifest(
        conn_id=conn_id,
        database=database,
        snapshot="1:1:",
        lsn="0/0",
        taken_at=taken_at,
        seconds=1.5,
        server_version="18.1",
        client_version="18.1",
        format="custom",
        compression="1",
        first_role="postgres",
        encoding="UTF8",
        collation="C",
        character_type="C",
        files=(),
        contents=Contents(TABLES, LargeObjects(0, 0, "0"), ()),
        sequences=(),
        notices=(),
        properties=PROPERTIES,
    )
    write_manifest(folder, manifest)
    if proven:
        report = DrillReport(proven=True, at=taken_at, seconds=2.5, server_version="18.1")
        (folder / DRILL).write_bytes(DRILL_REPORT.dump_json(report))
    return folder


def test_a_dry_run_shows_what_a_run_does(tmp_path: Path) -> None:
    for day in range(10):
        write_set(tmp_path, START + timedelta(days=day), proven=day != 8)
        write_set(tmp_path, START + timedelta(days=day), proven=True, database="other")
    broken = write_set(tmp_path, START - timedelta(days=9), proven=True)
    (broken / "manifest.json").write_text("{}")
    keep, now = Keep(daily=2, weekly=0, monthly=0), START + timedelta(days=20)
    before = list_sets(tmp_path)
    shown = apply_retention(Folder(tmp_path), "conn", "db", keep, zone=SEOUL, now=now, dry_run=True)
    assert list_sets(tmp_path) == before
    done = apply_retention(Folder(tmp_path), "conn", "db", keep, zone=SEOUL, now=now)
    assert shown == done == [set_name("conn", START + timedelta(days=day), "db") for day in range(7)]
    assert [each for each in before if each.name not in done] == list_sets(tmp_path)
    assert [path.name for path in (tmp_path / "conn").iterdir() if path.name.startswith(".")] == [".lock"]


def test_the_newest_proven_set_stays_even_where_nothing_is_to_be_kept(tmp_path: Path) -> None:
    kept = write_set(tmp_path, START, proven=True)
    write_set(tmp_path, START + timedelta(days=1), proven=False)
    nothing = Keep(daily=0, weekly=0, monthly=0)
    apply_retention(Folder(tmp_path), "conn", "db", nothing, zone=SEOUL, now=START + timedelta(days=2))
    assert [folder_of(each) for each in list_sets(tmp_path)] == [kept]
