"""What a contestant is told by the process that measures it, and what it gives back."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass

from pgpipelines.copy.request import Strategy, Verify
from pgpipelines.templates import QualifiedName

NAME = "benchmark"
# The connections' names, set as AIRFLOW_CONN_BENCHMARK_SOURCE and AIRFLOW_CONN_BENCHMARK_TARGET.
SOURCE_CONN, TARGET_CONN = "benchmark_source", "benchmark_target"

# Seconds by step, for contestants that tell.
Steps = Mapping[str, float]
Work = Callable[[], Steps]


class MissingPeerError(Exception):
    """A contestant that can't run here; the message says what is missing."""


@dataclass(frozen=True)
class Options:
    """How the engine is asked to copy. Peers have no such choice."""

    strategy: Strategy = "full_refresh"
    cursor: str | None = None
    streams: int = 1
    verify: Verify = "checksum"


FULL_REFRESH = Options()


@dataclass(frozen=True)
class Job:
    """Two databases, as libpq keywords, and the table to copy between them. `folder` is for files of this run."""

    source: Mapping[str, str]
    target: Mapping[str, str]
    table: QualifiedName
    major: int
    folder: str
    options: Options = FULL_REFRESH

    def as_json(self) -> str:
        """Write it for another process; nothing in it is secret."""
        return json.dumps(asdict(self))

    @classmethod
    def parse(cls, text: str) -> Job:
        """Read what `as_json` of the other side wrote."""
        found = json.loads(text)
        return cls(**{**found, "table": QualifiedName(**found["table"]), "options": Options(**found["options"])})
