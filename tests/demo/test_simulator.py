from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import datetime, timezone
from pathlib import Path
from queue import Queue

import psycopg2
import pytest

from demo import simulator, systems
from demo.servers import Server
from demo.simulator import System, take
from tests.fixtures.servers import Database

ROOT = Path(__file__).resolve().parents[2]
UNTIL = datetime(2025, 11, 1, tzinfo=timezone.utc)
SECONDS = 60


@pytest.fixture(scope="module")
def charger_app(server_of: Callable[..., Server]) -> Iterator[Database]:
    """charger_db, entered as its application's role."""
    server = server_of()
    login = systems.create_source_systems(server, 0.01, 1, UNTIL).applications["charger_db"]
    yield Database(server, login.database, login.user, login.password)
    for system in systems.SYSTEMS:
        systems.administer(server, "drop_database", database=system.database)


@pytest.fixture
def chat_app(charger_app: Database) -> Database:
    login = systems.create_source_systems(charger_app.server, 0.01, 1, UNTIL).applications["chat"]
    return Database(charger_app.server, login.database, login.user, login.password)


def once(database: Database, step: str) -> int:
    with closing(simulator.connect(database.dsn)) as connection:
        return take(connection, step)


def open_sessions(database: Database) -> int:
    return int(database.value("SELECT count(*) FROM charger_usage_log WHERE end_time IS NULL"))


def finish_all(database: Database) -> None:
    while once(database, "finish_session"):
        pass


def test_a_session_starts_at_a_free_charger(charger_app: Database) -> None:
    before = open_sessions(charger_app)
    assert once(charger_app, "start_session") == 1
    assert open_sessions(charger_app) == before + 1
    newest = charger_app.rows(
        "SELECT payment_status, status, current_status, energy_delivered, total_charge"
        " FROM charger_usage_log AS u INNER JOIN charger_info USING (charger_id) ORDER BY u.id DESC LIMIT 1"
    )
    assert newest == [("pending", "charging", "IN_USE", None, None)]


def test_no_session_starts_where_no_charger_is_free(charger_app: Database) -> None:
    while once(charger_app, "start_session"):
        pass
    assert charger_app.value("SELECT count(*) FROM charger_info WHERE current_status = 'AVAILABLE'") == 0
    open_and_busy = "SELECT count(*), count(DISTINCT charger_id) FROM charger_usage_log WHERE end_time IS NULL"
    sessions, chargers = charger_app.rows(open_and_busy)[0]
    assert sessions == chargers


def test_a_session_ends_with_energy_price_and_a_meter_that_agrees(charger_app: Database) -> None:
    charger_app.run(
        "UPDATE charger_usage_log SET payment_status = 'failed'"
        " WHERE payment_status = 'pending' AND end_time IS NOT NULL"
    )
    once(charger_app, "add_sample")
    before = open_sessions(charger_app)
    assert once(charger_app, "finish_session") == 1
    assert open_sessions(charger_app) == before - 1
    agrees = charger_app.rows(
        """
        SELECT
            energy_delivered > 0,
            energy_meter_end = energy_meter_start + energy_delivered,
            total_charge = base_charge + energy_charge + time_charge + parking_charge,
            energy_charge = round(energy_delivered * unit_price_kwh, 2),
            end_time > start_time AND end_time <= start_time + interval '1 hour',
            average_power <= rated_power,
            energy_meter_end = (
                SELECT max(cumulative_energy) FROM power_consumption AS p WHERE p.charger_id = u.charger_id
            ),
            current_status = 'AVAILABLE'
        FROM charger_usage_log AS u
        INNER JOIN charger_info USING (charger_id)
        WHERE payment_status = 'pending' AND end_time IS NOT NULL
        """
    )
    assert agrees == [(True,) * 8]


def test_a_session_that_has_just_begun_does_not_end(charger_app: Database) -> None:
    finish_all(charger_app)
    assert once(charger_app, "start_session") == 1
    assert once(charger_app, "finish_session") == 0


def test_a_finished_session_is_paid_once(charger_app: Database) -> None:
    unpaid = "SELECT count(*) FROM charger_usage_log WHERE payment_status = 'pending' AND end_time IS NOT NULL"
    finish_all(charger_app)
    before = charger_app.value(unpaid)
    assert before > 0
    assert once(charger_app, "pay_session") == 1
    assert charger_app.value(unpaid) == before - 1
    while once(charger_app, "pay_session"):
        pass
    assert charger_app.value(unpaid) == 0


def test_samples_never_let_a_register_fall(charger_app: Database) -> None:
    before = charger_app.value("SELECT count(*) FROM power_consumption")
    for step in ("start_session", *["add_sample"] * 20):
        once(charger_app, step)
    assert charger_app.value("SELECT count(*) FROM power_consumption") == before + 20
    assert charger_app.value(
        """
        SELECT bool_and(rise >= 0 AND daily_cumulative >= 0)
        FROM (
            SELECT
                daily_cumulative,
                cumulative_energy
                - lag(cumulative_energy) OVER (PARTITION BY charger_id ORDER BY measurement_time, id) AS rise
            FROM power_consumption
        ) AS rises
        """
    )


def test_somebody_chats(chat_app: Database) -> None:
    before = chat_app.value("SELECT count(*) FROM messages")
    assert once(chat_app, "send_message") == 1
    assert chat_app.value("SELECT count(*) FROM messages") == before + 1


class Told(logging.Handler):
    """Hands each line of the log to a test that waits for it."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: Queue[str] = Queue()

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.put(record.getMessage())


@pytest.fixture
def told() -> Iterator[Told]:
    handler = Told()
    simulator.LOG.addHandler(handler)
    simulator.LOG.setLevel(logging.INFO)
    yield handler
    simulator.LOG.removeHandler(handler)
    simulator.LOG.setLevel(logging.NOTSET)


def test_a_restart_of_the_server_is_waited_for_with_one_line_per_attempt(charger_app: Database, told: Told) -> None:
    stop = threading.Event()
    system = System(charger_app.dsn, simulator.CHARGER_STEPS)
    running = threading.Thread(target=simulator.keep_running, args=([system], stop, 0.01))
    running.start()
    try:
        assert told.lines.get(timeout=SECONDS) == "connected"
        charger_app.server.stop()
        assert told.lines.get(timeout=SECONDS).endswith("trying again in 1 s")
        charger_app.server.start()
        lines = [told.lines.get(timeout=SECONDS)]
        while lines[-1] != "connected":
            lines.append(told.lines.get(timeout=SECONDS))
        assert len(lines) <= 5
        assert not any("\n" in line or charger_app.password in line for line in lines if charger_app.password)
    finally:
        stop.set()
        running.join(SECONDS)
    assert not running.is_alive()


def environment(**variables: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PGPIPELINES_")}
    return kept | {"PYTHONPATH": f"{ROOT}/plugins"} | variables


def test_sigterm_ends_the_process_cleanly(charger_app: Database, chat_app: Database) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "demo.simulator"],
        cwd=ROOT,
        env=environment(PGPIPELINES_CHARGER_DSN=charger_app.dsn, PGPIPELINES_CHAT_DSN=chat_app.dsn),
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    with process, process.stderr:
        first = process.stderr.readline()
        process.send_signal(signal.SIGTERM)
        rest = process.stderr.read()
        assert process.wait(SECONDS) == 0
    assert first.endswith("simulator: connected\n")
    assert rest == ""


def test_a_missing_connection_string_is_one_line(charger_app: Database) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "demo.simulator"],
        cwd=ROOT,
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr == "simulator: PGPIPELINES_CHARGER_DSN is not set\n"


def test_the_simulator_s_role_administers_nothing(charger_app: Database) -> None:
    with pytest.raises(psycopg2.errors.InsufficientPrivilege):
        charger_app.run("CREATE ROLE mine")
