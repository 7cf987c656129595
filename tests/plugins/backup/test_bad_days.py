"""Whatever happens while a set is taken or tried: nothing is called good that is not, and the next run cleans up."""

from __future__ import annotations

import os
import random
import signal
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from demo.servers import installed_majors
from pgpipelines.backup.drill import drill_set
from pgpipelines.backup.manifest import DUMP, write_manifest
from pgpipelines.backup.processes import run
from pgpipelines.backup.programs import FOLDERS_VARIABLE, client_for
from pgpipelines.backup.scratch import scratch_folder
from pgpipelines.backup.sets import DumpSet
from pgpipelines.backup.storage.folder import Folder
from pgpipelines.backup.taking import take_set
from pgpipelines.endpoints import Endpoint
from pgpipelines.errors import (
    ConfigurationError,
    ConnectionFailedError,
    PipelineError,
    ServerError,
    VerificationError,
)
from tests.fixtures.killing import run_killed
from tests.fixtures.servers import Database
from tests.fixtures.waiting import PATIENCE_SECONDS, POLL_SECONDS, until
from tests.plugins.backup.databases import again, fill, folder_of, left_in, list_sets, take

# More of them with PGPIPELINES_KILLS=20, PGPIPELINES_FLIPS=200, PGPIPELINES_CUTS=99.
KILLS = int(os.environ.get("PGPIPELINES_KILLS", "1"))
FLIPS = int(os.environ.get("PGPIPELINES_FLIPS", "25"))
CUTS = int(os.environ.get("PGPIPELINES_CUTS", "20"))
WAITING = "SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query ILIKE %s AND datname = %s"
PG_DUMP, OURS = "LOCK TABLE%", "%pgpipelines hash%"
ALONE = "SELECT WHERE NOT EXISTS (SELECT FROM pg_stat_activity WHERE application_name LIKE 'tests.%%' AND datname = %s)"
TAKE_AND_DRILL = """
import sys
from pathlib import Path
from psycopg2.extensions import parse_dsn
from pgpipelines.backup.drill import drill_set
from pgpipelines.backup.storage.folder import Folder
from pgpipelines.backup.taking import take_set
from pgpipelines.endpoints import Endpoint
print("ready", flush=True)
taken = take_set(Endpoint("conn", parse_dsn(sys.stdin.readline())), Folder(Path(sys.argv[1])), "tests.take")
drill_set(taken, "tests.drill")
"""


def eventually(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(POLL_SECONDS)


@contextmanager
def taking_that_waits(database: Database, directory: Path) -> Iterator[Callable[[], PipelineError]]:
    """Take a set in another thread; both pg_dump and our own reading wait for a table. Gives the error to come."""
    with closing(database.connect()) as holder, holder.cursor() as holds, ThreadPoolExecutor(1) as pool:
        holds.execute("LOCK TABLE held")
        taking = pool.submit(take, database, directory)
        until(database, WAITING, (PG_DUMP, database.name))
        until(database, WAITING, (OURS, database.name))

        def error() -> PipelineError:
            found = taking.exception(PATIENCE_SECONDS)
            assert isinstance(found, PipelineError)
            return found

        yield error


@pytest.fixture
def held_table(source: Database) -> Database:
    """A database with a table to wait for; the others are read before it."""
    source.run("CREATE TABLE held AS SELECT 1 AS id; CREATE TABLE before AS SELECT generate_series(1, 1000)")
    return source


def assert_next_run_is_whole(database: Database, directory: Path) -> None:
    """Nothing was left, nothing runs on, and the next run is good."""
    assert left_in(directory) == []
    until(database, ALONE, (database.name,))
    assert take(database, directory).state == "whole"


def pg_dumps() -> list[psutil.Process]:
    return [each for each in psutil.Process().children() if each.name() == "pg_dump"]


@pytest.mark.parametrize(
    ("number", "words"),
    [(signal.SIGKILL, "pg_dump: ended by SIGKILL"), (signal.SIGTERM, "pg_dump: terminated by user")],
)
def test_pg_dump_is_killed(held_table: Database, tmp_path: Path, number: signal.Signals, words: str) -> None:
    with taking_that_waits(held_table, tmp_path) as error:
        (process,) = pg_dumps()
        process.send_signal(number)
        assert words in error().cause
    assert_next_run_is_whole(held_table, tmp_path)


@pytest.mark.parametrize("of", [PG_DUMP, OURS])
def test_a_session_is_terminated(held_table: Database, tmp_path: Path, of: str) -> None:
    with taking_that_waits(held_table, tmp_path) as error:
        held_table.run(WAITING.replace("SELECT", "SELECT pg_terminate_backend(pid)"), (of, held_table.name))
        assert "terminating connection due to administrator command" in error().cause
    assert_next_run_is_whole(held_table, tmp_path)


def test_the_server_stops(database_of: Callable[..., Database], tmp_path: Path) -> None:
    database = database_of(16, nth=7)
    database.run("CREATE TABLE held AS SELECT 1 AS id")
    with taking_that_waits(database, tmp_path) as error:
        database.server.stop("immediate")
        error()
    database.server.start()
    assert_next_run_is_whole(database, tmp_path)


def test_a_password_is_wrong(source: Database, tmp_path: Path) -> None:
    with pytest.raises(ConnectionFailedError, match="password authentication failed") as error:
        take(source.login("postgres", "wrong-canary"), tmp_path)
    assert "wrong-canary" not in str(error.value)
    assert_next_run_is_whole(source, tmp_path)


def test_a_secret_that_only_arguments_could_carry_is_refused(source: Database, tmp_path: Path) -> None:
    endpoint = Endpoint("conn", {**source.endpoint.parameters, "sslpassword": "canary"})
    with pytest.raises(ConfigurationError, match="sslpassword would be seen"):
        take_set(endpoint, Folder(tmp_path), "tests.take")
    assert left_in(tmp_path) == []


def test_the_process_is_killed_at_any_moment(source: Database, tmp_path: Path) -> None:
    fill(source)
    moment = random.Random(7)
    folder = tmp_path / "conn"
    _, seconds = took(source, tmp_path, kill_after=None)
    for _ in range(KILLS):
        took(source, tmp_path, kill_after=moment.uniform(0, seconds))
        until(source, ALONE, (source.name,))
        eventually(lambda: not any(str(scratch_folder(folder)) in argument for argument in arguments()))
        found = list_sets(tmp_path)
        assert {each.state for each in found} <= {"whole", "proven"}
        assert [drill_set(each, "tests.drill").state for each in found[-1:]] == ["proven"]
    status, _ = took(source, tmp_path, kill_after=None)
    assert status == 0
    assert [path.name for path in folder.iterdir() if path.name.startswith(".")] == [".lock"]
    assert not scratch_folder(folder).exists()
    assert list_sets(tmp_path)[-1].state == "proven"


def arguments() -> Iterator[str]:
    """The arguments of every process of this machine."""
    for process in psutil.process_iter(["cmdline"]):
        yield from process.info["cmdline"] or ()


def took(database: Database, directory: Path, *, kill_after: float | None) -> tuple[int, float]:
    """Take and drill in a process of its own, killed after so many seconds; its status, and how long it ran."""
    return run_killed(TAKE_AND_DRILL, [str(directory)], database.dsn, kill_after)


def spoilt(taken: DumpSet, change: Callable[[bytes], bytes], name: str) -> DumpSet:
    """The set with one file changed."""
    path = folder_of(taken) / name
    path.write_bytes(change(path.read_bytes()))
    return again(taken)


FILES = [DUMP, DUMP, DUMP, "roles.sql", "tablespaces.sql", "manifest.json", "SHA256SUMS"]


def test_a_flipped_bit_anywhere_is_noticed(source: Database, tmp_path: Path) -> None:
    taken = take(fill(source), tmp_path)
    chosen = random.Random(11)
    for _ in range(FLIPS):
        name = chosen.choice(FILES)
        content = (folder_of(taken) / name).read_bytes()
        place = chosen.randrange(len(content) * 8)
        flipped = bytearray(content)
        flipped[place // 8] ^= 1 << place % 8
        with pytest.raises(VerificationError):
            drill_set(spoilt(taken, lambda _, flipped=flipped: bytes(flipped), name), "tests.drill")  # type: ignore[misc]
        assert again(taken).state in {"broken", "failed drill"}, (name, place)
        (folder_of(taken) / name).write_bytes(content)
    assert drill_set(taken, "tests.drill").state == "proven"


@pytest.mark.parametrize("name", ["../roles.sql", "/etc/passwd", "a/../../roles.sql", ".lock", "a/b/c"])
def test_a_manifest_that_leads_out_of_its_set_is_no_manifest(source: Database, tmp_path: Path, name: str) -> None:
    taken = take(source, tmp_path)
    manifest = taken.require_manifest()
    files = (*manifest.files[1:], replace(manifest.files[0], name=name))
    write_manifest(folder_of(taken), replace(manifest, files=files))
    assert again(taken).state == "broken"


def test_a_file_that_was_cut_is_noticed_without_reading_it(source: Database, tmp_path: Path) -> None:
    taken = take(fill(source), tmp_path)
    chosen = random.Random(13)
    for _ in range(CUTS):
        name = chosen.choice(FILES)
        content = (folder_of(taken) / name).read_bytes()
        length = chosen.randrange(len(content))
        assert spoilt(taken, lambda content, length=length: content[:length], name).state == "broken"  # type: ignore[misc]
        (folder_of(taken) / name).write_bytes(content)
    assert again(taken) == taken


@pytest.mark.parametrize("major", installed_majors())
def test_the_full_read_finds_a_dump_that_was_cut_while_it_was_written(
    database_of: Callable[..., Database], tmp_path: Path, major: int
) -> None:
    dump = folder_of(take(fill(database_of(major)), tmp_path)) / DUMP
    content = dump.read_bytes()
    chosen = random.Random(17)
    for _ in range(CUTS // 5):
        dump.write_bytes(content[: chosen.randrange(len(content))])
        with pytest.raises(PipelineError):
            run([client_for(major).path("pg_restore"), "--file=/dev/null", str(dump)])


SPOILING_PG_DUMP = """#!/bin/sh
{program} "$@" || exit
for argument; do case $argument in --file=*) {python} -c '
import sys
from pathlib import Path
path, place = Path(sys.argv[1]), {place}
content = bytearray(path.read_bytes())
content[int(place * len(content))] ^= 1
path.write_bytes(content)' "${{argument#--file=}}";; esac; done
"""


@pytest.mark.parametrize("place", [0.3, 0.5, 0.9])
def test_what_pg_dump_wrote_otherwise_than_it_meant_to_is_no_set(
    source: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: float
) -> None:
    source.run("CREATE TABLE a AS SELECT sha512(n::text::bytea) FROM generate_series(1, 2000) AS n")
    source.run("CREATE TABLE b AS TABLE a; CREATE TABLE c AS TABLE a; ANALYZE")
    folder = tmp_path / "bin"
    folder.mkdir()
    programs = client_for(source.server.major)
    for path in programs.folder.iterdir():
        (folder / path.name).symlink_to(path)
    spoiling = folder / "pg_dump"
    spoiling.unlink()
    spoiling.write_text(SPOILING_PG_DUMP.format(program=programs.path("pg_dump"), python=sys.executable, place=place))
    spoiling.chmod(0o755)
    monkeypatch.setenv(FOLDERS_VARIABLE, str(folder))
    with pytest.raises(ServerError, match="could not uncompress data"):
        take(source, tmp_path / "sets")
    assert left_in(tmp_path / "sets") == []


def test_the_scratch_server_dies(source: Database, tmp_path: Path) -> None:
    taken = take(fill(source), tmp_path)
    socket = scratch_folder(folder_of(taken).parent) / ".s.PGSQL.5432"
    with ThreadPoolExecutor(1) as pool:
        drilling = pool.submit(drill_set, taken, "tests.drill")
        eventually(lambda: socket.exists() or drilling.done())
        postgres = [each for each in psutil.Process().children() if each.name() == "postgres"]
        postgres[0].kill()
        assert isinstance(drilling.exception(), PipelineError)
    assert again(taken).state == "failed drill"
    assert drill_set(taken, "tests.drill").state == "proven"
    assert not scratch_folder(folder_of(taken).parent).exists()
