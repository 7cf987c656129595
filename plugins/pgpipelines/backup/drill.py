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
from pgpipelines.backup.lent import lent_database, require_fit
from pgpipelines.backup.manifest import ROLES, Manifest
from pgpipelines.backup.programs import Programs, client_for, major, server_for
from pgpipelines.backup.restoring import require_same, restore_dump, restore_roles
from pgpipelines.backup.scratch import Scratch, scratch_folder, scratch_server
from pgpipelines.backup.sets import DrillReport, DumpSet
from pgpipelines.backup.storage.opening import opened
from pgpipelines.endpoints import Endpoint
from pgpipelines.errors import ConfigurationError, PipelineError, ServerError
from pgpipelines.sessions import Session

REMEDY = "do not count on this set: take another one; the newest proven one is kept"
NO_ROOM = "No space left on device"
ROOM = "free space in the temporary folder (TMPDIR names another), or on the scratch server that a connection leads to"

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Restored:
    """What restoring took, in seconds, and what is otherwise than the set says."""

    seconds: float
    differences: tuple[str, ...]


def drill_set(found: DumpSet, application_name: str, lent: Endpoint | None = None) -> DumpSet:
    """Restore a set into a server that lives for that, or one that is `lent`; compare, and note how that went.

    Returns the set, now proven. Raises VerificationError where anything differs, or another PipelineError where the
    set can't be restored: the note says so too. Raises ConfigurationError, without a note, where no drill is possible.
    """
    manifest = found.require_manifest()
    if not manifest.contents.compares:
        raise ConfigurationError(
            f"set {found.name} was taken by a version of this package that computed checksums in another way",
            "take another set, which can be drilled; this one can still be restored",
        )
    drill = _drill(manifest, application_name, lent)
    store = found.store
    with store.held(found.conn_id) as place:
        report = DrillReport(proven=False, at=_now(), seconds=0, server_version=drill.server_version)
        try:
            with _plain_errors(found.name), opened(found) as folder, drill.scratch(folder, place) as scratch:
                restored = _restore_and_compare(drill, folder, scratch)
                require_same(found.name, restored.differences, REMEDY)
        except ConfigurationError:
            raise
        except PipelineError as error:
            store.note(found.name, replace(report, fault=error.cause))
            raise
        store.note(found.name, replace(report, proven=True, at=_now(), seconds=restored.seconds))
        return store.read(found.name)


@dataclass(frozen=True)
class Drill:
    """What a drill is done with: `programs`, on a server of a version, which is `lent` or lives for the drill."""

    manifest: Manifest
    programs: Programs
    server_version: str
    application_name: str
    lent: Endpoint | None

    @contextmanager
    def scratch(self, folder: Path, place: Path) -> Iterator[Scratch]:
        """Give an empty database for the set in `folder`; `place` is where its connection's sets are taken."""
        if self.lent is not None:
            with lent_database(self.lent, self.manifest, folder, self.application_name) as scratch:
                yield scratch
            return
        first_role = self.manifest.first_role
        with scratch_server(self.programs, scratch_folder(place), first_role, self.manifest.encoding) as server:
            yield Scratch(server, folder / ROLES, first_role, alone=True)


def _drill(manifest: Manifest, application_name: str, lent: Endpoint | None) -> Drill:
    newest = max(manifest.server_major, manifest.client_major)
    if lent is None:
        programs = server_for(newest)
        return Drill(manifest, programs, programs.version, application_name, None)
    version = require_fit(lent, manifest, application_name)
    return Drill(manifest, client_for(newest), version, application_name, lent)


def _restore_and_compare(drill: Drill, folder: Path, scratch: Scratch) -> Restored:
    manifest, programs, database = drill.manifest, drill.programs, scratch.database
    started = time.monotonic()
    restore_roles(programs, database, scratch.roles, scratch.first_role)
    restore_dump(programs, database, folder)
    seconds = round(time.monotonic() - started, 3)
    log.info("restored in %s s; comparing %s tables with the manifest", seconds, len(manifest.contents.tables))
    with Session(database, drill.application_name, snapshot=True) as session:
        contents, positions = read_contents(session), read_positions(session)
    found = [*differences(manifest.contents, manifest.sequences, contents, positions)]
    if comparable(programs, major(drill.server_version), manifest):
        found += differing_definitions(programs, database, folder)
        found += differing_roles(programs, database, scratch.roles, alone=scratch.alone)
    return Restored(seconds, tuple(found))


@contextmanager
def _plain_errors(name: str) -> Iterator[None]:
    try:
        yield
    except ServerError as error:
        if NO_ROOM not in error.cause:
            raise
        raise ServerError(error.cause, ROOM) from None
    except OSError as error:
        raise ServerError(f"set {name}: the drill failed: {error}", "see to this machine's disks, and retry") from error


def _now() -> datetime:
    return datetime.now(timezone.utc)
