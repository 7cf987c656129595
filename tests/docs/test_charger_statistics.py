"""The pages about charger statistics: what they show is what there is."""

from __future__ import annotations

import re

import pytest

from pgpipelines.configuration import Rollup
from pgpipelines.errors import PrivilegeError
from pgpipelines.templates import QualifiedName, render
from tests.docs.pages import ROOT, Reader, blocks, first_block, first_table, page, wrong_sums
from tests.plugins.rollup.charging import add_sample, add_session, hours, insert, roll_up

SQL = ROOT / "include" / "sql" / "rollup"
STATISTICS = {"hourly": "charger_stats", "daily": "charger_stats", "station": "daily_stats"}
PAGES = ("charger-statistics", "late-and-wrong-data", "rebuild-statistics")


@pytest.mark.parametrize("name", PAGES)
def test_a_page_shows_what_comes_of_following_it(reader: Reader, name: str) -> None:
    assert list(reader.follow(page(name))) == []


@pytest.mark.parametrize("name", PAGES)
def test_sums_come_out(reader: Reader, name: str) -> None:
    assert list(wrong_sums(reader.database, page(name))) == []


def names_in(text: str, heading: str) -> set[str]:
    """What the first table below a heading explains."""
    return {name for name, *_ in first_table(text, heading)}


@pytest.mark.parametrize("table", ["hourly_charger_stats", "daily_charger_stats", "station_daily_stats"])
def test_every_column_is_explained(reader: Reader, table: str) -> None:
    names = {short: QualifiedName("public", f"{short}_{rest}") for short, rest in STATISTICS.items()}
    reader.database.run(render("rollup/statistics.sql", **names))
    columns = reader.database.rows(
        """
        SELECT attname FROM pg_attribute
        WHERE attrelid = %s::regclass AND attnum > 0 AND attname NOT IN ('id', 'charger_id', 'station_id')
        """,
        (table,),
    )
    keys = {"stats_date"} if table != "hourly_charger_stats" else set()
    assert names_in(page("charger-statistics"), f"### {table}") == {name for (name,) in columns} - keys


def test_every_setting_is_explained() -> None:
    settings = {field.alias or name for name, field in Rollup.model_fields.items()}
    assert names_in(page("charger-statistics"), "## Switch it on") == settings


def test_every_reason_and_flag_has_an_example() -> None:
    text = page("late-and-wrong-data")
    rows = first_table(text, "## What can't be right") + first_table(text, "## What is odd")
    explained = sorted((reason, example[:2]) for reason, _, example, _ in rows)
    reasons = re.findall(r"THEN '(\w+)'", (SQL / "_reason.sql").read_text(encoding="utf-8"))
    flags = re.findall(r"\('(\w+)', ", (SQL / "findings.sql").read_text(encoding="utf-8"))
    assert [reason for reason, _ in explained] == sorted(reasons + flags)
    found = first_block(text, "## List what was found", "text")
    assert sorted(re.findall(r"\w+ +\| (\w+) +\| (\w+)", found)[1:]) == explained


def test_the_privileges_of_the_page_are_enough(reader: Reader) -> None:
    database = reader.database
    database.run(render("roles/writer.sql", role="pgpipelines_writer", database=database.name, schemas=["public"]))
    database.run("ALTER ROLE pgpipelines_writer LOGIN PASSWORD 'secret'")
    for (table,) in database.rows("SELECT tablename FROM pg_tables WHERE schemaname = 'public'"):
        database.run(f"ALTER TABLE {table} OWNER TO charger_app")
    insert(database, "station_info", station_id="S1", station_name="one")
    insert(database, "charger_info", charger_id="C1", station_id="S1", charger_type="FAST", rated_power=50)
    add_session(database, "2025-01-01 00:10", "2025-01-01 00:50")
    writer = database.login("pgpipelines_writer", "secret")
    granted, lent, enough = (block.text for block in blocks(page("charger-statistics")) if "GRANT" in block.text)

    database.run(granted)
    with pytest.raises(PrivilegeError, match="hourly_charger_stats"):
        roll_up(writer)
    database.run(lent)
    roll_up(writer)
    database.run(enough)
    database.run("SET ROLE charger_app; UPDATE charger_usage_log SET energy_delivered = 11")
    add_sample(database, "2025-01-01 05:00", charger_status="AVAILABLE")
    roll_up(writer)
    assert [float(energy) for (energy,) in hours(database, "total_energy")] == [11, 0]
    assert database.value("SELECT count(*) FROM pgpipelines.raw_day_checksum") == 0
