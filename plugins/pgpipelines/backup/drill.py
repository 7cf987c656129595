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
from pgpipelines.backup.definitions import comparable, differing_definitions, differing_roles
from pgpipelines.backup.manifest import ROLES, Manifest, sync, write_private
from pgpipelines.backup.opening import opened
from pgpipelines.backup.place import PARTIAL, held
from pgpipelines.backup.programs import Programs, server_for
from pgpipelines.backup.restoring import require_files, require_same, restore_dump, restore_roles
from pgpipelines.backup.scratch import scratch_folder, scratch_server
from pgpipelines.backup.sets import DRILL, DRILL_REPORT, DrillReport, DumpSet, read_set
from pgpipelines.errors import ConfigurationError, PipelineError, ServerError
from pgpipelines.sessions import Session

REMEDY = "do not count on this set: take another one; the newest proven one is kept"

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
    with held(found.folder.parent):
        report = DrillReport(proven=False, at=_now(), seconds=0, server_version=programs.version)
        try:
            with _plain_errors(found.folder), opened(found) as folder:
                restored = _restore_and_compare(folder, manifest, programs, application_name)
                require_same(found.name, restored.differences, REMEDY)
        except ConfigurationError:
            raise
        except PipelineError as error:
            _note(found.folder, replace(report, fault=error.cause))
            raise
        _note(found.folder, replace(report, proven=True, at=_now(), seconds=restored.seconds))
        return read_set(found.folder)


def _restore_and_compare(folder: Path, manifest: Manifest, programs: Programs, application_name: str) -> Restored:
    require_files(folder, manifest)
    place = scratch_folder(folder.parent)
    with scratch_server(programs, place, manifest.first_role, manifest.encoding) as scratch:
        started = time.monotonic()
        restore_roles(programs, scratch, folder / ROLES, manifest.first_role)
        restore_dump(programs, scratch, folder)
        seconds = round(time.monotonic() - started, 3)
        log.info("restored in %s s; comparing %s tables with the manifest", seconds, len(manifest.contents.tables))
        with Session(scratch, application_name, snapshot=True) as session:
            contents, positions = read_contents(session), read_positions(session)
        found = [*differences(manifest.contents, manifest.sequences, contents, positions)]
        if comparable(programs, programs.major, manifest):
            found += [*differing_definitions(programs, scratch, folder), *differing_roles(programs, scratch, folder)]
        return Restored(seconds, tuple(found))


def _note(folder: Path, report: DrillReport) -> None:
    """Write the report beside the set, whole or not at all."""
    partial = folder / f"{PARTIAL}{DRILL}"
    write_private(partial, DRILL_REPORT.dump_json(report, indent=1))
    partial.rename(folder / DRILL)
    sync(folder)


@contextmanager
def _plain_errors(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise ServerError(f"{folder}: the drill failed: {error}", "see to this machine's disks, and retry") from error


def _now() -> datetime:
    return datetime.now(timezone.utc)
