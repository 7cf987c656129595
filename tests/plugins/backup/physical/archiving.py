"""A server that archives its log, and what is done with it."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from demo import roles
from pgpipelines.backup.physical.archive import Archive
from pgpipelines.backup.physical.backups import BaseBackup
from pgpipelines.backup.physical.taking import take_backup
from pgpipelines.sessions import Endpoint
from tests.dags.bag import ROOT
from tests.fixtures.servers import Database

ROLE = "pgpipelines_replicator"
PASSWORD = "canary-41d8e2"
SEGMENT_BYTES = 16 * 1024**2
PATIENCE_SECONDS = 60
SCRIPT = ROOT / "include" / "archive_wal.sh"


@dataclass(frozen=True)
class Marker:
    """A row that one transaction has written: its number, the time after its end, and the position behind it."""

    number: int
    at: datetime
    lsn: str


@dataclass(frozen=True)
class Archiving:
    """A server, and the archive that it fills."""

    database: Database
    archive: Path

    @property
    def endpoint(self) -> Endpoint:
        """The way in of the role that takes backups."""
        return Endpoint("conn", self.database.login(ROLE, PASSWORD).endpoint.parameters)

    def prepare(self) -> None:
        """Make the role, and a table for markers."""
        with closing(self.database.connect()) as connection, connection:
            roles.apply(connection, "replicator", role=ROLE, database=self.database.name)
            roles.set_password(connection, ROLE, PASSWORD)
        self.database.run("CREATE TABLE marker (number int PRIMARY KEY); GRANT SELECT ON marker TO PUBLIC")

    def take(self, directory: Path, incrementals: int = 0) -> BaseBackup:
        """Take a backup."""
        return take_backup(self.endpoint, directory, "tests.take", incrementals=incrementals)

    def mark(self, count: int) -> list[Marker]:
        """Write markers, each in a transaction of its own."""
        first = self.database.value("SELECT coalesce(max(number), 0) + 1 FROM marker")
        markers = []
        for number in range(first, first + count):
            self.database.run("INSERT INTO marker VALUES (%s)", (number,))
            markers.append(
                Marker(number, *self.database.rows("SELECT clock_timestamp(), pg_current_wal_insert_lsn()")[0])
            )
        return markers

    def switch(self) -> str:
        """End the current segment, wait until it is archived, and return its name."""
        name = str(self.database.value("SELECT pg_walfile_name(pg_switch_wal() - 1)"))
        assert Archive(self.archive, SEGMENT_BYTES).wait_for(name, PATIENCE_SECONDS)
        return name


def archive_command(archive: Path) -> str:
    """The command of the page, for a folder of any name; the server replaces what % means."""
    folder = str(archive).replace("%", "%%")
    return f'sh {SCRIPT} %p %f "{folder}"'
