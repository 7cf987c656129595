"""include/pipelines.yaml: its models, its loading, and the JSON Schema by which an editor completes it."""

from __future__ import annotations

from pgpipelines.configuration.loading import (
    CONFIGURATION_VARIABLE,
    LoadedConfiguration,
    configuration_file,
    load,
)
from pgpipelines.configuration.models import Configuration, Copy, TableCopy

__all__ = [
    "CONFIGURATION_VARIABLE",
    "Configuration",
    "Copy",
    "LoadedConfiguration",
    "TableCopy",
    "configuration_file",
    "load",
]
