"""Whatever happens while a set is restored: what was there stays whole, and the next run cleans up."""

from __future__ import annotations

import os
import random
import subprocess
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, closing
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given

from demo.servers import own
from pgpipelines.backup.contents import TableContent
from pgpipelines.backup.drill import drill_set
from pgpipelines.backup.manifest import write_manifest
from pgpipelines.backup.restore.fitting import programs_for
from pgpipelines.backup.restore.swapping import Names
from pgpipelines.backup.sets import DumpSet
from pgpipelines.errors import (
    ConfigurationError,
    ConflictError,
    ConnectionFailedError,
    MissingObjectError,
    VerificationError,
)
from pgpipelines.sessions import Session
from tests.fixtures.killing import begun
from tests.fixtures.names import NAMES
from tests.fixtures.servers import Database, outside
from tests.fixtures.waiting import until
from tests.plugins.backup.databases import again, folder_of, take
from tests.plugins.backup.restore.test_restoring import content, databases_of, missing, restored
from tests.plugins.backup.restore.test_restoring_roles import PROPERTIES

# More of them with PGPIPELINES_KILLS=20.
KILLS = int(os.environ.get("PGPIPELINES_KILLS", "1"))
RESTORE = """
import sys
from pathlib import Path
from psycopg2.extensions import parse_dsn
from pgpipelines.backup.restore.engine import Wanted, restore_set
from pgpipelines.backup.storage.folder import Folder
from pgpipelines.ledger import Run
from pgpipelines.endpoints import Endpoint
folder = Path(sys.argv[1])
found = Folder(folder.parent.parent).read(f"{folder.parent.name}/{folder.name}")
print("ready", flush=True)
server = Endpoint("conn", parse_dsn(sys.stdin.readline()))
restore_set(found, Wanted(server, sys.argv[2], replace=True), Run("tests", "run_1", "restore"))
"""
ALONE = "SELECT WHERE NOT EXISTS (SELECT FROM pg_stat_activity WHERE application_name = 'tests.restore')"


def restoring(taken: DumpSet, target: Database) -> AbstractContextManager[subprocess.Popen[str]]:
    """A process that restores."""
    return begun(RESTORE, [str(folder_of(taken)), target.name], target.server.dsn())


def test_the_process_is_killed_at_any_moment(taken: DumpSet, used: Database, source: Database) -> None:
    started = time.monotonic()
    with restoring(taken, used) as process:
        assert process.wait() == 0
    seconds, moment = time.monotonic() - started, random.Random(7)
    for _ in range(KILLS):
        used.run("CREATE TABLE precious AS SELECT random()")
        before = content(used)
        with restoring(taken, used) as process:
            try:
                process.wait(moment.uniform(0, seconds))
            except subprocess.TimeoutExpired:
                process.kill()
        until(Database(used.server, "postgres"), ALONE)
        assert content(used) in (before, content(source))
        used.run("DROP TABLE IF EXISTS precious")
    restored(taken, used, replace=True)
    assert Names.of(used.name).restoring not in databases_of(used)
    assert content(used) == content(source)


def test_the_process_is_killed_while_it_swaps(taken: DumpSet, used: Database, source: Database) -> None:
    waiting = "SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%%RENAME TO%%'"
    everywhere = Database(used.server, "postgres")
    with closing(everywhere.connect()) as holder, holder.cursor() as holds:
        holds.execute(f"COMMENT ON DATABASE {used.name} IS 'held'")
        with restoring(taken, used) as process:
            until(everywhere, waiting)
            process.kill()
        until(everywhere, ALONE)
    assert databases_of(used) == [used.name, Names.of(used.name).restoring]
    assert used.value("SELECT count(*) FROM precious") == 1
    done = restored(taken, used, replace=True)
    assert databases_of(used) == [used.name, done.kept]
    assert content(used) == content(source)


def test_two_restores_into_one_database_are_refused(taken: DumpSet, used: Database) -> None:
    with closing(Database(used.server, "postgres").connect()) as other, other.cursor() as holds:
        holds.execute("SELECT pg_advisory_lock(hashtextextended('pgpipelines restore:' || %s, 0))", (used.name,))
        with pytest.raises(ConflictError, match="another run restores into"):
            restored(taken, used, replace=True)


def test_a_password_is_wrong(taken: DumpSet, place: Database) -> None:
    with pytest.raises(ConnectionFailedError, match="password authentication failed") as error:
        restored(taken, place.login("postgres", "wrong-canary"))
    assert "wrong-canary" not in str(error.value)
    assert databases_of(place) == []


def test_what_is_otherwise_than_the_manifest_says_replaces_nothing(taken: DumpSet, used: Database) -> None:
    manifest = taken.require_manifest()
    first, *others = manifest.contents.tables
    contents = replace(manifest.contents, tables=(TableContent(first.table, first.rows, "1"), *others))
    write_manifest(folder_of(taken), replace(manifest, contents=contents))
    with pytest.raises(VerificationError, match="rows as expected, but with other content"):
        restored(again(taken), used, replace=True)
    assert databases_of(used) == [used.name]
    assert used.value("SELECT count(*) FROM precious") == 1


def test_a_set_whose_checksums_mean_something_else_is_restored_and_its_rows_counted(
    taken: DumpSet, used: Database, source: Database
) -> None:
    manifest = taken.require_manifest()
    tables = tuple(TableContent(each.table, each.rows, "1") for each in manifest.contents.tables)
    contents = replace(manifest.contents, tables=tables, definition=0)
    write_manifest(folder_of(taken), replace(manifest, contents=contents))
    with pytest.raises(ConfigurationError, match="computed checksums in another way"):
        drill_set(again(taken), "tests.drill")
    assert again(taken).state == "whole"
    assert "rows were counted" in restored(again(taken), used, replace=True).notices[0]
    assert content(used) == content(source)
    fewer = replace(contents, tables=(replace(tables[0], rows=tables[0].rows + 1), *tables[1:]))
    write_manifest(folder_of(taken), replace(manifest, contents=fewer))
    with pytest.raises(VerificationError, match="rows instead of"):
        restored(again(taken), used, replace=True)


def test_a_server_that_is_older_than_the_set_is_refused(taken: DumpSet, database_of: Callable[..., Database]) -> None:
    older = database_of(16)
    with pytest.raises(ConfigurationError, match="PostgreSQL 16 is older than 18"):
        restored(taken, older)


def test_programs_that_the_server_does_not_understand_are_refused(
    taken: DumpSet, database_of: Callable[..., Database]
) -> None:
    manifest = replace(taken.require_manifest(), server_version="16.1")
    with Session(database_of(16).endpoint, "tests") as session, pytest.raises(ConfigurationError, match="by hand"):
        programs_for(session, manifest)


def test_extensions_that_the_server_lacks_are_named(database_of: Callable[..., Database], tmp_path: Path) -> None:
    source, target = database_of(15), database_of(18)
    source.run("CREATE EXTENSION hstore; CREATE TABLE t AS SELECT 'a=>1'::hstore AS h")
    taken = take(source, tmp_path)
    with pytest.raises(MissingObjectError, match="lacks extensions of the set: hstore"):
        restored(taken, target)
    again = Database(source.server, f"{source.name}_new")
    for place in missing(source):
        restored(taken, again)
        assert content(place) == content(source)


def test_tablespaces_are_not_needed(source: Database, place: Database, tmp_path: Path) -> None:
    folder = source.server.home / "space"
    folder.mkdir()
    own(folder)
    outside(source.server, f"CREATE TABLESPACE far LOCATION '{folder}'")
    try:
        source.run("CREATE TABLE t (id int PRIMARY KEY) TABLESPACE far")
        restored(take(source, tmp_path), place)
        assert place.value("SELECT reltablespace FROM pg_class WHERE relname = 't'") == 0
    finally:
        source.run("DROP TABLE IF EXISTS t")
        outside(source.server, "DROP TABLESPACE far")


@pytest.mark.parametrize(
    ("major", "options"),
    [
        (15, "TEMPLATE template0 LOCALE_PROVIDER icu ICU_LOCALE 'ko-KR' LOCALE 'C'"),
        (18, "TEMPLATE template0 LOCALE_PROVIDER builtin BUILTIN_LOCALE 'C.UTF-8' LOCALE 'C'"),
        (18, "TEMPLATE template0 ENCODING LATIN1"),
    ],
)
def test_encoding_and_collation_are_those_of_the_set(
    database_of: Callable[..., Database], tmp_path: Path, major: int, options: str
) -> None:
    source = database_of(major, options=options)
    source.run("CREATE TABLE t AS SELECT 'ü' AS a; CREATE INDEX ON t (a)")
    taken = take(source, tmp_path)
    for place in missing(source):
        outside(source.server, f"CREATE DATABASE {place.name} TEMPLATE template0 ENCODING SQL_ASCII")
        restored(taken, place)
        assert content(place) == content(source)
        assert place.rows(PROPERTIES, (place.name,))[0][1:3] == source.rows(PROPERTIES, (source.name,))[0][1:3]


def test_a_locale_that_the_server_lacks_is_named(taken: DumpSet, place: Database) -> None:
    write_manifest(folder_of(taken), replace(taken.require_manifest(), collation="xx_XX"))
    with pytest.raises(MissingObjectError, match="xx_XX") as error:
        restored(again(taken), place)
    assert "install the locale" in error.value.remedy
    assert databases_of(place) == []


@pytest.mark.parametrize("name", ["", "x" * 64, "a\0b"])
def test_what_is_no_name_is_refused(taken: DumpSet, source: Database, name: str) -> None:
    with pytest.raises(ConfigurationError, match="not a database's name"):
        restored(taken, Database(source.server, name))


@given(NAMES, NAMES)
def test_names_beside_a_name_are_names_and_differ(one: str, other: str) -> None:
    names = Names.of(one)
    made = [names.database, names.restoring, names.before, names.restored]
    assert len(set(made)) == 4
    assert all(len(name.encode()) <= 63 for name in made)
    assert one == other or names.restoring != Names.of(other).restoring
