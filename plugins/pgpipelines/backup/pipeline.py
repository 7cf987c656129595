"""A pipeline of `dumps`, as this package's modules take its settings."""

from __future__ import annotations

import os
import zoneinfo
from datetime import tzinfo
from pathlib import Path

from pgpipelines.backup.retention import Keep
from pgpipelines.backup.sets import Store
from pgpipelines.backup.storage.bucket import Bucket
from pgpipelines.backup.storage.folder import Folder
from pgpipelines.backup.storage.keys import KeySource
from pgpipelines.configuration import Dumps
from pgpipelines.configuration.loading import PACKAGE_FOLDER

DIRECTORY_VARIABLE = "PGPIPELINES_DUMP_DIRECTORY"
DEFAULT_DIRECTORY = "dumps"


def store_of(pipeline: Dumps) -> Store:
    """Where a pipeline keeps its sets."""
    named = place_of(pipeline.directory)
    if "://" in named:
        return Bucket(named, _keys(pipeline))
    return Folder(PACKAGE_FOLDER / Path(named).expanduser(), _keys(pipeline))


def place_of(directory: str | None) -> str:
    """The folder or URL that a pipeline names, or else the one for all of them."""
    return directory or os.environ.get(DIRECTORY_VARIABLE) or DEFAULT_DIRECTORY


def keep_of(pipeline: Dumps) -> Keep:
    """How many sets a pipeline keeps."""
    return Keep(pipeline.keep.daily, pipeline.keep.weekly, pipeline.keep.monthly)


def zone_of(pipeline: Dumps) -> tzinfo:
    """The time zone in which a pipeline's days begin."""
    return zoneinfo.ZoneInfo(pipeline.timezone)


def _keys(pipeline: Dumps) -> KeySource | None:
    wanted = pipeline.encryption
    return None if wanted is None else KeySource(wanted.key_connection, wanted.key_variable)
