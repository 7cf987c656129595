"""The pages about charger statistics: what they show is what there is."""

from __future__ import annotations

import pytest

from pgpipelines.configuration import Rollup
from pgpipelines.templates import QualifiedName, render
from tests.docs.pages import Reader, first_column, page, wrong_sums

STATISTICS = {"hourly": "charger_stats", "daily": "charger_stats", "station": "daily_stats"}
PAGES = ("charger-statistics",)


@pytest.mark.parametrize("name", PAGES)
def test_a_page_shows_what_comes_of_following_it(reader: Reader, name: str) -> None:
    assert list(reader.follow(page(name))) == []


@pytest.mark.parametrize("name", PAGES)
def test_sums_come_out(reader: Reader, name: str) -> None:
    assert list(wrong_sums(reader.database, page(name))) == []


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
    assert first_column(page("charger-statistics"), f"### {table}") == {name for (name,) in columns} - keys


def test_every_setting_is_explained() -> None:
    settings = {field.alias or name for name, field in Rollup.model_fields.items()}
    assert first_column(page("charger-statistics"), "## Switch it on") == settings
