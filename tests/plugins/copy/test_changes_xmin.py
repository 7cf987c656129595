"""The cursor xmin: whatever commits when, however old the ids grow, on a primary and on a replica of it."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest

from demo.servers import Server, binaries, free_port, own, server_user
from pgpipelines.copy import writers
from pgpipelines.copy.changes import FIRST_RUN
from pgpipelines.copy.watermark import OLDEST_FLOOR
from pgpipelines.errors import ConfigurationError
from tests.fixtures.following import Follower, Writer, by, by_xmin
from tests.fixtures.servers import THROW_AWAY, Database, server_folder
from tests.plugins.copy.test_concurrency import eventually

BILLION = 1_000_000_000


def make(database: Database, rows: int = 3) -> None:
    database.run(f"""
        CREATE TABLE t (id int PRIMARY KEY, v text, c timestamptz DEFAULT now());
        INSERT INTO t SELECT g, 'old' FROM generate_series(1, {rows}) AS g
    """)


def test_a_run_reads_what_was_written_since(followed: Database) -> None:
    make(followed)
    follower = Follower(followed, by_xmin())
    follower.run()
    assert follower.reason == FIRST_RUN
    assert follower.run() == {}
    followed.run("INSERT INTO t VALUES (4, 'new'); UPDATE t SET v = 'changed' WHERE id = 2")
    assert follower.run().keys() == {"2", "4"}
    assert follower.complete


def test_a_transaction_that_commits_late_is_read(followed: Database) -> None:
    make(followed)
    follower = Follower(followed, by_xmin())
    with Writer(followed) as late, Writer(followed) as idle:
        idle.do("BEGIN", "SELECT 1")  # takes its id after others have come and gone
        late.do("BEGIN", "INSERT INTO t VALUES (10, 'late')")
        follower.run()
        followed.run("INSERT INTO t VALUES (11, 'other')")
        follower.run()
        idle.do("INSERT INTO t VALUES (12, 'idle')")
        late.do("SAVEPOINT s", "INSERT INTO t VALUES (13, 'late')", "COMMIT")
        follower.run()
        idle.do("COMMIT")
    follower.run()
    assert follower.complete


def test_a_row_of_a_subtransaction_in_progress_would_be_called_visible(followed: Database) -> None:
    make(followed)
    follower = Follower(followed, by_xmin())
    with Writer(followed) as writer:
        writer.do("BEGIN", "INSERT INTO t VALUES (10, 'top')", "SAVEPOINT s", "INSERT INTO t VALUES (11, 'sub')")
        followed.run("INSERT INTO t VALUES (12, 'other')")
        snapshot = followed.value("SELECT pg_current_snapshot()::text")
        follower.run()
        writer.do("COMMIT")
    called_visible = "SELECT id FROM t WHERE pg_visible_in_snapshot(xmin::text::xid8, %s) ORDER BY id"
    assert followed.rows(called_visible, (snapshot,)) == [(1,), (2,), (3,), (11,), (12,)]
    follower.run()
    assert {"10", "11"} <= follower.read.keys()
    assert follower.complete


def test_a_prepared_transaction_is_read_once_it_is_committed(followed: Database) -> None:
    make(followed)
    follower = Follower(followed, by_xmin())
    with Writer(followed) as writer:
        writer.do("BEGIN", "INSERT INTO t VALUES (10, 'prepared')", "SAVEPOINT s", "INSERT INTO t VALUES (11, 'sub')")
        writer.do(f"PREPARE TRANSACTION '{followed.name}'")
        for number in range(3):
            follower.run()
            followed.run(f"INSERT INTO t VALUES ({20 + number}, 'now')")
        writer.do(f"COMMIT PREPARED '{followed.name}'")
    follower.run()
    assert follower.complete


def test_xmin_is_refused_where_rows_have_none(followed: Database) -> None:
    make(followed)
    followed.run("""
        CREATE VIEW v AS TABLE t;
        CREATE MATERIALIZED VIEW m AS TABLE t;
        CREATE FOREIGN DATA WRAPPER w; CREATE SERVER s FOREIGN DATA WRAPPER w;
        CREATE FOREIGN TABLE f (id int, v text, c timestamptz) SERVER s;
        CREATE TABLE p (id int, v text, c timestamptz) PARTITION BY RANGE (id);
        CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (10);
        CREATE FOREIGN TABLE p2 PARTITION OF p FOR VALUES FROM (10) TO (20) SERVER s;
    """)
    for table in ("v", "f", "p"):
        with pytest.raises(ConfigurationError, match=f"public.{table}, which is no ordinary table"):
            Follower(followed, by_xmin(), table=table).run()
    with pytest.raises(ConfigurationError, match=r"the SELECT that is read for public.t has no xmin"):
        Follower(followed, by_xmin(), select="SELECT * FROM public.t").run()
    followed.run("DROP FOREIGN DATA WRAPPER w CASCADE")
    follower = Follower(followed, by_xmin(), table="m")
    follower.run()
    followed.run("UPDATE t SET v = 'new' WHERE id = 1; REFRESH MATERIALIZED VIEW m")
    follower.run()
    assert follower.complete


@contextmanager
def server(major: int, **settings: str) -> Iterator[Server]:
    """A server of one test, which may be stopped, promoted and broken."""
    folder = server_folder("pgpipelines-xmin-")
    made = Server(folder / "primary", major, free_port(), {**THROW_AWAY, **settings})
    made.create()
    made.start()
    try:
        yield made
    finally:
        made.stop("immediate")
        shutil.rmtree(folder)


def run_program(home: Server, program: str, *arguments: str, **environment: str) -> None:
    """Run a program of the server's version as the account that servers run under."""
    done = subprocess.run(
        [str(binaries(home.major) / program), *arguments],
        cwd=home.home,
        env={"LC_ALL": "C", **environment},
        user=server_user(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def reset_next_id(home: Server, next_id: int) -> None:
    """Go on with another transaction id, of 64 bits, as if that many had been used up."""
    home.stop()
    epoch, low = divmod(next_id, 2**32)
    # The commit log of ids that nobody used does not exist: PostgreSQL wants the page to be there.
    pages_per_segment, ids_per_page = 32, 8192 * 4
    segment = home.data / "pg_xact" / f"{low // (pages_per_segment * ids_per_page):04X}"
    if not segment.exists():
        segment.write_bytes(bytes(8192 * pages_per_segment))
        own(segment)
    run_program(home, "pg_resetwal", f"--epoch={epoch}", f"--next-transaction-id={low}", str(home.data))
    home.start()


def vacuum(database: Database, statement: str) -> None:
    with Writer(database) as writer:
        writer.do(statement)


def test_nothing_is_missed_across_epochs_and_freezing() -> None:
    with server(15) as home:
        database = Database(home, "postgres")
        make(database, 100)
        follower = Follower(database, by_xmin())
        follower.run()
        begin = follower.watermark.ceiling
        # Just below, at and above the places where 32 bits wrap around, and where signed ages do.
        moments = [BILLION, 2**31 - 50, 2**31 + 50, 3 * BILLION, 2**32 - 3]
        moments += [2**32 + moment for moment in (BILLION, 2**31 + 10, 3 * BILLION, 2**32 - 2)]
        number = 1000
        for moment in moments:
            follower.run()
            database.run(f"INSERT INTO t VALUES ({number}, 'before'); UPDATE t SET v = v || 'x' WHERE id = 7")
            freeze_everything(home)
            reset_next_id(home, moment)
            for step in range(1, 8):
                database.run(f"INSERT INTO t VALUES ({number + step}, 'after'); UPDATE t SET v = v || 'y' WHERE id = 8")
            follower.run()
            assert follower.complete
            assert follower.reason is None
            vacuum(database, "VACUUM (FREEZE) t")
            database.run(f"INSERT INTO t VALUES ({number + 9}, 'last')")
            follower.run()
            assert follower.complete
            assert follower.reason is None
            assert {str(number + 9)} <= follower.read.keys()
            assert len(follower.read) < 30
            number += 10
        assert begin < follower.watermark.floor


def freeze_everything(home: Server) -> None:
    """Let no row of any database depend on the commit log."""
    Database(home, "postgres").run("UPDATE pg_database SET datallowconn = true")
    for name in ("postgres", "template1", "template0"):
        vacuum(Database(home, name), "VACUUM (FREEZE)")


def test_a_state_that_is_too_old_makes_a_run_read_everything() -> None:
    with server(18) as home:
        database = Database(home, "postgres")
        make(database)
        by_time, by_id = Follower(database, by()), Follower(database, by_xmin())
        by_view = Follower(database, by(), select="SELECT * FROM public.t")
        for follower in (by_time, by_id, by_view):
            follower.run()
            follower.run()
        freeze_everything(home)
        reset_next_id(home, by_id.watermark.floor + OLDEST_FLOOR)
        for follower in (by_time, by_id, by_view):
            database.run("INSERT INTO t SELECT max(id) + 1, 'new' FROM t")
            follower.run()
            assert follower.complete
        assert by_id.reason == "the last run is too many transactions ago to tell what is new"
        assert by_time.reason is None
        assert by_view.reason is None


@contextmanager
def replica_of(primary: Server, **settings: str) -> Iterator[Server]:
    """A streaming replica of a server."""
    copy = Server(primary.home.parent / "replica", primary.major, free_port(), {**primary.settings, **settings})
    copy.home.mkdir()
    (copy.home / "password").write_text(primary.password)
    own(copy.home)
    run_program(
        copy,
        "pg_basebackup",
        f"--pgdata={copy.data}",
        f"--dbname={primary.dsn().replace('dbname=postgres', '')}",
        "--write-recovery-conf",
        "--checkpoint=fast",
        "--no-sync",
    )
    copy.start()
    try:
        yield copy
    finally:
        copy.stop("immediate")


def caught_up(primary: Database, replica: Database) -> None:
    """Wait until the replica has replayed what the primary has written."""
    with Writer(primary) as writer:
        writer.do("SELECT pg_log_standby_snapshot()" if primary.server.major > 15 else "SELECT 1")
    at = primary.value("SELECT pg_current_wal_insert_lsn()::text")
    primary.run("CREATE TABLE IF NOT EXISTS flush (); DROP TABLE flush")
    assert eventually(lambda: bool(replica.value("SELECT pg_last_wal_replay_lsn() >= %s::pg_lsn", (at,))))


@pytest.fixture(scope="module")
def pair() -> Iterator[tuple[Database, Database]]:
    """A primary and its replica."""
    with server(18) as primary, replica_of(primary) as replica:
        yield Database(primary, "postgres"), Database(replica, "postgres")


@pytest.mark.parametrize("column", ["xmin", "c", "id"])
@pytest.mark.parametrize("subtransactions", [0, 3, 200])
def test_a_replica_is_followed(pair: tuple[Database, Database], column: str, subtransactions: int) -> None:
    primary, replica = pair
    primary.run("DROP TABLE IF EXISTS t")
    make(primary)
    caught_up(primary, replica)
    follower = Follower(replica, by(column))
    with Writer(primary) as late, Writer(primary) as second:
        late.do("BEGIN", "INSERT INTO t VALUES (1000, 'top')")
        for number in range(subtransactions):
            late.do(f"SAVEPOINT s{number}", f"INSERT INTO t VALUES ({2000 + number}, 'sub')")
        second.do("BEGIN", "SAVEPOINT s", "INSERT INTO t VALUES (1001, 'second')")
        primary.run("INSERT INTO t VALUES (1002, 'other')")
        caught_up(primary, replica)
        follower.run()
        assert "1002" in follower.read
        assert "1000" not in follower.read
        late.do("SAVEPOINT more", "INSERT INTO t VALUES (1003, 'more')")
        primary.run("INSERT INTO t VALUES (1004, 'other')")
        caught_up(primary, replica)
        follower.run()
        late.do("COMMIT")
        caught_up(primary, replica)
        follower.run(after_snapshot=lambda: second.do("COMMIT"))
        assert {"1000", "1003"} <= follower.read.keys()
        assert "1001" not in follower.read
    caught_up(primary, replica)
    follower.run()
    assert follower.complete
    assert len(follower.target) == 3 + 5 + subtransactions


def test_a_replica_tells_why_a_cursor_does_not_narrow_the_search(
    pair: tuple[Database, Database], caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writers, "GRACE", timedelta(0))
    primary, replica = pair
    primary.run("DROP TABLE IF EXISTS t")
    make(primary)
    caught_up(primary, replica)
    follower = Follower(replica, by("id"))
    follower.run()
    follower.run()
    assert "a replica does not show its primary's transactions" in caplog.text
    assert follower.watermark.bound is None
    assert follower.watermark.seen == ()
    follower.database = primary
    for number in range(10, 13):
        primary.run(f"INSERT INTO t VALUES ({number}, 'new')")
        follower.run()
        assert follower.reason is None
        assert follower.complete
    assert follower.watermark.bound is not None


def test_a_replica_that_began_amid_transactions_is_followed() -> None:
    with server(18) as home:
        primary = Database(home, "postgres")
        make(primary)
        with Writer(primary) as late:
            late.do("BEGIN", "INSERT INTO t VALUES (1000, 'top')")
            for number in range(63):
                late.do(f"SAVEPOINT s{number}", f"INSERT INTO t VALUES ({2000 + number}, 'sub')")
            with replica_of(home) as other:
                replica = Database(other, "postgres")
                follower = Follower(replica, by_xmin())
                follower.run()
                for number in range(100):
                    late.do(f"SAVEPOINT r{number}", f"INSERT INTO t VALUES ({3000 + number}, 'sub')")
                primary.run("INSERT INTO t VALUES (1002, 'other')")
                caught_up(primary, replica)
                follower.run()
                late.do("COMMIT")
                caught_up(primary, replica)
                follower.run()
                assert follower.complete
                assert len(follower.target) == 3 + 1 + 63 + 100 + 1


def test_what_a_failover_lost_does_not_hide_what_came_after() -> None:
    with server(18) as home, replica_of(home) as standby:
        primary, replica = Database(home, "postgres"), Database(standby, "postgres")
        make(primary)
        caught_up(primary, replica)
        with Writer(replica) as holder:
            holder.do("SELECT pg_wal_replay_pause()")
            primary.run("INSERT INTO t VALUES (10, 'lost with the primary')")
            follower = Follower(primary, by_xmin())
            follower.run()
            follower.run()
            home.stop("immediate")
            holder.do("SELECT pg_promote(false)", "SELECT pg_wal_replay_resume()")
        lost_ids(replica, follower)
        follower.database = replica
        follower.run()
        assert follower.reason == "the source failed over, or was restored, since the last run (another timeline)"
        assert follower.complete


def lost_ids(replica: Database, follower: Follower) -> None:
    """Use the ids again that the lost primary had given."""
    assert eventually(lambda: not replica.value("SELECT pg_is_in_recovery()"))
    number = 100
    replica.run("INSERT INTO t VALUES (20, 'after')")
    while replica.value("SELECT pg_snapshot_xmax(pg_current_snapshot())::text::int") <= follower.watermark.ceiling:
        replica.run(f"INSERT INTO t VALUES ({number}, 'after')")
        number += 1
