"""Each format of pg_dump makes a set that is read back, proven, and spoilt no more easily than another."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from pgpipelines.backup.drill import drill_set
from pgpipelines.backup.manifest import Format
from pgpipelines.backup.programs import client_for
from pgpipelines.backup.restoring import restore_dump
from pgpipelines.backup.sets import DumpSet, Store
from pgpipelines.backup.storage.bucket import Bucket
from pgpipelines.backup.storage.folder import Folder
from pgpipelines.backup.storage.keys import Identity, KeySource
from pgpipelines.backup.storage.opening import opened
from pgpipelines.backup.taking import PLAIN_END, take_set
from pgpipelines.errors import ServerError, VerificationError
from tests.fixtures.objects import Objects
from tests.fixtures.servers import Database
from tests.plugins.backup.databases import again, fill, folder_of, left_in
from tests.plugins.backup.storage.test_encryption import temporary

__all__ = ["temporary"]

FORMATS: tuple[Format, ...] = ("directory", "plain")
pytestmark = pytest.mark.usefixtures("temporary")


def take(database: Database, store: Store, dump_format: Format) -> DumpSet:
    return take_set(database.endpoint, store, "tests.take", dump_format=dump_format)


@pytest.mark.parametrize("dump_format", FORMATS)
def test_a_set_of_each_format_is_proven(source: Database, tmp_path: Path, dump_format: Format) -> None:
    taken = take(fill(source), Folder(tmp_path), dump_format)
    manifest = taken.require_manifest()
    assert manifest.format == dump_format
    files = [name for name in left_in(folder_of(taken)) if name not in {"manifest.json", "SHA256SUMS"}]
    assert files == sorted(file.name for file in manifest.files)
    assert len(manifest.dump_sha256) == 64
    assert {path.stat().st_mode & 0o077 for path in folder_of(taken).rglob("*")} == {0}
    assert drill_set(taken, "tests.drill").state == "proven"


@pytest.mark.parametrize("dump_format", FORMATS)
def test_a_file_that_changed_or_is_missing_is_found(source: Database, tmp_path: Path, dump_format: Format) -> None:
    taken = take(fill(source), Folder(tmp_path), dump_format)
    chosen = random.Random(31)
    for _ in range(5):
        path = folder_of(taken) / chosen.choice(taken.require_manifest().files).name
        content = path.read_bytes()
        flipped = bytearray(content)
        flipped[chosen.randrange(len(content))] ^= 1
        path.write_bytes(bytes(flipped))
        with pytest.raises(VerificationError, match="is not what was written"):
            drill_set(taken, "tests.drill")
        path.unlink()
        assert again(taken).fault == f"{path.relative_to(folder_of(taken)).as_posix()} is missing"
        path.write_bytes(content)


def test_a_directory_is_kept_in_an_object_store(source: Database, objects: Objects) -> None:
    taken = take(fill(source), Bucket(objects.url), "directory")
    assert f"some folder/{taken.name}/database.dir/toc.dat" in objects.names()
    assert drill_set(taken, "tests.drill").state == "proven"
    taken.store.remove(taken.name)
    assert objects.names() == []


def test_plain_sql_is_encrypted_and_proven(source: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TESTS_DUMP_KEY", Identity.new().text)
    taken = take(fill(source), Folder(tmp_path, KeySource(variable="TESTS_DUMP_KEY")), "plain")
    assert b"CREATE TABLE" not in (folder_of(taken) / "database.sql.age").read_bytes()
    assert drill_set(taken, "tests.drill").state == "proven"


def test_plain_sql_that_was_cut_while_it_was_written_is_no_set(
    source: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pgpipelines.backup.taking.PLAIN_END", PLAIN_END + b" or not")
    with pytest.raises(ServerError, match=r"database\.sql does not end as pg_dump ends it"):
        take(source, Folder(tmp_path), "plain")
    assert left_in(tmp_path) == []


def test_plain_sql_stops_at_the_first_error_and_leaves_nothing(
    source: Database, target: Database, tmp_path: Path
) -> None:
    taken = take(fill(source), Folder(tmp_path), "plain")
    target.run("CREATE TABLE parent (id text)")
    with opened(taken) as folder, pytest.raises(ServerError, match='relation "parent" already exists'):
        restore_dump(client_for(18), target.endpoint, folder)
    assert target.rows("SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace") == [("parent",)]
    assert target.rows("SELECT FROM pg_namespace WHERE nspname = 'shop'") == []
