from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta, timezone
from typing import Any

import psycopg2
import pytest

from demo import roles, systems
from demo.roles import Login
from demo.servers import Server
from demo.systems import SYSTEMS, SourceSystems
from tests.fixtures.servers import Database

SCALE = 0.02
SEED = 7
UNTIL = datetime(2025, 11, 20, 5, 30, tzinfo=timezone.utc)
DATABASES = [system.database for system in SYSTEMS]

# Written apart from the generator, as a rollup would look for it: a row may have one kind at most.
QUARANTINED = {
    "end_before_start": "end_time < start_time",
    "energy_without_duration": "end_time = start_time AND energy_delivered > 0",
    "negative_energy": "energy_delivered < 0",
    "power_above_rated": """
        average_power > 1.5 * (SELECT rated_power FROM charger_info AS c WHERE c.charger_id = u.charger_id)""",
    "start_before_2000": "start_time < '2000-01-01'",
    "start_in_future": "start_time > '2025-11-20 05:30'",
    "unknown_charger": "NOT EXISTS (SELECT FROM charger_info AS c WHERE c.charger_id = u.charger_id)",
    "duplicate_transaction": """
        (SELECT count(*) FROM charger_usage_log AS v WHERE v.transaction_id = u.transaction_id) > 1""",
}
MINUTES_TOO_MANY = "(duration_minutes - extract(epoch FROM end_time - start_time) / 60)"
FLAGGED = {
    "zero_energy": "energy_delivered = 0",
    "longer_than_48h": "end_time - start_time > interval '48 hours'",
    "overlap": """EXISTS (
        SELECT FROM charger_usage_log AS v
        WHERE
            v.charger_id = u.charger_id AND v.id <> u.id
            AND v.start_time <= u.start_time AND v.end_time > u.start_time
    )""",
    "duration_differs": f"{MINUTES_TOO_MANY} BETWEEN 1 AND 59 OR {MINUTES_TOO_MANY} < -1",
    "zone_suspect": f"{MINUTES_TOO_MANY} >= 59 AND abs({MINUTES_TOO_MANY} - 60 * round({MINUTES_TOO_MANY} / 60)) < 1",
    "fees_differ": "total_charge <> base_charge + energy_charge + time_charge + parking_charge",
}
DIRTY = " OR ".join(f"({condition})" for condition in (QUARANTINED | FLAGGED).values())
CLEAN_SESSIONS = f"SELECT u.* FROM charger_usage_log AS u WHERE u.end_time IS NOT NULL AND ({DIRTY}) IS NOT TRUE"


def as_login(server: Server, login: Login) -> Database:
    return Database(server, login.database, login.user, login.password)


def remove(server: Server, databases: list[str]) -> None:
    for database in databases:
        systems.administer(server, "drop_database", database=database)


@pytest.fixture(scope="module")
def server(server_of: Callable[..., Server]) -> Server:
    return server_of()


@pytest.fixture(scope="module")
def made(server: Server) -> Iterator[SourceSystems]:
    """The four systems, for tests that only look."""
    yield systems.create_source_systems(server, SCALE, SEED, UNTIL)
    remove(server, DATABASES)


@pytest.fixture
def charger_db(server: Server, made: SourceSystems) -> Database:
    return as_login(server, made.connections["source_postgres_conn"])


def contents(server: Server, database: str) -> dict[str, Any]:
    """A checksum of each table's rows."""
    whole = Database(server, database)
    tables = whole.rows(
        "SELECT oid::regclass::text FROM pg_class WHERE relkind = 'r' AND relnamespace::regnamespace::text"
        " IN ('public', 'agentic_ai')"
    )
    return {
        table: whole.rows(f"SELECT count(*), sum(hashtextextended(t::text, 0)) FROM {table} AS t")
        for (table,) in tables
    }


def test_roles_find_their_systems_by_their_connection_ids(server: Server, made: SourceSystems) -> None:
    counts = {
        "source_postgres_conn": "SELECT count(*) FROM charger_usage_log",
        "erp_postgres_conn": "SELECT count(*) FROM orders",
        "agentic_ai_postgres_conn": "SELECT count(*) FROM agentic_ai.tasks",
        "chat_postgres_conn": "SELECT count(*) FROM messages",
        "monitor_postgres_conn": "SELECT count(*) FROM pg_stat_activity",
        "dump_postgres_conn": "SELECT count(*) FROM pg_authid",
        "restore_postgres_conn": "SELECT count(*) FROM pg_roles WHERE rolname = current_user AND rolcreatedb",
    }
    assert set(made.connections) == set(counts)
    for connection_id, query in counts.items():
        assert as_login(server, made.connections[connection_id]).value(query) > 0
    assert made.made == tuple(DATABASES)


def test_applications_own_their_tables_and_administer_nothing(server: Server, made: SourceSystems) -> None:
    owners = (
        "SELECT DISTINCT tableowner FROM pg_tables WHERE schemaname IN ('public', 'agentic_ai', 'pgpipelines_samples')"
    )
    for database, login in made.applications.items():
        application = as_login(server, login)
        assert application.rows(owners) == [(login.user,)], database
        assert not application.value("SELECT rolsuper FROM pg_roles WHERE rolname = current_user")


def test_a_login_shows_no_password(made: SourceSystems) -> None:
    assert made.connections["source_postgres_conn"].password not in repr(made)


def test_the_same_seed_gives_the_same_rows_on_another_version_and_another_seed_does_not(
    server: Server, made: SourceSystems, server_of: Callable[..., Server]
) -> None:
    older = server_of(16)
    systems.create_source_systems(older, SCALE, SEED, UNTIL)
    first = {database: contents(server, database) for database in DATABASES}
    assert {database: contents(older, database) for database in DATABASES} == first
    remove(older, DATABASES)
    systems.create_source_systems(older, SCALE, SEED + 1, UNTIL)
    for database in DATABASES:
        again = contents(older, database)
        empty = {table for table, rows in again.items() if rows == [(0, None)]}
        changed = {table for table, rows in again.items() if rows != first[database][table]}
        assert changed == set(again) - empty, database
    remove(older, DATABASES)


def test_charger_db_has_the_sizes_that_the_scale_promises(charger_db: Database) -> None:
    assert charger_db.value("SELECT count(*) FROM station_info") == 2
    assert charger_db.value("SELECT count(*) FROM charger_info") == 10
    assert 1800 <= charger_db.value("SELECT count(*) FROM charger_usage_log") <= 2100
    assert 0.97 <= charger_db.value("SELECT count(*) FROM power_consumption") / (10 * 60 * 96) <= 1
    for table in ("hourly_charger_stats", "daily_charger_stats", "station_daily_stats"):
        assert charger_db.value(f"SELECT count(*) FROM {table}") == 0


def test_filling_leaves_indexes_and_keys_as_the_schema_has_them(server: Server, charger_db: Database) -> None:
    assert charger_db.value("SELECT count(*) FROM pg_indexes WHERE tablename = 'power_consumption'") == 5
    foreign_key = "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = %s::regclass AND contype = 'f'"
    expected = "FOREIGN KEY (charger_id) REFERENCES charger_info(charger_id) ON DELETE CASCADE"
    assert charger_db.rows(foreign_key, ("power_consumption",)) == [(expected,)]


def test_the_next_row_of_an_application_gets_a_free_id(server: Server, made: SourceSystems) -> None:
    for database, login in made.applications.items():
        application = as_login(server, login)
        sequences = application.rows(
            "SELECT sequencename, coalesce(last_value, 0) FROM pg_sequences WHERE schemaname = 'public'"
        )
        for sequence, last in sequences:
            table = sequence.removesuffix("_id_seq")
            assert last == (application.value(f"SELECT max(id) FROM {table}") or 0), (database, table)


@pytest.mark.parametrize("kind", [*QUARANTINED, *FLAGGED])
def test_dirt_is_there_as_often_as_noted(charger_db: Database, kind: str) -> None:
    condition = (QUARANTINED | FLAGGED)[kind]
    if kind == "overlap":
        plausible = "u.start_time BETWEEN '2000-01-01' AND '2025-11-20 05:30'"
        condition = f"{plausible} AND {condition}"
    found = charger_db.value(f"SELECT count(*) FROM charger_usage_log AS u WHERE {condition}")
    severity = "quarantine" if kind in QUARANTINED else "flag"
    noted = charger_db.rows("SELECT severity, sessions FROM pgpipelines_samples.dirt_counts WHERE kind = %s", (kind,))
    assert noted == [(severity, found)]
    assert found > 0 or kind == "duplicate_transaction"


def test_no_session_has_two_kinds_of_dirt_and_no_kind_goes_unnoted(charger_db: Database) -> None:
    kinds = " + ".join(f"coalesce(({condition})::integer, 0)" for condition in (QUARANTINED | FLAGGED).values())
    assert charger_db.value(f"SELECT max({kinds}) FROM charger_usage_log AS u") == 1
    noted = {kind for (kind,) in charger_db.rows("SELECT kind FROM pgpipelines_samples.dirt_counts")}
    assert noted == set(QUARANTINED | FLAGGED)


def test_dirt_to_be_quarantined_stays_below_the_limits_of_a_rollup(charger_db: Database) -> None:
    impossible = " OR ".join(f"({condition})" for condition in QUARANTINED.values())
    rows, energy = charger_db.rows(
        f"SELECT avg(bad::integer), sum(abs(energy_delivered)) FILTER (WHERE bad) / sum(abs(energy_delivered))"
        f" FROM (SELECT energy_delivered, ({impossible}) IS TRUE AS bad FROM charger_usage_log AS u) AS judged"
    )[0]
    assert rows < 0.02
    assert energy < 0.01


def test_tariffs_add_up(charger_db: Database) -> None:
    wrong = charger_db.value(
        f"""
        SELECT count(*)
        FROM ({CLEAN_SESSIONS}) AS s
        INNER JOIN charger_info AS c USING (charger_id)
        WHERE
            s.total_charge <> s.base_charge + s.energy_charge + s.time_charge + s.parking_charge
            OR s.base_charge <> c.base_fee
            OR s.energy_charge <> round(s.energy_delivered * c.unit_price_kwh, 2)
            OR s.time_charge + s.parking_charge
                NOT BETWEEN 0 AND greatest(c.unit_price_time, c.parking_fee)
                    * (extract(epoch FROM s.end_time - s.start_time) / 60 + 0.01)
        """
    )
    assert wrong == 0


def test_power_is_plausible_for_each_type_of_charger(charger_db: Database) -> None:
    wrong = charger_db.value(
        f"""
        SELECT count(*)
        FROM ({CLEAN_SESSIONS}) AS s
        INNER JOIN charger_info AS c USING (charger_id)
        WHERE
            s.average_power > c.rated_power OR s.max_power > c.rated_power OR s.min_power > s.max_power
            OR (c.charger_type = 'SLOW') <> (c.rated_power < 20)
        """
    )
    assert wrong == 0


def test_a_session_moves_the_register_by_its_energy(charger_db: Database) -> None:
    assert charger_db.value(f"SELECT count(*) FROM ({CLEAN_SESSIONS}) AS s") > 1500
    wrong = (
        f"SELECT count(*) FROM ({CLEAN_SESSIONS}) AS s WHERE energy_meter_end - energy_meter_start <> energy_delivered"
    )
    assert charger_db.value(wrong) == 0


def test_meter_samples_rise_by_a_session_s_energy_within_it_and_not_outside(charger_db: Database) -> None:
    checked, wrong = charger_db.rows(
        f"""
        WITH surrounded AS (
            SELECT
                s.*,
                before.cumulative_energy AS read_before,
                after.cumulative_energy AS read_after,
                inside.lowest,
                inside.highest
            FROM ({CLEAN_SESSIONS}) AS s
            CROSS JOIN LATERAL (
                SELECT * FROM power_consumption AS p
                WHERE p.charger_id = s.charger_id AND p.measurement_time <= s.start_time
                ORDER BY p.measurement_time DESC LIMIT 1
            ) AS before
            CROSS JOIN LATERAL (
                SELECT * FROM power_consumption AS p
                WHERE p.charger_id = s.charger_id AND p.measurement_time >= s.end_time
                ORDER BY p.measurement_time LIMIT 1
            ) AS after
            CROSS JOIN LATERAL (
                SELECT min(p.cumulative_energy) AS lowest, max(p.cumulative_energy) AS highest
                FROM power_consumption AS p
                WHERE
                    p.charger_id = s.charger_id
                    AND p.measurement_time BETWEEN s.start_time AND s.end_time
            ) AS inside
            -- Nobody else came in between; a row is written at the true start, whatever it then says.
            WHERE
                before.charger_status <> 'IN_USE'
                AND NOT EXISTS (
                    SELECT FROM charger_usage_log AS other
                    WHERE
                        other.id <> s.id
                        AND (other.charger_id = s.charger_id OR other.charger_id IS NULL)
                        AND other.created_at BETWEEN before.measurement_time AND after.measurement_time + interval '5 s'
                )
        )
        SELECT
            count(*),
            count(*) FILTER (
                WHERE
                    read_before <> energy_meter_start
                    OR read_after <> energy_meter_end
                    OR lowest < energy_meter_start
                    OR highest > energy_meter_end
            )
        FROM surrounded
        """
    )[0]
    assert checked > 700
    assert wrong == 0


def test_registers_never_fall_and_days_count_from_midnight(charger_db: Database) -> None:
    falls, wrong_days, wrong_dates = charger_db.rows(
        """
        SELECT
            count(*) FILTER (WHERE cumulative_energy < last_reading),
            count(*) FILTER (
                WHERE measurement_date = last_date AND daily_cumulative - last_daily <> cumulative_energy - last_reading
                OR measurement_date > last_date AND daily_cumulative > cumulative_energy - last_reading
                OR daily_cumulative < 0
            ),
            count(*) FILTER (
                WHERE measurement_date <> measurement_time::date OR hour <> extract(hour FROM measurement_time)
            )
        FROM (
            SELECT
                *,
                lag(cumulative_energy) OVER in_turn AS last_reading,
                lag(daily_cumulative) OVER in_turn AS last_daily,
                lag(measurement_date) OVER in_turn AS last_date
            FROM power_consumption
            WINDOW in_turn AS (PARTITION BY charger_id ORDER BY measurement_time)
        ) AS followed
        """
    )[0]
    assert (falls, wrong_days, wrong_dates) == (0, 0, 0)


def test_chargers_fail_go_offline_and_lose_samples(charger_db: Database) -> None:
    statuses = {status for (status,) in charger_db.rows("SELECT DISTINCT charger_status FROM power_consumption")}
    assert statuses >= {"AVAILABLE", "IN_USE", "FAULT", "OFFLINE"}
    assert charger_db.value(
        """
        SELECT max(gap)
        FROM (
            SELECT measurement_time - lag(measurement_time) OVER in_turn AS gap
            FROM power_consumption
            WINDOW in_turn AS (PARTITION BY charger_id ORDER BY measurement_time)
        ) AS gaps
        """
    ) > timedelta(hours=1)


def test_sessions_that_are_open_have_no_end_price_or_payment(charger_db: Database) -> None:
    is_open, wrong = charger_db.rows(
        """
        SELECT
            count(*),
            count(*) FILTER (
                WHERE num_nonnulls(duration_minutes, energy_delivered, energy_meter_end, total_charge, payment_date) > 0
                OR payment_status <> 'pending' OR status <> 'charging' OR current_status <> 'IN_USE'
            )
        FROM charger_usage_log INNER JOIN charger_info USING (charger_id)
        WHERE end_time IS NULL
        """
    )[0]
    assert is_open >= 1
    assert wrong == 0


def test_evenings_are_busier_than_nights_and_weekends_than_weekdays(charger_db: Database) -> None:
    evening, night, weekend_day, weekday = charger_db.rows(
        """
        SELECT
            count(*) FILTER (WHERE extract(hour FROM local) BETWEEN 17 AND 20),
            count(*) FILTER (WHERE extract(hour FROM local) BETWEEN 1 AND 4),
            count(*) FILTER (WHERE extract(isodow FROM local) >= 6) / 2.0,
            count(*) FILTER (WHERE extract(isodow FROM local) < 6) / 5.0
        FROM (SELECT start_time + interval '9 hours' AS local FROM charger_usage_log) AS in_jeju
        """
    )[0]
    assert evening > 3 * night
    assert weekend_day > 1.1 * float(weekday)


def test_text_is_korean_and_awkward(server: Server, made: SourceSystems) -> None:
    expected = {
        "source_postgres_conn": ["SELECT count(*) FROM station_info WHERE address LIKE '제주특별자치도%'"],
        "erp_postgres_conn": [
            "SELECT count(*) FROM posts WHERE body = ''",
            "SELECT count(*) FROM posts WHERE attachments IS NULL",
            r"SELECT count(*) FROM posts WHERE strpos(body, E'\t') > 0",
            r"SELECT count(*) FROM posts WHERE strpos(body, E'\\N') > 0",
            r"SELECT count(*) FROM posts WHERE strpos(body, E'\r\n') > 0",
        ],
        "agentic_ai_postgres_conn": [
            "SELECT count(*) FROM agentic_ai.tasks WHERE result::text LIKE '%⚡%'",
            "SELECT count(*) FROM agentic_ai.agent_executions WHERE agent_name = '수집 에이전트'",
        ],
        "chat_postgres_conn": [
            "SELECT count(*) FROM messages WHERE body LIKE '%👨‍👩‍👧‍👦%'",
            "SELECT count(*) FROM messages WHERE user_id IS NULL",
            "SELECT count(*) FROM login_log WHERE failure_reason = '비밀번호가 틀렸습니다.'",
        ],
    }
    for connection_id, queries in expected.items():
        reader = as_login(server, made.connections[connection_id])
        assert [query for query in queries if reader.value(query) == 0] == []


def test_a_second_call_keeps_what_was_written_since(server: Server, made: SourceSystems) -> None:
    charger_app = as_login(server, made.applications["charger_db"])
    charger_app.run("UPDATE charger_info SET location_detail = '옮겼음' WHERE id = 1")
    again = systems.create_source_systems(server, 5 * SCALE, SEED, UNTIL)
    assert again.made == ()
    assert again.connections == made.connections
    assert charger_app.value("SELECT location_detail FROM charger_info WHERE id = 1") == "옮겼음"
    assert charger_app.value("SELECT count(*) FROM charger_info") == 10


def test_a_database_that_was_left_half_made_is_made_again(server_of: Callable[..., Server]) -> None:
    server = server_of(16)
    systems.create_source_systems(server, SCALE, SEED, UNTIL)
    whole = contents(server, "erp")
    remove(server, ["erp"])
    systems.administer(server, "database", database="erp", owner="erp_app")
    Database(server, "erp").run("CREATE TABLE users (half integer)")
    assert systems.create_source_systems(server, SCALE, SEED, UNTIL).made == ("erp",)
    assert contents(server, "erp") == whole
    remove(server, DATABASES)


def test_writer_enters_warehouse_and_backup_and_a_second_call_keeps_them(server: Server) -> None:
    logins = systems.create_targets(server)
    assert {conn_id: login.database for conn_id, login in logins.items()} == {
        "target_postgres_conn": "warehouse",
        "backup_postgres_conn": "backup",
    }
    for login in logins.values():
        as_login(server, login).run("CREATE TABLE copied AS SELECT 1 AS one")
    assert systems.create_targets(server) == logins
    for login in logins.values():
        assert as_login(server, login).value("SELECT one FROM copied") == 1
    remove(server, ["warehouse", "backup"])


def test_nobody_enters_a_sample_database_by_default(server: Server, made: SourceSystems) -> None:
    Database(server, "postgres").run("DROP ROLE IF EXISTS stranger; CREATE ROLE stranger LOGIN PASSWORD 'stranger'")
    for database in [*DATABASES, "postgres"]:
        with pytest.raises(psycopg2.OperationalError, match="permission denied for database"):
            Database(server, database, "stranger", "stranger").connect()
    Database(server, "postgres").run("DROP ROLE stranger")


@pytest.mark.parametrize(
    ("scale", "until", "problem"),
    [(0, UNTIL, "scale must be above 0"), (1, datetime(2025, 11, 20), "time zone")],  # noqa: DTZ001 (that is the mistake)
)
def test_mistakes_are_named_before_the_server_is_touched(
    server: Server, scale: float, until: datetime, problem: str
) -> None:
    with pytest.raises(ValueError, match=problem):
        systems.create_source_systems(server, scale, SEED, until)


def test_passwords_differ_by_role_and_server(server: Server) -> None:
    assert roles.password_of(server, "a") != roles.password_of(server, "b")
    assert roles.password_of(server, "a") != server.password
