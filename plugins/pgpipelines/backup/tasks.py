"""What Airflow tasks call: settings as plain values, a connection by id, results that read well in the UI."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import datetime, timezone
from typing import Any
from urllib.parse import quote

from airflow.sdk import Asset, get_current_context

from pgpipelines.backup.catalogue import records, table
from pgpipelines.backup.drill import drill_set
from pgpipelines.backup.manifest import Manifest
from pgpipelines.backup.overdue import health_of
from pgpipelines.backup.pipeline import keep_of, store_of, zone_of
from pgpipelines.backup.retention import apply_retention
from pgpipelines.backup.sets import DumpSet
from pgpipelines.backup.taking import take_set
from pgpipelines.configuration import Dumps
from pgpipelines.connections import endpoint
from pgpipelines.errors import OverdueError
from pgpipelines.outlets import DUMPS
from pgpipelines.tasks import current_run, plain_errors

MOST_SHOWN = 50

Summary = dict[str, Any]

log = logging.getLogger(__name__)


def take(settings: Mapping[str, Any], connection: str) -> Summary:
    """Take a set of a connection's database. Raises a PipelineError; then there is no set."""
    with plain_errors():
        pipeline = _pipeline(settings, connection)
        taken = take_set(
            endpoint(connection), store_of(pipeline), current_run().application_name, dump_format=pipeline.format
        )
    return _announced(taken)


def drill(settings: Mapping[str, Any], taken: Summary) -> Summary:
    """Prove the set that was taken by restoring it. Raises VerificationError where it is not what was dumped."""
    with plain_errors():
        pipeline = _pipeline(settings, taken["connection"])
        lent = None if pipeline.drill == "embedded" else endpoint(pipeline.drill)
        proven = drill_set(store_of(pipeline).read(taken["set"]), current_run().application_name, lent)
    return _announced(proven)


def retain(settings: Mapping[str, Any], taken: Summary) -> list[str]:
    """Remove the sets of the same database that need not be kept any more; return their names."""
    with plain_errors():
        pipeline = _pipeline(settings, taken["connection"])
        removed = apply_retention(
            store_of(pipeline),
            taken["connection"],
            taken["database"],
            keep_of(pipeline),
            zone=zone_of(pipeline),
            now=datetime.now(timezone.utc),
        )
    for name in removed:
        log.info("removed %s", name)
    return removed


def watch(settings: Mapping[str, Any], connection: str) -> str:
    """Say whether the newest good set of a connection is young enough; its sets go to XCom as `sets`, newest first.

    Raises OverdueError where somebody has to look.
    """
    pipeline = _pipeline(settings, connection)
    with plain_errors():
        sets = store_of(pipeline).sets(connection)
        shown = sets[: -MOST_SHOWN - 1 : -1]
        for line in table(shown):
            log.info("%s", line)
        context: Any = get_current_context()
        context["ti"].xcom_push("sets", records(shown))
        found = health_of(pipeline, connection, sets, datetime.now(timezone.utc))
        if found.overdue:
            raise OverdueError(str(found), f"see why no set of {connection} was proven: the log of its DAG says it")
    return str(found)


def dump_asset(conn_id: str) -> Asset:
    """The Asset that stands for the dumps of a connection's database: DAGs can be scheduled on its name or URI."""
    return Asset(
        name=f"dump of {conn_id}", uri=f"postgres-dump://pgpipelines/{quote(conn_id, safe='')}", group="pgpipelines"
    )


def _pipeline(settings: Mapping[str, Any], connection: str) -> Dumps:
    return Dumps.model_validate({"schedule": None, "databases": [connection], **settings})


def _announced(dumped: DumpSet) -> Summary:
    """Say what there is now: a line for a person, a result for the next task, an event for other DAGs."""
    manifest = dumped.require_manifest()
    summary = _summary(dumped, manifest)
    log.info("%s", "  ".join(f"{name}={value}" for name, value in summary.items() if name != "notices"))
    for notice in manifest.notices:
        log.warning("%s", notice)
    context: Any = get_current_context()
    context["outlet_events"][DUMPS].add(dump_asset(dumped.conn_id), extra=summary)
    return summary


def _summary(dumped: DumpSet, manifest: Manifest) -> Summary:
    drilled = dumped.drill
    summary: Summary = {
        "connection": dumped.conn_id,
        "database": manifest.database,
        "set": dumped.name,
        "state": dumped.state,
        "bytes": manifest.bytes,
        "sha256": manifest.dump_sha256,
        "tables": len(manifest.contents.tables),
        "rows": manifest.rows,
        "lsn": manifest.lsn,
        "server_version": manifest.server_version,
        "client_version": manifest.client_version,
        "seconds": manifest.seconds,
    }
    if drilled is not None:
        summary |= {"restore_seconds": drilled.seconds, "proven_at": drilled.at.isoformat(timespec="seconds")}
    return {**summary, "notices": list(manifest.notices)} if manifest.notices else summary
