"""The ledger: what each run did to each target table, in schema pgpipelines of the target.

A success is written in the transaction of its data, so the two can't disagree; a failure afterwards, in a
transaction of its own.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, NoReturn

from pgpipelines.errors import PrivilegeError
from pgpipelines.templates import quoted

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from pgpipelines.sessions import Session


@dataclass(frozen=True)
class Run:
    """Which run of which task writes, in Airflow's words; `map_index` is -1 for a task that is not mapped."""

    dag_id: str
    run_id: str
    task_id: str
    map_index: int = -1
    try_number: int = 1

    @property
    def application_name(self) -> str:
        """How its sessions are called in pg_stat_activity."""
        return f"{self.dag_id}.{self.task_id}"


@dataclass(frozen=True)
class Entry:
    """One run on one table. Counts are rows; `bytes` went over the wire; `seconds` are by step.

    `origin` and `selection` tell what was read, `watermark` (JSON) where the next incremental run starts.
    """

    source: str
    source_table: str
    target_table: str
    strategy: str
    status: str
    started_at: datetime
    snapshot: str | None = None
    snapshot_at: datetime | None = None
    columns: list[str] | None = None
    rows_read: int | None = None
    rows_inserted: int | None = None
    rows_updated: int | None = None
    rows_deleted: int | None = None
    bytes: int | None = None
    seconds: Mapping[str, float] | None = None
    verification: str | None = None
    error: str | None = None
    origin: str | None = None
    selection: str | None = None
    watermark: str | None = None
    notices: list[str] | None = None


def ensure_ledger(session: Session) -> None:
    """Create the ledger where it doesn't stand yet, and commit. Raises PrivilegeError, with the GRANT."""
    ledger = session.one("ledger/exists.sql")
    role = quoted(session.endpoint.user)
    if not ledger.may_create:
        where = "SCHEMA pgpipelines" if ledger.schema_present else f"DATABASE {quoted(session.endpoint.database)}"
        _refuse(
            session,
            "create the ledger (schema pgpipelines)",
            f"GRANT {'USAGE, ' if ledger.schema_present else ''}CREATE ON {where} TO {role};",
        )
    if not ledger.may_write:
        _refuse(
            session,
            "write the ledger (schema pgpipelines)",
            f"GRANT USAGE, CREATE ON SCHEMA pgpipelines TO {role}; GRANT SELECT, INSERT, UPDATE, DELETE ON TABLE "
            f"pgpipelines.ledger, pgpipelines.load, pgpipelines.load_chunk, pgpipelines.progress TO {role};",
        )
    if not ledger.present:
        session.execute("ledger/create.sql", schema_present=ledger.schema_present)
    session.commit()


def _refuse(session: Session, what: str, grant: str) -> NoReturn:
    raise PrivilegeError(f"{session.endpoint}: no privilege to {what}", grant)


def last_watermark(session: Session, target_table: str, origin: str, selection: str, cursor: str) -> str | None:
    """Where the next incremental run into a table starts, as JSON; None where nothing is known."""
    values = {"target_table": target_table, "origin": origin, "selection": selection, "cursor": cursor}
    row = session.one("ledger/last_watermark.sql", values)
    return str(row.watermark) if row else None


def last_snapshot(session: Session, target_table: str, origin: str, selection: str) -> str | None:
    """The snapshot of the source that the last successful run into a table read; None where there was none."""
    values = {"target_table": target_table, "origin": origin, "selection": selection}
    row = session.one("ledger/last_snapshot.sql", values)
    return str(row.snapshot) if row else None


def record(session: Session, run: Run, entry: Entry) -> None:
    """Add a run in the session's current transaction."""
    values = {**asdict(run), **asdict(entry)}
    values["seconds"] = None if entry.seconds is None else json.dumps(entry.seconds)
    session.execute("ledger/insert.sql", values)


def forget_progress(session: Session, target_tables: Sequence[str]) -> None:
    """Take away how far copies into these tables have come, and commit."""
    session.execute("ledger/end_progress.sql", {"target_tables": list(target_tables)})
    session.commit()


def last_columns(session: Session, source_table: str, target_table: str) -> tuple[str, ...]:
    """The columns that the last successful run copied between these tables; empty where there was none."""
    row = session.one("ledger/last_columns.sql", {"source_table": source_table, "target_table": target_table})
    return tuple(row.columns) if row else ()
