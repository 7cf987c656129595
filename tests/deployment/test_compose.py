"""docker-compose.yaml, Dockerfile and .env.example, as far as they can be judged without an engine."""

from __future__ import annotations

import json
import os
import re
import shutil
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.deployment import stack

ENVIRONMENT = stack.new_environment(samples=True)
SERVICES = stack.services(ENVIRONMENT)
ONE_SHOT = {"init", "samples-load"}
LONG_RUNNING = {name: service for name, service in SERVICES.items() if name not in ONE_SHOT}
AIRFLOW = {name: service for name, service in SERVICES.items() if service["image"].startswith("pgpipelines-airflow:")}
DOCKERFILE = (stack.ROOT / "Dockerfile").read_text(encoding="utf-8")
EXAMPLE = (stack.ROOT / ".env.example").read_text(encoding="utf-8")
SAMPLES_PASSWORDS = {"SAMPLES_PASSWORD"}
REQUIRED = set(re.findall(r"\$\{(\w+):\?", stack.text()))

# What the installed Airflow knows: its options, and whether it can parse each command.
ASK_AIRFLOW = """
import json, sys
from airflow.cli.cli_parser import get_parser
from airflow.configuration import conf
conf.load_providers_configuration()
options = {section: list(about["options"]) for section, about in conf.configuration_description.items()}
for words in json.load(sys.stdin):
    get_parser().parse_args(words)
print("answer:" + json.dumps(options))
"""


def ask_airflow(home: Path, commands: list[list[str]]) -> dict[str, list[str]]:
    environment = {
        **os.environ,
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__EXECUTOR": "CeleryExecutor",
        "AIRFLOW__CORE__AUTH_MANAGER": AIRFLOW["init"]["environment"]["AIRFLOW__CORE__AUTH_MANAGER"],
    }
    asked = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", ASK_AIRFLOW],
        input=json.dumps(commands),
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert asked.returncode == 0, asked.stderr
    answer = next(line for line in asked.stdout.splitlines() if line.startswith("answer:"))
    return dict(json.loads(answer.removeprefix("answer:")))


def airflow_commands() -> list[list[str]]:
    """The words after `airflow` of every command and health check."""
    commands = [service["command"].split() for service in AIRFLOW.values() if isinstance(service["command"], str)]
    checks = [service["healthcheck"]["test"] for service in AIRFLOW.values() if "healthcheck" in service]
    return commands + [test[2:] for test in checks if test[:2] == ["CMD", "airflow"]]


def test_every_option_and_command_is_one_of_the_installed_airflow(tmp_path: Path) -> None:
    options = ask_airflow(tmp_path, airflow_commands())
    for service in AIRFLOW.values():
        for name in service["environment"]:
            if name.startswith("AIRFLOW__"):
                _, section, option = name.lower().split("__")
                assert option in options[section], name


@pytest.mark.parametrize("name", sorted(REQUIRED))
def test_a_missing_secret_stops_the_start_with_its_name_and_a_remedy(name: str) -> None:
    for value in ({}, {name: ""}):
        with pytest.raises(LookupError, match=f"{name}: set {name} in .env .*docker/env.py"):
            stack.services({key: given for key, given in ENVIRONMENT.items() if key != name} | value)


def test_every_password_and_key_is_required() -> None:
    used = set(re.findall(r"\$\{(\w*(?:PASSWORD|SECRET|KEY)\w*)", stack.text()))
    # The samples' password is none of production's business: their image refuses to start without one.
    assert used - REQUIRED == SAMPLES_PASSWORDS


def test_every_variable_is_explained_in_the_example() -> None:
    used = set(re.findall(r"\$\{(\w+)", stack.text())) | set(re.findall(r"^  (AIRFLOW_CONN_\w+):$", stack.text(), re.M))
    assert used <= set(re.findall(r"^#?(?:samples# )?([A-Z_]+)=", EXAMPLE, re.M))


def test_the_example_holds_no_secret_and_its_defaults_are_those_of_compose() -> None:
    assert re.findall(r"^[A-Z_]+=.+", EXAMPLE, re.M) == []
    defaults = dict(re.findall(r"\$\{(\w+):-([^}]+)\}", stack.text()))
    shown = dict(re.findall(r"^#([A-Z_]+)=(.*)$", EXAMPLE, re.M))
    assert {name: shown[name] for name in defaults} == defaults


def test_new_secrets_differ_are_long_and_need_no_quoting() -> None:
    first, second = stack.new_environment(), stack.new_environment()
    assert set(first) == REQUIRED | SAMPLES_PASSWORDS
    for name, value in first.items():
        assert value != second[name]
        assert re.fullmatch(r"[\w-]{64}|[\w-]{43}=", value), name


def test_the_env_file_is_private_and_never_overwritten(tmp_path: Path) -> None:
    (tmp_path / "docker").mkdir()
    shutil.copy(stack.ROOT / "docker" / "env.py", tmp_path / "docker")
    shutil.copy(stack.ROOT / ".env.example", tmp_path)
    command = [sys.executable, str(tmp_path / "docker" / "env.py")]
    assert subprocess.run(command, check=False, capture_output=True).returncode == 0
    written = (tmp_path / ".env").read_text()
    assert stat.S_IMODE((tmp_path / ".env").stat().st_mode) == 0o600
    again = subprocess.run(command, check=False, capture_output=True, text=True)
    assert again.returncode == 1
    assert "stands already" in again.stderr
    assert (tmp_path / ".env").read_text() == written


def test_connections_that_are_not_set_are_absent_rather_than_empty() -> None:
    assert AIRFLOW["worker"]["environment"]["AIRFLOW_CONN_SOURCE_POSTGRES_CONN"] is None


def test_the_samples_start_by_themselves_where_they_are_asked_for() -> None:
    assert ENVIRONMENT["COMPOSE_PROFILES"] == "samples"
    assert "COMPOSE_PROFILES" not in stack.new_environment()


@pytest.mark.parametrize(
    ("service", "variable", "secret"),
    [("metadata-db", "POSTGRES_PASSWORD", "METADATA_PASSWORD"), ("redis", "REDISCLI_AUTH", "REDIS_PASSWORD")],
)
def test_a_password_that_breaks_a_url_is_refused_before_anything_is_made_with_it(
    service: str, variable: str, secret: str, tmp_path: Path
) -> None:
    for program in ("docker-entrypoint.sh", "redis-server"):
        (tmp_path / program).write_text("#!/bin/sh\necho started\n")
        (tmp_path / program).chmod(0o755)

    def start(password: str) -> subprocess.CompletedProcess[str]:
        environment = {"PATH": f"{tmp_path}:{os.environ['PATH']}", variable: password}
        return subprocess.run(
            SERVICES[service]["command"], env=environment, capture_output=True, text=True, check=False
        )

    assert start(ENVIRONMENT[secret]).stdout == "started\n"
    for character in "@:/#%$\"' ?\\한":
        refused = start(f"pass{character}word")
        assert (refused.returncode, refused.stdout) == (1, ""), character
        assert f"{secret} in .env" in refused.stderr


@pytest.mark.parametrize("name", sorted(LONG_RUNNING))
def test_a_service_is_checked_restarted_and_bounded(name: str) -> None:
    service = LONG_RUNNING[name]
    assert {"test", "interval", "timeout", "retries", "start_period"} <= set(service["healthcheck"])
    assert service["restart"] == "unless-stopped"
    assert service["logging"]["options"].keys() == {"max-size", "max-file"}
    assert "memory" in service["deploy"]["resources"]["limits"]
    assert "memory" in service["deploy"]["resources"]["reservations"]
    assert service["stop_grace_period"]


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_a_service_runs_without_privileges_from_a_pinned_image(name: str) -> None:
    service = SERVICES[name]
    assert service["user"].split(":")[0] not in {"", "0", "root"}
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert not {"privileged", "cap_add", "network_mode", "pid", "container_name"} & set(service)
    assert re.search(r":\d+(\.\d+)*(-\w+)?$", service["image"])


@pytest.mark.parametrize("name", sorted(ONE_SHOT))
def test_a_one_shot_service_ends(name: str) -> None:
    assert SERVICES[name]["restart"] == "no"
    assert "healthcheck" not in SERVICES[name]


def test_only_the_ui_is_published_and_only_to_this_machine() -> None:
    assert {name: service["ports"] for name, service in SERVICES.items() if "ports" in service} == {
        "api-server": ["127.0.0.1:8080:8080"]
    }


def test_databases_and_broker_have_no_way_out() -> None:
    networks: dict[str, Any] = stack.networks()
    internal = {name for name, network in networks.items() if (network or {}).get("internal")}
    for name in ("metadata-db", "redis", "samples-source", "samples-target", "samples-load", "init"):
        assert set(SERVICES[name]["networks"]) <= internal, name


def test_code_is_mounted_read_only_and_every_mount_exists() -> None:
    named = stack.volumes()
    for service in SERVICES.values():
        for place, _, options in (volume.partition(":") for volume in service["volumes"]):
            if place.startswith("./"):
                assert options.endswith(":ro"), place
            else:
                assert place in named


def test_airflow_waits_for_the_migration_and_workers_for_the_api_server() -> None:
    for name in set(AIRFLOW) - ONE_SHOT:
        waits = {other: how["condition"] for other, how in AIRFLOW[name]["depends_on"].items()}
        assert waits["init"] == "service_completed_successfully"
        assert waits["metadata-db"] == waits["redis"] == "service_healthy"
    assert AIRFLOW["worker"]["depends_on"]["api-server"]["condition"] == "service_healthy"


def test_services_share_keys_code_and_configuration() -> None:
    running = [AIRFLOW[name] for name in set(AIRFLOW) - ONE_SHOT]
    shared = [name for name in running[0]["environment"] if name != "DUMB_INIT_SETSID"]
    for name in shared:
        assert len({service["environment"][name] for service in running}) == 1, name
    for service in running:
        assert set(AIRFLOW["scheduler"]["volumes"]) <= set(service["volumes"])


def test_no_password_stands_in_a_command_or_a_health_check() -> None:
    for service in SERVICES.values():
        words = json.dumps([service.get("command"), service.get("healthcheck")])
        assert not [
            name for name, value in ENVIRONMENT.items() if "://" not in value and value != "samples" and value in words
        ]


def test_the_image_is_built_once_by_a_service_that_the_others_wait_for() -> None:
    assert [name for name, service in SERVICES.items() if "build" in service] == ["init"]
    assert {service["pull_policy"] for service in AIRFLOW.values()} == {"never"}


def test_the_image_has_the_airflow_of_the_requirements() -> None:
    locked = (stack.ROOT / "requirements.txt").read_text(encoding="utf-8")
    (version,) = re.findall(r"^apache-airflow==(\S+)", locked, re.M)
    assert f"apache/airflow:slim-{version}-python3." in DOCKERFILE
    assert {service["image"] for service in AIRFLOW.values()} == {f"pgpipelines-airflow:{version}"}


def test_the_image_adds_nothing_that_contradicts_the_lock() -> None:
    lock, image = (locked_versions(name) for name in ("requirements.txt", "requirements-image.txt"))
    assert {line for name in lock.keys() & image.keys() for line in image[name] - lock[name]} == set()
    assert "apache-airflow-providers-fab" in image


def locked_versions(name: str) -> dict[str, set[str]]:
    lines = re.findall(r"^([a-z0-9.-]+)==(\S+)", (stack.ROOT / name).read_text(encoding="utf-8"), re.M)
    return {package: {version for other, version in lines if other == package} for package, _ in lines}


def test_the_image_ends_unprivileged_without_secrets_or_a_health_check_of_its_own() -> None:
    assert re.findall(r"^USER (\S+)", DOCKERFILE, re.M)[-1] == "airflow"
    assert not re.search(r"^(ARG|ENV) .*(PASSWORD|SECRET|KEY|TOKEN)", DOCKERFILE, re.M | re.I)
    assert "HEALTHCHECK" not in DOCKERFILE
    copied = {word for line in re.findall(r"^COPY (.*)$", DOCKERFILE, re.M) for word in line.split() if ".txt" in word}
    kept = set(re.findall(r"^!(\S+)", (stack.ROOT / ".dockerignore").read_text(), re.M))
    assert copied == kept == {"requirements.txt", "requirements-image.txt"}


def test_the_image_has_the_client_tools_of_every_supported_server() -> None:
    assert 'ARG POSTGRESQL_MAJORS="14 15 16 17 18"' in DOCKERFILE


def compose_is_here() -> bool:
    if shutil.which("docker") is None:
        return False
    return subprocess.run(["docker", "compose", "version"], capture_output=True, check=False).returncode == 0


@pytest.mark.skipif(not compose_is_here(), reason="needs docker compose v2 (its plugin; no engine)")
def test_compose_itself_accepts_the_file(tmp_path: Path) -> None:
    shutil.copy(stack.FILE, tmp_path)
    configure = ["docker", "compose", "--project-directory", str(tmp_path), "config", "--format", "json"]
    refused = subprocess.run(configure, capture_output=True, text=True, check=False)
    assert refused.returncode != 0
    assert "docker/env.py" in refused.stderr
    (tmp_path / ".env").write_text("\n".join(f"{name}={value}" for name, value in ENVIRONMENT.items()))
    accepted = subprocess.run(configure, capture_output=True, text=True, check=False)
    assert accepted.returncode == 0, accepted.stderr
    assert set(json.loads(accepted.stdout)["services"]) == set(SERVICES)
