"""Going back to any moment finds what was committed before it, and nothing of what came after."""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import psycopg2
import pytest
from psycopg2.extensions import make_dsn

from pgpipelines.backup.physical.backups import BaseBackup
from pgpipelines.backup.physical.recovery import recovered
from pgpipelines.backup.physical.restoring import READ_PROGRAMS, Target, way_to
from pgpipelines.backup.physical.wal import Stretch
from pgpipelines.backup.physical.waldump import transaction_ends
from pgpipelines.backup.programs import of_same_major
from pgpipelines.backup.scratch import scratch_folder
from pgpipelines.errors import VerificationError
from tests.fixtures.archiving import Archiving, Marker
from tests.fixtures.servers import outside

# More of them with PGPIPELINES_TARGETS=20.
TARGETS = int(os.environ.get("PGPIPELINES_TARGETS", "4"))
MAJORS = (18, 15, 16, 18)
# The number of the marker that is committed in two steps.
PREPARED = 71


@dataclass(frozen=True)
class Past:
    """A server with backups and an archive of what came after them."""

    archiving: Archiving
    backups: list[BaseBackup]
    markers: list[Marker]

    def since(self, backup: BaseBackup) -> list[Marker]:
        """The markers that were written after a backup."""
        return [each for each in self.markers if each.lsn > backup.require_manifest().stop][1:]

    def numbers_at(self, backup: BaseBackup, target: Target) -> list[int]:
        """The markers that a server has which was recovered to a moment."""
        way = way_to(backup, self.archiving.archive, target)
        place = scratch_folder(backup.folder.parent)
        with (
            recovered(backup, way, way.ends, target, login=self.archiving.endpoint, place=place) as server,
            closing(psycopg2.connect(make_dsn(**server.endpoint.parameters))) as connection,
            connection.cursor() as cursor,
        ):
            cursor.execute("SELECT number FROM marker ORDER BY number")
            return [number for (number,) in cursor]


@pytest.fixture(scope="module")
def past_of(archiving_of: Callable[..., Archiving], directory_of_module: Path) -> Callable[[int], Past]:
    """Give a past of a major version: two backups, the second incremental from 17 on, and markers all along."""
    made: dict[int, Past] = {}

    def give(major: int) -> Past:
        if major not in made:
            archiving = archiving_of(major)
            backups = []
            for _ in range(2):
                archiving.mark(20)
                backups.append(archiving.take(directory_of_module / str(major), incrementals=1))
            archiving.mark(30)
            archiving.database.run(
                "INSERT INTO marker SELECT count(*) + 1, pg_current_wal_insert_lsn() FROM marker; "
                "PREPARE TRANSACTION 'marker'"
            )
            outside(archiving.database.server, "COMMIT PREPARED 'marker'")
            archiving.switch()
            archiving.mark(20)
            archiving.switch()
            made[major] = Past(archiving, backups, archiving.markers)
        return made[major]

    return give


@pytest.mark.parametrize("number", range(TARGETS))
def test_a_random_moment_has_the_last_marker_before_it_and_not_the_next(
    past_of: Callable[[int], Past], number: int
) -> None:
    chance = random.Random(number)
    past = past_of(MAJORS[number % len(MAJORS)])
    backup = past.backups[(number // 2) % len(past.backups)]
    since = past.since(backup)
    if chance.random() < 0.75:
        time = since[0].at + chance.random() * (since[-1].at - since[0].at)
        target, last = Target(time=time), max(each.number for each in since if each.at <= time)
    else:
        marker = chance.choice(since)
        target, last = Target(position=marker.lsn), marker.number
    assert past.numbers_at(backup, target) == list(range(1, last + 1))


def test_every_end_of_a_transaction_is_seen(past_of: Callable[[int], Past]) -> None:
    past = past_of(15)
    backup = past.backups[0]
    manifest, since = backup.require_manifest(), past.since(backup)
    programs = of_same_major(manifest.server_major, READ_PROGRAMS)
    ends = transaction_ends(programs, past.archiving.archive, Stretch(1, manifest.stop, since[-1].lsn))
    assert {each.at for each in since} <= {end.at for end in ends}
    (prepared,) = [each for each in since if each.number == PREPARED]
    (end,) = [end for end in ends if end.at == prepared.at]
    assert end.position < prepared.lsn


def test_the_second_backup_is_incremental_where_the_server_can(past_of: Callable[[int], Past]) -> None:
    kinds = {major: [each.require_manifest().kind for each in past_of(major).backups] for major in (18, 15)}
    assert kinds == {18: ["full", "incremental"], 15: ["full", "full"]}
    (notice,) = past_of(15).backups[1].require_manifest().notices
    assert "summarize_wal" in notice


def test_the_very_time_of_a_commit_is_before_the_next(past_of: Callable[[int], Past]) -> None:
    past = past_of(18)
    backup = past.backups[0]
    marker = past.since(backup)[5]
    assert past.numbers_at(backup, Target(time=marker.at))[-1] == marker.number


@pytest.mark.parametrize("which", [0, -1])
def test_a_removed_wal_file_is_named_before_anything_is_restored(past_of: Callable[[int], Past], which: int) -> None:
    past = past_of(18)
    backup, last = past.backups[0], past.since(past.backups[0])[-1]
    way = way_to(backup, past.archiving.archive, Target(time=last.at))
    removed = past.archiving.archive / way.files_until(last.lsn)[which]
    content = removed.read_bytes()
    try:
        for change in (removed.unlink, lambda: removed.write_bytes(content[:-1])):
            change()
            for target in (Target(time=last.at), Target(position=last.lsn)):
                with pytest.raises(VerificationError, match=f"{removed.name}.* missing|does not reach"):
                    way_to(backup, past.archiving.archive, target)
    finally:
        removed.write_bytes(content)
