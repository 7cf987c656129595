"""Partitions by month kept going: months ahead, rows of the default partition, and what has become old.

Nothing is dropped here. A month that is old is reported; where the settings say so it is detached: a table of its own
with its rows, for a person to dump and drop. What it held is noted in pgpipelines.detached_partition in the same
transaction, for the statistics of that time stay while their rows are gone.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, timezone
from functools import partial
from typing import TYPE_CHECKING, Any

from pgpipelines import ledger
from pgpipelines.catalog import PARTITIONED, Table, describe
from pgpipelines.endpoints import Endpoint
from pgpipelines.errors import ConfigurationError
from pgpipelines.partitions.months import FIRST_YEAR, MONTHLY, Month, Partition, missing, span
from pgpipelines.partitions.tables import PATIENT, make_default, make_month, partitions_of, when_free
from pgpipelines.sessions import Session
from pgpipelines.templates import QualifiedName

if TYPE_CHECKING:
    from collections.abc import Sequence

SESSIONS = "charger_usage_log"
ALWAYS, NEVER = datetime.max, datetime.min  # noqa: DTZ901 (the raw times have no zone)

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class PartitionSettings:
    """How partitions are kept.

    Attributes:
        schema: Where charger_usage_log and power_consumption stand.
        months_ahead: Months made before they begin.
        keep_months: Whole months before this one that are not old; None: nothing is ever old.
        detach: Whether old months are detached; else they are only reported.
        longest_end: How far behind its month a session may end; one that ends later, or not at all, keeps its month.
    """

    schema: str = "public"
    months_ahead: int = 3
    keep_months: int | None = None
    detach: bool = False
    longest_end: timedelta = timedelta(days=7)

    def __post_init__(self) -> None:
        if self.months_ahead < 0 or (self.keep_months is not None and self.keep_months < 1):
            raise ConfigurationError(
                "months_ahead is below 0, or keep_months below 1", "write whole months; this month is never old"
            )

    @property
    def tables(self) -> dict[QualifiedName, str]:
        """The tables that may be partitioned, each with the time that decides."""
        return {QualifiedName(self.schema, name): key for name, key in MONTHLY.items()}


@dataclass(frozen=True)
class Maintained:
    """What was done to one table: partitions made, detached, and old; rows that stay in the default partition."""

    table: QualifiedName
    made: tuple[str, ...] = ()
    detached: tuple[str, ...] = ()
    old: tuple[str, ...] = ()
    stray_rows: int = 0
    notices: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Round:
    """One table in the hands of `maintain`: of what ends by `free_until`, no other table needs the rows."""

    session: Session
    settings: PartitionSettings
    table: QualifiedName
    key: str
    this_month: Month
    free_until: datetime
    notices: list[str] = field(default_factory=list)

    @property
    def names(self) -> dict[str, object]:
        return {"schema": self.table.schema, "name": self.table.name}

    @property
    def last(self) -> Month:
        """The last month that is made."""
        return self.this_month.plus(self.settings.months_ahead)

    @property
    def oldest(self) -> Month | None:
        """The oldest month that is not old, if any is."""
        keep = self.settings.keep_months
        return None if keep is None else self.this_month.plus(-keep)


def create_tables(
    endpoint: Endpoint, run: ledger.Run, settings: PartitionSettings | None = None, *, today: date | None = None
) -> tuple[Maintained, ...]:
    """Make the tables that are missing, partitioned, then do what `maintain` does.

    A table that stands is left as it is. Foreign keys to charger_info are made where that table stands.
    """
    chosen = settings or PartitionSettings()
    with Session(endpoint, run.application_name, bounds=PATIENT) as session:
        chargers = describe(session, QualifiedName(chosen.schema, "charger_info"))
        known = None if chargers is None or ("charger_id",) not in chargers.keys else chargers.name
        for table in chosen.tables:
            if describe(session, table) is None:
                session.execute(f"partitions/{table.name}.sql", table=table, chargers=known)
        session.commit()
    return maintain(endpoint, run, chosen, today=today)


def maintain(
    endpoint: Endpoint, run: ledger.Run, settings: PartitionSettings | None = None, *, today: date | None = None
) -> tuple[Maintained, ...]:
    """Make months ahead, give rows of the default partition their month, and report or detach what is old.

    Each partition is made or detached in a transaction of its own; what a run that was killed has done stays, and the
    next one goes on. `today` is the server's date in UTC unless it is given. Tables that are missing or not partitioned
    are named in the notices. Raises ConflictError where others hold a table for a minute, and PrivilegeError for a role
    that doesn't own it.
    """
    chosen = settings or PartitionSettings()
    with Session(endpoint, run.application_name, bounds=PATIENT) as session:
        ledger.ensure_ledger(session)
        if not session.one("partitions/detached_present.sql").present:
            session.execute("partitions/detached.sql")
        session.commit()
        this_month = Month.of(today or datetime.now(timezone.utc))
        results = []
        free_until = ALWAYS
        for table, key in chosen.tables.items():
            results.append(_maintain(_Round(session, chosen, table, key, this_month, free_until)))
            free_until = min(free_until, _first_begin(session, table))
        return tuple(results)


def _maintain(round_: _Round) -> Maintained:
    session, table = round_.session, round_.table
    # Two runs at the same time would make the same month.
    when_free(session, table, lambda: session.execute("copy/lock.sql", {"table": f"partitions of {table}"}))
    described = describe(session, table)
    session.commit()
    if described is None or described.kind != PARTITIONED:
        return Maintained(table, notices=(_why_not(described),))
    _require_by_time(described, round_.key)
    default = _default(round_)
    frozen = session.query("partitions/frozen.sql", round_.names)
    made, stray = _make_months(round_, default, [Month.of(row.from_time) for row in frozen])
    old = _old(round_)
    detached = _detach(round_, old) if round_.settings.detach else []
    for notice in round_.notices:
        log.warning("%s: %s", table, notice)
    return Maintained(
        table,
        made=tuple(made),
        detached=tuple(partition.name.name for partition in detached),
        old=tuple(partition.name.name for partition in old if partition not in detached),
        stray_rows=stray,
        notices=tuple(round_.notices),
    )


def _why_not(described: Table | None) -> str:
    return "there is no such table" if described is None else "the table is not partitioned"


def _require_by_time(described: Table, key: str) -> None:
    if described.partition_key != f"RANGE ({key})":
        raise ConfigurationError(
            f"{described.name} is partitioned by {described.partition_key}, not by RANGE ({key})",
            "leave it to whoever has made it so",
        )


def _default(round_: _Round) -> QualifiedName:
    """The partition for stray times, made where there is none."""
    for partition in partitions_of(round_.session, round_.table):
        if partition.default:
            return partition.name
    return when_free(round_.session, round_.table, lambda: make_default(round_.session, round_.table))


def _make_months(round_: _Round, default: QualifiedName, frozen: Sequence[Month]) -> tuple[list[str], int]:
    """Make the months that are missing; their names, and the number of rows that no month is made for."""
    session, table = round_.session, round_.table
    stray = {
        row.month if row.month is None else Month.of(row.month): row.rows
        for row in session.query("partitions/stray.sql", default=default, key=round_.key)
    }
    session.commit()
    wanted = {month for month in stray if month is not None and _may_be_made(round_, month, frozen)}
    made = []
    for month in missing({*wanted, *span(round_.this_month, round_.last)}, partitions_of(session, table)):
        session.commit()
        rows = stray.pop(month, 0)
        name = when_free(session, table, partial(make_month, session, table, month, round_.key, default=default))
        log.info("%s: made %s, with %s rows of the default partition", table, name, f"{rows:,}")
        made.append(name.name)
    session.commit()
    left = sum(stray.values())
    if left:
        months = ", ".join(sorted("no month" if month is None else str(month) for month in stray))
        round_.notices.append(
            f"{left:,} rows stay in the default partition ({months}): no month is made for their times"
        )
    return made, left


def _may_be_made(round_: _Round, month: Month, frozen: Sequence[Month]) -> bool:
    """Tell whether rows of a month get a partition: not those of a wrong clock, nor of what is old or detached."""
    oldest = round_.oldest
    young = oldest is None or month >= oldest
    return month.year >= FIRST_YEAR and month <= round_.last and young and month not in frozen


def _old(round_: _Round) -> list[Partition]:
    oldest = round_.oldest
    if oldest is None:
        return []
    found = [partition for partition in partitions_of(round_.session, round_.table) if partition.before(oldest)]
    round_.session.commit()
    return found


def _first_begin(session: Session, table: QualifiedName) -> datetime:
    """When the first month of a table begins that is not detached; the beginning of time for a plain table."""
    described = describe(session, table)
    begins = [partition.begin for partition in partitions_of(session, table) if partition.begin is not None]
    session.commit()
    if described is None or described.kind == PARTITIONED:
        return min(begins, default=ALWAYS)
    return NEVER


def _detach(round_: _Round, old: Sequence[Partition]) -> list[Partition]:
    """Detach old months from the first on, up to one that has to stay: what is frozen has no gaps."""
    detached = []
    for partition in old:
        if not when_free(round_.session, round_.table, partial(_try_to_detach, round_, partition)):
            break
        detached.append(partition)
    return detached


def _try_to_detach(round_: _Round, partition: Partition) -> bool:
    """Detach a month and note what it held, in the current transaction; tells whether nothing kept it."""
    session, name = round_.session, partition.name
    context = {"partition": name, "sessions": round_.table.name == SESSIONS}
    totals = session.one("partitions/totals.sql", {"until_time": partition.end}, **context)
    obstacle = _obstacle(round_, partition, totals)
    if obstacle:
        round_.notices.append(f"{name.name} stays: {obstacle}")
        return False
    _record(round_, partition, totals)
    session.execute("partitions/record_chargers.sql", {**round_.names, "from_time": partition.begin}, **context)
    session.execute("copy/detach_partition.sql", parent=round_.table, table=name)
    for trigger in session.query("partitions/tracking_triggers.sql", {"schema": name.schema, "partition": name.name}):
        session.execute("partitions/drop_trigger.sql", trigger=trigger.name, table=name)
    log.info("%s: detached %s with %s rows", round_.table, name, f"{totals.rows:,}")
    return True


def _record(round_: _Round, partition: Partition, totals: Any) -> None:
    round_.session.execute(
        "partitions/record.sql",
        {
            **round_.names,
            "partition": partition.name.name,
            "from_time": partition.begin,
            "until_time": partition.end,
            "frozen_until": totals.frozen_until,
            "rows": totals.rows,
            "energy_wh": totals.energy_wh,
            "revenue": totals.revenue,
        },
    )


def _obstacle(round_: _Round, partition: Partition, totals: Any) -> str | None:
    """What keeps an old month: statistics that are computed again could still need its rows."""
    if partition.end is not None and partition.end > round_.free_until:
        return "the sessions of its time are still attached"
    if totals.unfinished:
        return f"{totals.unfinished:,} sessions have not ended"
    longest = round_.settings.longest_end
    if partition.end is not None and totals.frozen_until > partition.end + longest:
        return f"a session ends at {totals.frozen_until}, more than {longest} behind the month"
    return None
