"""What a person may say to `make demo`, and whether it fits the data that is there."""

from __future__ import annotations

import json
import math
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from demo.errors import DemoError

DEFAULT_SCALE = 0.1
DEFAULT_SEED = 1
# Servers, Airflow's state and logs; and what SCALE=1 adds to source and target (SCALE=0.1 takes 510 MB in all).
BASE_BYTES = 400_000_000
SCALE_BYTES = 3_000_000_000
# A person's own settings for other programs would change what the demo does: PGOPTIONS its every session. It talks to
# this machine alone, and no task starts where httpx finds a SOCKS proxy.
FOREIGN = re.compile(r"(AIRFLOW|PG|PYTHON|MAKE|MFLAGS)|.*_proxy$", re.IGNORECASE)


@dataclass(frozen=True)
class Size:
    """How many sample data there are: SCALE 1 is 100,000 charging sessions, SEED chooses which."""

    scale: float
    seed: int

    @property
    def bytes(self) -> int:
        """Disk that a new demo of this size needs."""
        return BASE_BYTES + int(self.scale * SCALE_BYTES)

    def __str__(self) -> str:
        """As a person would ask for it."""
        return f"SCALE={self.scale:g} SEED={self.seed}"


@dataclass(frozen=True)
class Settings:
    """ONCE, SCALE and SEED; where a size was not asked for, the one that is there already will do."""

    once: bool
    size: Size

    @classmethod
    def read(cls, environment: Mapping[str, str], made: Size | None) -> Settings:
        """Read the environment. Raises DemoError for what can't be meant, or differs from the data `made`."""
        default = made or Size(DEFAULT_SCALE, DEFAULT_SEED)
        scale = number(environment, "SCALE", default.scale)
        seed = number(environment, "SEED", default.seed)
        if scale <= 0:
            raise DemoError(f"SCALE={scale:g}: a number above 0 is wanted, 1 being 100,000 charging sessions")
        if seed != int(seed):
            raise DemoError(f"SEED={seed:g}: a whole number is wanted")
        size = Size(scale, int(seed))
        if made not in {None, size}:
            raise DemoError(f"the data here are of {made}, not {size}: `make reset` removes them")
        return cls(environment.get("ONCE", "") not in {"", "0"}, size)


def forget_foreign() -> None:
    """Take settings for other programs out of this process's environment, and so of all that it starts."""
    for name in [name for name in os.environ if FOREIGN.match(name)]:
        del os.environ[name]


def number(environment: Mapping[str, str], name: str, default: float) -> float:
    """A setting's finite number. Raises DemoError."""
    text = environment.get(name) or str(default)
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise DemoError(f"{name}={text}: a number is wanted")
    return value


def read_size(stamp: Path) -> Size | None:
    """The size of the data that were made to their end; None where there are none."""
    try:
        return Size(**json.loads(stamp.read_text(encoding="utf-8")))
    except (FileNotFoundError, ValueError, TypeError):
        return None


def write_size(stamp: Path, size: Size) -> None:
    """Note that the data of this size are whole."""
    stamp.write_text(json.dumps({"scale": size.scale, "seed": size.seed}), encoding="utf-8")
