"""Loads pipelines.yaml: the sound pipelines, and one line for each mistake in the others.

A line reads: file: path to the key: what was found; what is allowed.
"""

from __future__ import annotations

import difflib
import json
import os
import re
import reprlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from pgpipelines.configuration.document import DocumentError, read_document
from pgpipelines.configuration.models import (
    ALLOWED,
    TABLES_WORDS,
    Configuration,
    Copy,
    TableCopy,
    TableOptions,
)
from pgpipelines.errors import ConfigurationError
from pgpipelines.table_names import is_system_schema
from pgpipelines.templates import QualifiedName

PACKAGE_FOLDER = Path(__file__).resolve().parents[3]
CONFIGURATION_VARIABLE = "PGPIPELINES_CONFIG"

Location = Sequence[int | str]
TargetTable = tuple[str, QualifiedName]


@dataclass(frozen=True)
class LoadedConfiguration:
    """The sound pipelines by DAG id, in the file's order, and a line for each mistake in the others."""

    copies: Mapping[str, Copy]
    mistakes: tuple[str, ...]

    def require_sound(self) -> None:
        """Raise ConfigurationError when there is any mistake."""
        if self.mistakes:
            others = " Pipelines that are not named above keep running." if self.copies else ""
            raise ConfigurationError(
                "\n".join(self.mistakes),
                f"correct the file; `python -m pgpipelines.configuration` checks it.{others}",
            )


def configuration_file() -> Path:
    """Return PGPIPELINES_CONFIG (relative to the package's folder), or include/pipelines.yaml."""
    named = os.environ.get(CONFIGURATION_VARIABLE) or "include/pipelines.yaml"
    return PACKAGE_FOLDER / Path(named).expanduser()


def load(path: Path | None = None) -> LoadedConfiguration:
    """Read and check the file in use, or the one at `path`. Mistakes are returned, never raised."""
    file = path or configuration_file()
    shown = file.relative_to(PACKAGE_FOLDER) if file.is_relative_to(PACKAGE_FOLDER) else file
    try:
        document = read_document(file)
    except DocumentError as error:
        return LoadedConfiguration({}, (f"{shown}: {error}",))
    copies, mistakes = _check(document)
    return LoadedConfiguration(
        copies, tuple(": ".join(filter(None, (str(shown), _path(where), what))) for where, what in mistakes)
    )


def _check(document: object) -> tuple[dict[str, Copy], list[tuple[Location, str]]]:
    """Return the sound copies and the mistakes, each as location and words."""
    if document is None:
        return {}, [((), "the file is empty; allowed: a mapping with the key copies")]
    mistakes: list[tuple[Location, str]] = []
    copies: dict[str, Copy] = {}
    try:
        copies = dict(Configuration.model_validate(document).copies)
    except ValidationError as error:
        details = error.errors(include_url=False)
        mistakes = [(detail["loc"], _words(detail)) for detail in details]
        copies = _sound_copies(document, {detail["loc"][1] for detail in details if len(detail["loc"]) > 1})
    conflicts = list(_conflicts(copies))
    refused = {where[1] for where, _ in conflicts}
    return {name: copy for name, copy in copies.items() if name not in refused}, mistakes + conflicts


def _sound_copies(document: object, refused: set[int | str]) -> dict[str, Copy]:
    entries = document.get("copies") if isinstance(document, Mapping) else None
    if not isinstance(entries, Mapping):
        return {}
    sound = {name: entry for name, entry in entries.items() if name not in refused}
    return Configuration.model_validate({"copies": sound}).copies


def _conflicts(copies: Mapping[str, Copy]) -> Iterator[tuple[Location, str]]:
    """Find tables that can't be written where the file says. Of two with one target, the later is refused."""
    written: dict[TargetTable, str] = {}
    for dag_id, copy in copies.items():
        for index, table in enumerate(copy.table_copies()):
            where = ("copies", dag_id, "tables", index)
            reason = _unwritable(copy, table) or _already_written(written, (copy.target, table.target))
            if reason:
                yield where, f"found {table.target}; {reason}"
            written.setdefault((copy.target, table.target), _path(where))


def _unwritable(copy: Copy, table: TableCopy) -> str | None:
    if is_system_schema(table.target.schema):
        return f"allowed: a target outside {table.target.schema}, which is not for copies"
    if copy.source == copy.target and table.source == table.target:
        return "allowed: a target other than the source (another connection, schema or name)"
    return None


def _already_written(written: Mapping[TargetTable, str], target: TargetTable) -> str | None:
    return f"allowed: a target of its own ({written[target]} writes it)" if target in written else None


def _words(detail: ErrorDetails) -> str:
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


def _unknown_key(where: Location) -> str:
    keys = _keys(where[:-1])
    near = difflib.get_close_matches(str(where[-1]), keys, 1)
    return f"unknown key{''.join(f' (near: {key})' for key in near)}; allowed: {', '.join(keys)}"


def _keys(where: Location) -> list[str]:
    """Name the keys that a mapping at this place may have."""
    if not where:
        return list(Configuration.model_fields)
    if len(where) == 1:
        return ["DAG ids to pipelines"]
    return list((TableOptions if "tables" in where[2:] else Copy).model_fields)


def _path(where: Location) -> str:
    """Write a location as copies.some_dag.tables[2].batch_size."""
    path = ""
    for before, step in zip((None, *where), where, strict=False):
        if isinstance(step, int):
            path += f"[{step}]"
        elif step != "[key]" and not (step == "name" and isinstance(before, int)):
            plain = re.fullmatch(r"[A-Za-z0-9_-]+", step)
            path += f".{step}" if plain else f".{json.dumps(step, ensure_ascii=False)}"
    return path.removeprefix(".")


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
