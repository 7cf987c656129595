"""The pages about charger statistics: what they show is what there is."""

from __future__ import annotations

import pytest

from tests.docs.pages import Reader, page, wrong_sums

PAGES = ("charger-statistics",)


@pytest.mark.parametrize("name", PAGES)
def test_a_page_shows_what_comes_of_following_it(reader: Reader, name: str) -> None:
    assert list(reader.follow(page(name))) == []


@pytest.mark.parametrize("name", PAGES)
def test_sums_come_out(reader: Reader, name: str) -> None:
    assert list(wrong_sums(reader.database, page(name))) == []
