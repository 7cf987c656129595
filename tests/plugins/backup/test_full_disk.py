"""A full disk, whoever's it is: no set is called good, nothing is left behind, and the message helps."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest

from demo.servers import Server, free_port
from pgpipelines.backup.drill import drill_set
from pgpipelines.backup.restore.engine import Wanted, restore_set
from pgpipelines.errors import ServerError
from pgpipelines.ledger import Run
from tests.fixtures.disks import disk
from tests.fixtures.servers import NEWEST, THROW_AWAY, Database, outside
from tests.plugins.backup.databases import again, left_in, list_sets, take
from tests.plugins.backup.restore.test_restoring import databases_of

# Small in a dump, and 40 MB in a server.
LARGE = "CREATE TABLE large AS SELECT repeat('x', 1900) AS text FROM generate_series(1, 20000)"
# With wal_level minimal, what fills the disk is the table: a server whose WAL finds no room ends.
ROOM_FOR_A_SERVER = "72m"


def test_a_set_that_finds_no_room_is_none(source: Database) -> None:
    with disk("512k") as folder:
        kept = take(source, folder)
        source.run(
            "CREATE TABLE t AS SELECT sha512((n + m)::text::bytea) AS noise FROM generate_series(1, 9999) n, "
            "generate_series(1, 3) m"
        )
        before = left_in(folder)
        with pytest.raises(ServerError, match="No space left on device") as error:
            take(source, folder)
        assert "free space" in error.value.remedy
        assert left_in(folder) == before
        assert list_sets(folder) == [kept]
        source.run("DROP TABLE t")
        assert take(source, folder).state == "whole"


@pytest.mark.parametrize("size", ["20m", ROOM_FOR_A_SERVER])
def test_a_drill_that_finds_no_room_proves_nothing(
    source: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: str
) -> None:
    source.run(LARGE)
    taken = take(source, tmp_path)
    with disk(size) as folder, monkeypatch.context() as patched:
        patched.setattr(tempfile, "tempdir", str(folder))
        with pytest.raises(ServerError, match="No space left on device") as error:
            drill_set(taken, "tests.drill")
        assert "TMPDIR" in error.value.remedy
        assert list(folder.iterdir()) == []
    assert again(taken).state == "failed drill"
    assert "No space left on device" in str(again(taken).drill)
    assert drill_set(taken, "tests.drill").state == "proven"


def test_a_restore_that_finds_no_room_leaves_what_was_there(source: Database, tmp_path: Path) -> None:
    small = take(source, tmp_path)
    source.run(LARGE)
    taken = take(source, tmp_path)
    with disk(ROOM_FOR_A_SERVER) as folder:
        settings = {**THROW_AWAY, "wal_level": "minimal", "max_wal_senders": "0"}
        server = Server(folder / "server", NEWEST, free_port(), settings)
        server.create()
        server.start()
        try:
            used = Database(server, "used")
            outside(server, "CREATE DATABASE used")
            used.run("CREATE TABLE precious AS SELECT 1 AS id")
            before = sorted((server.data / "base").iterdir())
            wanted = Wanted(Database(server, "postgres").endpoint, used.name, replace=True)
            with pytest.raises(ServerError, match="No space left on device") as error:
                restore_set(taken, wanted, Run("tests", "run_1", "restore"))
            assert "free space on the server's disk" in error.value.remedy
            assert databases_of(used) == [used.name]
            assert used.value("SELECT id FROM precious") == 1
            assert sorted((server.data / "base").iterdir()) == before
            assert restore_set(small, wanted, Run("tests", "run_2", "restore")).kept
        finally:
            server.stop("immediate")
    assert again(taken).state == "whole"
