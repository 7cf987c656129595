"""include/pipelines.yaml: its models, its loading, and the JSON Schema by which an editor completes it."""

from __future__ import annotations

from pgpipelines.configuration.loading import (
    CONFIGURATION_VARIABLE,
    LoadedConfiguration,
    configuration_file,
    load,
)
from pgpipelines.configuration.models import (
    BaseBackups,
    Configuration,
    Copy,
    CopySettings,
    Dumps,
    KeepRules,
    Partitions,
    Rollup,
    RollupRules,
)
from pgpipelines.configuration.tables import EVERY_TABLE, Table, copy_of

__all__ = [
    "CONFIGURATION_VARIABLE",
    "EVERY_TABLE",
    "BaseBackups",
    "Configuration",
    "Copy",
    "CopySettings",
    "Dumps",
    "KeepRules",
    "LoadedConfiguration",
    "Partitions",
    "Rollup",
    "RollupRules",
    "Table",
    "configuration_file",
    "copy_of",
    "load",
]
