from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from pgpipelines.errors import ConfigurationError, ConflictError, MissingObjectError, QualityError
from pgpipelines.rollup.engine import reconcile, roll_up_hours
from pgpipelines.rollup.installation import remove_tracking
from pgpipelines.rollup.request import Period, RollupRequest, RollupSettings
from pgpipelines.sessions import Session
from pgpipelines.templates import render
from tests.fixtures.copying import copied
from tests.fixtures.servers import Database
from tests.plugins.rollup.charging import (
    RUN,
    add_sample,
    add_session,
    let_raw_rows_name_anything,
    make_chargers,
    rebuilt,
    roll_up,
    statistics,
)
from tests.plugins.rollup.operations import Operations

MONTHS = ("2024-12", "2025-01", "2025-02")


def partition(database: Database) -> None:
    """Replace both large raw tables by ones of the same columns that are partitioned by month."""
    for table, time in (("charger_usage_log", "start_time"), ("power_consumption", "measurement_time")):
        database.run(
            f"""
            ALTER TABLE {table} RENAME TO whole;
            CREATE TABLE {table} (LIKE whole INCLUDING DEFAULTS) PARTITION BY RANGE ({time});
            CREATE INDEX ON {table} (charger_id, {time});
            CREATE TABLE {table}_2024_12 PARTITION OF {table} FOR VALUES FROM ('2024-12-01') TO ('2025-01-01');
            CREATE TABLE {table}_2025_01 PARTITION OF {table} FOR VALUES FROM ('2025-01-01') TO ('2025-02-01');
            DROP TABLE whole CASCADE
            """
        )


def followed(database: Database) -> None:
    """Bring the statistics up to date, and compare them with what is computed anew."""
    report, _, _ = roll_up(database)
    assert not report.whole
    assert statistics(database) == rebuilt(database)


def test_partitioned_tables_are_followed_written_as_a_whole_or_by_partition(charging: Database) -> None:
    charging.run("ALTER SEQUENCE charger_usage_log_id_seq OWNED BY NONE")
    charging.run("ALTER SEQUENCE power_consumption_id_seq OWNED BY NONE")
    partition(charging)
    add_session(charging, "2024-12-31 23:30", "2025-01-01 00:30", transaction_id="twice")
    roll_up(charging)
    add_session(charging, "2025-01-31 23:30", "2025-02-01 00:30")
    followed(charging)
    charging.run("UPDATE charger_usage_log SET start_time = '2025-01-01 00:00' WHERE start_time < '2025-01-01'")
    followed(charging)
    charging.run("UPDATE charger_usage_log_2025_01 SET energy_delivered = 3")
    followed(charging)
    charging.run("DELETE FROM charger_usage_log_2025_01 WHERE start_time > '2025-01-02'")
    followed(charging)
    charging.run("TRUNCATE charger_usage_log_2025_01")
    report, _, _ = roll_up(charging)
    assert report.whole
    assert not charging.value("SELECT count(*) FROM hourly_charger_stats")


def test_a_new_partition_is_tracked_by_the_next_run(charging: Database) -> None:
    charging.run("ALTER SEQUENCE charger_usage_log_id_seq OWNED BY NONE")
    charging.run("ALTER SEQUENCE power_consumption_id_seq OWNED BY NONE")
    partition(charging)
    roll_up(charging)
    charging.run(
        "CREATE TABLE late PARTITION OF charger_usage_log FOR VALUES FROM ('2025-02-01') TO ('2025-03-01');"
        "INSERT INTO late (charger_id, start_time, end_time, energy_delivered)"
        " VALUES ('C1', '2025-02-02', '2025-02-02 01:00', 5)"
    )
    report, _, _ = roll_up(charging)
    assert (report.installed, report.whole) == (True, True)
    assert charging.value("SELECT sum(total_energy) FROM hourly_charger_stats") == 5


def test_a_partition_that_was_away_is_read_anew(charging: Database) -> None:
    charging.run("ALTER SEQUENCE charger_usage_log_id_seq OWNED BY NONE")
    charging.run("ALTER SEQUENCE power_consumption_id_seq OWNED BY NONE")
    partition(charging)
    add_session(charging, "2025-01-02 01:00", "2025-01-02 02:00", 3)
    roll_up(charging)
    charging.run("ALTER TABLE charger_usage_log DETACH PARTITION charger_usage_log_2025_01")
    roll_up(charging, rebuild=Period())
    assert charging.value("SELECT count(*) FROM hourly_charger_stats") == 0
    charging.run(
        "ALTER TABLE charger_usage_log"
        " ATTACH PARTITION charger_usage_log_2025_01 FOR VALUES FROM ('2025-01-01') TO ('2025-02-01')"
    )
    roll_up(charging)
    assert charging.value("SELECT sum(total_energy) FROM hourly_charger_stats") == 3
    assert not roll_up(charging)[0].whole


def test_the_latest_version_of_a_transaction_counts_wherever_it_stands(charging: Database) -> None:
    charging.run("ALTER TABLE charger_usage_log DROP CONSTRAINT charger_usage_log_transaction_id_key")
    add_session(charging, "2025-01-01 01:00", "2025-01-01 02:00", 1, transaction_id="t", created_at="2025-01-01")
    roll_up(charging)
    add_session(charging, "2025-01-05 01:00", "2025-01-05 02:00", 2, transaction_id="t", created_at="2025-01-02")
    followed(charging)
    assert charging.value("SELECT sum(total_energy) FROM hourly_charger_stats") == 2
    assert charging.value("SELECT reason FROM pgpipelines.session_finding") == "duplicate_transaction"
    charging.run("DELETE FROM charger_usage_log WHERE energy_delivered = 2")
    followed(charging)
    assert charging.value("SELECT sum(total_energy) FROM hourly_charger_stats") == 1


def test_a_refresh_by_the_copy_engine_is_followed(source: Database, target: Database) -> None:
    for database in (source, target):
        make_chargers(database)
    add_session(source, "2025-01-01 01:00", "2025-01-01 02:00", 1)
    add_session(source, "2025-01-02 01:00", "2025-01-02 02:00", 2)
    copied(source, target, "charger_usage_log")
    roll_up(target)
    source.run("UPDATE charger_usage_log SET energy_delivered = 7 WHERE energy_delivered = 1")
    source.run("DELETE FROM charger_usage_log WHERE energy_delivered = 2")
    add_session(source, "2025-01-03 01:00", "2025-01-03 02:00", 3)
    done = copied(source, target, "charger_usage_log")
    assert not [notice for notice in done.notices if "trigger" in notice]
    followed(target)
    assert target.value("SELECT sum(total_energy) FROM hourly_charger_stats") == 10
    assert roll_up(target)[0].marks == 0


def test_a_raw_table_that_is_made_anew_is_tracked_and_computed_anew(source: Database, target: Database) -> None:
    for database in (source, target):
        make_chargers(database)
    add_session(target, "2025-01-01 01:00", "2025-01-01 02:00", 1)
    roll_up(target)
    add_session(source, "2025-01-02 01:00", "2025-01-02 02:00", 2)
    target.run("DROP TABLE charger_usage_log CASCADE")
    copied(source, target, "charger_usage_log")
    report, _, _ = roll_up(target)
    assert (report.installed, report.whole) == (True, True)
    assert target.value("SELECT sum(total_energy) FROM hourly_charger_stats") == 2
    add_session(target, "2025-01-03 01:00", "2025-01-03 02:00", 3, id=99)
    followed(target)


def test_tracking_that_was_removed_comes_back_and_everything_is_computed_anew(charging: Database) -> None:
    add_session(charging, "2025-01-01 01:00", "2025-01-01 02:00", 1)
    roll_up(charging)
    with Session(charging.endpoint, "tests") as session:
        remove_tracking(session, RollupRequest(charging.endpoint))
    assert charging.value("SELECT count(*) FROM pg_trigger WHERE tgname LIKE 'pgpipelines%'") == 0
    add_session(charging, "2025-01-01 02:00", "2025-01-01 03:00", 1)
    report, _, _ = roll_up(charging)
    assert (report.installed, report.whole, report.written) == (True, True, 1)


def test_other_settings_compute_everything_anew(charging: Database) -> None:
    add_session(charging, "2025-01-01 01:00", "2025-01-01 02:00")
    roll_up(charging)
    assert roll_up(charging, RollupSettings(workers=1))[0].marks == 0
    report, _, _ = roll_up(charging, RollupSettings(business_timezone="UTC"))
    assert (report.installed, report.whole) == (True, True)
    assert charging.value("SELECT hour_key FROM hourly_charger_stats") == "01"


def test_a_change_that_matters_to_no_figure_marks_nothing(charging: Database) -> None:
    add_session(charging, "2025-01-01 01:00", "2025-01-01 02:00")
    add_sample(charging, "2025-01-01 01:10", charger_status="IN_USE")
    roll_up(charging)
    charging.run("UPDATE charger_usage_log SET user_id_hash = 'x'; UPDATE power_consumption SET voltage = 220")
    charging.run("UPDATE charger_info SET current_status = 'IN_USE'")
    assert charging.value("SELECT count(*) FROM pgpipelines.dirty_range") == 0


@pytest.mark.parametrize(("every", "marks"), [("1 minute", 3), ("10 s", 1)])
def test_a_load_leaves_a_mark_for_each_day_and_one_in_bulk_for_each_month(
    charging: Database, every: str, marks: int
) -> None:
    roll_up(charging)
    load = (
        "INSERT INTO charger_usage_log (charger_id, start_time, end_time)"
        " SELECT 'C1', at, at + interval '1 minute'"
        " FROM generate_series('2025-01-01'::timestamp, '2025-01-03', %s) AS at"
    )
    charging.run(load, (every,))
    assert charging.value("SELECT count(*) FROM pgpipelines.dirty_range") == marks
    charging.run("TRUNCATE pgpipelines.dirty_range")
    charging.run("DELETE FROM charger_usage_log")
    assert charging.value("SELECT count(*) FROM pgpipelines.dirty_range") == marks


def test_a_period_is_computed_anew_whatever_stands_there(charging: Database) -> None:
    for day in (1, 2, 3):
        add_session(charging, f"2025-01-0{day} 01:00", f"2025-01-0{day} 02:00", 1)
    roll_up(charging)
    charging.run("UPDATE hourly_charger_stats SET total_energy = 5")
    day = charging.value("SELECT date '2025-01-02'")
    report, _, _ = roll_up(charging, rebuild=Period(day, day))
    assert (report.whole, report.written) == (False, 1)
    roll_up(charging, rebuild=Period())
    assert charging.value("SELECT sum(total_energy) FROM hourly_charger_stats") == 3


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE daily_charger_stats SET fault_count = 5",
        "DELETE FROM daily_charger_stats",
        "UPDATE station_daily_stats SET fault_count = 5",
        "DELETE FROM station_daily_stats",
        "INSERT INTO daily_charger_stats (charger_id, stats_date) VALUES ('C2', '2025-01-02')",
        "INSERT INTO station_daily_stats (station_id, stats_date) VALUES ('S2', '2025-01-02')",
    ],
)
def test_days_are_computed_anew_also_where_their_hours_are_right(charging: Database, damage: str) -> None:
    add_session(charging, "2025-01-02 01:00", "2025-01-02 02:00", 1)
    roll_up(charging)
    right = statistics(charging)
    charging.run(damage)
    day = charging.value("SELECT date '2025-01-02'")
    roll_up(charging, rebuild=Period(day, day))
    assert statistics(charging) == right


def test_a_session_of_the_future_counts_once_its_time_has_come(charging: Database) -> None:
    charging.run(
        "INSERT INTO charger_usage_log (charger_id, start_time, end_time, energy_delivered) SELECT 'C1', at, at, 0"
        " FROM (SELECT now() AT TIME ZONE 'UTC' + interval '90 minutes' AS at) AS soon"
    )
    roll_up(charging)
    assert charging.rows("SELECT reason FROM pgpipelines.session_finding") == [("start_in_future",)]
    charging.run("UPDATE pgpipelines.session_finding SET start_time = start_time - interval '1 hour'")
    charging.run("ALTER TABLE charger_usage_log DISABLE TRIGGER USER")
    charging.run("UPDATE charger_usage_log SET (start_time, end_time) = (start_time - interval '1 h', start_time)")
    charging.run("UPDATE charger_usage_log SET end_time = start_time")
    charging.run("ALTER TABLE charger_usage_log ENABLE TRIGGER USER")
    assert roll_up(charging)[0].marks == 1
    assert charging.rows("SELECT reason FROM pgpipelines.session_finding") == [("zero_energy",)]


def test_a_session_that_ends_in_the_future_counts_once_its_time_has_come(charging: Database) -> None:
    charging.run(
        "INSERT INTO charger_usage_log (charger_id, start_time, end_time) SELECT 'C1', at - interval '1 d', at"
        " FROM (SELECT now() AT TIME ZONE 'UTC' + interval '90 minutes' AS at) AS soon"
    )
    roll_up(charging)
    assert charging.rows("SELECT reason FROM pgpipelines.session_finding") == [("end_in_future",)]
    charging.run("ALTER TABLE charger_usage_log DISABLE TRIGGER USER")
    charging.run("UPDATE charger_usage_log SET end_time = end_time - interval '1 hour'")
    charging.run("ALTER TABLE charger_usage_log ENABLE TRIGGER USER")
    charging.run("UPDATE pgpipelines.session_finding SET end_time = end_time - interval '1 hour'")
    assert roll_up(charging)[0].marks == 1
    assert charging.rows("SELECT reason FROM pgpipelines.session_finding") == [("zero_energy",)]


def test_a_sample_period_beyond_the_arithmetic_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="sample_period"):
        RollupSettings(sample_period=timedelta(hours=2))


def test_an_average_that_its_column_can_not_hold_is_left_out(charging: Database) -> None:
    for charger in ("C1", "C2"):
        add_session(charging, "2025-01-01 01:00", "2025-01-01 02:00", 1, total_charge=99999999.99, charger_id=charger)
    add_session(charging, "2024-12-31 13:00", "2025-01-01 00:30", 1, total_charge=1, parking_charge=99999999)
    roll_up(charging)
    query = (
        "SELECT charger_id, avg_charge_per_session FROM daily_charger_stats WHERE stats_date = '2025-01-01' ORDER BY 1"
    )
    assert charging.rows(query) == [("C1", None), ("C2", Decimal("99999999.99"))]


def test_too_much_that_can_not_be_right_stops_the_run_and_keeps_the_last_figures(charging: Database) -> None:
    add_session(charging, "2025-01-01 01:00", "2025-01-01 02:00", 5)
    roll_up(charging)
    for minute in range(10):
        add_session(charging, f"2025-01-01 03:{minute}", f"2025-01-01 02:{minute}", 5)
    with pytest.raises(QualityError, match=r"10 of 11 sessions with 90.9% .* end_before_start 10"):
        roll_up(charging)
    assert charging.value("SELECT sum(total_energy) FROM hourly_charger_stats") == 5
    lenient = RollupRequest(charging.endpoint, RollupSettings(quarantine_at_least=11))
    assert roll_up_hours(lenient, RUN).findings[0].sessions == 10
    found = reconcile(lenient, RUN)
    assert (found.log.sessions, found.hours.sessions, found.quarantine.energy_wh) == (11, 1, 50_000)


def test_what_is_in_quarantine_already_stops_no_later_run(charging: Database) -> None:
    for minute in range(10):
        add_session(charging, f"2025-01-01 03:{minute}", f"2025-01-01 02:{minute}", 5)
    roll_up_hours(RollupRequest(charging.endpoint, RollupSettings(quarantine_at_least=11)), RUN)
    add_session(charging, "2025-01-01 02:00", "2025-01-01 03:30", 5)
    report, _, _ = roll_up(charging)
    assert (report.sessions, report.findings[0].sessions, report.findings[0].new_sessions) == (11, 10, 0)


def test_a_database_has_the_statistics_of_one_schema(charging: Database) -> None:
    add_session(charging, "2025-01-01 01:00", "2025-01-01 02:00", 5)
    roll_up(charging)
    charging.run("CREATE SCHEMA other; SET search_path = other; " + render("schema/charger_db.sql"))
    right = statistics(charging)
    other = RollupSettings(schema="other")
    with pytest.raises(ConflictError, match="has the statistics of schema public already"):
        roll_up(charging, other)
    assert roll_up(charging)[0].marks == 0
    assert statistics(charging) == right
    charging.run("DROP TABLE public.charger_usage_log CASCADE")
    assert roll_up(charging, other)[0].whole


def test_a_database_without_raw_tables_is_refused(target: Database) -> None:
    with pytest.raises(MissingObjectError, match="public has no charger_info, charger_usage_log, power_consumption"):
        roll_up(target)


def test_everything_runs_as_the_role_that_copies(charging: Database) -> None:
    charging.run(render("roles/writer.sql", role="writer", database=charging.name, schemas=["public"]))
    charging.run("ALTER ROLE writer PASSWORD 'secret'")
    for table in charging.rows("SELECT tablename FROM pg_tables WHERE schemaname = 'public'"):
        charging.run(f"ALTER TABLE {table[0]} OWNER TO writer")
    writer = charging.login("writer", "secret")
    add_session(charging, "2025-01-01 01:00", "2025-01-01 02:00", 5)
    roll_up(writer)
    add_session(charging, "2025-01-01 02:00", "2025-01-01 03:00", 5)
    followed(writer)


def only_reading(database: Database) -> Database:
    """The database through a role that may read the raw tables, and no more of them."""
    database.run(render("roles/writer.sql", role="writer", database=database.name, schemas=["public"]))
    database.run("ALTER ROLE writer PASSWORD 'secret'")
    database.run("DROP TABLE hourly_charger_stats, daily_charger_stats, station_daily_stats CASCADE")
    database.run("GRANT SELECT ON charger_usage_log, power_consumption, charger_info TO writer")
    return database.login("writer", "secret")


def test_where_triggers_are_not_allowed_checksums_notice_what_changed(charging: Database) -> None:
    let_raw_rows_name_anything(charging)
    writer = only_reading(charging)
    operations = Operations(0)
    lenient = RollupSettings(quarantine_at_least=10**9)
    roll_up(writer, lenient)
    assert charging.value("SELECT count(*) FROM pg_trigger WHERE tgname LIKE 'pgpipelines%'") == 0
    for _ in range(5):
        for _ in range(8):
            charging.run(operations.next())
        report, _, _ = roll_up(writer, lenient)
        assert not report.whole
        assert statistics(writer) == rebuilt(writer, lenient)
    assert roll_up(writer, lenient)[0].marks == 0
