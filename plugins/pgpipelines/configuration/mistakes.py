"""Words for mistakes: where in the file, what was found, what is allowed."""

from __future__ import annotations

import difflib
import json
import re
import reprlib
from collections.abc import Mapping, Sequence
from types import MappingProxyType

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from pgpipelines.configuration.models import (
    BaseBackups,
    Configuration,
    Copy,
    Dumps,
    Encryption,
    KeepRules,
    Partitions,
    Rollup,
)
from pgpipelines.configuration.tables import TABLES_WORDS, TableOptions
from pgpipelines.configuration.values import ALLOWED, Model
from pgpipelines.errors import ConfigurationError

Location = Sequence[int | str]

_PARTS_OF_DUMPS: Mapping[str, type[Model]] = MappingProxyType({"keep": KeepRules, "encryption": Encryption})


def words(detail: ErrorDetails) -> str:
    """Say in words what pydantic found. Mistakes in a value come with their own words (`allowing`)."""
    kind, where = detail["type"], detail["loc"]
    if kind == "extra_forbidden":
        return _unknown_key(where)
    if kind == "missing":
        return "missing; it has no default"
    if kind == ALLOWED:
        return f"found {_shown(detail['input'])}; allowed: {detail['ctx']['allowed']}"
    if kind == "tuple_type":
        return f"found {_shown(detail['input'])}; allowed: {TABLES_WORDS}"
    if kind == "invalid_key":
        return f"found the key {_shown(detail['input'])}; allowed: text as keys"
    return f"found {_shown(detail['input'])}; allowed: a mapping of {', '.join(_keys(where))}"


def refused(error: ValidationError, names: Mapping[str, str] | None = None) -> ConfigurationError:
    """The first mistake in settings that stand in no file; `names` are what a person calls them."""
    first = error.errors(include_url=False)[0]
    setting = path(first["loc"])
    return ConfigurationError(
        f"{(names or {}).get(setting, setting)}: {words(first)}", "correct the setting, and trigger the DAG again"
    )


def _unknown_key(where: Location) -> str:
    keys = _keys(where[:-1])
    near = difflib.get_close_matches(str(where[-1]), keys, 1)
    return f"unknown key{''.join(f' (near: {key})' for key in near)}; allowed: {', '.join(keys)}"


def _keys(where: Location) -> list[str]:
    """Name the keys that a mapping at this place may have."""
    if not where:
        return Configuration.keys()
    if len(where) == 1:
        return ["DAG ids to pipelines"]
    if where[0] == "copies":
        return (TableOptions if "tables" in where[2:] else Copy).keys()
    if where[0] == "dumps":
        return next((model for key, model in _PARTS_OF_DUMPS.items() if key in where[2:]), Dumps).keys()
    if where[0] == "base_backups":
        return BaseBackups.keys()
    return (Rollup if where[0] == "rollups" else Partitions).keys()


def path(where: Location) -> str:
    """Write a location as copies.some_dag.tables[2].batch_size."""
    # Steps in brackets are pydantic's and ours, for what the file has no word for.
    steps = [step for step in where if isinstance(step, int) or not re.fullmatch(r"\[.*\]", step)]
    written = ""
    for before, step in zip((None, *steps), steps, strict=False):
        if isinstance(step, int):
            written += f"[{step}]"
        elif not (step == "name" and isinstance(before, int)):
            plain = re.fullmatch(r"[A-Za-z0-9_-]+", step)
            written += f".{step}" if plain else f".{json.dumps(step, ensure_ascii=False)}"
    return written.removeprefix(".")


_SECRET = re.compile(r"://|\w@\S|password|passwd|pwd|secret", re.IGNORECASE)
_SHOWN_CHARACTERS = 80


def _shown(value: object) -> str:
    """Show a value, short and in YAML's words; what may hold a password is not shown."""
    if isinstance(value, bool):
        return f"{str(value).lower()} (YAML reads bare yes, no, on, off as true or false: quote the word)"
    if value is None:
        return "nothing"
    text = json.dumps(value, ensure_ascii=False) if isinstance(value, str) else reprlib.repr(value)
    if _SECRET.search(repr(value)):
        return "what may hold a password (not shown here; connections are set in Airflow)"
    return text if len(text) <= _SHOWN_CHARACTERS else f"{text[:_SHOWN_CHARACTERS]}…"
