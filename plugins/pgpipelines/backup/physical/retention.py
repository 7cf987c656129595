"""Which backups are kept, and which files of the archive they need: the newest full ones, with what stands on them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from pgpipelines.backup.physical.archive import Archive
from pgpipelines.backup.physical.backups import BaseBackup, list_backups, oldest_first
from pgpipelines.backup.storage.place import connection_folder, held, remove_whole
from pgpipelines.errors import PrivilegeError


@dataclass(frozen=True)
class Removable:
    """What need not be kept: backups, those that stand on others first, and files of the archive."""

    backups: tuple[BaseBackup, ...]
    archived: tuple[Path, ...]


def removable(backups: Iterable[BaseBackup], keep: int, archived: Path) -> Removable:
    """What need not be kept where the newest `keep` full backups are.

    Full ones that are not proven stay as long as if all were, but never take the place of a proven one; a full one
    is proven by the drill of any that stands on it. The newest proven one always stays. Of the archive goes what is
    older than all that stays; nothing goes where nothing would stay. A broken backup stays for a person to look at.
    """
    sound = oldest_first(backups)
    of = {each.name: _full(each) for each in sound}
    full = list(dict.fromkeys(of.values()))
    proven = [name for name in full if any(of[each.name] == name and each.state == "proven" for each in sound)]
    wanted = {*full[-keep:], *proven[-keep:]}
    kept = [each for each in sound if of[each.name] in wanted]
    gone = [each for each in reversed(sound) if of[each.name] not in wanted]
    return Removable(tuple(gone), tuple(_unneeded(kept, archived)))


def apply_retention(directory: Path, conn_id: str, keep: int, archived: Path, *, dry_run: bool = False) -> list[str]:
    """Remove what need not be kept, and return the names; with `dry_run`, only return them.

    Raises ConflictError where another run is at these backups.
    """
    with held(connection_folder(directory, conn_id)):
        found = removable(list_backups(directory, conn_id), keep, archived)
        if not dry_run:
            for backup in found.backups:
                remove_whole(backup.folder)
            _clear(found.archived)
    return [*(each.name for each in found.backups), *(path.name for path in found.archived)]


def _clear(archived: Sequence[Path]) -> None:
    """Remove files of the archive. Raises PrivilegeError where the server's account alone may."""
    for path in archived:
        try:
            path.unlink(missing_ok=True)
        except PermissionError:
            raise PrivilegeError(
                f"{path} may not be removed by this account",
                "let the folder's group be one of this account's, and `chmod 2770` it (docs/physical-backup.md)",
            ) from None


def _full(backup: BaseBackup) -> str:
    """The name of the full backup that one stands on, or is."""
    stands_on = backup.require_manifest().stands_on
    return f"{backup.folder.parent.name}/{stands_on or backup.folder.name}"


def _unneeded(kept: Sequence[BaseBackup], archived: Path) -> list[Path]:
    if not kept or not archived.is_dir():
        return []
    manifests = [each.require_manifest() for each in kept]
    oldest = min(manifests, key=lambda each: each.start)
    return Archive(archived, oldest.segment_bytes).unneeded(oldest.start)
