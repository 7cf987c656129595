from __future__ import annotations

import threading
from decimal import Decimal
from io import BufferedWriter

import pytest

from pgpipelines.errors import PipelineError, RetriableError, VerificationError
from pgpipelines.rollup import everything, hours
from pgpipelines.rollup.engine import roll_up_hours
from pgpipelines.rollup.evaluation import Amounts, Evaluation
from pgpipelines.rollup.funnel import funnel
from pgpipelines.rollup.request import RollupRequest, RollupSettings
from pgpipelines.sessions import Session
from pgpipelines.templates import Sql
from tests.fixtures.servers import Database
from tests.fixtures.waiting import until
from tests.plugins.rollup.charging import RUN, add_session, rebuilt, roll_up, statistics

KEYS = (
    "SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint"
    " WHERE conrelid IN ('hourly_charger_stats'::regclass, 'daily_charger_stats'::regclass)"
    " AND contype IN ('p', 'u', 'f') ORDER BY 1"
)


@pytest.fixture
def busy(charging: Database) -> Database:
    """A charger_db with some sessions at each charger."""
    charging.run(
        "INSERT INTO charger_usage_log (charger_id, start_time, end_time, energy_delivered, total_charge)"
        " SELECT 'C' || 1 + i % 3, at, at + interval '100 minutes', 3.333, 1000.01"
        " FROM generate_series(0, 299) AS i CROSS JOIN LATERAL"
        " (SELECT timestamp '2025-01-01' + i * interval '50 minutes' AS at) AS started"
    )
    return charging


@pytest.mark.parametrize("workers", [1, 2, 5])
def test_any_number_of_workers_computes_the_same(busy: Database, workers: int) -> None:
    roll_up(busy, RollupSettings(workers=workers))
    assert busy.rows("SELECT sum(total_energy), sum(total_revenue), sum(num_sessions) FROM hourly_charger_stats") == [
        (Decimal("999.900"), 300003, 300)
    ]
    found = statistics(busy)
    assert found == rebuilt(busy, RollupSettings(workers=workers))


def test_an_empty_table_gets_its_keys_back_with_its_rows(busy: Database) -> None:
    before = busy.rows(KEYS)
    roll_up(busy)
    assert busy.rows(KEYS) == before
    assert busy.value("SELECT count(*) FROM pgpipelines.set_aside") == 0


def test_days_that_are_there_before_the_first_run_are_replaced_by_their_key(busy: Database) -> None:
    before = busy.rows(KEYS)
    busy.run("INSERT INTO daily_charger_stats (charger_id, stats_date) VALUES ('C1', '2031-01-01')")
    roll_up(busy)
    assert busy.rows(KEYS) == before
    assert busy.value("SELECT count(*) FROM daily_charger_stats WHERE stats_date = '2031-01-01'") == 0


def test_days_written_before_their_first_run_are_replaced_too(busy: Database) -> None:
    before = busy.rows(KEYS)
    roll_up_hours(RollupRequest(busy.endpoint), RUN)
    busy.run("INSERT INTO daily_charger_stats (charger_id, stats_date) VALUES ('C1', '2031-01-01')")
    roll_up(busy)
    assert busy.rows(KEYS) == before
    assert busy.value("SELECT count(*) FROM daily_charger_stats WHERE stats_date = '2031-01-01'") == 0


def test_a_first_run_that_fails_is_made_up_for_by_the_next(busy: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    before = busy.rows(KEYS)
    with monkeypatch.context() as patched:
        patched.setattr(hours, "hours_amount_to", lambda *_: Amounts())
        with pytest.raises(VerificationError, match="the hours would hold"):
            roll_up(busy)
    assert busy.value("SELECT count(*) FROM hourly_charger_stats") == 0
    assert busy.rows(KEYS) != before
    report, _, _ = roll_up(busy)
    assert report.whole
    assert busy.rows(KEYS) == before


def test_a_worker_that_loses_its_connection_changes_nothing(busy: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    roll_up(busy)
    before = statistics(busy)
    busy.run("UPDATE charger_usage_log SET energy_delivered = 1")
    busy.run("INSERT INTO pgpipelines.dirty_range VALUES (NULL, '-infinity', 'infinity')")
    stream = everything._stream_share

    def broken(worker: Session, share: Evaluation, mouth: BufferedWriter, step: str) -> None:
        stream(worker, share, mouth, step)
        busy.run("SELECT pg_terminate_backend(%s)", (worker.backend,))

    monkeypatch.setattr(everything, "_stream_share", broken)
    with pytest.raises(PipelineError):
        roll_up_hours(RollupRequest(busy.endpoint), RUN)
    assert statistics(busy) == before
    monkeypatch.undo()
    roll_up(busy)
    assert statistics(busy) == rebuilt(busy)


def test_rows_of_several_mouths_arrive_whole(target: Database) -> None:
    target.run("CREATE TABLE t (worker int, number int)")
    with Session(target.endpoint, "tests") as session:
        with funnel(session, Sql("COPY public.t FROM STDIN")) as (open_mouth, end):

            def pour(worker: int) -> None:
                with open_mouth() as mouth:
                    for number in range(20_000):
                        mouth.write(f"{worker}\t{number}\n".encode())

            threads = [threading.Thread(target=pour, args=(worker,)) for worker in range(3)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            assert end() == 60_000
        session.commit()
    assert target.rows("SELECT worker, count(DISTINCT number) FROM t GROUP BY 1 ORDER BY 1") == [
        (0, 20_000),
        (1, 20_000),
        (2, 20_000),
    ]


def test_a_copy_that_fails_tells_its_own_error(target: Database) -> None:
    target.run("CREATE TABLE t (number int)")

    def fill(session: Session) -> None:
        with funnel(session, Sql("COPY public.t FROM STDIN")) as (open_mouth, _), open_mouth() as mouth:
            mouth.write(b"not a number\n")
            for number in range(200_000):
                mouth.write(f"{number}\n".encode())

    with Session(target.endpoint, "tests") as session, pytest.raises(PipelineError, match="invalid input syntax"):
        fill(session)


def test_a_session_that_ends_under_its_copy_is_named_instead_of_its_snapshot(target: Database) -> None:
    target.run("CREATE TABLE t (number int)")

    def end(session: Session, worker: Session) -> None:
        snapshot = session.export_snapshot()
        with funnel(session, Sql("COPY public.t FROM STDIN")):
            target.run("SELECT pg_terminate_backend(%s)", (session.backend,))
            until(target, "SELECT WHERE NOT EXISTS (SELECT FROM pg_stat_activity WHERE pid = %s)", (session.backend,))
            worker.adopt_snapshot(snapshot)

    with (
        Session(target.endpoint, "tests", snapshot=True, readonly=False) as session,
        Session(target.endpoint, "tests", snapshot=True) as worker,
        pytest.raises(RetriableError, match="terminating connection"),
    ):
        end(session, worker)


def test_what_is_written_while_a_run_computes_is_left_to_the_next(
    busy: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    roll_up(busy)
    add_session(busy, "2025-03-01 01:00", "2025-03-01 02:00", 1)
    run = Evaluation.run

    def interrupted(self: Evaluation, session: Session, *steps: str) -> None:
        run(self, session, *steps)
        add_session(busy, "2025-03-01 01:30", "2025-03-01 02:30", 2)

    with monkeypatch.context() as patched:
        patched.setattr(Evaluation, "run", interrupted)
        roll_up_hours(RollupRequest(busy.endpoint), RUN)
    march = "SELECT sum(total_energy) FROM hourly_charger_stats WHERE stats_date = '2025-03-01'"
    assert busy.value(march) == 1
    roll_up(busy)
    assert busy.value(march) == 3
    assert statistics(busy) == rebuilt(busy)
