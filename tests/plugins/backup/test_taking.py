"""A set is taken of one snapshot, whole or not at all."""

from __future__ import annotations

import stat
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from demo.servers import installed_majors
from pgpipelines.backup.drill import drill_set
from pgpipelines.backup.programs import client_for
from pgpipelines.backup.storage.folder import Folder
from pgpipelines.backup.taking import take_set
from pgpipelines.endpoints import Endpoint
from pgpipelines.templates import quoted
from tests.fixtures.servers import Database, outside
from tests.plugins.backup.databases import TABLES, fill, folder_of, list_sets, take


@pytest.mark.parametrize("major", installed_majors())
def test_a_set_holds_dump_globals_and_a_manifest_of_everything(
    database_of: Callable[..., Database], tmp_path: Path, major: int
) -> None:
    database = fill(database_of(major))
    taken = take(database, tmp_path)
    manifest = taken.manifest
    assert manifest is not None
    assert taken.state == "whole"
    assert taken.name.startswith(f"{database.name}/{manifest.taken_at:%Y%m%dT%H%M%S}.")
    assert taken.name.endswith(f"Z-{database.name}")
    assert sorted(path.name for path in folder_of(taken).iterdir()) == [
        "SHA256SUMS",
        "database.dump",
        "manifest.json",
        "roles.sql",
        "tablespaces.sql",
    ]
    assert {str(each.table): each.rows for each in manifest.contents.tables} == TABLES
    assert manifest.contents.large_objects.objects == 3
    assert manifest.contents.large_objects.bytes == 7
    positions = {each.sequence.name: each.before for each in manifest.sequences}
    assert (positions["loose"].last_value, positions["loose"].is_called) == (7, False)
    assert (positions["called"].last_value, positions["called"].is_called) == (2, True)
    assert manifest.server_major == major
    assert manifest.first_role == "postgres"
    assert manifest.notices == ()
    assert "CREATE ROLE postgres" in (folder_of(taken) / "roles.sql").read_text(encoding="utf-8")


def test_a_person_can_check_the_files_without_us(source: Database, tmp_path: Path) -> None:
    taken = take(fill(source), tmp_path)
    checked = subprocess.run(
        ["sha256sum", "--check", "SHA256SUMS"], cwd=folder_of(taken), capture_output=True, check=True
    )
    assert checked.stdout.count(b": OK\n") == 4


def test_nobody_else_may_read_what_was_dumped(source: Database, tmp_path: Path) -> None:
    taken = take(source, tmp_path / "dumps")
    modes = {
        (path.is_dir(), stat.S_IMODE(path.stat().st_mode))
        for path in [tmp_path / "dumps", *(tmp_path / "dumps").rglob("*")]
    }
    assert taken.state == "whole"
    assert modes == {(True, 0o700), (False, 0o600)}


def test_dump_and_checksums_are_of_the_snapshot_while_others_write(source: Database, tmp_path: Path) -> None:
    source.run("CREATE TABLE t (id serial, v int); INSERT INTO t (v) SELECT 1 FROM generate_series(1, 1000)")
    with source.connect() as writer, writer.cursor() as writes:
        writes.execute("UPDATE t SET v = 2; INSERT INTO t (v) VALUES (3)")
        first = take(source, tmp_path)
    second = take(source, tmp_path)
    assert first.manifest is not None
    assert second.manifest is not None
    (before,), (after,) = first.manifest.contents.tables, second.manifest.contents.tables
    assert (before.rows, after.rows) == (1000, 1001)
    assert before.hash != after.hash
    assert [each.before.last_value for each in first.manifest.sequences] == [1001]


def test_a_database_with_an_impossible_name_is_dumped(source: Database, tmp_path: Path) -> None:
    name = "../a=b 'c\" %s"
    outside(source.server, f"CREATE DATABASE {quoted(name)}")
    try:
        endpoint = Endpoint(name, {**source.endpoint.parameters, "dbname": name})
        taken = take_set(endpoint, Folder(tmp_path), "tests.take")
        assert taken.manifest is not None
        assert taken.manifest.database == name
        assert taken.conn_id == name
        assert list_sets(tmp_path) == list_sets(tmp_path, name) == [taken]
    finally:
        outside(source.server, f"DROP DATABASE {quoted(name)}")


def test_a_replica_is_dumped_and_the_rows_that_it_lacks_are_named(
    source: Database, replica_of: Callable[..., Any], tmp_path: Path
) -> None:
    replica = replica_of(fill(source).server)
    replica.catch_up()
    taken = take(replica.of(source), tmp_path)
    manifest = taken.require_manifest()
    assert manifest.notices == ("table public.fleeting: unlogged, so that a replica has no rows of it to dump",)
    assert {str(each.table): each.rows for each in manifest.contents.tables} == {
        name: rows for name, rows in TABLES.items() if name != "public.fleeting"
    }
    assert drill_set(taken, "tests.drill").state == "proven"


def test_the_fastest_compression_of_the_client_is_taken() -> None:
    assert {client_for(major).compression for major in installed_majors()} <= {"zstd:3", "1"}
