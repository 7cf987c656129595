"""What one run leaves to the next: how far it saw, and of which source. Kept as JSON in the ledger.

Values of a cursor column are text that the server wrote: no clock of Python's knows BC, or infinity.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pgpipelines.copy.cursors import Tracking

# What holds the rows of a relation and its parts: object id and file of each. TRUNCATE, and what rewrites a table, give
# it another file.
Storage = frozenset[tuple[int, int]]
# Transaction ids are told apart as long as they are less than half of 32 bits old; a margin for those to come.
OLDEST_FLOOR = 2**31 - 100_000_000
# A transaction that stays open keeps what was seen meanwhile: the newest are enough, a gap only reads rows again.
MOST_SEEN = 100


@dataclass(frozen=True)
class Origin:
    """Which history of which database: None where the role may not ask."""

    system: str | None
    timeline: str | None
    database: int


@dataclass(frozen=True)
class Snapshot:
    """Where the source stood. `at` is its clock, once the snapshot was taken.

    All transactions below `floor` had ended; none from `ceiling` on is visible. Both are 64 bits wide.
    """

    at: datetime
    floor: int
    ceiling: int
    origin: Origin


@dataclass(frozen=True)
class Seen:
    """The highest number that could be seen at a moment of the source's clock."""

    at: datetime
    highest: int


@dataclass(frozen=True)
class Watermark:
    """What a run saw of a relation.

    `highest` is the highest cursor (a time as text, a number in digits). What the run did not see has a cursor of
    `bound` or above, and was written by a transaction of `floor` or above; without a bound, only the latter is known.
    `seen` lists what may become the bound of numbers. `storage` is what held the rows (object id, file), `target` what
    they were copied to; empty where an older version wrote this.
    """

    cursor: str
    kind: str
    origin: Origin
    storage: Storage
    floor: int
    ceiling: int
    highest: str | None = None
    bound: str | None = None
    seen: tuple[Seen, ...] = ()
    target: Storage = frozenset()

    def to_json(self) -> str:
        """This as JSON, for the ledger."""
        fields: dict[str, Any] = {**asdict(self), "storage": sorted(self.storage), "target": sorted(self.target)}
        fields["seen"] = [[entry.at.isoformat(), entry.highest] for entry in self.seen]
        return json.dumps(fields)

    @classmethod
    def from_json(cls, text: str) -> Watermark:
        """Read what `to_json` wrote."""
        fields = json.loads(text)
        fields["origin"] = Origin(**fields["origin"])
        for name in ("storage", "target"):
            fields[name] = frozenset((oid, file) for oid, file in fields.get(name, ()))
        fields["seen"] = tuple(Seen(datetime.fromisoformat(at), highest) for at, highest in fields["seen"])
        return cls(**fields)

    def contradiction(self, tracking: Tracking, now: Snapshot, target: Storage) -> str | None:
        """Say why this tells nothing about what a run would see and find now; None where it does."""
        if (self.cursor, self.kind) != (tracking.cursor.column, tracking.kind.name):
            return f"the last run's cursor was {self.cursor} ({self.kind})"
        if _differ(self.origin.system, now.origin.system) or self.origin.database != now.origin.database:
            return "the source is another database than at the last run"
        if _differ(self.origin.timeline, now.origin.timeline):
            return "the source failed over, or was restored, since the last run (another timeline)"
        if now.ceiling < self.ceiling:
            return "the source is older than at the last run (restored, or a replica that lags)"
        for side, then, found in (("source", self.storage, tracking.storage), ("target", self.target, target)):
            if then and not then & found:
                return f"the {side} table was truncated, rewritten or replaced since the last run"
        return None

    def reaches(self, now: Snapshot) -> bool:
        """Tell whether the transactions from `floor` on can still be told from older ones."""
        return now.ceiling - self.floor < OLDEST_FLOOR


def _differ(then: str | None, now: str | None) -> bool:
    return then is not None and now is not None and then != now
