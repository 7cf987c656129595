"""A set is proven when it was restored, and every value is what it was at the snapshot."""

from __future__ import annotations

import os
import random
import shutil
import stat
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from demo.servers import installed_majors
from pgpipelines.backup.contents import Contents, Position, SequenceRange, differences, read_contents
from pgpipelines.backup.definitions import differing_definitions, differing_roles
from pgpipelines.backup.drill import drill_set
from pgpipelines.backup.manifest import DUMP, describe_file, write_manifest
from pgpipelines.backup.programs import FOLDERS_VARIABLE, client_for, server_for
from pgpipelines.backup.scratch import scratch_folder
from pgpipelines.backup.sets import DumpSet
from pgpipelines.errors import ConfigurationError, VerificationError
from pgpipelines.sessions import Session
from pgpipelines.templates import QualifiedName
from tests.fixtures.servers import Database
from tests.plugins.backup.databases import again, fill, folder_of, take

# More of them with PGPIPELINES_DRILLS=50 and PGPIPELINES_CHANGES=200.
DRILLS = int(os.environ.get("PGPIPELINES_DRILLS", "1"))
CHANGES = int(os.environ.get("PGPIPELINES_CHANGES", "6"))
CHANGED = (
    "UPDATE shop.item SET price = price + 0.01 WHERE id = {}",
    "UPDATE shop.item SET price = -price WHERE id = {}",
    "UPDATE shop.item SET mood = 'sad' WHERE id = {}",
    "UPDATE shop.item SET price = NULL WHERE id = {}",
    "UPDATE shop.item AS a SET price = b.price FROM shop.item AS b WHERE a.id IN ({0}, {0} + 1) "
    "AND b.id IN ({0}, {0} + 1) AND a.id <> b.id",
    "DELETE FROM shop.item WHERE id = {0}; INSERT INTO shop.item (price, mood) VALUES ({0}, 'ok')",
)

ROLES = """
CREATE ROLE "the ""owner" NOLOGIN;
CREATE ROLE somebody LOGIN PASSWORD 'of-somebody' VALID UNTIL '2030-01-01';
GRANT "the ""owner" TO somebody;
ALTER ROLE somebody SET work_mem = '8MB';
ALTER TABLE shop.item OWNER TO "the ""owner";
GRANT SELECT ON shop.item TO somebody;
"""


def drill(taken: DumpSet) -> DumpSet:
    return drill_set(taken, "tests.drill")


@pytest.mark.parametrize("major", installed_majors())
def test_a_set_of_everything_is_proven_on_a_server_of_its_version(
    database_of: Callable[..., Database], tmp_path: Path, major: int
) -> None:
    taken = take(fill(database_of(major)), tmp_path)
    proven = drill(taken)
    assert proven.state == "proven"
    assert proven == again(taken)
    assert proven.drill is not None
    assert proven.drill.server_version.startswith(str(major))
    assert proven.drill.seconds > 0
    assert stat.S_IMODE((folder_of(taken) / "drill.json").stat().st_mode) == 0o600
    assert not scratch_folder(folder_of(taken).parent).exists()


def test_owners_members_and_grants_are_restored_by_the_set_itself(source: Database, tmp_path: Path) -> None:
    fill(source).run(ROLES)
    try:
        taken = take(source, tmp_path)
        assert drill(taken).state == "proven"
    finally:
        source.run('DROP OWNED BY somebody, "the ""owner" CASCADE; DROP ROLE somebody, "the ""owner"')


def contents(database: Database) -> Contents:
    with Session(database.endpoint, "tests.contents", snapshot=True) as session:
        return read_contents(session)


def test_one_value_that_changed_is_found_and_its_table_named(source: Database) -> None:
    fill(source)
    random_row = random.Random(5)
    before = contents(source)
    for nth in range(CHANGES):
        source.run(CHANGED[nth % len(CHANGED)].format(random_row.randint(1, 499)))
        after = contents(source)
        (found,) = differences(before, (), after, {})
        assert found.startswith("table shop.item: 500 rows as expected, but with other content"), (nth, found)
        source.run("TRUNCATE shop.item RESTART IDENTITY")
        source.run("INSERT INTO shop.item (price, mood) SELECT n, 'ok' FROM generate_series(1, 500) AS n")
    assert before == contents(source)


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ("DELETE FROM ONLY parent", "table public.parent: 0 rows instead of 1"),
        ("DROP TABLE child", "table public.child: missing"),
        ("CREATE TABLE more ()", "table public.more: not in the manifest"),
        ("UPDATE parts_1 SET id = 5", "table public.parts_1: 1 rows as expected, but with other content"),
        ("SELECT lo_unlink(min(oid)) FROM pg_largeobject_metadata", "large objects: 2 of "),
        ("SELECT lo_put(min(oid), 1, 'x') FROM pg_largeobject_metadata", "large objects: 3 of "),
    ],
)
def test_whatever_is_otherwise_is_named(source: Database, change: str, named: str) -> None:
    before = contents(fill(source))
    source.run(change)
    (found,) = differences(before, (), contents(source), {})
    assert found.startswith(named)


@pytest.mark.skipif(os.geteuid() != 0, reason="servers of others than root run as themselves")
def test_programs_that_the_servers_account_can_not_come_to_are_named(
    source: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken = take(source, tmp_path)
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    (closed / "bin").symlink_to(server_for(source.server.major).folder)
    monkeypatch.setenv(FOLDERS_VARIABLE, str(closed / "bin"))
    with pytest.raises(ConfigurationError, match=r"nobody may not pass .*/closed/bin"):
        drill_set(taken, "tests.drill")
    assert again(taken).state == "whole"


def test_zeros_that_were_never_written_are_zeros(source: Database) -> None:
    source.run("SELECT lo_put(lo_create(7), 10000, 'end')")
    before = contents(source)
    source.run("SELECT lo_unlink(7), lo_from_bytea(7, decode(repeat('00', 10000), 'hex') || 'end')")
    assert contents(source) == before


@pytest.mark.parametrize(
    ("before", "after", "found", "allowed"),
    [
        (Position(5, True), Position(5, True), Position(5, True), True),
        (Position(5, True), Position(5, True), Position(5, False), False),
        (Position(5, True), Position(5, True), Position(6, True), False),
        (Position(5, True), Position(9, True), Position(7, True), True),
        (Position(5, True), Position(9, True), Position(10, True), False),
        (Position(5, True), Position(9, True), None, False),
        (Position(-5, True), Position(-9, True), Position(-7, True), True),
    ],
)
def test_a_sequence_may_be_where_it_was_while_it_was_dumped(
    before: Position, after: Position, found: Position | None, allowed: bool
) -> None:
    name = QualifiedName("public", "s")
    nothing = Contents((), None, ())  # type: ignore[arg-type]
    named = differences(nothing, (SequenceRange(name, before, after),), nothing, {name: found} if found else {})
    assert bool(list(named)) is not allowed


def test_a_dump_of_other_content_is_not_proven(source: Database, tmp_path: Path) -> None:
    taken = take(fill(source), tmp_path)
    source.run("UPDATE shop.item SET price = price + 0.01 WHERE id = 77")
    other = take(source, tmp_path)
    assert taken.manifest is not None
    shutil.copy(folder_of(other) / DUMP, folder_of(taken) / DUMP)
    described = describe_file(folder_of(taken), DUMP)
    files = tuple(described if file.name == DUMP else file for file in taken.manifest.files)
    write_manifest(folder_of(taken), replace(taken.manifest, files=files))
    named = "table shop.item: 500 rows as expected, but with other content"
    with pytest.raises(VerificationError, match=named):
        drill(again(taken))
    failed = again(taken)
    assert failed.state == "failed drill"
    assert failed.drill is not None
    assert named in failed.drill.fault


OTHERWISE = {
    "DROP INDEX shop.by_price": "definition missing: CREATE INDEX by_price ON shop.item USING btree (price);",
    "GRANT SELECT ON shop.item TO PUBLIC": "definition unexpected: GRANT SELECT ON TABLE shop.item TO PUBLIC;",
    "ALTER TABLE parts OWNER TO pg_monitor": "definition missing: ALTER TABLE public.parts OWNER TO postgres;",
    "COMMENT ON TABLE parts IS 'x'": "definition unexpected: COMMENT ON TABLE public.parts IS 'x';",
    "CREATE OR REPLACE FUNCTION f() RETURNS int RETURN 2": "definition missing: RETURN 1;",
    "ALTER TABLE parent ALTER id SET DEFAULT 1": "definition missing: id integer",
    "CREATE ROLE drilled": "role unexpected: CREATE ROLE drilled;",
}


def test_definitions_and_roles_that_are_otherwise_are_named(source: Database, tmp_path: Path) -> None:
    fill(source).run("CREATE INDEX by_price ON shop.item (price); CREATE FUNCTION f() RETURNS int RETURN 1")
    taken = take(source, tmp_path)

    def differing() -> list[str]:
        roles = folder_of(taken) / "roles.sql"
        return [
            *differing_definitions(client_for(18), source.endpoint, folder_of(taken)),
            *differing_roles(client_for(18), source.endpoint, roles, alone=True),
        ]

    # Lines about the superuser stand in for those about a drill's own.
    usual = differing()
    assert [line for line in usual if line.startswith("definition")] == []
    try:
        source.run("; ".join(OTHERWISE))
        found = [line for line in differing() if line not in usual]
        assert [named for named in OTHERWISE.values() if not any(line.startswith(named) for line in found)] == []
    finally:
        source.run("DROP ROLE IF EXISTS drilled")


@contextmanager
def writes(database: Database) -> Iterator[list[int]]:
    """Write from two connections without a pause; count the transactions of each."""
    over = threading.Event()
    counts = [0, 0]

    def write(nth: int) -> None:
        with closing(database.connect()) as connection, connection.cursor() as cursor:
            while not over.is_set():
                cursor.execute("UPDATE shop.item SET price = price + 1 WHERE id %% 2 = %s", (nth,))
                cursor.execute("INSERT INTO parent SELECT nextval('called')")
                cursor.execute("DELETE FROM parent WHERE id < %s AND id %% 2 = %s", (counts[nth], nth))
                connection.commit()
                counts[nth] += 1

    with ThreadPoolExecutor(2) as pool:
        writing = [pool.submit(write, nth) for nth in range(2)]
        try:
            yield counts
        finally:
            over.set()
        for each in writing:
            each.result()


def test_sets_taken_while_others_write_are_proven(source: Database, tmp_path: Path) -> None:
    fill(source)
    with writes(source) as counts:
        taken = []
        for _ in range(DRILLS):
            before = sum(counts)
            taken.append(take(source, tmp_path))
            assert sum(counts) > before
    assert [drill(each).state for each in taken] == ["proven"] * DRILLS
