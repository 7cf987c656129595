"""Loads pipelines.yaml: the sound pipelines, and one line for each mistake in the others.

A line reads: file: path to the key: what was found; what is allowed.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from pgpipelines.configuration.conflicts import Mistake, conflicts
from pgpipelines.configuration.document import DocumentError, read_document
from pgpipelines.configuration.mistakes import path, words
from pgpipelines.configuration.models import Configuration, Copy
from pgpipelines.errors import ConfigurationError

PACKAGE_FOLDER = Path(__file__).resolve().parents[3]
CONFIGURATION_VARIABLE = "PGPIPELINES_CONFIG"


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


def load(named: Path | None = None) -> LoadedConfiguration:
    """Read and check the file in use, or the one that is named. Mistakes are returned, never raised."""
    file = named or configuration_file()
    shown = file.relative_to(PACKAGE_FOLDER) if file.is_relative_to(PACKAGE_FOLDER) else file
    try:
        document = read_document(file)
    except DocumentError as error:
        return LoadedConfiguration({}, (f"{shown}: {error}",))
    copies, mistakes = _check(document)
    return LoadedConfiguration(
        copies, tuple(": ".join(filter(None, (str(shown), path(where), what))) for where, what in mistakes)
    )


def _check(document: object) -> tuple[dict[str, Copy], list[Mistake]]:
    """Return the sound copies and the mistakes, each as location and words."""
    if document is None:
        return {}, [((), "the file is empty; allowed: a mapping with the key copies")]
    mistakes: list[Mistake] = []
    copies: dict[str, Copy] = {}
    try:
        copies = dict(Configuration.model_validate(document).copies)
    except ValidationError as error:
        details = error.errors(include_url=False)
        mistakes = [(detail["loc"], words(detail)) for detail in details]
        copies = _sound_copies(document, {detail["loc"][1] for detail in details if len(detail["loc"]) > 1})
    found = list(conflicts(copies))
    refused = {where[1] for where, _ in found}
    return {name: copy for name, copy in copies.items() if name not in refused}, mistakes + found


def _sound_copies(document: object, refused: set[int | str]) -> dict[str, Copy]:
    entries = document.get("copies") if isinstance(document, Mapping) else None
    if not isinstance(entries, Mapping):
        return {}
    sound = {name: entry for name, entry in entries.items() if name not in refused}
    return Configuration.model_validate({"copies": sound}).copies
