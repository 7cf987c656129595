"""How a backup becomes a data folder that recovers to a moment when a server is started on it."""

from __future__ import annotations

import re
import shlex
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path

from pgpipelines.backup.manifest import sync
from pgpipelines.backup.physical.archive import Archive, Way
from pgpipelines.backup.physical.backups import BaseBackup, chain, oldest_first
from pgpipelines.backup.physical.manifest import verify_data
from pgpipelines.backup.physical.wal import lsn_text
from pgpipelines.backup.physical.waldump import last_end
from pgpipelines.backup.processes import run
from pgpipelines.backup.programs import of_same_major
from pgpipelines.backup.storage.place import PARTIAL, require_free
from pgpipelines.backup.storage.temporary import PRIVATE
from pgpipelines.errors import ConfigurationError, ServerError, VerificationError

READ_PROGRAMS = ("pg_waldump",)
COMBINE_PROGRAMS = (*READ_PROGRAMS, "pg_combinebackup")
_RECOVERY = re.compile("(?:restore_command|recovery_target)")


@dataclass(frozen=True)
class Target:
    """The moment to go back to: a time, or a position; neither is the archive's end."""

    time: datetime | None = None
    position: int | None = None

    @property
    def settings(self) -> dict[str, str]:
        """What tells the server. It waits at the moment, so that one can look before it goes on as a server."""
        if self.time is not None:
            wanted = {"recovery_target_time": self.time.astimezone(timezone.utc).isoformat(" ")}
        elif self.position is not None:
            wanted = {"recovery_target_lsn": lsn_text(self.position)}
        else:
            return {}
        return {**wanted, "recovery_target_action": "pause"}


def backup_for(backups: Iterable[BaseBackup], target: Target) -> BaseBackup:
    """The newest backup that was finished before the moment. Raises VerificationError where there is none."""
    before = [each for each in oldest_first(backups) if _is_before(each, target)]
    if not before:
        raise VerificationError(
            "no backup was finished before this moment", "`python -m pgpipelines.backup.physical list` shows all"
        )
    return before[-1]


def restore(backup: BaseBackup, archived: Path, target: Target, into: Path, timeline: int | None = None) -> Way:
    """Write a data folder with recovery settings. Raises a PipelineError; then nothing is there.

    All that can be known before is looked at before: the log's files from the backup to the moment, the backup's own
    files, room. `timeline` is the newest that comes from the backup's unless given.
    """
    _require_empty(into)
    way = way_to(backup, archived, target, timeline)
    partial = into.with_name(f"{PARTIAL}{into.name}")
    shutil.rmtree(partial, ignore_errors=True)
    try:
        lay_data(backup, partial)
        _add_settings(partial, recovery_settings(archived, way, target))
        for path in (*partial.rglob("*"), partial):
            if not path.is_symlink():
                sync(path)
        partial.rename(into)
        sync(into.parent)
    except OSError as error:
        raise ServerError(
            f"{into}: {error}", "see to the disk of this folder, and retry; nothing was restored"
        ) from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return way


def way_to(backup: BaseBackup, archived: Path, target: Target, timeline: int | None = None) -> Way:
    """The log from a backup to a moment. Raises VerificationError, which names what is missing, where it has gaps."""
    manifest = backup.require_manifest()
    if not _is_before(backup, target):
        raise VerificationError(
            f"backup {backup.name} was finished at {manifest.finished_at:%Y-%m-%d %H:%M:%S} UTC ({manifest.stop_lsn}), "
            "after this moment",
            "choose an older backup. Nothing was restored",
        )
    # What was written before the backup's end is in the backup.
    way = Archive(archived, manifest.segment_bytes).way(manifest.timeline, manifest.stop, timeline)
    if target.position is not None:
        reached = target.position <= way.ends
    elif target.time is not None:
        # Recovery knows that it has come to a time by a later transaction.
        end = last_end(of_same_major(manifest.server_major, READ_PROGRAMS), archived, way.files)
        reached = end is not None and end > target.time
    else:
        reached = not way.missing
    if not reached:
        raise way.too_short()
    return way


def recovery_settings(archived: Path, way: Way, target: Target) -> dict[str, str]:
    """What tells a server where the log is, along which timeline, and to which moment."""
    # The server replaces what % means, and then a shell reads it.
    folder = shlex.quote(str(archived.resolve())).replace("%", "%%")
    command = f'cp {folder}/%f "%p"'
    return {"restore_command": command, "recovery_target_timeline": str(way.timeline), **target.settings}


def lay_data(backup: BaseBackup, into: Path) -> None:
    """Make a data folder of a backup, after a full read of its files. Raises a PipelineError where one changed."""
    needed = chain(backup)
    require_free(into.parent, sum(each.require_manifest().bytes for each in needed), "backups")
    programs = of_same_major(
        backup.require_manifest().server_major, READ_PROGRAMS if len(needed) == 1 else COMBINE_PROGRAMS
    )
    for each in needed:
        verify_data(programs, each.data)
    if len(needed) == 1:
        shutil.copytree(backup.data, into, symlinks=True)
    else:
        run([programs.path("pg_combinebackup"), f"--output={into}", "--no-sync", *(str(each.data) for each in needed)])
    into.chmod(PRIVATE)


def _add_settings(data: Path, settings: dict[str, str]) -> None:
    """Tell the server that is started on a data folder to recover, and how.

    What the last such words were goes: they stay in the settings of a server that was restored, and a server does not
    start with two moments to go back to.
    """
    file = data / "postgresql.auto.conf"
    lines = [line for line in file.read_text(encoding="utf-8").splitlines() if not _RECOVERY.match(line)]
    lines += [f"{name} = '{_quoted(value)}'" for name, value in settings.items()]
    file.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    (data / "recovery.signal").touch(0o600)


def _is_before(backup: BaseBackup, target: Target) -> bool:
    manifest = backup.require_manifest()
    if target.position is not None:
        return manifest.stop <= target.position
    return target.time is None or manifest.finished_at <= target.time


def _require_empty(into: Path) -> None:
    if into.exists() and (not into.is_dir() or any(into.iterdir())):
        raise ConfigurationError(f"{into} is not empty", "name a folder that is empty, or not there yet")


def _quoted(value: str) -> str:
    return value.replace("\\", "\\\\").replace("'", "''")
