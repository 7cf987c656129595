"""A set comes back as it was, or nothing changes."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import psycopg2
import pytest

from demo.servers import installed_majors
from pgpipelines.backup.contents import Contents, read_contents, read_positions
from pgpipelines.backup.manifest import DUMP
from pgpipelines.backup.restore import swapping
from pgpipelines.backup.restore.engine import Restored, Wanted, restore_set
from pgpipelines.backup.sets import DumpSet
from pgpipelines.endpoints import Bounds
from pgpipelines.errors import ConfigurationError, ConflictError, VerificationError
from pgpipelines.ledger import Run
from pgpipelines.sessions import Session
from tests.fixtures.servers import Database, outside
from tests.plugins.backup.databases import again, fill, folder_of, take

RUN = Run("tests", "run_1", "restore")
AT_ONCE = Bounds(lock_attempts=1)


def restored(taken: DumpSet, target: Database, **wanted: Any) -> Restored:
    """Restore a set into a database."""
    server = target.endpoint.of("postgres")
    return restore_set(taken, Wanted(server, target.name, **{"bounds": AT_ONCE, **wanted}), RUN)


@contextmanager
def on_warning(text: str, act: Callable[[], object]) -> Iterator[None]:
    """Do something when a warning of restores has a text in it."""

    class Listener(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            if text in record.getMessage():
                act()

    listener = Listener(logging.WARNING)
    swapping.log.addHandler(listener)
    try:
        yield
    finally:
        swapping.log.removeHandler(listener)


def content(database: Database) -> tuple[Contents, Any]:
    """All that a database holds."""
    with Session(database.endpoint, "tests.contents", snapshot=True) as session:
        return read_contents(session), read_positions(session)


def databases_of(database: Database) -> list[str]:
    """A database and those that came of it, by name."""
    everywhere = Database(database.server, "postgres")
    like = "SELECT datname FROM pg_database WHERE starts_with(datname, %s || '_') OR datname = %s ORDER BY 1"
    return [name for (name,) in everywhere.rows(like, (database.name, database.name))]


def missing(beside: Database) -> Iterator[Database]:
    database = Database(beside.server, f"{beside.name}_new")
    yield database
    drop(database)


def drop(database: Database) -> None:
    """Drop a database and those that came of it."""
    for name in databases_of(database):
        outside(database.server, f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.mark.parametrize("major", installed_majors())
def test_a_database_that_is_missing_is_made(database_of: Callable[..., Database], tmp_path: Path, major: int) -> None:
    source = fill(database_of(major))
    taken = take(source, tmp_path)
    for place in missing(source):
        done = restored(taken, place)
        assert content(place) == content(source)
        assert (done.tables, done.rows, done.kept, done.notices) == (8, 508, "", ())
        assert databases_of(place) == [place.name]


def test_a_database_that_is_not_empty_is_not_touched(taken: DumpSet, used: Database) -> None:
    with pytest.raises(ConfigurationError, match=r"not empty \(table public.precious"):
        restored(taken, used)
    assert databases_of(used) == [used.name]
    assert used.value("SELECT count(*) FROM precious") == 1


def test_with_replace_it_is_kept_under_another_name(taken: DumpSet, used: Database, source: Database) -> None:
    done = restored(taken, used, replace=True)
    assert content(used) == content(source)
    assert databases_of(used) == [used.name, done.kept]
    assert Database(used.server, done.kept).value("SELECT count(*) FROM precious") == 1
    assert f"DROP DATABASE {done.kept};" in done.notices[-1]


def test_an_empty_database_is_replaced(taken: DumpSet, used: Database, source: Database) -> None:
    used.run("DROP TABLE precious; CREATE TEMPORARY TABLE gone ()")
    assert restored(taken, used).kept
    assert content(used) == content(source)


def test_who_is_in_the_old_database_is_named_and_the_new_one_kept(
    taken: DumpSet, used: Database, source: Database
) -> None:
    with closing(used.connect()), pytest.raises(ConflictError) as error:
        restored(taken, used, replace=True)
    assert "postgres@127.0.0.1 (client backend, process " in error.value.cause
    (old, beside) = databases_of(used)
    assert old == used.name
    assert beside in error.value.cause
    assert used.value("SELECT count(*) FROM precious") == 1
    for statement in error.value.remedy.partition(", and ")[2].split("; "):
        outside(used.server, statement)
    assert content(used) == content(source)


def test_who_is_in_the_old_database_can_be_thrown_out(taken: DumpSet, used: Database, source: Database) -> None:
    with closing(used.connect()) as connection:
        restored(taken, used, replace=True, end_sessions=True)
        assert content(used) == content(source)
        with pytest.raises(psycopg2.OperationalError):
            connection.cursor().execute("SELECT 1")


def test_whoever_leaves_the_old_database_by_the_end_is_waited_for(
    taken: DumpSet, used: Database, source: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(swapping, "WAIT_SECONDS", 0.1)
    with closing(used.connect()) as connection, on_warning("waiting (1 of", connection.close):
        done = restored(taken, used, replace=True, bounds=Bounds())
    assert connection.closed
    assert content(used) == content(source)
    assert databases_of(used) == [used.name, done.kept]


def test_a_prepared_transaction_keeps_the_old_database_in_its_place(
    taken: DumpSet, used: Database, source: Database
) -> None:
    with closing(used.connect()) as connection:
        connection.cursor().execute("CREATE TABLE more (); PREPARE TRANSACTION 'the ''one'")
        with pytest.raises(ConflictError, match="prepared transaction 'the ''one'; the set is restored and proven as"):
            restored(taken, used, replace=True, end_sessions=True)
    assert used.value("SELECT count(*) FROM precious") == 1
    old, kept = databases_of(used)
    assert old == used.name
    assert content(Database(used.server, kept)) == content(source)
    with closing(used.connect()) as connection:
        connection.autocommit = True
        connection.cursor().execute("ROLLBACK PREPARED 'the ''one'")


def test_a_server_without_the_usual_database_is_reached_by_the_other_one(
    taken: DumpSet, place: Database, source: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(swapping, "MAINTENANCE_DATABASES", ("nowhere", "template1"))
    restored(taken, place)
    assert content(place) == content(source)


def test_a_set_that_was_changed_replaces_nothing(taken: DumpSet, used: Database) -> None:
    dump = folder_of(taken) / DUMP
    flipped = bytearray(dump.read_bytes())
    flipped[len(flipped) // 2] ^= 1
    dump.write_bytes(flipped)
    with pytest.raises(VerificationError, match="is not what was written"):
        restored(again(taken), used, replace=True)
    assert databases_of(used) == [used.name]
