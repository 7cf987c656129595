"""The folder that the server's archive_command fills, and whether it leads from a backup to a moment."""

from __future__ import annotations

import itertools
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pgpipelines.backup.physical.wal import (
    HISTORY,
    SEGMENT,
    Stretch,
    following,
    history_name,
    parse_history,
    segment_name,
    segments,
    timeline_of,
)
from pgpipelines.errors import ConfigurationError, VerificationError

LOOK_SECONDS = 0.1
MOST_NAMED = 10


@dataclass(frozen=True)
class Way:
    """The log from a position on, as far as the archive has it without a gap.

    `files` are its segments in order, `begins` where the first of them begins; `missing` are those that other
    files come after.
    """

    archive: Archive
    stretches: tuple[Stretch, ...]
    files: tuple[str, ...]
    begins: int
    missing: tuple[str, ...]

    @property
    def ends(self) -> int:
        """The position behind the last file."""
        return self.begins + len(self.files) * self.archive.segment_bytes

    @property
    def timeline(self) -> int:
        """The timeline that it ends on."""
        return self.stretches[-1].timeline

    def files_until(self, position: int) -> tuple[str, ...]:
        """The segments that have everything before a position."""
        return self.files[: max(0, -(-(position - self.begins) // self.archive.segment_bytes))]

    def too_short(self) -> VerificationError:
        """Why it does not lead further."""
        if self.missing:
            more = f" and {len(self.missing) - MOST_NAMED} more" if len(self.missing) > MOST_NAMED else ""
            return VerificationError(
                f"{self.archive.folder}: {', '.join(self.missing[:MOST_NAMED])}{more} missing, or not whole",
                "find these files (the server's pg_wal, another copy of the archive), or go back to a moment before "
                "them; backups taken after them are not concerned. Nothing was restored",
            )
        last = self.files[-1] if self.files else "none"
        return VerificationError(
            f"{self.archive.folder}: the archive does not reach so far (its last file here: {last})",
            "wait until the server has archived more (pg_stat_archiver), or choose an earlier moment. "
            "Nothing was restored",
        )


@dataclass(frozen=True)
class Archive:
    """An archive of segments of `segment_bytes` each."""

    folder: Path
    segment_bytes: int

    def way(self, timeline: int, position: int, wanted: int | None = None) -> Way:
        """The log from a position of a timeline on: to the `wanted` timeline, or the newest that comes from there.

        Raises VerificationError where no such way is, or where a history is missing.
        """
        names = self._names()
        stretches = self._stretches(names, timeline, position, wanted)
        last = max((name for name in names if timeline_of(name) == stretches[-1].timeline), default="")
        if not last:
            # The newest timeline has no file of its own yet: the way ends on the one before.
            last = max((name for name in names if timeline_of(name) == timeline), default="")
        files: list[str] = []
        missing: list[str] = []
        begins = position // self.segment_bytes * self.segment_bytes
        wanted_files = segments(stretches, self.segment_bytes)
        for name in itertools.takewhile(lambda each: _order(each) <= _order(last), wanted_files):
            if self.has(name) and not missing:
                files.append(name)
            elif not self.has(name):
                missing.append(name)
        return Way(self, stretches, tuple(files), begins, tuple(missing))

    def has(self, name: str) -> bool:
        """Tell whether a segment is there, and not cut."""
        path = self.folder / name
        return path.exists() and path.stat().st_size == self.segment_bytes

    def wait_for(self, name: str, seconds: float) -> bool:
        """Wait for a segment, and tell whether it has come. Raises ConfigurationError where the folder is missing."""
        self._names()
        deadline = time.monotonic() + seconds
        while not self.has(name):
            if time.monotonic() > deadline:
                return False
            time.sleep(LOOK_SECONDS)
        return True

    def unneeded(self, oldest: int) -> list[Path]:
        """The files with nothing but what was written before a position, of any timeline; histories are all needed."""
        first = segment_name(1, oldest // self.segment_bytes, self.segment_bytes)
        return sorted(
            path
            for path in self.folder.iterdir()
            if SEGMENT.match(path.name) and _order(path.name[:24]) < _order(first)
        )

    def _names(self) -> list[str]:
        try:
            return [path.name for path in self.folder.iterdir() if SEGMENT.fullmatch(path.name)]
        except OSError as error:
            raise ConfigurationError(
                f"the archive {self.folder} can't be read: {error.strerror}",
                "let `wal_archive` name the folder whose folders, one for each connection, archive_command fills",
            ) from None

    def _stretches(self, names: Sequence[str], timeline: int, position: int, wanted: int | None) -> tuple[Stretch, ...]:
        histories = [path.name for path in self.folder.iterdir() if HISTORY.fullmatch(path.name)]
        known = {timeline, *map(timeline_of, [*names, *histories])}
        candidates = [wanted] if wanted is not None else sorted(known, reverse=True)
        # A timeline's number is higher than those that it comes from.
        for candidate in (each for each in candidates if each >= timeline):
            own = self._history(candidate) if candidate != timeline else (Stretch(timeline, 0),)
            if found := following(own, timeline, position):
                return found
        raise VerificationError(
            f"timeline {wanted} does not come from timeline {timeline}, on which this backup was taken",
            "choose another timeline, or a backup that it comes from. Nothing was restored",
        )

    def _history(self, timeline: int) -> tuple[Stretch, ...]:
        name = history_name(timeline)
        try:
            return parse_history((self.folder / name).read_text(encoding="utf-8"), timeline)
        except FileNotFoundError:
            raise VerificationError(
                f"{self.folder}: {name} missing, which says what timeline {timeline} comes from",
                "find this file (the server's pg_wal has it too). Nothing was restored",
            ) from None


def _order(name: str) -> str:
    """What orders segments by position, whatever their timeline."""
    return name[8:]
