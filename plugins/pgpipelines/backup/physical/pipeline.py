"""A pipeline of `base_backups`, as this package's modules take its settings."""

from __future__ import annotations

from pathlib import Path

from pgpipelines.backup.pipeline import place_of
from pgpipelines.backup.storage.place import connection_folder
from pgpipelines.configuration import BaseBackups
from pgpipelines.configuration.loading import PACKAGE_FOLDER
from pgpipelines.errors import ConfigurationError

# In the folder of dumps, where no connection's can be called so: it would be written %40base_backups.
OWN_FOLDER = "@base_backups"


def directory_of(pipeline: BaseBackups) -> Path:
    """Where a pipeline keeps its backups. Raises ConfigurationError for an object store, where dumps may be."""
    named = place_of(pipeline.directory)
    if "://" in named:
        raise ConfigurationError(
            f"{named} is an object store, and physical backups are kept in a folder",
            "set `directory` of the pipeline in `base_backups` to a folder",
        )
    return PACKAGE_FOLDER / Path(named).expanduser() / OWN_FOLDER


def archive_of(pipeline: BaseBackups, conn_id: str) -> Path:
    """Where the server behind a connection archives its log."""
    return connection_folder(PACKAGE_FOLDER / Path(pipeline.wal_archive).expanduser(), conn_id)
