"""What the task of postgres_restore calls: the form as a person filled it in, a result that reads well in the UI."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from airflow.sdk import Asset, get_current_context

from pgpipelines.backup.restore.choosing import find
from pgpipelines.backup.restore.engine import Restored, Wanted, restore_set
from pgpipelines.backup.sets import DumpSet
from pgpipelines.configuration import load
from pgpipelines.connections import endpoint
from pgpipelines.errors import ConfigurationError
from pgpipelines.outlets import RESTORES
from pgpipelines.table_names import parse_table_name
from pgpipelines.tasks import current_run, plain_errors

Summary = dict[str, Any]

log = logging.getLogger(__name__)


def restore(params: Mapping[str, Any]) -> Summary:
    """Restore what the form asks for, and say so by an event of an Asset. Raises a PipelineError."""
    with plain_errors():
        found = find(load().dumps, params["connection"], (params["set"] or "").strip())
        wanted = read_form(params, found)
        done = restore_set(found, wanted, current_run())
    summary = _summary(found, wanted, done)
    log.info("%s", "  ".join(f"{name}={value}" for name, value in summary.items() if name != "notices"))
    for notice in done.notices:
        log.warning("%s", notice)
    context: Any = get_current_context()
    context["outlet_events"][RESTORES].add(restore_asset(wanted), extra=summary)
    return summary


def read_form(params: Mapping[str, Any], found: DumpSet) -> Wanted:
    """What the form's fields mean for a set. Raises ConfigurationError for what can't be meant."""
    mode, tables = params["mode"], [line.strip() for line in params["tables"] or () if line.strip()]
    if bool(tables) is not (mode == "tables"):
        raise ConfigurationError(
            f"tables: {len(tables)} named, with mode {mode}",
            "name tables, one in a line, with mode tables and no other",
        )
    return Wanted(
        server=endpoint(params["target_conn_id"]),
        database=(params["database"] or "").strip() or found.require_manifest().database,
        mode=mode,
        tables=tuple(parse_table_name(table) for table in tables),
        replace=params["replace"],
        roles=params["roles"],
        end_sessions=params["end_sessions"],
    )


def restore_asset(wanted: Wanted) -> Asset:
    """The Asset that stands for what is restored into a database: DAGs can be scheduled on its name or URI."""
    place = "/".join(quote(part, safe="") for part in (wanted.server.conn_id, wanted.database))
    return Asset(
        name=f"restore of {wanted.database} by {wanted.server.conn_id}",
        uri=f"postgres-restore://pgpipelines/{place}",
        group="pgpipelines",
    )


def _summary(found: DumpSet, wanted: Wanted, done: Restored) -> Summary:
    manifest = found.require_manifest()
    summary: Summary = {
        "set": found.name,
        "state": found.state,
        "taken_at": manifest.taken_at.isoformat(timespec="seconds"),
        "database": wanted.database,
        "server": f"{wanted.server.host}:{wanted.server.port}",
        "mode": wanted.mode,
        "tables": done.tables,
        "rows": done.rows,
        "seconds": done.seconds,
        "old_database": done.kept,
        "notices": list(done.notices),
    }
    return {name: value for name, value in summary.items() if value not in ("", [])}
