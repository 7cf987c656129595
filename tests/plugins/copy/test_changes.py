"""Cursor columns: an incremental run misses nothing, and reads little that it has seen."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest

from pgpipelines.copy import writers
from pgpipelines.copy.changes import FIRST_RUN
from pgpipelines.copy.request import Cursor
from pgpipelines.copy.watermark import Watermark
from pgpipelines.copy.writers import look_at_writers
from pgpipelines.errors import ConfigurationError
from pgpipelines.sessions import Session
from pgpipelines.templates import render
from tests.fixtures.following import Follower, Writer, by, by_xmin
from tests.fixtures.servers import Database

# A type for the cursor, and what a writer sets it to now; zones +9 and -5 are applications' own clocks.
CLOCKS = {
    "timestamptz": ("timestamptz", "now()"),
    "timestamp, UTC": ("timestamp", "now() AT TIME ZONE 'UTC'"),
    "timestamp, +9": ("timestamp", "now() AT TIME ZONE 'Asia/Seoul'"),
    "timestamp, -5": ("timestamp", "now() AT TIME ZONE 'Etc/GMT+5'"),
    "timestamp, -12": ("timestamp", "now() AT TIME ZONE 'Etc/GMT+12'"),
    "timestamp, +14": ("timestamp", "now() AT TIME ZONE 'Etc/GMT-14'"),
    "date, +9": ("date", "(now() AT TIME ZONE 'Asia/Seoul')::date"),
    "date, -12": ("date", "(now() AT TIME ZONE 'Etc/GMT+12')::date"),
    "yyyymmdd, +9": ("varchar(8)", "to_char(now() AT TIME ZONE 'Asia/Seoul', 'YYYYMMDD')"),
    "yyyymmdd, -5": ("char(8)", "to_char(now() AT TIME ZONE 'Etc/GMT+5', 'YYYYMMDD')"),
    "yyyymmddhhmmss": ("text", "to_char(now() AT TIME ZONE 'Asia/Seoul', 'YYYYMMDDHH24MISS')"),
}
NUMBERS = {
    "smallint": ("smallint", "nextval('numbers')"),
    "integer": ("int", "nextval('numbers')"),
    "bigint": ("bigint", "nextval('numbers')"),
    "numeric": ("numeric", "nextval('numbers')"),
}
KINDS = {**CLOCKS, **NUMBERS}


@pytest.fixture(autouse=True)
def _shown_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """No seconds of grace, which would hide that a bound is too high: here nobody writes while runs look."""
    monkeypatch.setattr(writers, "GRACE", timedelta(0))


def make(database: Database, kind: str, rows: int = 3) -> str:
    """Make a table whose cursor is of a kind; returns what sets the cursor."""
    type_, value = KINDS[kind]
    database.run(f"CREATE SEQUENCE numbers; CREATE TABLE t (id int PRIMARY KEY, v text, c {type_})")
    database.run(f"INSERT INTO t SELECT g, 'old', {value} FROM generate_series(1, {rows}) AS g")
    return value


@contextmanager
def role_of(database: Database, *grants: str) -> Iterator[Database]:
    """The database as a role that may read t, and what else is granted."""
    role = f"reader_{database.name}"
    database.run(
        f"CREATE ROLE {role} LOGIN PASSWORD 'secret'; GRANT USAGE ON SCHEMA public TO {role}; "
        f"GRANT SELECT ON t TO {role}"
    )
    for grant in grants:
        database.run(f"GRANT {grant} TO {role}")
    try:
        yield database.login(role, "secret")
    finally:
        database.run(f"DROP OWNED BY {role}; DROP ROLE {role}")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("select", [None, "SELECT * FROM public.t"])
def test_a_transaction_that_commits_late_is_read_by_the_next_run(
    followed: Database, kind: str, select: str | None
) -> None:
    value = make(followed, kind)
    follower = Follower(followed, by(), select=select)
    with Writer(followed) as late, Writer(followed) as other:
        late.do(
            "BEGIN",
            f"INSERT INTO t VALUES (100, 'late', {value})",
            f"UPDATE t SET v = 'late', c = {value} WHERE id = 1",
        )
        follower.run()
        assert follower.reason == FIRST_RUN
        other.do(f"INSERT INTO t VALUES (101, 'other', {value})")
        follower.run()
        late.do(f"INSERT INTO t VALUES (102, 'later', {value})")
        follower.run()
        other.do(f"INSERT INTO t VALUES (103, 'other', {value})")
        late.do("COMMIT")
    follower.run()
    assert follower.complete
    follower.run()
    assert follower.complete


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("select", [None, "SELECT * FROM public.t"])
def test_what_commits_between_the_look_and_the_snapshot_or_after_it_is_not_missed(
    followed: Database, kind: str, select: str | None
) -> None:
    value = make(followed, kind)
    follower = Follower(followed, by(), select=select)
    follower.run()
    with Writer(followed) as first, Writer(followed) as second, Writer(followed) as third:
        first.do("BEGIN", f"INSERT INTO t VALUES (100, 'first', {value})")

        def before() -> None:
            first.do("COMMIT")
            second.do("BEGIN", f"INSERT INTO t VALUES (101, 'second', {value})")
            third.do(f"INSERT INTO t VALUES (102, 'third', {value})")

        follower.run(before_snapshot=before, after_snapshot=lambda: second.do("COMMIT"))
        assert {"100", "102"} <= follower.read.keys()
        assert "101" not in follower.read
    follower.run()
    assert follower.complete


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind not in ("timestamptz",)])
def test_a_quiet_table_is_read_only_at_its_highest_cursor(followed: Database, kind: str) -> None:
    make(followed, kind)
    followed.run("UPDATE t SET c = '20010101' WHERE id < 3" if kind in CLOCKS and "date" not in kind else "SELECT 1")
    follower = Follower(followed, by())
    for _ in range(3):
        follower.run()
    assert len(follower.read) <= (3 if "date" in kind else 1)


def test_rows_of_the_bound_that_were_seen_are_not_read_again(followed: Database) -> None:
    value = make(followed, "timestamptz", rows=10)
    follower = Follower(followed, by())
    with Writer(followed) as idle:
        idle.do("BEGIN", "SELECT 1")
        follower.run()
        followed.run(f"INSERT INTO t SELECT g, 'new', {value} FROM generate_series(11, 20) AS g")
        follower.run()
        assert len(follower.read) == 10  # ten are new; ten tie at the highest, and were seen
        followed.run(f"INSERT INTO t VALUES (21, 'new', {value})")
        follower.run()
        assert follower.read.keys() == {"21"}


def test_rows_that_tie_at_the_watermark_are_read(followed: Database) -> None:
    followed.run(
        "CREATE TABLE t (id int PRIMARY KEY, v text, c timestamptz); INSERT INTO t VALUES (1, '', '2024-01-01')"
    )
    for select in (None, "SELECT * FROM public.t"):
        follower = Follower(followed, by(), select=select)
        follower.run()
        followed.run("INSERT INTO t SELECT max(id) + 1, '', '2024-01-01' FROM t")
        follower.run()
        assert follower.complete


@pytest.mark.parametrize("select", [None, "SELECT * FROM public.t"])
def test_a_null_cursor_is_read_each_time_it_may_be_new(followed: Database, select: str | None) -> None:
    value = make(followed, "timestamptz")
    followed.run("INSERT INTO t VALUES (7, 'null', NULL)")
    follower = Follower(followed, by(), select=select)
    follower.run()
    followed.run("INSERT INTO t VALUES (8, 'null', NULL); UPDATE t SET v = 'still null' WHERE id = 7")
    follower.run()
    assert follower.complete
    follower.run()
    assert ("8" in follower.read) == (select is not None)
    followed.run(f"UPDATE t SET c = {value} WHERE id = 8; UPDATE t SET c = NULL, v = 'gone' WHERE id = 1")
    follower.run()
    assert follower.complete


@pytest.mark.parametrize("select", [None, "SELECT * FROM public.t"])
def test_a_table_without_a_single_cursor_value_is_followed(followed: Database, select: str | None) -> None:
    value = make(followed, "timestamptz", rows=0)
    follower = Follower(followed, by(), select=select)
    follower.run()
    assert follower.run() == {}
    followed.run("INSERT INTO t VALUES (1, 'null', NULL)")
    follower.run()
    followed.run(f"INSERT INTO t VALUES (2, 'first', {value})")
    follower.run()
    followed.run(f"INSERT INTO t VALUES (3, 'second', {value})")
    follower.run()
    assert follower.complete


@pytest.mark.parametrize("kind", CLOCKS)
@pytest.mark.parametrize(
    ("ahead", "select"), [("1 hour", None), ("3 days", "SELECT * FROM public.t"), ("5000 years", None)]
)
def test_a_row_dated_in_the_future_hides_nothing(followed: Database, kind: str, ahead: str, select: str | None) -> None:
    value = make(followed, kind)
    future = value.replace("now()", f"(now() + interval '{ahead}')")
    followed.run(f"INSERT INTO t VALUES (50, 'future', {future})")
    follower = Follower(followed, by(), select=select)
    follower.run()
    for number in range(2):
        with Writer(followed) as late:
            late.do("BEGIN", f"INSERT INTO t VALUES ({100 + number}, 'late', {value})")
            follower.run()
            late.do("COMMIT")
        followed.run(f"INSERT INTO t VALUES ({200 + number}, 'now', {value})")
        follower.run()
        assert follower.complete


EDGES = {
    "timestamptz": ("infinity", "-infinity", "0044-03-15 12:00:00.000001 BC"),
    "timestamp": ("infinity", "4713-01-01 BC", "20000-01-01"),
    "date": ("infinity", "4713-01-01 BC"),
    "bigint": ("9223372036854775807", "-9223372036854775808"),
    "numeric": ("NaN", "Infinity", "-Infinity", "-1e40"),
}


@pytest.mark.parametrize(("type_", "edge"), [(type_, edge) for type_, edges in EDGES.items() for edge in edges])
@pytest.mark.parametrize("select", [None, "SELECT * FROM public.t"])
def test_values_at_the_edge_of_a_type_break_nothing(
    followed: Database, type_: str, edge: str, select: str | None
) -> None:
    value = "now()" if type_ in ("timestamptz", "timestamp", "date") else "(SELECT count(*) FROM t)"
    followed.run(f"CREATE TABLE t (id int PRIMARY KEY, v text, c {type_}); INSERT INTO t VALUES (1, 'edge', '{edge}')")
    lookback: timedelta | int = timedelta(days=3) if value == "now()" else 5
    follower = Follower(followed, by(lookback=lookback), select=select)
    follower.run()
    follower.run()
    followed.run(f"INSERT INTO t VALUES (2, 'plain', {value})")
    follower.run()
    assert follower.complete
    followed.run(f"INSERT INTO t VALUES (3, 'plain', {value})")
    follower.run()
    assert follower.complete


def test_old_times_are_followed_by_the_clock_that_set_them(followed: Database) -> None:
    followed.run("CREATE TABLE t (id int PRIMARY KEY, v text, c timestamp)")
    followed.run(
        "INSERT INTO t SELECT g, '', timestamp '0044-03-15 BC' + g * interval '1 day' FROM generate_series(1, 9) g"
    )
    follower = Follower(followed, by(), select="SELECT * FROM public.t")
    follower.run()
    follower.run()
    assert follower.condition.since is not None
    assert follower.condition.since.endswith("BC")
    assert follower.read.keys() == {"9"}
    followed.run("INSERT INTO t VALUES (10, '', '0044-04-01 BC')")
    follower.run()
    assert follower.complete


@pytest.mark.parametrize("backdated", ["59 minutes", "61 minutes"])
def test_lookback_reaches_clocks_that_are_late(followed: Database, backdated: str) -> None:
    followed.run("CREATE TABLE t (id int PRIMARY KEY, v text, c timestamptz); INSERT INTO t VALUES (1, '', now())")
    follower = Follower(followed, by(lookback=timedelta(hours=1)))
    follower.run()
    followed.run(f"INSERT INTO t VALUES (2, 'backdated', now() - interval '{backdated}')")
    follower.run()
    assert follower.complete == (backdated == "59 minutes")
    # What was missed once is found by a longer lookback, though it is no longer new.
    follower.cursor = by(lookback=timedelta(hours=2))
    follower.run()
    assert follower.complete


def test_lookback_of_days_is_rounded_up(followed: Database) -> None:
    make(followed, "yyyymmdd, +9")
    follower = Follower(followed, by(lookback=timedelta(hours=30)))
    follower.run()
    backdated = "to_char(now() AT TIME ZONE 'Asia/Seoul' - interval '30 hours', 'YYYYMMDD')"
    followed.run(f"INSERT INTO t VALUES (9, 'backdated', {backdated})")
    follower.run()
    assert follower.complete


def test_lookback_of_numbers_reaches_what_sessions_held_back(followed: Database) -> None:
    followed.run("CREATE TABLE t (id int PRIMARY KEY, v text, c int); INSERT INTO t VALUES (1, '', 1000)")
    follower = Follower(followed, by(lookback=50))
    follower.run()
    follower.run()
    followed.run("INSERT INTO t VALUES (2, '', 951), (3, '', 949)")
    follower.run()
    assert {"2"} < follower.read.keys() | {"x"}
    assert "3" not in follower.read


def test_the_end_of_summer_time_hides_nothing(followed: Database) -> None:
    followed.run("CREATE TABLE t (id int PRIMARY KEY, v text, c timestamp)")
    followed.run("INSERT INTO t VALUES (1, 'summer', now() AT TIME ZONE 'Etc/GMT+4')")
    for select in (None, "SELECT * FROM public.t"):
        follower = Follower(followed, by(), select=select)
        follower.run()
        followed.run("INSERT INTO t SELECT max(id) + 1, 'winter', now() AT TIME ZONE 'Etc/GMT+5' FROM t")
        follower.run()
        assert follower.complete


@pytest.mark.parametrize("kind", KINDS)
def test_a_transaction_that_rolls_back_leaves_nothing(followed: Database, kind: str) -> None:
    value = make(followed, kind)
    follower = Follower(followed, by())
    follower.run()
    with Writer(followed) as writer:
        writer.do("BEGIN", f"INSERT INTO t VALUES (100, 'never', {value})", f"UPDATE t SET v = 'never', c = {value}")
        follower.run()
        writer.do("ROLLBACK")
        follower.run()
        writer.do("BEGIN", "SAVEPOINT s", f"INSERT INTO t VALUES (101, 'never', {value})", "ROLLBACK TO s")
        writer.do(f"INSERT INTO t VALUES (102, 'kept', {value})")
        follower.run()
        writer.do("COMMIT")
    follower.run()
    assert follower.complete
    assert follower.target.keys() == {"1", "2", "3", "102"}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("select", [None, "SELECT * FROM public.t"])
def test_a_prepared_transaction_is_read_once_it_is_committed(
    followed: Database, kind: str, select: str | None, caplog: pytest.LogCaptureFixture
) -> None:
    value = make(followed, kind)
    follower = Follower(followed, by(), select=select)
    follower.run()
    with Writer(followed) as writer:
        writer.do("BEGIN", f"INSERT INTO t VALUES (100, 'prepared', {value})", f"PREPARE TRANSACTION '{followed.name}'")
    for number in range(3):
        follower.run()
        assert "prepared transactions do not tell when they began" in caplog.text
        followed.run(f"INSERT INTO t VALUES ({200 + number}, 'now', {value})")
    with Writer(followed) as writer:
        writer.do(f"COMMIT PREPARED '{followed.name}'")
    caplog.clear()
    follower.run()
    assert follower.complete
    assert caplog.text == ""


@pytest.mark.parametrize("select", [None, "SELECT * FROM public.t"])
def test_a_transaction_that_is_prepared_after_the_first_look_is_not_missed(
    followed: Database, select: str | None
) -> None:
    value = make(followed, "timestamptz")
    follower = Follower(followed, by(), select=select)
    with Writer(followed) as writer:
        writer.do("BEGIN", f"INSERT INTO t VALUES (100, 'prepared', {value})")
        follower.run(before_snapshot=lambda: writer.do(f"PREPARE TRANSACTION '{followed.name}'"))
        followed.run(f"INSERT INTO t VALUES (101, 'now', {value})")
        follower.run(before_snapshot=lambda: writer.do(f"COMMIT PREPARED '{followed.name}'"))
    follower.run()
    assert follower.complete


@pytest.mark.parametrize("kind", ["timestamptz", "timestamp, -5", "integer"])
@pytest.mark.parametrize("select", [None, "SELECT * FROM public.t"])
def test_a_role_that_may_not_see_others_still_misses_nothing(
    followed: Database, kind: str, select: str | None, caplog: pytest.LogCaptureFixture
) -> None:
    value = make(followed, kind)
    with role_of(followed) as reader:
        follower = Follower(reader, by(), select=select)
        with Writer(followed) as late:
            late.do("BEGIN", f"INSERT INTO t VALUES (100, 'late', {value})")
            follower.run()
            assert follower.in_flight is not None
            assert follower.in_flight.hidden
            assert f'GRANT pg_read_all_stats TO "{reader.user}";' in caplog.text
            followed.run(f"INSERT INTO t VALUES (101, 'now', {value})")
            follower.run()
            late.do("COMMIT")
        follower.run()
        assert follower.complete
        assert (follower.reason is None) == (select is None)


def test_a_role_that_may_see_others_or_is_alone_hides_nothing(followed: Database) -> None:
    make(followed, "timestamptz")
    with role_of(followed, "pg_read_all_stats") as reader, Writer(followed) as late:
        late.do("BEGIN", "SELECT 1")
        with Session(reader.endpoint, "tests") as session:
            in_flight = look_at_writers(session)
            assert in_flight.doubt is None
            assert in_flight.oldest < in_flight.began
    with role_of(followed) as reader, Writer(reader) as own, Session(reader.endpoint, "tests") as session:
        own.do("BEGIN", "SELECT 1")
        in_flight = look_at_writers(session)
        assert in_flight.doubt is None
        assert in_flight.oldest < in_flight.began


def test_a_session_that_does_not_tell_its_activity_is_noticed(followed: Database) -> None:
    value = make(followed, "timestamptz")
    follower = Follower(followed, by())
    follower.run()
    with Writer(followed) as silent:
        silent.do("SET track_activities = off", "BEGIN", f"INSERT INTO t VALUES (100, 'silent', {value})")
        followed.run(f"INSERT INTO t VALUES (101, 'now', {value})")
        follower.run()
        assert follower.in_flight is not None
        assert follower.in_flight.untracked
        silent.do("COMMIT")
    follower.run()
    assert follower.complete


def test_looking_again_sees_what_began_meanwhile(followed: Database) -> None:
    with Session(followed.endpoint, "tests") as session, Writer(followed) as late:
        before = look_at_writers(session)
        late.do("BEGIN", "SELECT 1")
        after = look_at_writers(session)
        assert before.oldest < after.oldest < after.began


def test_grace_is_given_to_transactions_that_are_not_shown_yet(
    followed: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writers, "GRACE", timedelta(seconds=10))
    with Session(followed.endpoint, "tests") as session:
        in_flight = look_at_writers(session)
    assert in_flight.began - in_flight.oldest == timedelta(seconds=10)


@pytest.mark.parametrize("select", [None, "SELECT * FROM public.t"])
def test_a_cursor_that_went_backwards_is_noticed(followed: Database, select: str | None) -> None:
    followed.run("CREATE TABLE t (id int, v text, c int); INSERT INTO t SELECT g, '', g FROM generate_series(1, 50) g")
    follower = Follower(followed, by(), select=select)
    for _ in range(3):
        follower.run()
    followed.run("DELETE FROM t WHERE id > 5; UPDATE t SET v = 'new', c = c + 1")
    follower.run()
    assert follower.complete
    assert (follower.reason is None) == (select is None)
    followed.run("INSERT INTO t VALUES (60, 'new', 7)")
    follower.run()
    followed.run("INSERT INTO t VALUES (61, 'new', 8)")
    follower.run()
    assert follower.complete


def test_a_number_far_ahead_of_its_sequence_hides_nothing(followed: Database) -> None:
    followed.run("CREATE TABLE t (id serial PRIMARY KEY, v text); INSERT INTO t VALUES (999999999, 'by hand')")
    followed.run("INSERT INTO t (v) SELECT 'old' FROM generate_series(1, 5)")
    follower = Follower(followed, by("id"))
    for _ in range(3):
        follower.run()
    for _ in range(3):
        followed.run("INSERT INTO t (v) VALUES ('new')")
        follower.run()
        assert follower.complete
        assert len(follower.read) == 1


@pytest.mark.parametrize("options", ["CACHE 20", "INCREMENT BY 50"])
def test_numbers_that_sessions_hold_back_are_found(
    followed: Database, options: str, caplog: pytest.LogCaptureFixture
) -> None:
    followed.run(f"CREATE TABLE t (id bigint GENERATED BY DEFAULT AS IDENTITY ({options}), v text)")
    insert = "INSERT INTO t (v) VALUES ('x')"
    follower = Follower(followed, by("id"))
    with Writer(followed) as slow, Writer(followed) as quick:
        slow.do(insert)
        quick.do(insert)
        for _ in range(3):
            follower.run()
        assert "in blocks" in caplog.text
        slow.do(insert)
    follower.run()
    assert follower.complete
    caplog.clear()
    follower.cursor = by("id", 1000)
    follower.run()
    assert caplog.text == ""


def test_what_was_seen_before_an_open_transaction_is_forgotten_in_time(followed: Database) -> None:
    make(followed, "integer")
    follower = Follower(followed, by())
    with Writer(followed) as idle:
        idle.do("BEGIN", "SELECT 1")
        for _ in range(4):
            follower.run()
        assert len(follower.watermark.seen) == 4
        assert follower.watermark.bound is None
    follower.run()
    assert len(follower.watermark.seen) == 1
    assert follower.watermark.bound == "3"


@pytest.mark.parametrize("kind", ["timestamptz", "timestamp, UTC", "date, +9", "yyyymmdd, +9", "integer", "numeric"])
@pytest.mark.parametrize("not_null", [True, False])
def test_an_index_on_the_cursor_serves(followed: Database, kind: str, not_null: bool) -> None:
    value = make(followed, kind, rows=0)
    past = value.replace("now()", "(now() - interval '10 years')")
    followed.run(
        f"INSERT INTO t SELECT g, repeat('x', 100), {past} FROM generate_series(1, 5000) g; CREATE INDEX i ON t (c)"
    )
    followed.run(f"INSERT INTO t VALUES (6000, '', {value})" + "; ALTER TABLE t ALTER c SET NOT NULL" * not_null)
    followed.run("ANALYZE t")
    follower = Follower(followed, by())
    for _ in range(3):
        follower.run()
    statement = "EXPLAIN SELECT * FROM t WHERE " + render("copy/changed.sql", change=follower.condition)
    plan = "\n".join(
        line
        for (line,) in followed.rows("SET search_path = pg_catalog, public; " + statement, follower.condition.values)
    )
    assert "Seq Scan" not in plan, plan
    assert plan.count(" on i") + plan.count("using i") == (1 if not_null else 2), plan


def test_partitions_and_children_are_followed(followed: Database) -> None:
    followed.run("""
        CREATE TABLE t (id int, v text, c timestamptz) PARTITION BY RANGE (id);
        CREATE TABLE t1 PARTITION OF t FOR VALUES FROM (0) TO (100);
        CREATE TABLE parent (id int, v text, c timestamptz); CREATE TABLE child (more int) INHERITS (parent)
    """)
    parted, parent = Follower(followed, by()), Follower(followed, by(), table="parent")
    tables = {"t": 0, "parent": 0, "child": 100}
    for number in (1, 2):
        for table, offset in tables.items():
            followed.run(f"INSERT INTO {table} VALUES ({number + offset}, '', now())")
        parted.run()
        parent.run()
    assert parted.complete
    assert parent.complete
    assert len(parent.target) == 4


@pytest.mark.parametrize("cursor", [by(), by_xmin()])
def test_rows_of_a_partition_that_is_attached_are_read_however_old_they_are(followed: Database, cursor: Cursor) -> None:
    followed.run("""
        CREATE TABLE t (id int, v text, c timestamptz) PARTITION BY RANGE (id);
        CREATE TABLE t1 PARTITION OF t FOR VALUES FROM (0) TO (100);
        CREATE TABLE t2 (LIKE t); INSERT INTO t2 VALUES (100, 'old', '2001-01-01'); INSERT INTO t VALUES (1, '', now())
    """)
    follower = Follower(followed, cursor)
    follower.run()
    followed.run("ALTER TABLE t ATTACH PARTITION t2 FOR VALUES FROM (100) TO (200)")
    follower.run()
    assert follower.complete
    follower.run()
    assert "100" not in follower.read
    followed.run("TRUNCATE t2; INSERT INTO t2 VALUES (101, 'reloaded', '2001-01-01')")
    follower.run()
    assert follower.complete | (follower.target.pop("100") is not None)
    followed.run("ALTER TABLE t DETACH PARTITION t2")
    follower.run()
    assert follower.reason is None


@pytest.mark.parametrize("cursor", [by(), by_xmin()])
@pytest.mark.parametrize(
    "change",
    ["TRUNCATE t", "VACUUM FULL t", "DROP TABLE t; CREATE TABLE t (id int, v text, c timestamptz)",
     "CREATE TABLE n (LIKE t); ALTER TABLE t RENAME TO o; ALTER TABLE n RENAME TO t"],
)  # fmt: skip
def test_a_table_that_is_another_one_is_read_whole(followed: Database, cursor: Cursor, change: str) -> None:
    make(followed, "timestamptz")
    follower = Follower(followed, cursor)
    follower.run()
    with Writer(followed) as writer:
        writer.do(change)
    followed.run("INSERT INTO t VALUES (9, 'reloaded', '2001-01-01')")
    follower.run()
    assert follower.reason == "the source table was truncated, rewritten or replaced since the last run"
    assert follower.complete


def test_another_cursor_or_type_begins_anew(followed: Database) -> None:
    make(followed, "timestamptz")
    follower = Follower(followed, by())
    follower.run()
    follower.cursor = by("id")
    follower.run()
    assert follower.reason == "the last run's cursor was c (timestamptz)"


def test_another_database_begins_anew(followed: Database, target: Database) -> None:
    for database in (followed, target):
        make(database, "timestamptz")
    follower = Follower(followed, by())
    follower.run()
    follower.database = target
    follower.run()
    assert follower.reason == "the source is another database than at the last run"


def test_an_older_state_of_the_source_is_noticed(followed: Database) -> None:
    make(followed, "timestamptz")
    follower = Follower(followed, by())
    follower.run()
    fields = json.loads(follower.ledger or "")
    follower.ledger = json.dumps({**fields, "ceiling": fields["ceiling"] + 1000, "floor": fields["floor"] + 1000})
    follower.run()
    assert follower.reason == "the source is older than at the last run (restored, or a replica that lags)"
    follower.ledger = json.dumps({**fields, "origin": {**fields["origin"], "timeline": "0000007F"}})
    follower.run()
    assert follower.reason == "the source failed over, or was restored, since the last run (another timeline)"


def test_a_role_that_may_not_ask_who_the_server_is_can_follow(followed: Database) -> None:
    value = make(followed, "timestamptz")
    functions = "pg_control_system(), pg_walfile_name(pg_lsn)"
    with Writer(followed) as owner:
        owner.do(*(f"REVOKE EXECUTE ON FUNCTION {name} FROM PUBLIC" for name in functions.split(", ")))
        with role_of(followed, "pg_read_all_stats") as reader:
            follower = Follower(reader, by())
            follower.run()
            assert follower.watermark.origin.system is None
            assert follower.watermark.origin.timeline is None
            followed.run(f"INSERT INTO t VALUES (100, '', {value})")
            follower.run()
            assert follower.reason is None
            assert follower.complete
        owner.do(*(f"GRANT EXECUTE ON FUNCTION {name} TO PUBLIC" for name in functions.split(", ")))


def test_a_watermark_survives_the_ledger(followed: Database) -> None:
    for kind in ("integer", "timestamptz"):
        followed.run("DROP TABLE IF EXISTS t; DROP SEQUENCE IF EXISTS numbers")
        make(followed, kind)
        follower = Follower(followed, by())
        follower.run()
        text = followed.value("SELECT %s::jsonb::text", (follower.ledger,))
        assert Watermark.from_json(text) == follower.watermark
        assert follower.watermark.to_json() == follower.ledger


@pytest.mark.parametrize("text", ["N/A", "", "2024-01-01", "20241301", "00000000"])
def test_a_text_that_is_no_date_is_refused_by_name(followed: Database, text: str) -> None:
    value = make(followed, "yyyymmdd, +9")
    follower = Follower(followed, by())
    followed.run("INSERT INTO t VALUES (100, '', left(%s, 8))", (text,))
    with pytest.raises(ConfigurationError, match=r"column c of public.t holds .*, which is no yyyymmdd"):
        follower.run()
    followed.run("DELETE FROM t WHERE id = 100")
    follower.run()
    followed.run(f"INSERT INTO t VALUES (101, '', {value})")
    follower.run()
    assert follower.complete


@pytest.mark.parametrize("type_", ["int[]", "text[]", "jsonb", "float8", "uuid", "time", "interval", "boolean", "mood"])
def test_a_type_that_is_no_cursor_is_refused(followed: Database, type_: str) -> None:
    followed.run(f"CREATE TYPE mood AS ENUM ('a'); CREATE TABLE t (id int, c {type_})")
    with pytest.raises(
        ConfigurationError, match=r"column c of public.t is of type .*, which can't be a cursor"
    ) as caught:
        Follower(followed, by()).run()
    assert "timestamptz, timestamp, date, smallint" in caught.value.remedy


def test_a_domain_is_taken_for_its_type(followed: Database) -> None:
    followed.run(
        "CREATE DOMAIN moment AS timestamptz; CREATE TABLE t (id int, c moment); INSERT INTO t VALUES (1, now())"
    )
    follower = Follower(followed, by())
    follower.run()
    followed.run("INSERT INTO t VALUES (2, now())")
    follower.run()
    assert follower.complete


def test_a_column_that_does_not_exist_is_refused_with_near_names(followed: Database) -> None:
    followed.run("CREATE TABLE t (id int, updated_at timestamptz)")
    with pytest.raises(ConfigurationError, match=r"public.t has no column update_at") as caught:
        Follower(followed, by("update_at")).run()
    assert caught.value.remedy == "did you mean updated_at?"
    with pytest.raises(ConfigurationError) as caught:
        Follower(followed, by("zzz")).run()
    assert caught.value.remedy == "choose among id, updated_at, or xmin"


@pytest.mark.parametrize(
    ("column", "lookback"),
    [("c", 5), ("id", timedelta(hours=1)), ("xmin", 5), ("xmin", timedelta(1)), ("c", timedelta(-1)), ("id", -1),
     ("c", timedelta(days=999999)), ("id", 2**63)],
)  # fmt: skip
def test_a_lookback_that_does_not_suit_the_cursor_is_refused(
    followed: Database, column: str, lookback: timedelta | int
) -> None:
    followed.run("CREATE TABLE t (id int, c timestamptz)")
    with Session(followed.endpoint, "tests") as session, pytest.raises(ConfigurationError, match="lookback"):
        Follower(followed, Cursor(column, lookback)).track(session)


def test_hostile_names_are_followed(followed: Database) -> None:
    name = 'c%s "x" %(change_since)s'
    quoted_name = '"' + name.replace('"', '""').replace("%", "%%") + '"'
    followed.run(f'CREATE TABLE "T %%" (id int, {quoted_name} timestamptz)', ())
    follower = Follower(followed, by(name), table='"T %"')
    follower.run()
    followed.run('INSERT INTO "T %%" VALUES (1, now())', ())
    follower.run()
    assert follower.complete
    assert len(follower.target) == 1


@pytest.mark.parametrize("major", [15, 16])
@pytest.mark.parametrize("kind", ["timestamptz", "timestamp, +9", "date, +9", "yyyymmdd, +9", "integer", "numeric"])
def test_servers_of_other_versions_are_followed(database_of: Callable[..., Database], major: int, kind: str) -> None:
    database = database_of(major)
    value = make(database, kind)
    by_column, by_id = Follower(database, by()), Follower(database, by_xmin())
    with Writer(database) as late:
        late.do("BEGIN", f"INSERT INTO t VALUES (100, 'late', {value})")
        for number in range(3):
            for follower in (by_column, by_id):
                follower.run()
            database.run(f"INSERT INTO t VALUES ({200 + number}, 'now', {value})")
        late.do("COMMIT")
    for follower in (by_column, by_id):
        follower.run()
        assert follower.reason is None
        assert follower.complete


def test_a_run_that_knows_all_writers_says_nothing(followed: Database, caplog: pytest.LogCaptureFixture) -> None:
    make(followed, "timestamptz")
    with caplog.at_level(logging.INFO):
        follower = Follower(followed, by())
        follower.run()
        follower.run()
    assert caplog.text == ""
