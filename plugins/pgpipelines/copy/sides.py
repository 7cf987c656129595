"""Both sides of a copy under way: the sessions that hold it together, and more of the same for parallel work."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pgpipelines.sessions import Session

if TYPE_CHECKING:
    from datetime import datetime

    from pgpipelines.copy.definition import Place
    from pgpipelines.copy.progress import Progress
    from pgpipelines.copy.request import CopyRequest
    from pgpipelines.copy.writers import InFlight
    from pgpipelines.ledger import Run
    from pgpipelines.snapshot_age import SnapshotAge


@dataclass(frozen=True)
class Snapshot:
    """The moment of the source that a run copies; `exported` is the name under which other sessions adopt it.

    `origin` tells which database the moment belongs to.
    """

    text: str
    taken_at: datetime
    origin: str
    exported: str


@dataclass(frozen=True)
class Sides:
    """The session that holds the source's snapshot, and the one that holds the target's locks and publishes.

    `writers` are the transactions that were open on the source just before the snapshot; `place` is the target's
    database as the plans of this run find it and change it.
    """

    request: CopyRequest
    run: Run
    source: Session
    target: Session
    snapshot: Snapshot
    writers: InFlight
    place: Place
    progress: Progress
    age: SnapshotAge

    @contextmanager
    def open_pairs(self, number: int, *, others_sql: bool) -> Iterator[list[tuple[Session, Session]]]:
        """Open more sessions on both sides; those of the source see the same snapshot.

        With `others_sql`, they find names as the role does elsewhere.
        """
        with ExitStack() as sessions:
            pairs = [(self._open_source(sessions), sessions.enter_context(self._open_target())) for _ in range(number)]
            for source, _ in pairs if others_sql else ():
                source.use_user_search_path()
            yield pairs

    @contextmanager
    def open_targets(self, number: int) -> Iterator[list[Session]]:
        """Open more sessions of the target."""
        with ExitStack() as sessions:
            yield [sessions.enter_context(self._open_target()) for _ in range(number)]

    def _open_source(self, sessions: ExitStack) -> Session:
        request = self.request
        source = Session(request.source, self.run.application_name, snapshot=True, bounds=request.bounds)
        sessions.enter_context(source)
        source.adopt_snapshot(self.snapshot.exported)
        self.age.cover(source)
        return source

    def _open_target(self) -> Session:
        target = Session(self.request.target, self.run.application_name, bounds=self.request.bounds)
        self.age.cover(target)
        return target
