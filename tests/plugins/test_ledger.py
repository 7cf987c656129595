from __future__ import annotations

import threading
from datetime import datetime, timezone

import pytest

from pgpipelines.copy.engine import copy_tables
from pgpipelines.errors import MissingObjectError
from pgpipelines.ledger import Entry, Run, ensure_ledger, last_columns, record
from pgpipelines.sessions import Session
from tests.fixtures.copying import RUN, copied, ledger_rows, request
from tests.fixtures.servers import Database

NOW = datetime(2024, 2, 29, tzinfo=timezone.utc)


def entry(status: str = "succeeded", columns: list[str] | None = None) -> Entry:
    return Entry("conn", "public.s", "public.t", "full_refresh", status, NOW, columns=columns)


def test_a_run_is_known_in_pg_stat_activity_by_dag_and_task() -> None:
    assert Run("dag", "run", "task").application_name == "dag.task"


def test_what_a_run_did_commits_with_its_data(target: Database) -> None:
    with Session(target.endpoint, "tests") as session:
        ensure_ledger(session)
        record(session, RUN, entry())
        session.rollback()
        assert target.value("SELECT count(*) FROM pgpipelines.ledger") == 0
        record(session, RUN, entry())
        session.commit()
    assert target.value("SELECT count(*) FROM pgpipelines.ledger") == 1


def test_a_success_says_what_was_read_and_written(source: Database, target: Database) -> None:
    source.run("CREATE TABLE t (id int PRIMARY KEY, v text); INSERT INTO t VALUES (1, 'a'), (2, 'b')")
    report = copy_tables(request(source, target), RUN)
    (result,) = report.tables
    ((row,),) = target.rows("SELECT to_jsonb(l) FROM pgpipelines.ledger AS l")
    assert row["status"] == "succeeded"
    assert (row["dag_id"], row["run_id"], row["task_id"], row["map_index"]) == ("tests", "run_1", "copy", -1)
    assert (row["source_table"], row["target_table"]) == ("public.t", "public.t")
    assert (row["rows_read"], row["rows_inserted"], row["rows_updated"], row["rows_deleted"]) == (2, 2, 0, 0)
    assert row["bytes"] == result.bytes > 0
    assert row["columns"] == ["id", "v"]
    assert row["snapshot"] == report.snapshot
    assert row["verification"] == "checksum"
    assert row["seconds"] == result.seconds
    assert set(row["seconds"]) == {"load", "verify", "indexes", "analyze"}
    assert source.server.password not in str(row)


def test_the_columns_of_the_last_success_count(target: Database) -> None:
    with Session(target.endpoint, "tests") as session:
        ensure_ledger(session)
        assert last_columns(session, "public.s", "public.t") == ()
        record(session, RUN, entry(columns=["a"]))
        record(session, RUN, entry(columns=["a", "b"]))
        record(session, RUN, entry(status="failed"))
        assert last_columns(session, "public.s", "public.t") == ("a", "b")
        assert last_columns(session, "public.other", "public.t") == ()


def test_runs_that_start_together_create_one_ledger(target: Database) -> None:
    def create() -> None:
        with Session(target.endpoint, "tests") as session:
            ensure_ledger(session)

    threads = [threading.Thread(target=create) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert target.value("SELECT count(*) FROM pgpipelines.ledger") == 0


def test_a_failure_is_kept_although_its_transaction_is_not(source: Database, target: Database) -> None:
    with pytest.raises(MissingObjectError) as caught:
        copied(source, target, "nowhere")
    assert ledger_rows(target, "failed") == [caught.value.cause]
