"""Airflow's REST API, as far as the demo needs it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import httpx

from demo.errors import DemoError

PATIENCE_SECONDS = 30
CREATED = 201
# Health keys by component; the API server answers for itself.
HEALTH = {"scheduler": "scheduler", "dag-processor": "dag_processor", "triggerer": "triggerer"}


class RefusedError(Exception):
    """The API did not do what was asked; the message is its own explanation, in one line."""


class Api:
    """A client of one Airflow; proxies of the environment are not used for an address of this machine."""

    def __init__(self, address: str) -> None:
        self._client = httpx.Client(base_url=address, timeout=PATIENCE_SECONDS, trust_env=False)

    def log_in(self, user: str, password: str) -> bool:
        """Get a token; False while no server, or a stranger's, answers."""
        if "Authorization" in self._client.headers:
            return True
        try:
            answer = self._client.post("/auth/token", json={"username": user, "password": password})
        except httpx.TransportError:
            return False
        if answer.status_code != CREATED:
            return False
        self._client.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"
        return True

    def healthy(self, components: Collection[str]) -> bool:
        """Tell whether the named components have reported themselves lately."""
        health = self.get("/api/v2/monitor/health")
        return all(health[HEALTH[name]]["status"] == "healthy" for name in components if name in HEALTH)

    def get(self, path: str, **parameters: str | list[str]) -> Any:
        """Return what GET answers. Raises RefusedError."""
        return self._ask("GET", path, params=parameters)

    def post(self, path: str, body: Mapping[str, object]) -> Any:
        """Return what POST answers. Raises RefusedError."""
        return self._ask("POST", path, json=body)

    def patch(self, path: str, body: Mapping[str, object]) -> Any:
        """Return what PATCH answers. Raises RefusedError."""
        return self._ask("PATCH", path, json=body)

    def _ask(self, method: str, path: str, **arguments: Any) -> Any:
        try:
            answer = self._client.request(method, path, **arguments)
        except httpx.TransportError as error:
            raise DemoError(f"Airflow's API server does not answer: {error}") from error
        if answer.is_error:
            raise RefusedError(explanation(answer))
        return answer.json()


def explanation(answer: httpx.Response) -> str:
    """What the API says about a refusal, in one line."""
    try:
        detail = answer.json()["detail"]
    except (ValueError, KeyError, TypeError):
        detail = answer.text or answer.reason_phrase
    return " ".join(str(detail).split())
