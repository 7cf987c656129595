"""Whoever writes, however: the next run knows of it."""

from __future__ import annotations

import io
import random
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from tests.fixtures.servers import Database
from tests.fixtures.waiting import until
from tests.plugins.rollup.chaos import Chaos
from tests.plugins.rollup.corners import all_corners
from tests.plugins.rollup.examples import at, samples, session
from tests.plugins.rollup.oracle import Charger, Raw
from tests.plugins.rollup.runs import Statistics, statistics
from tests.plugins.rollup.tables import write_raw

CENTRE = datetime.fromisoformat("2025-03-10")
# Each is done to the corners, after a run.
WRITES = {
    "energy corrected": "UPDATE charger_usage_log SET energy_delivered = 0.7 * energy_delivered WHERE id % 3 = 0",
    "moved to another charger": "UPDATE charger_usage_log SET charger_id = 'C1' WHERE id % 5 = 0",
    "moved to no charger": "UPDATE charger_usage_log SET charger_id = NULL WHERE id % 5 = 0",
    "given a charger": """
        UPDATE charger_usage_log SET charger_id = NULL;
        UPDATE charger_usage_log SET charger_id = 'C7'""",
    "moved by years": "UPDATE charger_usage_log SET start_time = start_time - interval '3 years' WHERE id % 4 = 0",
    "made open": "UPDATE charger_usage_log SET end_time = NULL WHERE id % 4 = 0",
    "open without end": "UPDATE charger_usage_log SET end_time = 'infinity' WHERE id % 4 = 0",
    "turned round": """
        UPDATE charger_usage_log SET start_time = end_time, end_time = start_time WHERE end_time IS NOT NULL""",
    "numbered anew": "UPDATE charger_usage_log SET id = 100000000 - id",
    "samples numbered anew": "UPDATE power_consumption SET id = 100000000 - id",
    "samples of one instant": "UPDATE power_consumption SET measurement_time = date_trunc('hour', measurement_time)",
    "samples of another charger": "UPDATE power_consumption SET charger_id = 'C40' WHERE id % 2 = 0",
    "status repaired": "UPDATE power_consumption SET charger_status = 'FAULT' WHERE id % 3 = 0",
    "registers lost": "UPDATE power_consumption SET cumulative_energy = NULL WHERE id % 7 = 0",
    "power measured": "UPDATE power_consumption SET input_power = 12.5",
    "sessions deleted": "DELETE FROM charger_usage_log WHERE id % 2 = 0",
    "samples deleted": "DELETE FROM power_consumption WHERE id % 3 = 0",
    "all deleted": "DELETE FROM charger_usage_log; DELETE FROM power_consumption",
    "sessions emptied": "TRUNCATE charger_usage_log",
    "samples emptied": "TRUNCATE power_consumption",
    "everything emptied": "TRUNCATE station_info CASCADE",
    "station renamed": """
        INSERT INTO station_info (station_id, station_name) VALUES ('new', '');
        UPDATE charger_info SET station_id = 'new' WHERE station_id = 'S1000'""",
    "stations deleted": "DELETE FROM station_info WHERE station_id IN ('S0', 'S1000')",
    "chargers deleted": "DELETE FROM charger_info WHERE id % 2 = 0",
    "rated anew": "UPDATE charger_info SET rated_power = 0.5",
    "rated absurdly": """
        UPDATE charger_info
        SET rated_power = ('{-1, 0, NaN, Infinity, -Infinity}'::double precision [])[1 + id % 5]""",
    "no longer rated": "UPDATE charger_info SET rated_power = 0.001; UPDATE charger_info SET rated_power = NULL",
    "merged": """
        MERGE INTO charger_usage_log AS l
        USING (SELECT * FROM charger_usage_log) AS s ON l.id = s.id AND s.id % 2 = 0
        WHEN MATCHED AND l.id % 4 = 0 THEN DELETE
        WHEN MATCHED THEN UPDATE SET end_time = s.start_time + interval '2 hours'
        WHEN NOT MATCHED THEN
            INSERT (charger_id, start_time) VALUES (s.charger_id, s.start_time)""",
    "in a statement of several": """
        WITH gone AS (DELETE FROM charger_usage_log WHERE id % 3 = 0 RETURNING *),
        late AS (DELETE FROM power_consumption WHERE id % 3 = 0)
        INSERT INTO charger_usage_log (charger_id, start_time, end_time, energy_delivered)
        SELECT charger_id, start_time + interval '1 day', end_time + interval '1 day', energy_delivered FROM gone""",
}


@pytest.mark.parametrize("write", WRITES.values(), ids=WRITES)
def test_every_way_to_write_is_followed(stats: Statistics, write: str) -> None:
    stats.database.run(write)
    stats.run()
    assert stats.wrong() == []


def test_bulk_loads_are_followed(stats: Statistics) -> None:
    loaded = "COPY (SELECT id + 50000000, charger_id, start_time + interval '2 days' FROM charger_usage_log) TO STDOUT"
    connection = stats.database.connect()
    with connection, connection.cursor() as cursor:
        stream = io.BytesIO()
        cursor.copy_expert(loaded, stream)
        stream.seek(0)
        cursor.copy_expert("COPY charger_usage_log (id, charger_id, start_time) FROM STDIN", stream)
    connection.close()
    stats.run()
    assert stats.wrong() == []


def test_a_table_that_was_exchanged_for_another_is_read_anew(stats: Statistics) -> None:
    stats.database.run("""
        CREATE TABLE other (LIKE charger_usage_log INCLUDING ALL);
        INSERT INTO other SELECT * FROM charger_usage_log WHERE id % 2 = 0;
        UPDATE other SET energy_delivered = 7;
        ALTER SEQUENCE charger_usage_log_id_seq OWNED BY other.id;
        DROP TABLE charger_usage_log CASCADE;
        ALTER TABLE other RENAME TO charger_usage_log;
    """)
    stats.run()
    assert stats.wrong() == []
    stats.database.run("UPDATE charger_usage_log SET energy_delivered = 8")
    stats.run()
    assert stats.wrong() == []


def test_a_table_that_comes_back_is_read_anew(stats: Statistics) -> None:
    stats.database.run("""
        CREATE TABLE other (LIKE charger_usage_log INCLUDING ALL);
        INSERT INTO other SELECT * FROM charger_usage_log WHERE id % 2 = 0;
        ALTER TABLE charger_usage_log RENAME TO away;
        ALTER TABLE other RENAME TO charger_usage_log;
    """)
    stats.run()
    assert stats.wrong() == []
    stats.database.run("""
        UPDATE away SET energy_delivered = 7 WHERE id % 3 = 0;
        ALTER TABLE charger_usage_log RENAME TO other;
        ALTER TABLE away RENAME TO charger_usage_log;
    """)
    stats.run()
    assert stats.wrong() == []
    stats.run()
    assert stats.database.value("SELECT count(*) FROM pgpipelines.dirty_range") == 0


def test_a_writer_needs_no_privileges_but_those_on_the_raw_tables(stats: Statistics) -> None:
    stats.database.run("""
        CREATE ROLE writer LOGIN PASSWORD 'secret';
        GRANT SELECT, INSERT, UPDATE, DELETE, TRUNCATE ON charger_usage_log, power_consumption, charger_info TO writer;
    """)
    writer = stats.database.login("writer", "secret")
    try:
        for statement in (
            "SET search_path = ''; DELETE FROM public.charger_usage_log WHERE id % 2 = 0",
            "UPDATE charger_usage_log SET base_charge = 1",
            "UPDATE charger_info SET rated_power = 1",
            "INSERT INTO power_consumption (id, charger_id, measurement_time) VALUES (7, 'C9', now())",
            "TRUNCATE charger_usage_log",
        ):
            writer.run(statement)
            stats.run()
            assert stats.wrong() == [], statement
    finally:
        stats.database.run("DROP OWNED BY writer CASCADE; DROP ROLE writer")


@pytest.mark.parametrize("major", [15, 16])
def test_other_versions_make_the_same(database_of: Callable[..., Database], major: int) -> None:
    stats = statistics(database_of(major))
    write_raw(stats.database, all_corners())
    stats.run()
    assert stats.wrong() == []
    chaos = Chaos(random.Random(major), CENTRE, chargers=["C1", "C2", "C3"])
    stats.perform(*(chaos.change() for _ in range(30)))
    stats.run()
    assert stats.wrong() == []


def test_rows_of_no_consequence_make_no_work(stats: Statistics) -> None:
    nothing = "SELECT count(*) FROM pgpipelines.dirty_range"
    stats.database.run("UPDATE charger_usage_log SET user_id_hash = 'x', session_date = '2020-01-01'")
    stats.database.run("UPDATE power_consumption SET voltage = 220, measurement_date = '2020-01-01'")
    stats.database.run("UPDATE charger_info SET firmware_version = 'x'")
    assert stats.database.value(nothing) == 0
    write_raw(stats.database, Raw())
    stats.run()
    assert stats.wrong() == []


def test_a_version_that_holds_good_again_disturbs_the_meter_of_its_neighbours(target: Database) -> None:
    stats = statistics(target)
    target.run("ALTER TABLE charger_usage_log DROP CONSTRAINT charger_usage_log_transaction_id_key")
    long = session("10:00", "13:00", "9", energy_meter_start="100", energy_meter_end="112")
    readings = [(f"{10 + quarter // 4}:{quarter % 4 * 15:02}", str(100 + quarter)) for quarter in range(12)]
    open_one = session("6:00", None, None, number=2, energy_meter_start="88")
    early = [(f"{6 + quarter // 4}:{quarter % 4 * 15:02}", str(88 + quarter // 2)) for quarter in range(12)]
    versions = [
        session("12:30", "12:40", number=3, transaction_id="T1", created_at=at("1:00")),
        session("8:30", "8:40", number=4, transaction_id="T2", created_at=at("1:00")),
        *(
            session("20:00", "20:10", number=number, transaction_id=transaction, charger_id="C2", created_at=at("2:00"))
            for number, transaction in ((5, "T1"), (6, "T2"))
        ),
    ]
    chargers = [Charger("C1", "S1", 50.0), Charger("C2", "S1", 50.0)]
    write_raw(target, Raw([long, open_one, *versions], samples(*early, *readings), chargers))
    stats.run()
    assert stats.wrong() == []
    for change in (
        "DELETE FROM charger_usage_log WHERE id IN (5, 6)",
        "UPDATE charger_usage_log SET transaction_id = NULL WHERE id IN (3, 4)",
        "UPDATE charger_usage_log SET transaction_id = 'T' || id - 2, created_at = '2001-01-01' WHERE id IN (3, 4)",
        """
        INSERT INTO charger_usage_log (id, charger_id, transaction_id, start_time)
        VALUES (7, 'C2', 'T1', now()), (8, 'C2', 'T2', now())""",
    ):
        target.run(change)
        stats.run()
        assert stats.wrong() == [], change


@pytest.mark.parametrize("moment", ["infinity", "-infinity", "9999-12-31 23:59:59", "0044-03-15 12:00:00 BC"])
def test_no_moment_however_far_stops_a_run(stats: Statistics, moment: str) -> None:
    stats.database.run("INSERT INTO charger_usage_log (charger_id, start_time) VALUES ('C2', %s)", (moment,))
    stats.database.run(
        "INSERT INTO power_consumption (charger_id, measurement_time, charger_status) VALUES ('C2', %s, 'FAULT')",
        (moment,),
    )
    stats.run()
    stats.rebuild()
    stats.database.run("DELETE FROM charger_usage_log WHERE start_time = %s", (moment,))
    stats.database.run("DELETE FROM power_consumption WHERE measurement_time = %s", (moment,))
    stats.run()
    assert stats.wrong() == []


@pytest.mark.parametrize("moments", [("infinity", "infinity"), ("infinity", None), ("-infinity", "infinity")])
def test_a_session_of_no_moment_is_in_quarantine(target: Database, moments: tuple[str, str | None]) -> None:
    stats = statistics(target)
    write_raw(target, Raw([session("9:00", "10:00")], chargers=[Charger("C1", "S1", 50.0)]))
    stats.run()
    target.run("UPDATE charger_usage_log SET start_time = %s, end_time = %s", moments)
    stats.run()
    assert stats.reconcile().quarantine.sessions == 1
    stats.rebuild()
    assert stats.reconcile().quarantine.sessions == 1
    target.run("UPDATE charger_usage_log SET start_time = '2025-03-10', end_time = '2025-03-11'")
    stats.run()
    assert stats.wrong() == []


@pytest.mark.parametrize("column", ["start", "end"])
def test_what_was_in_the_future_counts_once_its_time_has_come(target: Database, column: str) -> None:
    stats = statistics(target, future_tolerance=timedelta(0))
    write_raw(target, Raw(chargers=[Charger("C1", "S1", 50.0)]))
    start, end = ("1.5 s", "60 s") if column == "start" else ("-60 s", "1.5 s")
    target.run(
        "INSERT INTO charger_usage_log (charger_id, start_time, end_time, energy_delivered)"
        f" SELECT 'C1', utc + '{start}', utc + '{end}', 0.5 FROM (SELECT now() AT TIME ZONE 'UTC' AS utc) AS clock"
    )
    stats.run()
    reasons = "SELECT array_agg(reason) FROM pgpipelines.session_finding"
    assert target.value(reasons) == [f"{column}_in_future"]
    until(target, f"SELECT FROM charger_usage_log WHERE {column}_time < now() AT TIME ZONE 'UTC'")
    stats.run()
    expected = None if column == "end" else ["end_in_future"]
    assert target.value(reasons) == expected
    assert target.value("SELECT count(*) FROM hourly_charger_stats WHERE num_sessions = 1") == int(column == "end")


def test_a_sample_of_the_future_prolongs_no_open_session(target: Database) -> None:
    stats = statistics(target)
    write_raw(target, Raw(chargers=[Charger("C1", "S1", 50.0)], samples=samples(("9:15", "7"), ("9:30", "8"))))
    write_raw(target, Raw([session("9:00", None, None, energy_meter_start="6")]))
    stats.run()
    target.run(
        "INSERT INTO power_consumption (id, charger_id, measurement_time, cumulative_energy)"
        " VALUES (3, 'C1', '2300-01-01', 9), (4, 'C1', '2999-12-31', 9), (5, 'C1', '9000-12-31', 9)"
    )
    stats.run()
    assert stats.wrong() == []
    assert target.rows("SELECT reason, end_time::text FROM pgpipelines.session_finding") == [
        ("sample_in_future", "2300-01-01 00:00:00")
    ]
    stats.rebuild()
    assert stats.wrong() == []
    assert stats.reconcile().hours.energy_wh == 2000
    target.run("DELETE FROM power_consumption WHERE measurement_time > '2299-01-01'")
    stats.run()
    assert stats.wrong() == []


def test_a_sample_that_was_in_the_future_counts_once_its_time_has_come(target: Database) -> None:
    stats = statistics(target, future_tolerance=timedelta(0))
    write_raw(target, Raw(chargers=[Charger("C1", "S1", 50.0)]))
    target.run(
        "INSERT INTO charger_usage_log (charger_id, start_time, energy_meter_start)"
        " SELECT 'C1', now() AT TIME ZONE 'UTC' - interval '1 h', 6"
    )
    target.run(
        "INSERT INTO power_consumption (charger_id, measurement_time, cumulative_energy)"
        " SELECT 'C1', now() AT TIME ZONE 'UTC' + interval '1.5 s', 9"
    )
    stats.run()
    assert target.value("SELECT reason FROM pgpipelines.session_finding") == "sample_in_future"
    assert stats.reconcile().pending == 0
    until(target, "SELECT FROM power_consumption WHERE measurement_time < now() AT TIME ZONE 'UTC'")
    assert stats.reconcile().pending == 1
    stats.run()
    assert stats.wrong() == []
    assert target.value("SELECT sum(total_energy) FROM hourly_charger_stats") == 3
