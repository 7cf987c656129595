"""Sets in a directory of this machine: they are taken where they stay, and get their name by a rename."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from pgpipelines.backup.manifest import MANIFEST, sync
from pgpipelines.backup.sets import DRILL, DRILL_REPORT, TEXTS, DrillReport, DumpSet, described
from pgpipelines.backup.storage.keys import KeySource
from pgpipelines.backup.storage.place import connection_folder, folders_in, held, remove_whole, write_beside


@dataclass(frozen=True)
class Folder:
    """The sets of a directory. What begins with a dot there is none: a lock, or what dead runs have left."""

    path: Path
    keys: KeySource | None = None

    def sets(self, conn_id: str | None = None) -> list[DumpSet]:
        """See Store."""
        connections = folders_in(self.path) if conn_id is None else [connection_folder(self.path, conn_id)]
        return [self.read(f"{each.name}/{folder.name}") for each in connections for folder in folders_in(each)]

    def read(self, name: str) -> DumpSet:
        """See Store."""
        folder = self.path / name
        try:
            files = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()}
            texts = {each: files[each].read_bytes() for each in TEXTS if each in files}
            sizes = {each: path.stat().st_size for each, path in files.items()}
        except OSError as error:
            return DumpSet(name, None, None, f"{Path(error.filename or '').name}: {error.strerror}", store=self)
        return described(name, texts, sizes, self)

    def held(self, conn_id: str) -> AbstractContextManager[Path]:
        """See Store. Raises ConflictError where another run holds the connection's folder."""
        return held(connection_folder(self.path, conn_id))

    def publish(self, work: Path, name: str) -> DumpSet:
        """See Store."""
        final = self.path / name
        sync(work)
        work.rename(final)
        sync(final.parent)
        return self.read(name)

    @contextmanager
    def files(self, found: DumpSet) -> Iterator[Path]:
        """See Store. Nobody removes the set for as long as the block runs."""
        folder = self.path / found.name
        with (folder / MANIFEST).open("rb") as manifest:
            fcntl.flock(manifest, fcntl.LOCK_SH)
            yield folder

    def note(self, name: str, report: DrillReport) -> None:
        """See Store."""
        write_beside(self.path / name, DRILL, DRILL_REPORT.dump_json(report, indent=1))

    def remove(self, name: str) -> bool:
        """See Store."""
        folder = self.path / name
        # Opened for writing: on NFS an exclusive lock needs that.
        with (folder / MANIFEST).open("rb+") as manifest:
            try:
                fcntl.flock(manifest, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return False
            remove_whole(folder)
        return True
