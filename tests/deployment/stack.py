"""docker-compose.yaml as the tests read it: interpolated the way that compose does it."""

from __future__ import annotations

import re
import runpy
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]
FILE = ROOT / "docker-compose.yaml"
REFERENCE = re.compile(r"\$(?:\$|\{(?P<name>\w+)(?::(?P<kind>[-?])(?P<rest>[^}]*))?\})")


def text() -> str:
    """The file as it is written."""
    return FILE.read_text(encoding="utf-8")


def new_environment(*, samples: bool = False) -> dict[str, str]:
    """The variables of an .env that docker/env.py writes."""
    filled = runpy.run_path(str(ROOT / "docker" / "env.py"))["filled"]
    lines = filled((ROOT / ".env.example").read_text(encoding="utf-8"), samples=samples).splitlines()
    values: dict[str, str] = {}
    for name, _, value in (line.partition("=") for line in lines if line and not line.startswith("#")):
        values[name] = interpolate(value, values)
    return values


def services(environment: Mapping[str, str]) -> dict[str, dict[str, Any]]:
    """Every service, anchors merged and variables filled in. Raises LookupError for a missing variable."""
    loaded: dict[str, dict[str, Any]] = _filled(yaml.safe_load(text())["services"], environment)
    for service in loaded.values():
        given = service.get("environment", {})
        service["environment"] = {
            name: environment.get(name) if value is None else str(value) for name, value in given.items()
        }
    return loaded


def networks() -> dict[str, Any]:
    """The networks of the file."""
    return dict(yaml.safe_load(text())["networks"])


def volumes() -> set[str]:
    """The names of the volumes that compose keeps."""
    return set(yaml.safe_load(text())["volumes"])


def interpolate(value: str, environment: Mapping[str, str]) -> str:
    """Replace ${NAME}, ${NAME:-default}, ${NAME:?message} and $$ as compose does. Raises LookupError."""

    def replacement(found: re.Match[str]) -> str:
        if found["name"] is None:
            return "$"
        given = environment.get(found["name"], "")
        if not given and found["kind"] == "?":
            raise LookupError(f"{found['name']}: {found['rest']}")
        return given or (found["rest"] or "" if found["kind"] == "-" else "")

    return REFERENCE.sub(replacement, value)


def _filled(node: Any, environment: Mapping[str, str]) -> Any:
    if isinstance(node, dict):
        return {key: _filled(value, environment) for key, value in node.items()}
    if isinstance(node, list):
        return [_filled(value, environment) for value in node]
    return interpolate(node, environment) if isinstance(node, str) else node
