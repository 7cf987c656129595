"""Which transactions are open on the source, and since when: those that may still write what a snapshot lacks."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from pgpipelines.templates import quoted

if TYPE_CHECKING:
    from datetime import datetime

    from pgpipelines.sessions import Session

# A server stamps a transaction, and with it the rows that it writes, a moment before it shows the transaction.
GRACE = timedelta(seconds=10)


@dataclass(frozen=True)
class InFlight:
    """The transactions of others that were open when `look_at_writers` read them, by the source's clock.

    Whoever writes a row that a later snapshot does not show began at `oldest` or after it, unless `doubt` says why
    that can't be known: in one line with its remedy.
    """

    began: datetime
    oldest: datetime
    hidden: bool = False
    untracked: bool = False
    prepared: bool = False
    replica: bool = False
    role: str = ""

    @property
    def doubt(self) -> str | None:
        """Why the start of some writer is unknown; None where all are known."""
        if self.replica:
            return "a replica does not show its primary's transactions; copy from the primary, or use the cursor xmin"
        if self.hidden:
            return f"starts of transactions are hidden; GRANT pg_read_all_stats TO {quoted(self.role)};"
        if self.untracked:
            return "a session has track_activities off, which hides its transaction; set it on"
        if self.prepared:
            return "prepared transactions do not tell when they began; see pg_prepared_xacts for those left behind"
        return None


def look_at_writers(session: Session) -> InFlight:
    """Read which transactions are open, before the snapshot is taken: what begins later can't be older.

    The session must be between transactions, and is so again afterwards. It may be the one that takes the snapshot
    next; on a replica it has to be READ ONLY.
    """
    # One after the other: a transaction that is prepared in between is in both answers, the other way round in none.
    open_now = session.one("copy/open_transactions.sql", {"grace": GRACE})
    prepared = session.one("copy/prepared_transactions.sql")
    session.commit()
    return InFlight(
        began=open_now.began,
        oldest=open_now.oldest,
        hidden=open_now.hidden,
        untracked=open_now.untracked,
        prepared=prepared.exist,
        replica=open_now.replica,
        role=open_now.role,
    )
