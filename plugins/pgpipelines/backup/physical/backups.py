"""The physical backups of a directory, from the directory alone: <directory>/<connection>/<time>-<kind>/."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from urllib.parse import unquote

from pydantic import TypeAdapter

from pgpipelines.backup.manifest import UnreadableSetError
from pgpipelines.backup.physical.manifest import DATA, BaseManifest, read_manifest
from pgpipelines.backup.sets import DRILL, State, name_by_time, state_of
from pgpipelines.backup.storage.place import connection_folder, folders_in, write_beside
from pgpipelines.errors import VerificationError


@dataclass(frozen=True)
class BaseDrill:
    """How the last drill of a backup went: `seconds` from its files to the moment `target`.

    `pages` tells whether the checksums of all pages were compared, which not every server has. `fault` is empty
    where it is proven.
    """

    proven: bool
    at: datetime
    seconds: float = 0
    target: datetime | None = None
    pages: bool = False
    fault: str = ""


_DRILL = TypeAdapter(BaseDrill)


@dataclass(frozen=True)
class BaseBackup:
    """One backup. It has a manifest unless it is broken; `fault` says what is wrong with one that is."""

    folder: Path
    manifest: BaseManifest | None
    drill: BaseDrill | None
    fault: str = ""

    @property
    def name(self) -> str:
        """Its name in the directory: connection, time and kind."""
        return f"{self.folder.parent.name}/{self.folder.name}"

    @property
    def conn_id(self) -> str:
        """The connection that it was taken through."""
        return unquote(self.folder.parent.name)

    @property
    def data(self) -> Path:
        """What pg_basebackup wrote."""
        return self.folder / DATA

    def require_manifest(self) -> BaseManifest:
        """The manifest. Raises VerificationError where the backup is broken."""
        if self.manifest is None:
            raise VerificationError(f"backup {self.name} is broken: {self.fault}", "take another one")
        return self.manifest

    @property
    def state(self) -> State:
        """How far it can be trusted."""
        return state_of(self.manifest, self.drill)


def backup_name(taken_at: datetime, kind: str) -> str:
    """The name of a backup's folder. `taken_at` is in UTC."""
    return name_by_time(taken_at, kind)


def oldest_first(backups: Iterable[BaseBackup]) -> list[BaseBackup]:
    """Those that are not broken, in the order of the server's log."""
    return sorted((each for each in backups if each.manifest), key=lambda each: each.require_manifest().age)


def list_backups(directory: Path, conn_id: str) -> list[BaseBackup]:
    """Every backup of a connection, by name. What is not whole is none; one without its full one is broken."""
    return [read_backup(folder) for folder in folders_in(connection_folder(directory, conn_id))]


def read_backup(folder: Path) -> BaseBackup:
    """Read what a backup says of itself; its data is not read."""
    try:
        manifest = read_manifest(folder)
        if manifest.stands_on:
            read_manifest(folder.with_name(manifest.stands_on))
        return BaseBackup(folder, manifest, _read_drill(folder))
    except UnreadableSetError as error:
        return BaseBackup(folder, None, None, str(error))


def chain(backup: BaseBackup) -> Sequence[BaseBackup]:
    """What is needed to restore a backup, the full one first. Raises VerificationError where one is broken."""
    stands_on = backup.require_manifest().stands_on
    needed = [read_backup(backup.folder.with_name(stands_on)), backup] if stands_on else [backup]
    for each in needed:
        each.require_manifest()
    return needed


def note_drill(backup: BaseBackup, drill: BaseDrill) -> BaseBackup:
    """Write beside a backup how its drill went, whole or not at all."""
    write_beside(backup.folder, DRILL, _DRILL.dump_json(drill, indent=1))
    return read_backup(backup.folder)


def _read_drill(folder: Path) -> BaseDrill | None:
    try:
        return _DRILL.validate_json((folder / DRILL).read_bytes())
    except FileNotFoundError:
        return None
    except ValueError:
        raise UnreadableSetError(f"{DRILL} can't be read") from None
