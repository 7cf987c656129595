"""What an Airflow task calls: settings as plain values, a connection by id, a result that reads well in the UI."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pgpipelines.configuration import Partitions
from pgpipelines.configuration.values import parse_duration
from pgpipelines.connections import endpoint
from pgpipelines.partitions.maintenance import Maintained, PartitionSettings, maintain
from pgpipelines.table_names import parse_name
from pgpipelines.tasks import current_run, plain_errors


def keep_partitions(settings: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Keep the large tables partitioned, and return by table what was done. Raises a PipelineError."""
    with plain_errors():
        chosen = Partitions.model_validate({"schedule": None, **settings})
        done = maintain(endpoint(chosen.connection), current_run(), partition_settings(chosen))
    return {str(one.table): _summary(one) for one in done}


def partition_settings(chosen: Partitions) -> PartitionSettings:
    """The settings as the maintenance takes them."""
    return PartitionSettings(
        schema=parse_name(chosen.tables_schema),
        months_ahead=chosen.months_ahead,
        keep_months=chosen.keep_months,
        detach=chosen.detach,
        longest_end=parse_duration(chosen.longest_end),
    )


def _summary(one: Maintained) -> dict[str, Any]:
    return {
        "made": list(one.made),
        "detached": list(one.detached),
        "old": list(one.old),
        "stray_rows": one.stray_rows,
        "notices": list(one.notices),
    }
