"""Whether there is a good set of each database that is young enough, from the directory alone."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from pgpipelines.backup.physical.backups import BaseBackup
from pgpipelines.backup.sets import DumpSet
from pgpipelines.configuration import BaseBackups, Dumps
from pgpipelines.configuration.values import parse_duration

# Clocks of two machines differ; a set from further in the future has its time from a clock that is wrong.
CLOCK_TOLERANCE = timedelta(hours=1)


@dataclass(frozen=True)
class Health:
    """The newest good set of a connection's database, its age, and the age at which it is too old."""

    conn_id: str
    newest: DumpSet | BaseBackup | None
    age: timedelta | None
    limit: timedelta

    @property
    def overdue(self) -> bool:
        """Tell whether somebody has to look."""
        return self.age is None or self.age > self.limit

    def __str__(self) -> str:
        """One line for a monitor and for a person."""
        word = "OVERDUE" if self.overdue else "ok"
        if self.newest is None or self.age is None:
            return f"{word} {self.conn_id}: there is no good set"
        return f"{word} {self.conn_id}: {self.newest.name} is {_hours(self.age)} old ({_hours(self.limit)} allowed)"


def health_of(
    pipeline: Dumps | BaseBackups, conn_id: str, sets: Iterable[DumpSet | BaseBackup], now: datetime
) -> Health:
    """Judge a connection's sets as its pipeline wants; where it drills them, only those that are proven are good."""
    limit = parse_duration(pipeline.overdue_after)
    good = {"proven", "whole"} if pipeline.drill == "none" else {"proven"}
    taken = {
        each.manifest.taken_at: each
        for each in sets
        if each.manifest is not None and each.state in good and each.manifest.taken_at <= now + CLOCK_TOLERANCE
    }
    if not taken:
        return Health(conn_id, None, None, limit)
    newest = max(taken)
    return Health(conn_id, taken[newest], max(now - newest, timedelta(0)), limit)


def _hours(span: timedelta) -> str:
    return f"{span.total_seconds() / 3600:.1f} h"
