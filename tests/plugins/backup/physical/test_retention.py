"""What is kept can be restored; the newest proven backup is never lost."""

from __future__ import annotations

import os
import tempfile
from datetime import datetime, timedelta, timezone
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from pgpipelines.backup.physical.backups import BaseBackup, BaseDrill, list_backups
from pgpipelines.backup.physical.manifest import BACKUP_MANIFEST, BaseManifest, write_manifest
from pgpipelines.backup.physical.retention import apply_retention, removable
from pgpipelines.backup.physical.wal import lsn_text, segment_name

# More of them with PGPIPELINES_HISTORIES=10000.
HISTORIES = int(os.environ.get("PGPIPELINES_HISTORIES", "100"))
NOW = datetime(2026, 11, 20, tzinfo=timezone.utc)
SEGMENT_BYTES = 16 * 1024**2
NOWHERE = Path("/nonexistent")


def manifest(number: int, stands_on: str = "") -> BaseManifest:
    """What the backup of a day says of itself; a day writes two segments."""
    at = NOW + timedelta(days=number)
    start = (2 * number + 2) * SEGMENT_BYTES + 40
    lsns = {"start_lsn": lsn_text(start), "stop_lsn": lsn_text(start + 100)}
    versions = {"server_version": "18.1", "client_version": "18.1", "data_checksums": True}
    sizes = {"segment_bytes": SEGMENT_BYTES, "bytes": 1, "files": 1, "notices": (), "seconds": 0.1}
    return BaseManifest(
        conn_id="conn",
        system_identifier="7",
        stands_on=stands_on,
        taken_at=at,
        finished_at=at,
        timeline=1,
        **lsns,  # type: ignore[arg-type]
        **versions,  # type: ignore[arg-type]
        **sizes,  # type: ignore[arg-type]
    )


@st.composite
def histories(draw: st.DrawFn) -> list[BaseBackup]:
    """Backups of days, oldest first: full ones and such as stand on the last full one; proven or not, or broken.

    Their names are in another order.
    """
    made: list[BaseBackup] = []
    full, full_broken = "", False
    kinds = draw(st.lists(st.booleans(), max_size=12))
    # What a clock that jumps makes of the order.
    times = draw(st.permutations(range(len(kinds))))
    for number, incremental in enumerate(kinds):
        stands_on = full if incremental else ""
        folder = Path(f"/x/conn/{times[number]:02}-{'incremental' if stands_on else 'full'}")
        full = stands_on or folder.name
        drill = draw(st.sampled_from([None, BaseDrill(proven=True, at=NOW), BaseDrill(proven=False, at=NOW)]))
        # One that stands on a broken one is broken too.
        broken = draw(st.integers(0, 9)) == 0 or bool(stands_on and full_broken)
        full_broken = full_broken if stands_on else broken
        made.append(BaseBackup(folder, None if broken else manifest(number, stands_on), None if broken else drill))
    return made


@settings(deadline=None, max_examples=HISTORIES)
@given(histories(), st.integers(1, 4))
def test_the_newest_proven_backup_stays_with_what_it_stands_on(made: list[BaseBackup], keep: int) -> None:
    gone = {each.name for each in removable(sorted(made, key=lambda each: each.name), keep, NOWHERE).backups}
    left = [each for each in made if each.name not in gone]
    for state in ("proven", "broken"):
        of_state = [each for each in made if each.state == state]
        assert set(of_state if state == "broken" else of_state[-1:]) <= set(left)
    names = {each.folder.name for each in left} | {each.folder.name for each in made if each.state == "broken"}
    assert all(each.manifest.stands_on in {"", *names} for each in left if each.manifest)
    full = [each for each in made if each.manifest and not each.manifest.stands_on]
    assert set(full[-keep:]) <= set(left)
    assert {each.name for each in removable(left, keep, NOWHERE).backups} == set()


def kept(folder: Path, number: int, stands_on: str = "") -> BaseBackup:
    """Write a backup of nothing."""
    place = folder / "conn" / f"{number:02}-{'incremental' if stands_on else 'full'}"
    (place / "data").mkdir(parents=True)
    (place / "data" / BACKUP_MANIFEST).touch()
    write_manifest(place, manifest(number, stands_on))
    return BaseBackup(place, manifest(number, stands_on), None)


def test_of_the_archive_goes_what_is_older_than_all_that_stays(tmp_path: Path) -> None:
    archive = tmp_path / "wal"
    archive.mkdir()
    names = [segment_name(timeline, number, SEGMENT_BYTES) for timeline in (1, 2) for number in range(1, 9)]
    others = ["00000002.history", f"{names[0]}.00000028.backup", f"{names[5]}.partial", ".partial-x", "notes"]
    for name in [*names, *others]:
        (archive / name).touch()
    for number in range(3):
        kept(tmp_path, number)
    kept(tmp_path, 3, "02-full")

    def retain(keep: int, *, dry_run: bool) -> list[str]:
        return apply_retention(tmp_path, "conn", keep, archive, dry_run=dry_run)

    assert retain(3, dry_run=False) == sorted([names[0], names[8], others[1]])
    shown = retain(1, dry_run=True)
    assert len(list_backups(tmp_path, "conn")) == 4
    assert retain(1, dry_run=False) == shown
    # The second day's full backup begins in the segment of number 6.
    assert shown[:2] == ["conn/01-full", "conn/00-full"]
    assert sorted(path.name for path in archive.iterdir()) == sorted(
        [*names[5:8], *names[13:], "00000002.history", others[2], ".partial-x", "notes"]
    )
    assert [each.folder.name for each in list_backups(tmp_path, "conn")] == ["02-full", "03-incremental"]
    assert retain(1, dry_run=False) == []


def test_nothing_goes_where_nothing_would_stay() -> None:
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / segment_name(1, 1, SEGMENT_BYTES)).touch()
        assert apply_retention(Path(folder) / "backups", "conn", 1, Path(folder)) == []
        assert len(list(Path(folder).glob("0*"))) == 1
