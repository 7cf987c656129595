"""What a person reads in the task log, and in the target, while a copy runs."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest

from pgpipelines.copy import progress, relay
from pgpipelines.copy.progress import Progress
from pgpipelines.copy.relay import Relayed
from pgpipelines.endpoints import Endpoint
from pgpipelines.ledger import ensure_ledger
from pgpipelines.sessions import Session
from tests.fixtures.copying import RUN, copied
from tests.fixtures.servers import Database

SHOWN = "SELECT target_table, step, rows, bytes, share, seconds_left > 0 FROM pgpipelines.progress"
# More than a server gives to any process.
NOBODY = 2**22 + 1


@pytest.fixture
def lines(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    caplog.set_level(logging.INFO)
    return caplog


@pytest.fixture
def talkative(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every look at the server is worth a line."""
    monkeypatch.setattr(progress, "LINE_SECONDS", 0.0)


@pytest.fixture
def shown(target: Database, talkative: None) -> Iterator[Progress]:
    """The progress of a run on public.t, of which the source has about 2,000 rows, in batches of 100."""
    with Session(target.endpoint, "tests") as session:
        ensure_ledger(session)
    running = Progress(target.endpoint, RUN)
    running.begin("public.t", 2000, 100)
    yield running
    running.close()


def test_each_step_is_timed_and_logged(source: Database, target: Database, lines: pytest.LogCaptureFixture) -> None:
    source.run("CREATE TABLE t (id int PRIMARY KEY, v int); INSERT INTO t VALUES (1, 1)")
    assert list(copied(source, target).seconds) == ["load", "verify", "indexes", "analyze"]
    assert [line for line in lines.messages if "public.t: load took" in line] != []
    source.run("UPDATE t SET v = 2")
    assert list(copied(source, target).seconds) == ["compare", "merge", "verify"]
    assert list(copied(source, target).seconds) == ["compare"], "nothing differs, so nothing is to be done"


def test_a_step_that_comes_twice_counts_both(shown: Progress) -> None:
    shown.seconds["public.t"] = {"load": 3600.0}
    with shown.step("load"):
        pass
    assert shown.seconds["public.t"]["load"] >= 3600


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
        SELECT id, repeat('x', 1000) AS v, pg_sleep(CASE WHEN id = 9000 THEN 0.5 ELSE 0 END)::text AS s
        FROM generate_series(1, 10000) AS id
    """)
    copied(source, target, "slow", "t", {"batch_size": 1000})
    assert any("rows/s" in line and line.startswith("public.t: ") for line in lines.messages)
    assert target.rows(SHOWN) == [], "the copy has ended"


def test_says_how_much_is_left_where_the_server_has_an_estimate(
    shown: Progress, target: Database, lines: pytest.LogCaptureFixture
) -> None:
    with shown.step("load"), shown.watch(NOBODY) as report:
        shown.add(Relayed(50, 5000))
        report()
        assert lines.messages == []
        shown.add(Relayed(950, 95_000))
        report()
        (line,) = lines.messages
        assert line.startswith("public.t: 1,000 rows, 0.1 MB, ")
        assert ", 50% of about 2,000, " in line
        assert target.rows(SHOWN) == [("public.t", "load", 1000, 100_000, 0.5, True)]
        shown.add(Relayed(2000, 200_000))
        report()
        assert "about" not in lines.messages[1]
        assert target.rows(SHOWN) == [("public.t", "load", 3000, 300_000, None, None)]


def test_the_end_of_a_run_takes_away_what_it_showed(shown: Progress, target: Database) -> None:
    with shown.watch(NOBODY) as report:
        for table in ("public.t", "public.u"):
            shown.begin(table, 0, 100)
            shown.add(Relayed(100, 1000))
            report()
    assert {row[0] for row in target.rows(SHOWN)} == {"public.t", "public.u"}
    shown.close()
    assert target.rows(SHOWN) == []


def test_what_a_killed_run_showed_goes_with_the_next_one(source: Database, target: Database) -> None:
    source.run("CREATE TABLE t (id int PRIMARY KEY)")
    copied(source, target)
    for table in ("public.t", "public.other"):
        target.run(
            """INSERT INTO pgpipelines.progress
               VALUES (%s, 'd', 'r', 't', -1, 'load', 1, 1, NULL, NULL, now(), now())""",
            (table,),
        )
    copied(source, target)
    assert [row[0] for row in target.rows(SHOWN)] == ["public.other"]


def test_a_copy_that_cannot_be_watched_goes_on(lines: pytest.LogCaptureFixture, talkative: None) -> None:
    nowhere = Endpoint("nowhere", {"host": "127.0.0.1", "port": "1"})
    blind = Progress(nowhere, RUN)
    with blind.watch(1) as report:
        assert report()
        assert report()
    blind.close()
    (line,) = lines.messages
    assert "no progress to show" in line


def test_a_backend_that_is_gone_shows_nothing(shown: Progress, lines: pytest.LogCaptureFixture) -> None:
    with shown.watch(NOBODY) as report:
        assert report()
    assert lines.messages == []


def test_a_watcher_that_is_cut_off_ends_the_lines_and_not_the_copy(
    shown: Progress, target: Database, lines: pytest.LogCaptureFixture
) -> None:
    with shown.watch(NOBODY) as report:
        report()
        watcher = "application_name = 'pgpipelines progress'"
        target.run(f"SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE {watcher}")
        assert report()
        assert report()
    shown.close()
    assert [line.partition(": ")[0] for line in lines.messages] == [
        "public.t",
        "the progress of this run stays in the target",
    ]
