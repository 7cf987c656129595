"""Partitions by month: made ahead, given their stray rows, detached when they are old, and never dropped."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pgpipelines.endpoints import Bounds
from pgpipelines.errors import ConfigurationError, ConflictError
from pgpipelines.ledger import Run
from pgpipelines.partitions import MONTHLY, Maintained, Month, PartitionSettings, create_tables, maintain
from pgpipelines.partitions import maintenance as module
from pgpipelines.templates import render
from tests.fixtures.servers import Database

RUN = Run("tests", "run_1", "partitions")
TODAY = date(2026, 3, 14)
PARTITIONS = """
    SELECT c.relname, pg_get_expr(c.relpartbound, c.oid)
    FROM pg_inherits AS i JOIN pg_class AS c ON c.oid = i.inhrelid
    WHERE i.inhparent = %s::regclass ORDER BY 1
"""
CHARGER = """
    INSERT INTO station_info (station_id, station_name) VALUES ('S', 'S');
    INSERT INTO charger_info (charger_id, station_id, charger_type) VALUES ('C', 'S', 'FAST');
"""
SESSIONS, SAMPLES = "charger_usage_log", "power_consumption"


@pytest.fixture
def plain(database_of: Callable[..., Database]) -> Database:
    """charger_db with its plain tables."""
    database = database_of()
    database.run(render("schema/charger_db.sql") + CHARGER)
    return database


@pytest.fixture(params=[15, 18])
def partitioned(database_of: Callable[..., Database], request: pytest.FixtureRequest) -> Database:
    """charger_db with its large tables partitioned, up to June 2026."""
    database = database_of(request.param)
    database.run(render("schema/charger_db.sql") + CHARGER + f"DROP TABLE {SESSIONS}, {SAMPLES}")
    create_tables(database.endpoint, RUN, today=TODAY)
    return database


def names(database: Database, table: str = SESSIONS) -> list[str]:
    return [name for name, _ in database.rows(PARTITIONS, (table,))]


def months(*ends: str, table: str = SESSIONS) -> list[str]:
    return [f"{table}_{end}" for end in ends]


def maintained(database: Database, today: date = TODAY, **settings: Any) -> Maintained:
    sessions, _ = maintain(database.endpoint, RUN, PartitionSettings(**settings), today=today)
    return sessions


def add_session(database: Database, start: str, end: str | None = None, energy: object = 1, **charges: object) -> None:
    columns = ["charger_id", "start_time", "end_time", "energy_delivered", *charges]
    values = ["C", start, end or start, energy, *charges.values()]
    database.run(f"INSERT INTO {SESSIONS} ({', '.join(columns)}) VALUES ({', '.join(['%s'] * len(values))})", values)


COLUMNS = """
    SELECT
        attname, format_type(atttypid, atttypmod), attnotnull, pg_get_expr(d.adbin, d.adrelid),
        col_description(attrelid, attnum)
    FROM pg_attribute AS a LEFT JOIN pg_attrdef AS d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
    WHERE attrelid = %s::regclass AND attnum > 0 ORDER BY attnum
"""
INDEXES = """
    SELECT substring(pg_get_indexdef(indexrelid) FROM 'USING .*')
    FROM pg_index WHERE indrelid = %s::regclass AND NOT indisunique ORDER BY 1
"""


@pytest.mark.parametrize("table", [SESSIONS, SAMPLES])
def test_partitioned_tables_have_the_columns_indexes_and_keys_of_plain_ones(
    plain: Database, partitioned: Database, table: str
) -> None:
    for question in (COLUMNS, INDEXES, "SELECT obj_description(%s::regclass)"):
        assert partitioned.rows(question, (table,)) == plain.rows(question, (table,))
    constraints = """
        SELECT pg_get_constraintdef(oid) FROM pg_constraint
        WHERE conrelid = %s::regclass AND contype IN ('p', 'u', 'f')
    """
    time = MONTHLY[table]
    found = {definition for (definition,) in partitioned.rows(constraints, (table,))}
    assert found == {
        definition.replace("(id)", f"(id, {time})").replace("(transaction_id)", f"(transaction_id, {time})")
        for (definition,) in plain.rows(constraints, (table,))
    }


def test_tables_begin_with_this_month_three_more_and_a_default_partition(partitioned: Database) -> None:
    for table in (SESSIONS, SAMPLES):
        assert names(partitioned, table) == months("2026_03", "2026_04", "2026_05", "2026_06", "default", table=table)
    assert partitioned.rows(PARTITIONS, (SESSIONS,))[0][1] == (
        "FOR VALUES FROM ('2026-03-01 00:00:00') TO ('2026-04-01 00:00:00')"
    )


def test_creating_again_changes_nothing(partitioned: Database) -> None:
    add_session(partitioned, "2026-03-05")
    done = create_tables(partitioned.endpoint, RUN, today=TODAY)
    assert [each.made for each in done] == [(), ()]
    assert partitioned.value(f"SELECT count(*) FROM {SESSIONS}") == 1


def test_a_target_without_chargers_gets_tables_without_foreign_keys(database_of: Callable[..., Database]) -> None:
    empty = database_of()
    create_tables(empty.endpoint, RUN, today=TODAY)
    assert (
        empty.value("SELECT count(*) FROM pg_constraint WHERE contype = 'f' AND conrelid = %s::regclass", (SESSIONS,))
        == 0
    )
    assert len(names(empty)) == 5


def test_months_are_made_ahead_as_time_goes_on(partitioned: Database) -> None:
    assert maintained(partitioned).made == ()
    assert list(maintained(partitioned, date(2026, 5, 1)).made) == months("2026_07", "2026_08")
    # A run after a long pause makes what was missed.
    assert list(maintained(partitioned, date(2026, 11, 30), months_ahead=1).made) == months("2026_11", "2026_12")
    assert list(maintained(partitioned, date(2026, 12, 1), months_ahead=0).made) == []


def test_rows_that_came_before_their_month_was_made_move_into_it(partitioned: Database) -> None:
    for start in ("2026-07-31 23:59:59.999999", "2026-08-01", "2026-02-10", "2026-07-01"):
        add_session(partitioned, start)
    before = partitioned.rows(f"SELECT * FROM {SESSIONS} ORDER BY id")
    done = maintained(partitioned, date(2026, 5, 1))
    assert list(done.made) == months("2026_02", "2026_07", "2026_08")
    assert done.stray_rows == 0
    assert partitioned.rows(f"SELECT * FROM {SESSIONS} ORDER BY id") == before
    assert partitioned.rows(f"SELECT tableoid::regclass::text, count(*) FROM {SESSIONS} GROUP BY 1 ORDER BY 1") == [
        (f"{SESSIONS}_2026_02", 1),
        (f"{SESSIONS}_2026_07", 2),
        (f"{SESSIONS}_2026_08", 1),
    ]


def test_times_of_wrong_clocks_stay_in_the_default_partition(
    partitioned: Database, caplog: pytest.LogCaptureFixture
) -> None:
    for start in ("1970-01-03", "2046-01-01", "infinity", "2046-01-09", "20460-01-01", "0002-03-04 BC"):
        add_session(partitioned, start)
    done = maintained(partitioned)
    assert (done.made, done.stray_rows) == ((), 6)
    assert done.notices == (
        "6 rows stay in the default partition (1970_01, 2046_01, no month): no month is made for their times",
    )
    assert done.notices[0] in caplog.text


TRACKING = f"""
    CREATE SCHEMA IF NOT EXISTS pgpipelines;
    CREATE TABLE told (what text);
    CREATE FUNCTION pgpipelines.tell() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN INSERT INTO public.told VALUES (TG_OP || ' ' || TG_TABLE_NAME); RETURN NULL; END $$;
    CREATE TRIGGER tell_insert AFTER INSERT ON {SESSIONS} REFERENCING NEW TABLE AS added
        FOR EACH STATEMENT EXECUTE FUNCTION pgpipelines.tell();
    CREATE TRIGGER tell_truncate AFTER TRUNCATE ON {SESSIONS} FOR EACH STATEMENT EXECUTE FUNCTION pgpipelines.tell();
    CREATE TRIGGER tell_row AFTER DELETE ON {SESSIONS} FOR EACH ROW EXECUTE FUNCTION pgpipelines.tell();
"""


def test_a_new_month_has_the_triggers_of_its_table_and_moved_rows_fire_none(partitioned: Database) -> None:
    partitioned.run(TRACKING)
    add_session(partitioned, "2026-07-02")
    partitioned.run("TRUNCATE told")
    maintained(partitioned, date(2026, 5, 1))
    assert partitioned.rows("SELECT * FROM told") == []
    partitioned.run(f"""
        INSERT INTO {SESSIONS}_2026_08 (start_time) VALUES ('2026-08-01');
        DELETE FROM {SESSIONS}_2026_07;
        TRUNCATE {SESSIONS}_2026_08;
    """)
    assert [what for (what,) in partitioned.rows("SELECT * FROM told")] == [
        f"INSERT {SESSIONS}_2026_08",
        f"DELETE {SESSIONS}_2026_07",
        f"TRUNCATE {SESSIONS}_2026_08",
    ]


OLD = {"keep_months": 1, "detach": True}
MAY = date(2026, 5, 2)


def test_old_months_are_reported_and_nothing_is_detached_unless_it_was_asked_for(partitioned: Database) -> None:
    done = maintained(partitioned, MAY, keep_months=1)
    assert list(done.old) == months("2026_03")
    assert done.detached == ()
    assert months("2026_03")[0] in names(partitioned)
    assert maintained(partitioned, MAY).old == ()


def test_a_month_that_is_detached_keeps_its_rows_and_leaves_what_they_come_to(partitioned: Database) -> None:
    add_session(partitioned, "2026-03-05 10:00", "2026-03-05 11:00", "1.234", total_charge="1000.10")
    add_session(partitioned, "2026-03-31 23:00", "2026-04-02 01:00", "2.5", base_charge="10", time_charge="0.05")
    partitioned.run(f"INSERT INTO {SESSIONS} (start_time, end_time) VALUES ('2026-03-09 12:00', '2026-03-08')")
    add_session(partitioned, "2026-04-09 12:00")
    partitioned.run(
        f"INSERT INTO {SAMPLES} (charger_id, measurement_time) SELECT 'C', '2026-03-31' FROM generate_series(1, 7)"
    )
    sessions, samples = maintain(partitioned.endpoint, RUN, PartitionSettings(**OLD), today=MAY)  # type: ignore[arg-type]
    assert (list(sessions.detached), list(samples.detached)) == (
        months("2026_03"),
        months("2026_03", table=SAMPLES),
    )
    assert partitioned.rows("""
        SELECT
            table_name, partition_name, from_time::text, until_time::text, frozen_until::text,
            rows, energy_wh, revenue
        FROM pgpipelines.detached_partition ORDER BY table_name
    """) == [
        (
            SESSIONS,
            f"{SESSIONS}_2026_03",
            "2026-03-01 00:00:00",
            "2026-04-01 00:00:00",
            "2026-04-02 01:00:00",
            3,
            3734,
            Decimal("1010.15"),
        ),
        (
            SAMPLES,
            f"{SAMPLES}_2026_03",
            "2026-03-01 00:00:00",
            "2026-04-01 00:00:00",
            "2026-04-01 00:00:00",
            7,
            None,
            None,
        ),
    ]
    assert partitioned.rows("""
        SELECT table_name, charger_id, rows, energy_wh, revenue FROM pgpipelines.detached_charger ORDER BY 1, 2
    """) == [
        (SESSIONS, "", 1, 0, 0),
        (SESSIONS, "C", 2, 3734, Decimal("1010.15")),
        (SAMPLES, "C", 7, None, None),
    ]
    assert partitioned.value(f"SELECT count(*) FROM {SESSIONS}_2026_03") == 3
    assert partitioned.value(f"SELECT count(*) FROM {SESSIONS}") == 1
    again = maintained(partitioned, MAY, **OLD)
    assert (again.made, again.detached, again.old) == ((), (), ())


@pytest.mark.parametrize(
    ("end", "problem"),
    [
        (None, "1 sessions have not ended"),
        ("2026-04-09", "a session ends at 2026-04-09 00:00:00, more than 7 days"),
        ("20460-01-01", "a session ends at 9999-12-31 00:00:00, more than 7 days"),
    ],
)
def test_a_month_whose_sessions_reach_far_stays(partitioned: Database, end: str | None, problem: str) -> None:
    partitioned.run(f"INSERT INTO {SESSIONS} (start_time, end_time) VALUES ('2026-03-04', %s)", (end,))
    done = maintained(partitioned, MAY, **OLD)
    assert (done.detached, list(done.old)) == ((), months("2026_03"))
    assert problem in done.notices[0]
    partitioned.run(f"UPDATE {SESSIONS} SET end_time = '2026-04-08'")
    assert list(maintained(partitioned, MAY, **OLD).detached) == months("2026_03")


def test_months_are_detached_in_turn_and_samples_after_their_sessions(partitioned: Database) -> None:
    maintained(partitioned, date(2026, 8, 1))
    partitioned.run(f"INSERT INTO {SESSIONS} (start_time) VALUES ('2026-04-04')")
    settings = PartitionSettings(keep_months=1, detach=True)
    for table, notice in zip(
        maintain(partitioned.endpoint, RUN, settings, today=date(2026, 8, 1)),
        ("1 sessions have not ended", "the sessions of its time are still attached"),
        strict=True,
    ):
        name = table.table.name
        assert list(table.detached) == months("2026_03", table=name)
        assert list(table.old) == months("2026_04", "2026_05", "2026_06", table=name)
        assert table.notices == (f"{name}_2026_04 stays: {notice}",)


def test_samples_of_sessions_in_a_plain_table_stay(plain: Database) -> None:
    plain.run(f"DROP TABLE {SAMPLES}")
    create_tables(plain.endpoint, RUN, today=TODAY)
    _, samples = maintain(plain.endpoint, RUN, PartitionSettings(keep_months=1, detach=True), today=MAY)
    assert (samples.detached, list(samples.old)) == ((), months("2026_03", table=SAMPLES))


def test_rows_that_come_late_for_a_detached_month_stay_in_the_default_partition(partitioned: Database) -> None:
    maintained(partitioned, MAY, **OLD)
    add_session(partitioned, "2026-03-20")
    done = maintained(partitioned, MAY)
    assert (done.made, done.stray_rows) == ((), 1)
    assert names(partitioned)[0] == f"{SESSIONS}_2026_04"


def test_a_detached_month_is_not_followed_any_more_until_it_is_attached_again(partitioned: Database) -> None:
    partitioned.run(TRACKING)
    maintained(partitioned, date(2026, 4, 2), **OLD)
    assert maintained(partitioned, MAY, **OLD).detached == (f"{SESSIONS}_2026_03",)
    partitioned.run(f"DELETE FROM told; INSERT INTO {SESSIONS}_2026_03 (start_time) VALUES ('2026-03-01')")
    assert partitioned.rows("SELECT * FROM told") == []
    partitioned.run(f"""
        ALTER TABLE {SESSIONS} ATTACH PARTITION {SESSIONS}_2026_03 FOR VALUES FROM ('2026-03-01') TO ('2026-04-01')
    """)
    assert maintained(partitioned, MAY).old == ()
    assert (
        partitioned.value(f"SELECT count(*) FROM pgpipelines.detached_partition WHERE table_name = '{SESSIONS}'") == 0
    )


def test_plain_and_missing_tables_are_left_alone(plain: Database) -> None:
    plain.run(f"DROP TABLE {SAMPLES}")
    sessions, samples = maintain(plain.endpoint, RUN, today=TODAY)
    assert sessions.notices == ("the table is not partitioned",)
    assert samples.notices == ("there is no such table",)


def test_a_table_that_is_partitioned_otherwise_is_refused(plain: Database) -> None:
    plain.run(f"DROP TABLE {SESSIONS}; CREATE TABLE {SESSIONS} (start_time timestamp) PARTITION BY HASH (start_time)")
    with pytest.raises(ConfigurationError, match="is partitioned by HASH"):
        maintain(plain.endpoint, RUN, today=TODAY)


@pytest.mark.parametrize("settings", [{"months_ahead": -1}, {"keep_months": 0}])
def test_settings_that_make_this_month_old_are_refused(settings: dict[str, int]) -> None:
    with pytest.raises(ConfigurationError):
        PartitionSettings(**settings)  # type: ignore[arg-type]


def test_a_table_that_others_hold_is_waited_for_briefly_and_left_as_it_was(
    partitioned: Database, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(module, "PATIENT", Bounds(lock_timeout=50, lock_attempts=2))
    caplog.set_level(logging.INFO)
    reader = partitioned.connect()
    with reader.cursor() as cursor:
        cursor.execute(f"SELECT FROM {SESSIONS}")
        with pytest.raises(ConflictError, match="another session holds"):
            maintained(partitioned, MAY, **OLD)
    assert names(partitioned)[0] == f"{SESSIONS}_2026_03"
    reader.close()
    assert maintained(partitioned, MAY, **OLD).detached == (f"{SESSIONS}_2026_03",)


@given(st.dates(date(1, 2, 1), date(9990, 1, 1)), st.integers(0, 100))
def test_months_follow_each_other_without_gap(day: date, months_later: int) -> None:
    month = Month.of(day)
    assert month.begin.date() <= day < month.end.date()
    assert month.end == month.plus(1).begin
    assert month.plus(months_later).plus(-months_later) == month
    assert month.plus(months_later).begin - month.begin >= timedelta(days=28 * months_later)
