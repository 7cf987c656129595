"""The services of docker-compose.yaml as plain processes: their own commands, environments and health checks.

Only addresses, ports and folders are exchanged. What needs containers (images, mounts, networks) stays out.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import psycopg2
import pytest

from demo.servers import Server, binaries, free_port
from tests.deployment import stack

pytestmark = [
    pytest.mark.rehearsal,
    pytest.mark.skipif(
        shutil.which("redis-server") is None, reason="needs redis-server (apt-get install redis-server)"
    ),
    pytest.mark.timeout(300),
]

LIMIT_SECONDS = 120
POLL_SECONDS = 0.5
CLUSTER = ("api-server", "scheduler", "dag-processor", "triggerer", "worker")
# A copy, and a dump with its drill: what a worker needs of the image, of Airflow and of the connections.
DAGS = ("chat_full_refresh", "postgres_nightly_dump")
SAMPLES_SERVER = 7  # of its own: the sample systems take names that other tests take too


@dataclass(frozen=True)
class Stage:
    """Where the rehearsal plays: the services of the file, and what stands in for their containers."""

    home: Path
    services: Mapping[str, dict[str, Any]]
    secrets: Mapping[str, str]
    exchanges: tuple[tuple[str, str], ...]
    settings: Mapping[str, str]

    def environment(self, service: str) -> dict[str, str]:
        given = self.services[service]["environment"]
        return {
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "HOME": str(self.home),
            "AIRFLOW_HOME": str(self.home),
            "HOSTNAME": socket.gethostname(),
            **self.settings,
            **{name: self.here(value) for name, value in given.items() if value},
        }

    def command(self, service: str) -> list[str]:
        """What the container would run; `airflow` is put before it where the image's entrypoint does so."""
        given = self.services[service]["command"]
        words = given.split() if isinstance(given, str) else [self.here(word) for word in given]
        return words if words[0] in {"python", "sh"} else ["airflow", *words]

    def healthy(self, service: str) -> bool:
        """Run the service's health check once, within its own time limit."""
        kind, *words = [self.here(word) for word in self.services[service]["healthcheck"]["test"]]
        command = ["sh", "-c", words[0]] if kind == "CMD-SHELL" else words
        limit = int(self.services[service]["healthcheck"]["timeout"].removesuffix("s"))
        check = subprocess.run(
            command,
            env=self.environment(service),
            cwd=self.home,
            capture_output=True,
            timeout=limit,
            check=False,
        )
        return check.returncode == 0

    def await_health(self, service: str) -> None:
        wait_for(lambda: self.healthy(service), lambda: self.log(service))

    def here(self, text: str) -> str:
        for container, machine in self.exchanges:
            text = text.replace(container, machine)
        return text

    @contextmanager
    def running(self, *names: str) -> Iterator[None]:
        """Start services, and stop them the way that compose does: SIGTERM, in reverse order."""
        started: list[subprocess.Popen[bytes]] = []
        try:
            started.extend(self.start(name) for name in names)
            yield
        finally:
            for process in reversed(started):
                process.terminate()
            for process in started:
                stop(process)

    def start(self, name: str) -> subprocess.Popen[bytes]:
        with (self.home / f"{name}.log").open("wb") as log:
            return subprocess.Popen(
                self.command(name),
                env=self.environment(name),
                cwd=self.home,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def log(self, name: str) -> str:
        return (self.home / f"{name}.log").read_text(errors="replace")


def stop(process: subprocess.Popen[bytes]) -> None:
    """Wait for the end; whatever the process left behind in its group ends with it."""
    try:
        process.wait(60)
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)


def wait_for(happened: Callable[[], Any], log: Callable[[], str]) -> Any:
    """Ask until the answer is true; fail with the log when that takes too long."""
    deadline = time.monotonic() + LIMIT_SECONDS
    while time.monotonic() < deadline:
        if answer := happened():
            return answer
        time.sleep(POLL_SECONDS)
    raise AssertionError(f"not within {LIMIT_SECONDS} s\n{log()}")


@pytest.fixture
def stage(server_of: Callable[..., Server], tmp_path: Path) -> Iterator[Stage]:
    samples, server = server_of(18, SAMPLES_SERVER), server_of(18)
    secrets = {**stack.new_environment(), "SAMPLES_PASSWORD": samples.password}
    metadata = psycopg2.connect(server.dsn())
    metadata.autocommit = True
    with metadata.cursor() as cursor:
        cursor.execute("CREATE ROLE airflow LOGIN PASSWORD %s", [secrets["METADATA_PASSWORD"]])
        cursor.execute("CREATE DATABASE airflow OWNER airflow")
    redis, ui, health, logs, triggerer_logs = (free_port() for _ in range(5))
    for folder in ("dags", "demo", "docker", "include", "plugins"):
        (tmp_path / folder).symlink_to(stack.ROOT / folder)
    yield Stage(
        tmp_path,
        stack.services({**secrets, "SAMPLES_SCALE": "0.001"}),
        secrets,
        exchanges=(
            ("samples-source", f"127.0.0.1:{samples.port}"),
            ("samples-target", f"127.0.0.1:{samples.port}"),
            ("@metadata-db:5432/", f"@127.0.0.1:{server.port}/"),
            ("@redis:6379/", f"@127.0.0.1:{redis}/"),
            ("dir /data", f"dir {tmp_path}\nport {redis}\nbind 127.0.0.1"),
            ("redis-cli ping", f"redis-cli -p {redis} ping"),
            ("http://api-server:8080/", f"http://127.0.0.1:{ui}/"),
            ("localhost:8080", f"localhost:{ui}"),
            ("localhost:8974", f"localhost:{health}"),
            ("/opt/airflow", str(tmp_path)),
        ),
        settings={
            "AIRFLOW__API__PORT": str(ui),
            "AIRFLOW__SCHEDULER__SCHEDULER_HEALTH_CHECK_SERVER_PORT": str(health),
            "AIRFLOW__LOGGING__WORKER_LOG_SERVER_PORT": str(logs),
            "AIRFLOW__LOGGING__TRIGGER_LOG_SERVER_PORT": str(triggerer_logs),
            "PGPIPELINES_POSTGRESQL_BIN": str(binaries(18)),
            # Other tests have the processors too: an answer may take longer than Airflow waits by itself.
            "AIRFLOW__WORKERS__EXECUTION_API_TIMEOUT": "60",
        },
    )
    with metadata.cursor() as cursor:
        cursor.execute("DROP DATABASE airflow WITH (FORCE)")
        cursor.execute("DROP ROLE airflow")
    metadata.close()


def test_the_services_come_up_healthy_and_run_dags_on_the_samples_through_celery(stage: Stage) -> None:
    with stage.running("redis"):
        stage.await_health("redis")
        for name in ("init", "samples-load") * 2:  # every `up` runs them again
            assert stage.start(name).wait(LIMIT_SECONDS) == 0, stage.log(name)
        assert not stage.healthy("api-server")
        with stage.running(*CLUSTER):
            for name in CLUSTER:
                stage.await_health(name)
            token = log_in(stage)
            assert pools(stage, token) == {"default_pool": 128, "charger_db": 4, "erp": 4, "agentic_ai": 4, "chat": 4}
            for dag in DAGS:
                trigger(stage, token, dag)
            for dag in DAGS:
                state = wait_for(partial(run_state, stage, token, dag), lambda: stage.log("scheduler"))
                assert state == "success", task_logs(stage, token, dag)
            assert "verified" in task_logs(stage, token, DAGS[0])
            assert spoken_secrets(stage) == []
        assert not stage.healthy("scheduler")
    assert not stage.healthy("redis")
    assert "Warm shutdown" in stage.log("worker")


def log_in(stage: Stage) -> str:
    """Exchange the administrator's password for a token, as the UI's login does."""
    body = {"username": "admin", "password": stage.secrets["ADMIN_PASSWORD"]}
    return str(call(stage, "/auth/token", data=json.dumps(body).encode())["access_token"])


def pools(stage: Stage, token: str) -> dict[str, int]:
    return {pool["name"]: pool["slots"] for pool in get(stage, token, "/api/v2/pools")["pools"]}


def trigger(stage: Stage, token: str, dag: str) -> None:
    """Start a run, as the button of the UI does, once the DAG is parsed."""
    wait_for(lambda: get(stage, token, f"/api/v2/dags/{dag}"), lambda: stage.log("dag-processor"))
    call(stage, f"/api/v2/dags/{dag}", json.dumps({"is_paused": False}).encode(), bearer(token), "PATCH")
    call(stage, runs(dag), json.dumps({"logical_date": None}).encode(), bearer(token))


def run_state(stage: Stage, token: str, dag: str) -> str | None:
    states = [run["state"] for run in get(stage, token, runs(dag))["dag_runs"]]
    return next((state for state in states if state in {"success", "failed"}), None)


def task_logs(stage: Stage, token: str, dag: str) -> str:
    """The logs of a DAG's first run, as the UI shows them."""
    run = f"{runs(dag)}/{get(stage, token, runs(dag))['dag_runs'][0]['dag_run_id']}/taskInstances"
    return "".join(
        json.dumps(get(stage, token, f"{run}/{task['task_id']}/logs/1?full_content=true&map_index={task['map_index']}"))
        for task in get(stage, token, run)["task_instances"]
    )


def runs(dag: str) -> str:
    return f"/api/v2/dags/{dag}/dagRuns"


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def get(stage: Stage, token: str, path: str) -> dict[str, Any]:
    try:
        return call(stage, path, headers=bearer(token))
    except urllib.error.HTTPError as error:
        if error.code == 404:  # the DAG is not parsed yet
            return {}
        raise


def call(
    stage: Stage, path: str, data: bytes | None = None, headers: Mapping[str, str] = {}, method: str | None = None
) -> dict[str, Any]:
    address = f"http://127.0.0.1:{stage.settings['AIRFLOW__API__PORT']}{path}"
    request = urllib.request.Request(address, data, {"Content-Type": "application/json", **headers}, method=method)
    with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310 (always http, always here)
        return dict(json.load(answer))


def spoken_secrets(stage: Stage) -> list[str]:
    """Secrets that stand in some process's arguments or in a service's output."""
    arguments = command_lines()
    logs = [path.read_text(errors="replace") for path in stage.home.rglob("*.log")]
    return [name for name, secret in stage.secrets.items() if any(secret in text for text in (*arguments, *logs))]


def command_lines() -> list[str]:
    """The arguments of every process of this machine."""
    lines = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(FileNotFoundError, ProcessLookupError):  # it ended meanwhile
            lines.append(path.read_text(errors="replace"))
    return lines
