"""Loads pipelines.yaml: the sound pipelines, and one line for each mistake in the others.

A line reads: file: path to the key: what was found; what is allowed.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from pgpipelines.configuration.conflicts import Mistake, conflicts
from pgpipelines.configuration.document import DocumentError, read_document
from pgpipelines.configuration.mistakes import Location, path, words
from pgpipelines.configuration.models import BaseBackups, Configuration, Copy, Dumps, Partitions, Rollup
from pgpipelines.errors import ConfigurationError

PACKAGE_FOLDER = Path(__file__).resolve().parents[3]
CONFIGURATION_VARIABLE = "PGPIPELINES_CONFIG"


@dataclass(frozen=True)
class LoadedConfiguration:
    """The sound pipelines by DAG id, in the file's order, and a line for each mistake in the others."""

    copies: Mapping[str, Copy]
    rollups: Mapping[str, Rollup]
    partitions: Mapping[str, Partitions]
    dumps: Mapping[str, Dumps]
    base_backups: Mapping[str, BaseBackups]
    mistakes: tuple[str, ...]

    def require_sound(self) -> None:
        """Raise ConfigurationError when there is any mistake."""
        if self.mistakes:
            others = (
                " Pipelines that are not named above keep running."
                if self.copies or self.rollups or self.partitions or self.dumps or self.base_backups
                else ""
            )
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
        return LoadedConfiguration({}, {}, {}, {}, {}, (f"{shown}: {error}",))
    sound, mistakes = _check(document)
    lines = (": ".join(filter(None, (str(shown), path(where), what))) for where, what in mistakes)
    sections = (sound.copies, sound.rollups, sound.partitions, sound.dumps, sound.base_backups)
    return LoadedConfiguration(*sections, tuple(lines))


def _check(document: object) -> tuple[Configuration, list[Mistake]]:
    """Return the sound pipelines and the mistakes, each as location and words."""
    if document is None:
        return Configuration(), [
            (
                (),
                "the file is empty; allowed: a mapping with the keys "
                "copies, rollups, partitions, dumps or base_backups",
            )
        ]
    mistakes: list[Mistake] = []
    try:
        sound = Configuration.model_validate(document)
    except ValidationError as error:
        details = error.errors(include_url=False)
        mistakes = [(detail["loc"], words(detail)) for detail in details]
        sound = Configuration.model_validate(_without(document, (detail["loc"] for detail in details)))
    found = list(conflicts(sound))
    return sound.model_copy(update=_without(vars(sound), (where for where, _ in found))), mistakes + found


def _without(document: object, refused: Iterable[Location]) -> dict[str, dict[Any, object]]:
    """The pipelines of a document that no mistake is in."""
    # As text, for pydantic gives a whole number so when it has more than 64 bits.
    places = {tuple(map(str, where[:2])) for where in refused}
    sections = (
        {name: document.get(name) for name in Configuration.model_fields} if isinstance(document, Mapping) else {}
    )
    return {
        section: {name: entry for name, entry in entries.items() if (section, str(name)) not in places}
        for section, entries in sections.items()
        if isinstance(entries, Mapping)
    }
