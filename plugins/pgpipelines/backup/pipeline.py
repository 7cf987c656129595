"""A pipeline of `dumps`, as this package's modules take its settings."""

from __future__ import annotations

import os
import zoneinfo
from datetime import tzinfo
from pathlib import Path

from pgpipelines.backup.retention import Keep
from pgpipelines.configuration import Dumps
from pgpipelines.configuration.loading import PACKAGE_FOLDER

DIRECTORY_VARIABLE = "PGPIPELINES_DUMP_DIRECTORY"
DEFAULT_DIRECTORY = "dumps"


def directory_of(pipeline: Dumps) -> Path:
    """Where a pipeline keeps its sets."""
    return dump_directory(pipeline.directory)


def dump_directory(named: str | None) -> Path:
    """The folder that a pipeline names, or else the one for all of them."""
    chosen = named or os.environ.get(DIRECTORY_VARIABLE) or DEFAULT_DIRECTORY
    return PACKAGE_FOLDER / Path(chosen).expanduser()


def keep_of(pipeline: Dumps) -> Keep:
    """How many sets a pipeline keeps."""
    return Keep(pipeline.keep.daily, pipeline.keep.weekly, pipeline.keep.monthly)


def zone_of(pipeline: Dumps) -> tzinfo:
    """The time zone in which a pipeline's days begin."""
    return zoneinfo.ZoneInfo(pipeline.timezone)
