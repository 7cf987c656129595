"""The drill: a backup and the archive are recovered to a random moment. Only then is the backup proven.

What it can prove without writing into anybody's tables: the log itself says when each transaction ended. Two more
are added, which write nothing but a note, so that there are always two and an idle server can be drilled too. A
moment is drawn between the first and the last; pg_waldump tells which transaction is the last before it and which is
the next; and the server that recovers must have replayed the one and not the other. After that it must become a
server like any other, and each of its pages must have the checksum that it says (where the server has checksums).
"""

from __future__ import annotations

import itertools
import logging
import secrets
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path

from pgpipelines.backup.physical.archive import Archive
from pgpipelines.backup.physical.backups import BaseBackup, BaseDrill, note_drill
from pgpipelines.backup.physical.manifest import BaseManifest
from pgpipelines.backup.physical.recovery import PROGRAMS, Recovered, recovered
from pgpipelines.backup.physical.restoring import READ_PROGRAMS, Target, way_to
from pgpipelines.backup.physical.wal import Stretch, lsn_text, parse_lsn, timeline_of
from pgpipelines.backup.physical.waldump import End, transaction_ends
from pgpipelines.backup.programs import of_same_major
from pgpipelines.backup.scratch import require_passable, scratch_folder
from pgpipelines.backup.storage.place import held
from pgpipelines.endpoints import Endpoint
from pgpipelines.errors import ConfigurationError, PipelineError, PrivilegeError, ServerError, VerificationError
from pgpipelines.sessions import Session

ARCHIVE_SECONDS = 300
MICROSECOND = timedelta(microseconds=1)

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Moment:
    """A time between two transactions: the last before it, or at it, and the next."""

    time: datetime
    last: End
    next: End


def drill_backup(
    backup: BaseBackup,
    archived: Path,
    endpoint: Endpoint,
    application_name: str,
    archive_seconds: float = ARCHIVE_SECONDS,
) -> BaseBackup:
    """Recover a backup to a random moment between its end and now, and note beside it how that went.

    Returns the backup, now proven. Raises VerificationError where the log has a gap or recovery came elsewhere, or
    another PipelineError where it can't be recovered: the note says so too. What stands in the way before, such as a
    privilege or an archive_command that fails, is raised without a note. `archive_seconds` is how long the server may
    take to archive.
    """
    manifest = backup.require_manifest()
    require_passable(of_same_major(manifest.server_major, (*PROGRAMS, *READ_PROGRAMS)))
    with held(backup.folder.parent):
        archive = Archive(archived, manifest.segment_bytes)
        position = _archived_position(endpoint, application_name, manifest, archive, archive_seconds)
        try:
            with _plain_errors(backup.folder):
                report = _recover(backup, archived, position, endpoint)
        except PipelineError as error:
            note_drill(backup, BaseDrill(proven=False, at=_now(), fault=error.cause))
            raise
        return note_drill(backup, report)


def _recover(backup: BaseBackup, archived: Path, position: int, login: Endpoint) -> BaseDrill:
    """Recover to a random moment before a position, and compare where that leads with what the log says."""
    manifest = backup.require_manifest()
    # The archive may have newer timelines, of servers that were restored from it.
    way = way_to(backup, archived, Target(position=position), manifest.timeline)
    programs = of_same_major(manifest.server_major, READ_PROGRAMS)
    since = Stretch(manifest.timeline, manifest.stop, position)
    moment = random_moment(transaction_ends(programs, archived, since))
    log.info("%s: recovering to %s", backup.name, moment.time.isoformat(" "))
    started = time.monotonic()
    place = scratch_folder(backup.folder.parent)
    with recovered(backup, way, position, Target(time=moment.time), login=login, place=place) as server:
        seconds = round(time.monotonic() - started, 3)
        _require_between(backup, server, moment)
        server.go_on(pages=manifest.data_checksums)
    return BaseDrill(proven=True, at=_now(), seconds=seconds, target=moment.time, pages=manifest.data_checksums)


def random_moment(ends: Sequence[End]) -> Moment:
    """A moment after one of these transactions and before a later one. Raises ServerError where there are no two."""
    times = [end.at for end in ends]
    if not times or max(times) == times[0]:
        raise ServerError("no two transactions ended at different times since this backup", "retry")
    chosen = times[0] + secrets.randbelow((max(times) - times[0]) // MICROSECOND) * MICROSECOND
    # As recovery does: up to the first that is later, in the order of the log, which is not quite that of time.
    before = list(itertools.takewhile(lambda end: end.at <= chosen, ends))
    return Moment(chosen, before[-1], ends[len(before)])


def _archived_position(
    endpoint: Endpoint, application_name: str, manifest: BaseManifest, archive: Archive, seconds: float
) -> int:
    """Add two transactions to the log, and wait until they are archived; the position behind them."""
    with Session(endpoint, application_name) as session:
        server = session.one("physical/server.sql")
        if server.system_identifier != manifest.system_identifier:
            raise ConfigurationError(f"{endpoint} is another server than this backup's", "correct the connection")
        if not server.may_switch:
            raise PrivilegeError(
                f"{endpoint}: the role may not call pg_switch_wal, without which the drill would wait for the log to "
                "be archived",
                f"run include/sql/roles/replicator.sql in database {endpoint.database}",
            )
        for note in ("before", "after"):
            session.one("physical/marker.sql", {"note": f"drill: {note}"})
            session.commit()
        switched = session.one("physical/switch_wal.sql")
        session.commit()
        if timeline_of(switched.segment) != manifest.timeline:
            raise ConfigurationError(
                f"{endpoint}: the server goes on as another timeline since this backup",
                "take another one, and drill that",
            )
        if not archive.wait_for(switched.segment, seconds):
            did = session.one("physical/archiver.sql")
            raise ServerError(
                f"{endpoint}: {switched.segment} was not archived within {seconds:.0f} s to {archive.folder} "
                f"(the server's last: {did.last_archived_wal or 'none'}, last failed: {did.last_failed_wal or 'none'})",
                "see the server's log for what archive_command says, and whether it fills this very folder",
            )
        return parse_lsn(switched.lsn)


def _require_between(backup: BaseBackup, server: Recovered, moment: Moment) -> None:
    """Raise VerificationError where the server has not replayed the last transaction, or has the next."""
    between = moment.last.position < parse_lsn(server.lsn) <= moment.next.position
    if not between or server.last_transaction != moment.last.at:
        raise VerificationError(
            f"backup {backup.name}, recovered to {moment.time.isoformat(' ')}, came to {server.lsn} "
            f"({server.last_transaction}) instead of between {lsn_text(moment.last.position)} ({moment.last.at}) and "
            f"{lsn_text(moment.next.position)}",
            "do not count on this backup: take another one; the newest proven one is kept",
        )


@contextmanager
def _plain_errors(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise ServerError(f"{folder}: the drill failed: {error}", "see to this machine's disks, and retry") from error


def _now() -> datetime:
    return datetime.now(timezone.utc)
