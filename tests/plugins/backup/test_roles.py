"""Sets are taken by the role for that; what it may not read is an error that names it; its password is nowhere."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import pytest

from demo import roles
from pgpipelines.backup.drill import drill_set
from pgpipelines.errors import PrivilegeError
from tests.fixtures.servers import Database
from tests.plugins.backup.databases import fill, left_in, take

CANARY = "canary-7f3a"
SAMPLE_SECONDS = 0.01


@contextmanager
def role_that_dumps(database: Database) -> Iterator[Database]:
    """The database through a role that may dump it, made by the template."""
    name = f"dumper_of_{database.name}"
    with closing(database.connect()) as connection:
        roles.apply(connection, "dumper", role=name, database=database.name, owner="postgres")
        roles.set_password(connection, name, CANARY)
        connection.commit()
    try:
        yield database.login(name, CANARY)
    finally:
        database.run(f'DROP OWNED BY "{name}" CASCADE; DROP ROLE "{name}"')


@pytest.fixture
def dumper(source: Database) -> Iterator[Database]:
    """A database of everything, through the role that dumps."""
    with role_that_dumps(fill(source)) as database:
        yield database


def test_the_role_that_dumps_takes_a_set_that_is_proven(dumper: Database, tmp_path: Path) -> None:
    assert drill_set(take(dumper, tmp_path), "tests.drill").state == "proven"


@pytest.mark.parametrize(
    ("change", "cause"),
    [
        (
            "ALTER TABLE shop.item ENABLE ROW LEVEL SECURITY; CREATE POLICY few ON shop.item USING (id < 5)",
            'row-level security policy for table "item"',
        ),
        (
            "SELECT lo_create(4711); REVOKE ALL ON LARGE OBJECT 4711 FROM {role}",
            "permission denied for large object 4711",
        ),
    ],
)
def test_what_would_be_left_out_is_named(
    dumper: Database, source: Database, tmp_path: Path, change: str, cause: str
) -> None:
    source.run(change.replace("{role}", dumper.user))
    with pytest.raises(PrivilegeError) as error:
        take(dumper, tmp_path)
    assert cause in error.value.cause
    assert left_in(tmp_path) == []


def test_a_role_without_the_privilege_leaves_nothing_out_in_silence(
    dumper: Database, source: Database, tmp_path: Path
) -> None:
    source.run(f'REVOKE pg_read_all_data FROM "{dumper.user}"')
    with pytest.raises(PrivilegeError, match="permission denied for") as error:
        take(dumper, tmp_path)
    assert "dumper.sql" in error.value.remedy or "grant the privilege" in error.value.remedy
    assert left_in(tmp_path) == []


@contextmanager
def arguments_seen() -> Iterator[list[bytes]]:
    """Collect the arguments of every process that runs meanwhile, and the surroundings of a scratch server."""
    seen: dict[bytes, None] = {}
    over = threading.Event()

    def look() -> None:
        while not over.wait(SAMPLE_SECONDS):
            for path in Path("/proc").glob("[0-9]*/cmdline"):
                with suppress(OSError):
                    seen[arguments := path.read_bytes()] = None
                    if b"pgpipelines-drill" in arguments:
                        seen[path.with_name("environ").read_bytes()] = None

    found: list[bytes] = []
    with ThreadPoolExecutor(1) as pool:
        looking = pool.submit(look)
        try:
            yield found
        finally:
            over.set()
            looking.result()
            found += seen


def test_the_password_is_nowhere(
    dumper: Database, tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    caplog.set_level(logging.DEBUG)
    monkeypatch.setenv("AIRFLOW_CONN_DUMP_POSTGRES_CONN", f"postgresql://{CANARY}@db")
    with arguments_seen() as seen:
        drilled = drill_set(take(dumper, tmp_path), "tests.drill")
    assert drilled.state == "proven"
    assert any(b"pg_dump" in each for each in seen)
    assert any(b"LC_MESSAGES=C" in each for each in seen)
    assert [each for each in seen if CANARY.encode() in each] == []
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert [path.name for path in files if CANARY.encode() in path.read_bytes()] == []
    assert CANARY not in caplog.text
    assert CANARY not in repr(drilled)
