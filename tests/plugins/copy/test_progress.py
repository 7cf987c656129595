"""What a person reads in the task log while a copy runs."""

from __future__ import annotations

import logging
from dataclasses import replace

import pytest

from pgpipelines.copy import progress, relay
from pgpipelines.copy.progress import Progress, watch
from pgpipelines.sessions import Endpoint
from tests.fixtures.copying import RUN, copied, copy_table, request
from tests.fixtures.servers import Database


@pytest.fixture
def lines(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    caplog.set_level(logging.INFO)
    return caplog


@pytest.fixture
def talkative(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every look at the server is worth a line."""
    monkeypatch.setattr(progress, "LINE_SECONDS", 0.0)


def test_each_step_is_timed_and_logged(source: Database, target: Database, lines: pytest.LogCaptureFixture) -> None:
    source.run("CREATE TABLE t (id int PRIMARY KEY)")
    assert list(copied(source, target).seconds) == ["lock", "place", "load", "merge", "verify", "publish"]
    assert [line for line in lines.messages if "load took" in line] != []


def test_a_long_load_shows_rows_bytes_and_rate(
    source: Database,
    target: Database,
    lines: pytest.LogCaptureFixture,
    talkative: None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(relay, "REPORT_SECONDS", 0.05)
    # Wide rows, so that those before the pause are more than the stream's buffers hold.
    source.run("""
        CREATE VIEW slow AS
        SELECT id, repeat('x', 1000) AS v, pg_sleep(CASE WHEN id = 9000 THEN 2 ELSE 0 END)::text AS s
        FROM generate_series(1, 10000) AS id
    """)
    copy_table(replace(request(source, target, "slow", "t"), batch_size=1000), RUN)
    assert any("rows/s" in line and line.startswith("public.t: ") for line in lines.messages)


def test_says_how_much_is_left_where_the_server_has_an_estimate(lines: pytest.LogCaptureFixture) -> None:
    shown = Progress("t", batch_size=100, expected_rows=2000)
    shown.rows(50, 5000)
    assert lines.messages == []
    shown.rows(1000, 100_000)
    (line,) = lines.messages
    assert line.startswith("t: 1,000 rows, 0.1 MB, ")
    assert ", 50% of about 2,000, " in line
    shown.rows(3000, 300_000)
    assert "about" not in lines.messages[1]


def test_a_copy_that_cannot_be_watched_goes_on(lines: pytest.LogCaptureFixture, talkative: None) -> None:
    nowhere = Endpoint("nowhere", {"host": "127.0.0.1", "port": "1"})
    with watch(nowhere, 1, Progress("t", 1)) as report:
        assert report()
        assert report()
    (line,) = lines.messages
    assert "no progress to show" in line


def test_a_backend_that_is_gone_shows_nothing(
    target: Database, lines: pytest.LogCaptureFixture, talkative: None
) -> None:
    with watch(target.endpoint, 2**22 + 1, Progress("t", 1)) as report:
        assert report()
    assert lines.messages == []
