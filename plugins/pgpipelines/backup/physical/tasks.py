"""What Airflow tasks call: settings as plain values, a connection by id, results that read well in the UI."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from airflow.sdk import Asset, get_current_context

from pgpipelines.backup.physical.backups import BaseBackup, read_backup
from pgpipelines.backup.physical.drill import drill_backup
from pgpipelines.backup.physical.pipeline import archive_of, directory_of
from pgpipelines.backup.physical.retention import apply_retention
from pgpipelines.backup.physical.taking import take_backup
from pgpipelines.configuration import BaseBackups
from pgpipelines.connections import endpoint
from pgpipelines.outlets import BASE_BACKUPS
from pgpipelines.tasks import current_run, plain_errors

Summary = dict[str, Any]

log = logging.getLogger(__name__)


def take(settings: Mapping[str, Any], connection: str) -> Summary:
    """Take a backup of a connection's server. Raises a PipelineError; then there is none."""
    with plain_errors():
        pipeline = _pipeline(settings, connection)
        taken = take_backup(
            endpoint(connection),
            directory_of(pipeline),
            current_run().application_name,
            incrementals=pipeline.incrementals,
        )
    return _announced(taken)


def drill(settings: Mapping[str, Any], taken: Summary) -> Summary:
    """Prove the backup that was taken by recovering it. Raises a PipelineError where it does not come there."""
    connection = taken["connection"]
    with plain_errors():
        pipeline = _pipeline(settings, connection)
        backup = read_backup(directory_of(pipeline) / taken["backup"])
        archived = archive_of(pipeline, connection)
        proven = drill_backup(backup, archived, endpoint(connection), current_run().application_name)
    return _announced(proven)


def retain(settings: Mapping[str, Any], taken: Summary) -> list[str]:
    """Remove the backups of the same server that need not be kept, and the WAL that none needs; return the names."""
    connection = taken["connection"]
    with plain_errors():
        pipeline = _pipeline(settings, connection)
        archived = archive_of(pipeline, connection)
        removed = apply_retention(directory_of(pipeline), connection, pipeline.keep, archived)
    for name in removed:
        log.info("removed %s", name)
    return removed


def backup_asset(conn_id: str) -> Asset:
    """The Asset that stands for the physical backups of a connection's server: DAGs can be scheduled on it."""
    uri = f"postgres-base-backup://pgpipelines/{quote(conn_id, safe='')}"
    return Asset(name=f"base backup of {conn_id}", uri=uri, group="pgpipelines")


def _pipeline(settings: Mapping[str, Any], connection: str) -> BaseBackups:
    return BaseBackups.model_validate({"schedule": None, "servers": [connection], **settings})


def _announced(backup: BaseBackup) -> Summary:
    """Say what there is now: a line for a person, a result for the next task, an event for other DAGs."""
    summary = _summary(backup)
    log.info("%s", "  ".join(f"{name}={value}" for name, value in summary.items() if name != "notices"))
    for notice in summary["notices"]:
        log.warning("%s", notice)
    context: Any = get_current_context()
    context["outlet_events"][BASE_BACKUPS].add(backup_asset(backup.conn_id), extra=summary)
    return summary


def _summary(backup: BaseBackup) -> Summary:
    manifest = backup.require_manifest()
    summary: Summary = {
        "connection": backup.conn_id,
        "backup": backup.name,
        "state": backup.state,
        "kind": manifest.kind,
        "bytes": manifest.bytes,
        "files": manifest.files,
        "timeline": manifest.timeline,
        "start_lsn": manifest.start_lsn,
        "stop_lsn": manifest.stop_lsn,
        "server_version": manifest.server_version,
        "client_version": manifest.client_version,
        "seconds": manifest.seconds,
        "notices": list(manifest.notices),
    }
    drilled = backup.drill
    if drilled is not None and drilled.target is not None:
        summary |= {
            "recovered_to": drilled.target.isoformat(),
            "restore_seconds": drilled.seconds,
            "proven_at": drilled.at.isoformat(timespec="seconds"),
        }
    return summary
