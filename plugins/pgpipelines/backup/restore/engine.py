"""The story of a restore: a set becomes a database again, is proven, and only then takes its place.

Whatever is restored, it is restored into a database of its own beside those that are there. A run that fails or is
killed leaves the others as they were; the next one into the same database drops what it has left.
"""

from __future__ import annotations

import logging
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from pgpipelines.backup.contents import differences, read_contents, read_positions
from pgpipelines.backup.definitions import comparable, differing_definitions
from pgpipelines.backup.manifest import Manifest
from pgpipelines.backup.programs import Programs
from pgpipelines.backup.restore.fitting import bring_roles, programs_for, require_extensions
from pgpipelines.backup.restore.replacing import replace_tables, require_tables
from pgpipelines.backup.restore.some_tables import can_choose, only, write_entries
from pgpipelines.backup.restore.swapping import Names, beside, hold, is_there, maintenance, others_in, swap
from pgpipelines.backup.restoring import require_same, restore_dump
from pgpipelines.backup.sets import DumpSet
from pgpipelines.backup.storage.opening import opened
from pgpipelines.endpoints import Bounds, Endpoint
from pgpipelines.errors import ConfigurationError, MissingObjectError, PipelineError, PrivilegeError, ServerError
from pgpipelines.ledger import Run
from pgpipelines.sessions import Session
from pgpipelines.templates import QualifiedName, readable

MEMBER = "connect as a superuser, or as a member of every role that owns something: include/sql/roles/restorer.sql"
COUNTED = (
    "rows were counted and their content was not compared: the set was taken by a version of this package that "
    "computed checksums in another way"
)
Mode = Literal["whole", "data_only", "tables"]
REMEDIES: tuple[tuple[str, type[PipelineError], str], ...] = (
    ("No space left on device", ServerError, "free space on the server's disk: a restore needs it twice for a while"),
    ("must be able to SET ROLE", PrivilegeError, MEMBER),
    ("must be member of role", PrivilegeError, MEMBER),
    ("must be owner of", PrivilegeError, "connect as a superuser, or as a member of every role that owns something"),
    ("permission denied", PrivilegeError, "connect as a superuser, or see include/sql/roles/restorer.sql"),
    ("must be superuser", PrivilegeError, "connect as a superuser"),
)

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Wanted:
    """Where a set is to be restored, and how much of it.

    Without `replace`, a database that is not empty (or, but for `whole`, a table that is not) is refused. With
    `end_sessions`, those who are in a database that is replaced are thrown out. `roles` that the server lacks are made.
    """

    server: Endpoint
    database: str
    mode: Mode = "whole"
    tables: tuple[QualifiedName, ...] = ()
    replace: bool = False
    roles: bool = True
    end_sessions: bool = False
    bounds: Bounds = field(default_factory=Bounds)

    @property
    def endpoint(self) -> Endpoint:
        """The database."""
        return self.server.of(self.database)


@dataclass(frozen=True)
class Restored:
    """How many tables were restored, and how many rows: all of a whole database, else those that had to be written.

    `kept` is the name of the database that was replaced, empty where there was none; `notices` are for a person.
    """

    tables: int
    rows: int
    kept: str = ""
    notices: tuple[str, ...] = ()
    seconds: float = 0


@dataclass(frozen=True)
class _Opened:
    """A set whose files are here, what reads them, and the tables whose rows alone are restored, if not all are."""

    name: str
    manifest: Manifest
    folder: Path
    programs: Programs
    some: tuple[QualifiedName, ...]


def restore_set(found: DumpSet, wanted: Wanted, run: Run) -> Restored:
    """Bring a set back. Raises a PipelineError; then nothing has changed but roles that were missing."""
    manifest, started = found.require_manifest(), time.monotonic()
    names = Names.of(wanted.database)
    with maintenance(wanted.server, wanted.database, run.application_name, wanted.bounds) as admin:
        hold(admin, wanted.database)
        _require_target(admin, wanted, manifest)
        programs = programs_for(admin, manifest)
        require_extensions(admin, manifest)
        with _plain_errors(found.name), opened(found) as folder:
            notices = bring_roles(admin, programs, folder, manifest, make=wanted.roles)
            notices += [] if manifest.contents.compares else [COUNTED]
            with beside(admin, names, manifest) as restored:
                log.info("%s: restoring %s as %s", admin.endpoint, found.name, names.restoring)
                some = wanted.tables if can_choose(manifest, wanted.tables) else ()
                from_set = _Opened(found.name, manifest, folder, programs, some)
                _restore(from_set, restored)
                _prove(from_set, restored, run)
                if wanted.mode == "whole":
                    done = _take_place(admin, names, manifest, wanted)
                else:
                    done = _give_rows(restored, manifest, wanted, run)
    seconds = round(time.monotonic() - started, 3)
    return replace(done, seconds=seconds, notices=(*notices, *done.notices))


def _require_target(admin: Session, wanted: Wanted, manifest: Manifest) -> None:
    """Refuse, before anything is made, what must not be touched. Raises ConfigurationError or MissingObjectError."""
    there = is_there(admin, wanted.database)
    if wanted.mode != "whole":
        if not there:
            raise MissingObjectError(
                f"{admin.endpoint}: there is no database {wanted.database} whose tables could take rows",
                "restore the set whole, which makes the database",
            )
        require_tables(wanted.endpoint, manifest, wanted.tables, replace=wanted.replace)
    elif there and not wanted.replace:
        _require_empty(wanted.endpoint, admin.application_name)
    elif there and (others := others_in(admin, wanted.database)):
        told = "will be thrown out" if wanted.end_sessions else "must have left by the end, or be thrown out"
        log.warning("%s: sessions in %s %s: %s", admin.endpoint, wanted.database, told, others)


def _require_empty(database: Endpoint, application_name: str) -> None:
    with Session(database, application_name) as session:
        found = [row.described for row in session.query("restore/found_objects.sql")]
    if found:
        raise ConfigurationError(
            f"{database}: the database is not empty ({', '.join(found)}), and nothing was to be replaced",
            "name another database, or choose `replace`: the one that is there is then kept under another name",
        )


def _restore(from_set: _Opened, restored: Endpoint) -> None:
    """Restore everything, or of the rows only those of some tables."""
    started, programs, folder = time.monotonic(), from_set.programs, from_set.folder
    try:
        with tempfile.TemporaryDirectory(prefix="pgpipelines-entries-") as place:
            entries = None
            if from_set.some:
                entries = write_entries(programs, folder, from_set.manifest, from_set.some, Path(place) / "entries")
            restore_dump(programs, restored, folder, entries)
    except (PrivilegeError, ServerError) as error:
        raise _explained(error) from None
    log.info("restored in %.1f s", time.monotonic() - started)


def _explained(error: PipelineError) -> PipelineError:
    """The same error with what helps where a dump is restored."""
    for words, kind, remedy in REMEDIES:
        if words in error.cause:
            return kind(error.cause, remedy)
    return error


def _prove(from_set: _Opened, restored: Endpoint, run: Run) -> None:
    """Hold what was restored against the manifest. Raises VerificationError where anything is otherwise."""
    manifest, some = from_set.manifest, from_set.some
    expected = only(manifest.contents, some) if some else manifest.contents
    rows = sum(each.rows for each in expected.tables)
    log.info("comparing %s tables with %s rows with the manifest", len(expected.tables), f"{rows:,}")
    with Session(restored, run.application_name, snapshot=True) as session:
        version, there, positions = session.version, read_contents(session), read_positions(session)
    found = only(there, some) if some else there
    differing = [*differences(expected, manifest.sequences, found, positions)]
    if not some and comparable(from_set.programs, version, manifest):
        differing += differing_definitions(from_set.programs, restored, from_set.folder)
    require_same(from_set.name, differing, "nothing was replaced: restore another set")
    with Session(restored, run.application_name) as session:
        session.execute("restore/analyze.sql")
        session.commit()


def _take_place(admin: Session, names: Names, manifest: Manifest, wanted: Wanted) -> Restored:
    kept = swap(admin, names, manifest, end_sessions=wanted.end_sessions)
    notices = (
        (f"the old database is kept as {kept}; when nobody needs it: DROP DATABASE {readable(kept)};",) if kept else ()
    )
    return Restored(len(manifest.contents.tables), manifest.rows, kept, notices)


def _give_rows(restored: Endpoint, manifest: Manifest, wanted: Wanted, run: Run) -> Restored:
    done = replace_tables(restored, wanted.endpoint, wanted.tables, run, wanted.bounds, replace=wanted.replace)
    rows = sum(each.changes.inserted + each.changes.updated + each.changes.deleted for each in done)
    notices = [f"{each.target}: {notice}" for each in done for notice in each.notices]
    if not wanted.tables:
        left = {each.table for each in manifest.contents.tables} - {each.target for each in done}
        notices += [f"{name} is left as it is" for name in sorted(left)]
    if not wanted.tables and manifest.contents.large_objects.objects:
        notices.append("large objects are left as they are: they are restored with the whole database only")
    return Restored(len(done), rows, notices=tuple(notices))


@contextmanager
def _plain_errors(name: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise ServerError(
            f"{name}: the set can't be read: {error}", "see to this machine's disks, and retry"
        ) from error
