"""Files in the layouts of public charging data, dirt included: the lines here are made up."""

from __future__ import annotations

import io
import json
import tracemalloc
from collections.abc import Callable, Iterator
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from demo.errors import DemoError
from demo.public_data import __main__ as command
from demo.public_data import acn, json_items, korea, palo_alto
from demo.public_data.loading import Loaded, load
from demo.public_data.records import Record, Unreadable
from pgpipelines.ledger import Run
from pgpipelines.partitions import create_tables
from pgpipelines.templates import render
from tests.fixtures.servers import Database

KOREA_HEADER = "UserID,ChargerID,ChargerCompany,ChargerType,Location,StartDay,StartTime,EndDay,EndTime,Duration,Demand"
KOREA = [
    "17,204,1,0,apartment,2022-03-01,23:30:00,2022-03-02,02:00:00,150,18.25",
    "0,204,1,0,apartment,2022-03-03,08:00:00,2022-03-03,09:00:00,60,0",
    # Ends before it starts, as about one line in 130 does.
    "17,31,0,1,hotel,2022-03-04,22:00:00,2022-03-04,03:00:00,300,40.5",
    "18,31,0,1,hotel,2022-03-05,10:00:00,2022-03-05,10:30:00,30,11.1234",
    "18,31,0,1,hotel,2022-03-05,10:00:00,2022-03-05,10:30:00,30,11.1234",
    # Three days; another duration than is stated; no end; no charger.
    "19,31,0,1,hotel,2022/03/06,10:00,2022/03/09,11:00,4380,7",
    "19,31,0,1,hotel,2022-03-10,10:00:00,2022-03-10,11:00:00,600,7",
    "19,31,0,1,hotel,2022-03-11,10:00:00,,,,",
    ",,,,,2022-03-12,10:00:00,2022-03-12,11:00:00,60,5",
]

PALO_ALTO_HEADER = (
    "Station Name,MAC Address,Org Name,Start Date,Start Time Zone,End Date,End Time Zone,"
    "Transaction Date (Pacific Time),Total Duration (hh:mm:ss),Charging Time (hh:mm:ss),Energy (kWh),"
    "GHG Savings (kg),Gasoline Savings (gallons),Port Type,Port Number,Plug Type,EVSE ID,Address 1,City,"
    "State/Province,Postal Code,Country,Latitude,Longitude,Currency,Fee,Ended By,Plug In Event Id,"
    "Driver Postal Code,User ID,County,System S/N,Model Number"
)


def palo_alto_line(start: str, end: str, event: str = "1", **values: str) -> str:
    """A line of Palo Alto; `start` and `end` are a date and a zone, joined by a bar."""
    (start_date, start_zone), (end_date, end_zone) = start.split("|"), end.split("|")
    row = {
        "Station Name": "PALO ALTO CA / HAMILTON #1",
        "MAC Address": "000D:6F00:015A:9D76",
        "Org Name": "City of Palo Alto",
        "Start Date": start_date,
        "Start Time Zone": start_zone,
        "End Date": end_date,
        "End Time Zone": end_zone,
        "Total Duration (hh:mm:ss)": "2:00:00",
        "Charging Time (hh:mm:ss)": "1:30:00",
        "Energy (kWh)": "6.249457",
        "Port Type": "Level 2",
        "Port Number": "2",
        "Plug Type": "J1772",
        "Address 1": "250 Hamilton Ave",
        "City": "Palo Alto",
        "State/Province": "California",
        "Latitude": "37.444572",
        "Longitude": "-122.160309",
        "Currency": "USD",
        "Fee": "1.44",
        "Ended By": "Plug Out at Vehicle",
        "Plug In Event Id": event,
        "User ID": "3284",
        "System S/N": "93",
    } | {name.replace("_", " "): value for name, value in values.items()}
    return ",".join(row.get(name, "") for name in PALO_ALTO_HEADER.split(","))


def acn_item(number: int, **values: object) -> dict[str, object]:
    """An item of ACN-Data."""
    return {
        "_id": f"5bc90cb9f9af8b0d7fe7{number:04}",
        "clusterID": "0039",
        "connectionTime": "Wed, 25 Apr 2018 03:08:04 GMT",
        "disconnectTime": "Wed, 25 Apr 2018 13:20:10 GMT",
        "doneChargingTime": "Wed, 25 Apr 2018 12:21:35 GMT",
        "kWhDelivered": 7.932,
        "sessionID": f"2_39_78_362_2018-04-25 03:08:04.{number:06}",
        "siteID": "0002",
        "spaceID": "CA-496",
        "stationID": "2-39-78-362",
        "timezone": "America/Los_Angeles",
        "userID": None,
        "userInputs": None,
    } | values


def acn_text(*items: object, indent: int | None = 1) -> str:
    return json.dumps({"_meta": {"end": None, "min_kWh": None, "site": "caltech"}, "_items": items}, indent=indent)


@pytest.fixture
def charger_db(target: Database) -> Database:
    """An empty charger_db."""
    target.run(render("schema/charger_db.sql"))
    return target


@pytest.fixture
def loaded(charger_db: Database, tmp_path: Path) -> Callable[..., tuple[Loaded, list[str]]]:
    """Give a function that loads texts as files of a layout, and returns what was done and what was reported."""

    def load_texts(layout: str, *texts: str) -> tuple[Loaded, list[str]]:
        paths = [tmp_path / f"{number}.txt" for number, _ in enumerate(texts, start=1)]
        for path, text in zip(paths, texts, strict=True):
            path.write_bytes(text.encode(errors="surrogateescape"))
        reported: list[str] = []
        done = load(charger_db.dsn, layout, paths, reported.append)
        return done, [line.replace(f"{tmp_path}/", "") for line in reported]

    return load_texts


def korea_text(*lines: str) -> str:
    return "\n".join((KOREA_HEADER, *lines)) + "\n"


def palo_alto_text(*lines: str) -> str:
    return "\r\n".join((PALO_ALTO_HEADER, *lines)) + "\r\n"


def sessions(database: Database, columns: str) -> list[tuple[Any, ...]]:
    return database.rows(f"SELECT {columns} FROM charger_usage_log ORDER BY id")


def everything(database: Database) -> list[list[tuple[Any, ...]]]:
    tables = ("station_info", "charger_info", "charger_usage_log")
    return [database.rows(f"SELECT * FROM {table} ORDER BY id") for table in tables]


def read(reader: Callable[[io.StringIO], Iterator[Record | Unreadable]], text: str) -> list[Record | Unreadable]:
    return list(reader(io.StringIO(text)))


def test_korean_lines_become_sessions_in_utc_with_their_dirt(charger_db: Database, loaded: Any) -> None:
    done, reported = loaded("korea", korea_text(*KOREA))
    assert reported == []
    assert (done.lines, done.unreadable, done.added, done.stations, done.chargers) == (9, 0, 9, 2, 2)
    assert {kind: count for kind, count in done.odd.items() if count} == {
        "repeated_in_their_file": 1,
        "without_end": 1,
        "end_before_start": 1,
        "longer_than_48_hours": 1,
        # 300 stated minutes against -19 hours, and 600 against an hour.
        "stated_duration_differs": 2,
        "without_energy": 1,
        "zero_energy": 1,
        "without_charger": 1,
        "without_user": 2,
    }
    columns = (
        "charger_id, session_date::text, start_time::text, end_time::text, duration_minutes, energy_delivered, status"
    )
    found = sessions(charger_db, columns)
    assert found[0] == (
        "KR-204",
        "2022-03-01",
        "2022-03-01 14:30:00",
        "2022-03-01 17:00:00",
        150,
        Decimal("18.250"),
        "completed",
    )
    assert found[2][2:4] == ("2022-03-04 13:00:00", "2022-03-03 18:00:00")
    assert found[3][5] == Decimal("11.123")
    assert found[7] == ("KR-31", "2022-03-11", "2022-03-11 01:00:00", None, None, None, "charging")
    assert found[8][0] is None
    assert charger_db.rows("SELECT charger_id, station_id, charger_type FROM charger_info ORDER BY 1") == [
        ("KR-204", "KR-1-apartment", "SLOW"),
        ("KR-31", "KR-0-hotel", "FAST"),
    ]
    assert charger_db.rows("SELECT station_name, total_chargers FROM station_info ORDER BY 1") == [
        ("apartment (1)", 1),
        ("hotel (0)", 1),
    ]


def test_lines_of_palo_alto_stand_at_the_hour_that_their_zone_says(charger_db: Database, loaded: Any) -> None:
    done, reported = loaded(
        "palo_alto",
        palo_alto_text(
            palo_alto_line("7/29/2011 20:17|PDT", "7/29/2011 23:20|PDT", "3"),
            # The hour that comes twice: 01:30 to 01:10 takes 40 minutes.
            palo_alto_line("11/6/2011 1:30|PDT", "11/6/2011 1:10|PST", "4"),
            # Without zones: the first 01:30, and 02:30 of a night that has none is 03:30.
            palo_alto_line("11/6/2011 1:30|", "11/6/2011 4:00|", "5"),
            palo_alto_line("3/11/2012 2:30|", "3/11/2012 4:00|", "6"),
            # A spreadsheet's number: 2020-01-01 12:00.
            palo_alto_line("1/1/2020 10:00|PST", "43831.5|PST", "7"),
            palo_alto_line("1/2/2020 18:00|UTC", "1/2/2020 20:00|UTC", "8", Port_Type="DC Fast", Port_Number="1"),
        ),
    )
    assert reported == []
    assert sessions(charger_db, "start_time::text, end_time::text, extract(epoch FROM end_time - start_time) / 60") == [
        ("2011-07-30 03:17:00", "2011-07-30 06:20:00", 183),
        ("2011-11-06 08:30:00", "2011-11-06 09:10:00", 40),
        ("2011-11-06 08:30:00", "2011-11-06 12:00:00", 210),
        ("2012-03-11 10:30:00", "2012-03-11 11:00:00", 30),
        ("2020-01-01 18:00:00", "2020-01-01 20:00:00", 120),
        ("2020-01-02 18:00:00", "2020-01-02 20:00:00", 120),
    ]
    assert (done.odd["at_an_hour_that_comes_twice"], done.odd["at_an_hour_that_is_skipped"]) == (1, 1)
    assert charger_db.rows("""
        SELECT s.station_id, s.station_name, s.address, s.latitude, s.total_chargers, c.charger_id, c.charger_type::text
        FROM station_info AS s JOIN charger_info AS c USING (station_id) ORDER BY c.charger_id
    """) == [
        (
            "PA-000D6F00015A9D76",
            "PALO ALTO CA / HAMILTON #1",
            "250 Hamilton Ave, Palo Alto, California",
            37.444572,
            2,
            f"PA-000D6F00015A9D76-{port}",
            kind,
        )
        for port, kind in ((1, "FAST"), (2, "SLOW"))
    ]
    ((fee, charging, charge),) = charger_db.rows("""
        SELECT extra_data ->> 'Fee', extra_data ->> 'Charging Time (hh:mm:ss)', total_charge
        FROM charger_usage_log ORDER BY id LIMIT 1
    """)
    assert (fee, charging, charge) == ("1.44", "1:30:00", None), "dollars are not won"


def test_items_of_acn_become_sessions(charger_db: Database, loaded: Any) -> None:
    inputs = [{"kWhRequested": 25.0, "minutesAvailable": 463, "paymentRequired": True}]
    done, reported = loaded(
        "acn",
        acn_text(
            acn_item(1, userID="000000022", userInputs=inputs),
            acn_item(2, doneChargingTime=None, disconnectTime=None, kWhDelivered=0, timezone="Nowhere/At all"),
            acn_item(3, siteID=None, stationID=None, kWhDelivered=None),
        ),
    )
    assert reported == []
    assert sessions(
        charger_db, "charger_id, session_date::text, start_time::text, end_time::text, energy_delivered"
    ) == [
        ("ACN-2-39-78-362", "2018-04-24", "2018-04-25 03:08:04", "2018-04-25 13:20:10", Decimal("7.932")),
        ("ACN-2-39-78-362", None, "2018-04-25 03:08:04", None, Decimal(0)),
        (None, "2018-04-24", "2018-04-25 03:08:04", "2018-04-25 13:20:10", None),
    ]
    assert sessions(charger_db, "extra_data -> 'userInputs'")[0] == (inputs,)
    assert sessions(charger_db, "user_id_hash IS NULL") == [(False,), (True,), (True,)]
    assert (done.odd["without_end"], done.odd["zero_energy"], done.odd["without_charger"]) == (1, 1, 1)
    assert charger_db.rows("SELECT station_id FROM station_info") == [("ACN-0002",)]


@pytest.mark.parametrize(
    ("layout", "text"),
    [
        ("korea", korea_text(*KOREA)),
        ("palo_alto", palo_alto_text(*[palo_alto_line("7/29/2011 20:17|PDT", "7/29/2011 23:20|PDT", "")] * 3)),
        ("acn", acn_text(acn_item(1), acn_item(1), acn_item(2))),
    ],
)
def test_a_file_that_is_loaded_again_changes_nothing(charger_db: Database, loaded: Any, layout: str, text: str) -> None:
    first, _ = loaded(layout, text)
    before = everything(charger_db)
    again, _ = loaded(layout, text)
    twice_at_once, _ = loaded(layout, text, text)
    assert everything(charger_db) == before
    assert first.added == first.lines == len(before[2])
    for done in (again, twice_at_once):
        assert (done.added, done.changed, done.stations, done.chargers) == (0, 0, 0, 0)


def test_ids_do_not_depend_on_what_else_a_file_holds(charger_db: Database, loaded: Any) -> None:
    loaded("korea", korea_text(*KOREA[3:]))
    before = dict(sessions(charger_db, "transaction_id, start_time"))
    done, _ = loaded("korea", korea_text(*KOREA))
    assert done.added == 3
    assert before.items() <= dict(sessions(charger_db, "transaction_id, start_time")).items()


def test_a_session_that_a_later_file_tells_otherwise_is_changed(charger_db: Database, loaded: Any) -> None:
    loaded("acn", acn_text(acn_item(1, disconnectTime=None, kWhDelivered=1), acn_item(2)))
    done, _ = loaded("acn", acn_text(acn_item(1)), acn_text(acn_item(1, kWhDelivered=9)))
    assert (done.added, done.changed) == (0, 1)
    assert sessions(charger_db, "energy_delivered, status") == [
        (Decimal(9), "completed"),
        (Decimal("7.932"), "completed"),
    ]


def test_lines_that_can_not_be_read_are_named_and_the_others_loaded(charger_db: Database, loaded: Any) -> None:
    _, reported = loaded(
        "korea",
        korea_text(
            "17,204,1,0,flat,,,2022-03-02,02:00:00,150,18.25",
            "17,204,1,0,flat,2022-02-30,23:30:00,2022-03-02,02:00:00,150,18.25",
            "17,204,1,0,flat,2022-03-01,23:30:00,soon,02:00:00,150,18.25",
            "17,204,1,0,flat,2022-03-01,23:30:00,2022-03-02,02:00:00,150,much",
            "17,204,1,0,flat,2022-03-01,23:30:00,2022-03-02,02:00:00,150,1e9",
            "17,204,1",
            "",
            '17,204,1,0,"fl\nat",2022-03-01,23:30:00,2022-03-02,02:00:00,150',
            "17,204,1,0,fl\udcffat,2022-03-01,23:30:00,2022-03-02,02:00:00,150,18.25",
            f"17,204,1,0,{'flat' * 30},2022-03-01,23:30:00,2022-03-02,02:00:00,150,18.25",
            KOREA[0],
        ),
    )
    assert reported == [
        "1.txt:2: StartDay and StartTime are empty: a session needs a start",
        "1.txt:3: StartDay and StartTime is no time: '2022-02-30 23:30:00'",
        "1.txt:4: EndDay and EndTime is no time: 'soon 02:00:00'",
        "1.txt:5: Demand is no number: 'much'",
        "1.txt:6: Demand is out of range: '1e9'",
        "1.txt:7: 3 fields, the header has 11",
        "1.txt:8: the line is empty",
        "1.txt:9-10: 10 fields, the header has 11",
        "1.txt:11: Location is no UTF-8 text",
        "1.txt:12: station_name would have 124 characters, 100 fit",
    ]
    assert sessions(charger_db, "charger_id") == [("KR-204",)]


def test_items_that_can_not_be_read_are_named_by_number_and_line(loaded: Any) -> None:
    lines = acn_text(
        acn_item(1, connectionTime=None),
        acn_item(2, kWhDelivered=[1]),
        "nothing",
        acn_item(4, spaceID="a\x00b"),
        acn_item(5, disconnectTime="25 April"),
        acn_item(6),
        acn_item(7, spaceID="\udcff"),
    )
    done, reported = loaded("acn", lines)
    assert [line.partition(" ")[2] for line in reported] == [
        "(item 1): connectionTime is empty: a session needs a start",
        "(item 2): kWhDelivered is no text: [1]",
        '(item 3): no session: "nothing"',
        "(item 4): a text or number is none that PostgreSQL can store",
        "(item 5): disconnectTime is no time: '25 April'",
        "(item 7): a text or number is none that PostgreSQL can store",
    ]
    numbers = [int(line.partition(":")[2].partition(" ")[0]) for line in reported]
    assert ["{" in lines.splitlines()[number - 1] for number in numbers] == [True, True, False, True, True, True]
    assert (done.lines, done.unreadable, done.added) == (7, 6, 1)


@pytest.mark.parametrize(
    ("layout", "text", "problem"),
    [
        ("korea", PALO_ALTO_HEADER, "names no column UserID, ChargerID"),
        ("palo_alto", "", "names no column Station Name"),
        ("acn", acn_text(acn_item(2))[:-9], "line 21: no JSON document of this layout: "),
        ("acn", '{"_meta": {"_items": [1]}}', "line 1: no JSON document of this layout: there is no list _items"),
        ("acn", '{"_items": [1 2]}', "line 1: no JSON document of this layout: , is missing"),
        ("acn", "", "the document ends too early"),
    ],
)
def test_a_file_of_another_layout_is_refused_and_nothing_is_loaded(
    charger_db: Database, loaded: Any, layout: str, text: str, problem: str
) -> None:
    good = {"korea": korea_text(*KOREA), "palo_alto": palo_alto_text(), "acn": acn_text(acn_item(1))}[layout]
    with pytest.raises(DemoError, match=problem):
        loaded(layout, good, text)
    assert everything(charger_db) == [[], [], []]


def test_a_quote_without_an_end_costs_its_own_lines_only() -> None:
    lost = [f'1,2,3,0,"{"x" * 140_000},2022', *KOREA]
    first, *others = read(korea.read, korea_text(*lost))
    assert isinstance(first, Unreadable)
    assert first.place == "2"
    assert "field larger than field limit" in first.reason
    assert len([each for each in others if isinstance(each, Record)]) == len(KOREA)


def test_a_very_long_file_is_never_in_memory() -> None:
    korean = korea_text(*KOREA * 400)
    items = acn_text(*[acn_item(1)] * 1_500, indent=None)
    for reader, text in ((korea.read, korean), (acn.read, items)):
        file = io.StringIO(text, newline="")
        tracemalloc.start()
        try:
            count = sum(isinstance(found, Record) for found in reader(file))
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        assert count >= 1_500
        assert peak < 200_000 < len(text)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@settings(max_examples=40)
@given(
    items=st.lists(JSON, max_size=5),
    before=st.dictionaries(st.text().filter(lambda name: name != "_items"), JSON, max_size=3),
    indent=st.none() | st.integers(0, 3),
    block=st.integers(1, 60),
)
def test_items_are_those_of_the_document_however_it_is_read(
    items: list[object], before: dict[str, object], indent: int | None, block: int
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(json_items, "BLOCK", block)
        text = json.dumps(before | {"_items": items, "behind": 1}, indent=indent, ensure_ascii=False)
        found = list(json_items.read_items(io.StringIO(text), "_items"))
    assert [value for _, _, value in found] == items
    assert [number for number, _, _ in found] == list(range(1, len(items) + 1))


@pytest.mark.parametrize(
    ("text", "expected"),
    [("2:03:02", 123), ("0 days 08:45:22", 525), ("1 day, 0:30:00", 1470), ("27:15:00", 1635), (" -   ", None)],
)
def test_durations_are_read_as_exports_write_them(text: str, expected: int | None) -> None:
    line = palo_alto_line("1/1/2020 10:00|PST", "1/1/2020 12:00|PST", **{"Total Duration (hh:mm:ss)": text})
    (found,) = read(palo_alto.read, palo_alto_text(line if "," not in text else line.replace(text, f'"{text}"')))
    assert isinstance(found, Record)
    assert found.session.duration_minutes == expected


def test_a_pedestal_without_an_address_is_told_by_its_name() -> None:
    lines = [
        palo_alto_line("1/1/2020 10:00|PST", "1/1/2020 12:00|PST", **{"MAC Address": "", "Station Name": name})
        for name in ("A", "B", "A", "")
    ]
    chargers = [found.charger for found in read(palo_alto.read, palo_alto_text(*lines)) if isinstance(found, Record)]
    assert chargers[0] == chargers[2] != chargers[1]
    assert chargers[3] is None


def test_a_zone_that_nobody_knows_is_no_time() -> None:
    (found,) = read(palo_alto.read, palo_alto_text(palo_alto_line("1/1/2020 10:00|XYZ", "1/1/2020 12:00|PST")))
    assert found == Unreadable("2", "Start Time Zone is no time zone of this set: 'XYZ'")


def test_seoul_had_summer_time_once() -> None:
    (found,) = read(korea.read, korea_text("1,2,1,0,x,1988-07-01,12:00:00,1988-07-01,13:00:00,60,1"))
    assert isinstance(found, Record)
    assert found.session.start_time == datetime(1988, 7, 1, 2)  # noqa: DTZ001 (as the table has it)


def test_the_command_says_what_it_did(
    charger_db: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "records.csv"
    path.write_text(korea_text(*KOREA, "1,2"), encoding="utf-8")
    monkeypatch.delenv(command.DSN, raising=False)
    assert command.main(["korea", str(path)]) == 1
    assert "PGPIPELINES_CHARGER_DSN is not set" in capsys.readouterr().err
    monkeypatch.setenv(command.DSN, charger_db.dsn)
    assert command.main(["korea", str(path)]) == 0
    printed = capsys.readouterr()
    assert printed.out.startswith(
        "10 lines: 1 not readable (named above), 9 sessions new, 0 changed, 0 as before\n2 stations new, 2 chargers new"
    )
    assert "\n  end before start: 1\n" in printed.out
    assert printed.err == f"{path}:11: 2 fields, the header has 11\n"
    assert command.main(["acn", str(path)]) == 1
    assert "nothing was loaded" in capsys.readouterr().err


def test_a_partitioned_charger_db_takes_the_same_sessions(charger_db: Database, loaded: Any) -> None:
    loaded("korea", korea_text(*KOREA))
    plain = sessions(charger_db, "transaction_id, charger_id, start_time, end_time, energy_delivered, extra_data")
    charger_db.run("DROP TABLE charger_usage_log")
    create_tables(charger_db.endpoint, Run("tests", "run_1", "partitions"))
    for added in (len(plain), 0):
        done, _ = loaded("korea", korea_text(*KOREA))
        assert (done.added, done.changed) == (added, 0)
    assert (
        sessions(charger_db, "transaction_id, charger_id, start_time, end_time, energy_delivered, extra_data") == plain
    )
