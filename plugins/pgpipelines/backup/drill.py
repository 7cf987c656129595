"""The drill: a set is restored into a scratch server and compared. Only then is it proven."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from pathlib import Path

from pgpipelines.backup.contents import differences, read_contents, read_positions
from pgpipelines.backup.definitions import differing_definitions
from pgpipelines.backup.manifest import ROLES, Manifest
from pgpipelines.backup.opening import opened
from pgpipelines.backup.programs import Programs, server_for
from pgpipelines.backup.restoring import restore_dump, restore_roles
from pgpipelines.backup.scratch import scratch_folder, scratch_server
from pgpipelines.backup.sets import DrillReport, DumpSet
from pgpipelines.errors import ConfigurationError, PipelineError, ServerError, VerificationError
from pgpipelines.sessions import Session

MOST_NAMED = 10

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Restored:
    """What restoring took, in seconds, and what is otherwise than the set says."""

    seconds: float
    differences: tuple[str, ...]


def drill_set(found: DumpSet, application_name: str) -> DumpSet:
    """Restore a set into a scratch server, compare, and note beside the set how that went.

    Returns the set, now proven. Raises VerificationError where anything differs, or another PipelineError where the
    set can't be restored: the note says so too. Raises ConfigurationError, without a note, where no drill is possible.
    """
    manifest = found.require_manifest()
    programs = server_for(max(manifest.server_major, manifest.client_major))
    store = found.store
    with store.held(found.conn_id) as place:
        report = DrillReport(proven=False, at=_now(), seconds=0, server_version=programs.version)
        try:
            with _plain_errors(found.name), opened(found) as folder:
                restored = _restore_and_compare(folder, scratch_folder(place), manifest, programs, application_name)
                _require_none(found.name, restored.differences)
        except ConfigurationError:
            raise
        except PipelineError as error:
            store.note(found.name, replace(report, fault=error.cause))
            raise
        store.note(found.name, replace(report, proven=True, at=_now(), seconds=restored.seconds))
        return store.read(found.name)


def _restore_and_compare(
    folder: Path, place: Path, manifest: Manifest, programs: Programs, application_name: str
) -> Restored:
    with scratch_server(programs, place, manifest.first_role, manifest.encoding) as scratch:
        started = time.monotonic()
        restore_roles(programs, scratch, folder / ROLES, manifest.first_role)
        restore_dump(programs, scratch, folder)
        seconds = round(time.monotonic() - started, 3)
        log.info("restored in %s s; comparing %s tables with the manifest", seconds, len(manifest.contents.tables))
        with Session(scratch, application_name, snapshot=True) as session:
            contents, positions = read_contents(session), read_positions(session)
        found = [
            *differences(manifest.contents, manifest.sequences, contents, positions),
            *differing_definitions(programs, scratch, folder, manifest),
        ]
        return Restored(seconds, tuple(found))


def _require_none(name: str, found: tuple[str, ...]) -> None:
    if found:
        more = f"; and {len(found) - MOST_NAMED} more" if len(found) > MOST_NAMED else ""
        raise VerificationError(
            f"set {name}, restored, is not what was dumped: {'; '.join(found[:MOST_NAMED])}{more}",
            "do not count on this set: take another one; the newest proven one is kept",
        )


@contextmanager
def _plain_errors(name: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise ServerError(f"set {name}: the drill failed: {error}", "see to this machine's disks, and retry") from error


def _now() -> datetime:
    return datetime.now(timezone.utc)
