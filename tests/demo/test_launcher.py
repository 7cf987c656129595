"""`make demo` as a person meets it. One story in one clone, told in order, because each start takes a while."""

from __future__ import annotations

import json
import os
import re
import select
import signal
import socket
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import psutil
import psycopg2
import pytest

from demo.airflow import PREFERRED_PORT
from demo.databases import METADATA_ROLE, PREFERRED_PORTS
from demo.place import outside
from demo.processes import Leader, living
from demo.roles import DUMPER, MONITOR, READER, RESTORER, WRITER, password_of
from demo.servers import Server, binaries
from demo.systems import SYSTEMS
from tests.fixtures.clones import PATIENCE_SECONDS, Clone, Demo


@pytest.fixture(scope="module")
def clone(clone_of: Callable[[], Clone]) -> Clone:
    return clone_of()


@pytest.fixture(scope="module")
def servers(clone: Clone) -> Path:
    return outside(clone.folder) if os.geteuid() == 0 else clone.folder / ".demo" / "servers"


@pytest.fixture(scope="module")
def first(clone: Clone) -> tuple[int, str]:
    """The first demo of a fresh clone, where other programs have its usual ports, and settings in the environment.

    Exit status and output.
    """
    others = {
        "PGOPTIONS": "-c no.such_setting",
        "PGSSLMODE": "verify-full",
        "AIRFLOW__CORE__EXECUTOR": "NoSuchExecutor",
    }
    with listener(PREFERRED_PORT), listener(PREFERRED_PORTS["source"]), watched_arguments() as seen:
        status, output = clone.run(ONCE="1", **others)
    (clone.folder / "arguments").write_bytes(b"\n".join(seen))
    return status, output


@pytest.fixture(scope="module")
def left(clone: Clone, first: tuple[int, str], servers: Path) -> set[int]:
    """What a demo has left that was killed while Airflow started: process ids."""
    demo = started_as_far_as(clone, "scheduler")
    demo.send(signal.SIGKILL)
    demo.process.wait()
    return {process.pid for process in running(clone, servers)}


@pytest.fixture(scope="module")
def staying(clone: Clone, left: set[int]) -> Iterator[Demo]:
    """The demo after the killed one: a copy that fails, one that doesn't, and a dump. It stays up."""
    runs = clone.folder / "demo" / "runs.py"
    runs.write_text(
        runs.read_text().replace('"source_table": "charger_info"', '"source_table": "charger_inf"')
        + '\nFIRST, THEN = (*FIRST[-2:], Wanted("postgres_nightly_dump")), ()\n'
    )
    demo = clone.start()
    demo.wait_for("Ctrl-C stops everything")
    yield demo
    demo.send(signal.SIGTERM)
    demo.wait()


def started_as_far_as(clone: Clone, process: str) -> Demo:
    """A demo of data that are there, when it has started a process."""
    demo = clone.start()
    demo.wait_for("the sample systems are there")
    demo.wait_until(lambda: f'"{process}"' in (clone.folder / ".demo" / "processes.json").read_text())
    return demo


def running(clone: Clone, servers: Path) -> list[psutil.Process]:
    """Every process that the demo of this clone has started."""
    record = clone.folder / ".demo" / "processes.json"
    leaders = [Leader(**entry) for entry in json.loads(record.read_text())] if record.exists() else []
    postmasters = [psutil.Process(int(file.read_text().split()[0])) for file in pid_files(servers)]
    return [*living(leaders), *postmasters]


def secrets_of(servers: Path) -> list[str]:
    """Every password and key of a demo, those derived from others too."""
    stored = list(json.loads((servers / "secrets.json").read_text()).values())
    roles = (READER, WRITER, DUMPER, RESTORER, MONITOR, METADATA_ROLE, *(system.owner for system in SYSTEMS))
    for home in (file.parent for file in servers.glob("*/password")):
        server = Server(home, 18, 0)
        stored += [server.password, *(password_of(server, role) for role in roles)]
    return stored


@contextmanager
def watched_arguments() -> Iterator[set[bytes]]:
    """Collect the command line of every process that comes after this, looked at every few milliseconds."""
    seen: set[bytes] = set()
    over = threading.Event()
    earlier = set(psutil.pids())

    def look() -> None:
        while not over.wait(0.01):
            for pid in set(psutil.pids()) - earlier:
                with suppress(OSError):  # it has ended meanwhile
                    seen.add(Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" "))

    watcher = threading.Thread(target=look)
    watcher.start()
    try:
        yield seen
    finally:
        over.set()
        watcher.join()


def dump(server: Server, database: str) -> str:
    """All that a database stores, as text."""
    return subprocess.run(
        [
            binaries(server.major) / "pg_dump",
            "--host=127.0.0.1",
            f"--port={server.port}",
            "--username=postgres",
            database,
        ],
        env={"PGPASSWORD": server.password, "LC_ALL": "C.UTF-8"},
        capture_output=True,
        check=True,
        text=True,
    ).stdout


def pid_files(servers: Path) -> list[Path]:
    return list(servers.glob("*/data/postmaster.pid"))


@contextmanager
def listener(port: int) -> Iterator[None]:
    """Another program that has the port, unless one has it already."""
    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            taken.bind(("127.0.0.1", port))
            taken.listen()
        except OSError:
            pass
        yield


def test_once_succeeds_when_every_copy_was_verified_and_leaves_nothing_running(
    clone: Clone, first: tuple[int, str], servers: Path
) -> None:
    status, output = first
    assert status == 0, output
    assert "SCALE=0.01" in output
    for dag_id, table in (
        ("simple_postgres_copy", "public.charger_info"),
        ("postgres_data_copy", "on_demand.station_info"),
        ("erp_weekly_backup", "erp.orders"),
    ):
        assert re.search(rf"^{dag_id} +{table} .* checksum$", output, re.MULTILINE), output
    # One that its schedule started a moment before leaves nothing, or only what changed since.
    assert re.search(r"^\w+_incremental_copy .* checksum( of the changed rows)?$", output, re.MULTILINE), output
    assert re.search(r"success +example_after_copy$", output, re.MULTILINE)
    assert "FAILED" not in output
    assert f":{PREFERRED_PORT} " not in output
    assert f":{PREFERRED_PORTS['source']}," not in output
    assert running(clone, servers) == []


def test_what_it_stores_is_readable_by_its_owner_alone(clone: Clone, first: tuple[int, str], servers: Path) -> None:
    assert (clone.folder / ".demo").stat().st_mode & 0o077 == 0
    secrets = [servers / "secrets.json", *servers.glob("*/password"), *clone.folder.glob(".demo/airflow/*.json")]
    assert len(secrets) == 5
    assert all(file.stat().st_mode & 0o077 == 0 for file in secrets)


def test_a_second_start_does_not_make_airflows_tables_again(staying: Demo) -> None:
    assert "Airflow's tables are there" not in staying.output


def test_after_a_kill_the_next_demo_cleans_up(left: set[int], staying: Demo) -> None:
    assert left
    assert "stopped scheduler, which an earlier demo had left behind" in staying.output
    assert not [pid for pid in left if psutil.pid_exists(pid)]


def test_everything_listens_on_the_loopback_interface_only(clone: Clone, staying: Demo, servers: Path) -> None:
    listening = []
    for process in running(clone, servers):
        with suppress(psutil.NoSuchProcess):  # it has ended meanwhile
            connections = process.net_connections(kind="inet")
            listening += [each.laddr for each in connections if each.status == psutil.CONN_LISTEN]
    assert {address.ip for address in listening} == {"127.0.0.1"}
    assert len({address.port for address in listening}) == 4


def test_no_secret_was_ever_an_argument_of_a_process(clone: Clone, staying: Demo, servers: Path) -> None:
    seen = (clone.folder / "arguments").read_text(errors="replace")
    assert "airflow scheduler" in seen
    assert not [secret for secret in secrets_of(servers) if secret in seen]


def test_no_secret_is_in_a_log_or_in_a_manifest(clone: Clone, staying: Demo, servers: Path) -> None:
    logs = [*(clone.folder / ".demo").glob("**/*.log"), *servers.glob("*/server.log")]
    (manifest,) = (clone.folder / ".demo").glob("**/manifest.json")
    logs.append(manifest)
    texts = [staying.output.partition("password: ")[0], *(log.read_text(errors="replace") for log in logs)]
    assert any("rows=" in text for text in texts)
    assert not [secret for secret in secrets_of(servers) for text in texts if secret in text]


def test_no_secret_is_in_airflows_tables_or_in_the_warehouse(staying: Demo, servers: Path) -> None:
    assert re.search(r"success +postgres_nightly_dump$", staying.output, re.MULTILINE)
    for server, database, known in (("metadata", "airflow", "public.xcom"), ("target", "warehouse", "ledger")):
        port = int((servers / server / "data" / "postmaster.pid").read_text().splitlines()[3])
        dumped = dump(Server(servers / server, 18, port), database)
        assert known in dumped
        assert not [secret for secret in secrets_of(servers) if secret in dumped]


def test_a_second_demo_in_the_same_clone_is_refused_in_one_line(clone: Clone, staying: Demo) -> None:
    refusal = f"a demo runs in this clone already (process {staying.pid}): stop that first, by Ctrl-C"
    assert clone.run() == (1, f"pgpipelines: {refusal}\n")


def test_charging_sessions_keep_coming_in_while_it_stays_up(staying: Demo, servers: Path) -> None:
    port = int((servers / "source" / "data" / "postmaster.pid").read_text().splitlines()[3])
    source = Server(servers / "source", 18, port)
    with closing(psycopg2.connect(source.dsn("charger_db"))) as connection, connection.cursor() as cursor:
        connection.autocommit = True
        cursor.execute(
            "CREATE FUNCTION tell() RETURNS trigger LANGUAGE plpgsql AS "
            "$$BEGIN PERFORM pg_notify('changed', TG_OP); RETURN NULL; END$$;"
            "CREATE TRIGGER tell AFTER INSERT ON charger_usage_log EXECUTE FUNCTION tell();"
            "LISTEN changed"
        )
        assert select.select([connection], [], [], PATIENCE_SECONDS)[0]
        cursor.execute("DROP FUNCTION tell() CASCADE")


def test_a_failed_run_is_named_and_fails_it_when_it_is_stopped(clone: Clone, staying: Demo, servers: Path) -> None:
    staying.send(signal.SIGINT)
    assert staying.wait() == 1
    assert "  success  simple_postgres_copy.copy" in staying.output
    assert "FAILED simple_postgres_copy: copy: MissingObjectError: " in staying.output
    assert "charger_info" in staying.output.partition("FAILED simple_postgres_copy")[2]
    assert staying.output.count("\nFAILED") == 1
    assert "Traceback" not in staying.output
    assert running(clone, servers) == []


def test_the_death_of_a_process_is_named_and_stops_the_rest(clone: Clone, servers: Path) -> None:
    demo = started_as_far_as(clone, "triggerer")
    record = json.loads((clone.folder / ".demo" / "processes.json").read_text())
    os.kill(next(entry["pid"] for entry in record if entry["name"] == "triggerer"), signal.SIGKILL)
    assert demo.wait() == 1
    log = clone.folder / ".demo" / "logs" / "triggerer.log"
    assert "pgpipelines: triggerer died with status -9" in demo.output
    assert f"(log: {log})" in demo.output
    assert "Traceback" not in demo.output
    assert running(clone, servers) == []


def test_a_signal_while_it_starts_stops_what_it_has_started(clone: Clone, servers: Path) -> None:
    demo = clone.start()
    demo.wait_for("PostgreSQL 18 is up")
    demo.send(signal.SIGTERM)
    assert demo.wait() == 130
    assert "Traceback" not in demo.output
    assert running(clone, servers) == []


def test_a_signal_before_it_has_begun_is_taken_as_quietly(clone_of: Callable[[], Clone]) -> None:
    clone = clone_of()
    (clone.folder / "demo" / "launcher.py").write_text(
        "import os\nimport signal\nos.kill(os.getpid(), signal.SIGINT)\n"
    )
    assert clone.run() == (130, "")


def test_data_of_another_scale_are_kept_and_named(clone: Clone) -> None:
    assert clone.run(SCALE="0.02") == (
        1,
        "pgpipelines: the data here are of SCALE=0.01 SEED=1, not SCALE=0.02 SEED=1: `make reset` removes them\n",
    )


def test_data_of_another_postgresql_are_kept_and_named(clone: Clone, servers: Path) -> None:
    version = servers / "target" / "data" / "PG_VERSION"
    version.write_text("17\n")
    status, output = clone.run()
    assert status == 1
    assert output.splitlines()[-1] == (
        f"pgpipelines: the data in {version.parent} are of PostgreSQL 17, this is 18: `make reset` removes them"
    )
    assert running(clone, servers) == []


def test_reset_removes_the_data(clone: Clone, servers: Path) -> None:
    assert clone.clean() == 0
    assert not servers.exists()
    assert not (clone.folder / ".demo").exists()


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"SCALE": "much"}, "SCALE=much: a number is wanted"),
        ({"SCALE": "-1"}, "SCALE=-1: a number above 0 is wanted, 1 being 100,000 charging sessions"),
        ({"SEED": "1.5"}, "SEED=1.5: a whole number is wanted"),
    ],
)
def test_a_setting_that_can_not_be_meant_is_refused(clone: Clone, settings: dict[str, str], message: str) -> None:
    assert clone.run(**settings) == (1, f"pgpipelines: {message}\n")


def test_too_little_disk_is_said_before_anything_is_made(clone: Clone, servers: Path) -> None:
    status, output = clone.run(SCALE="1000000")
    assert status == 1
    assert output.startswith("pgpipelines: too little disk: ")
    assert output.count("\n") == 1
    assert list(servers.iterdir()) == []
