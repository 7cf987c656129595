"""Sets in an object store: what is proven is what is kept there, and a set is there whole or not at all."""

from __future__ import annotations

import logging
import os
import random
import signal
import subprocess
import sys
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from moto import settings as moto_settings

from pgpipelines.backup.__main__ import main
from pgpipelines.backup.drill import drill_set
from pgpipelines.backup.manifest import DUMP, MANIFEST, ROLES
from pgpipelines.backup.retention import Keep, apply_retention
from pgpipelines.backup.sets import DumpSet, set_name
from pgpipelines.backup.storage.bucket import Bucket
from pgpipelines.backup.storage.keys import Identity, KeySource
from pgpipelines.backup.storage.opening import opened
from pgpipelines.backup.taking import take_set
from pgpipelines.errors import (
    ConfigurationError,
    ConflictError,
    ConnectionFailedError,
    PrivilegeError,
    VerificationError,
)
from tests.fixtures.objects import SECRET, Objects, connect_objects, requests_counted
from tests.fixtures.servers import Database
from tests.plugins.backup.databases import again, fill
from tests.plugins.backup.storage.test_encryption import temporary
from tests.plugins.backup.test_retention import SEOUL, START, write_set

__all__ = ["temporary"]

# More of them with PGPIPELINES_SETS=1000 and PGPIPELINES_FLIPS=200.
SETS = int(os.environ.get("PGPIPELINES_SETS", "30"))
FLIPS = min(int(os.environ.get("PGPIPELINES_FLIPS", "5")), 200)
TEXTS_OF_A_SET = 3

pytestmark = pytest.mark.usefixtures("temporary")


def take(database: Database, store: Bucket) -> DumpSet:
    return take_set(database.endpoint, store, "tests.take")


def upload(objects: Objects, folder: Path) -> str:
    """Bring a set that was written on this machine into the store; its name there."""
    name = f"{folder.parent.name}/{folder.name}"
    for path in folder.iterdir():
        objects.write(f"some folder/{name}/{path.name}", path.read_bytes())
    return name


def test_a_set_is_taken_proven_and_removed(source: Database, objects: Objects, temporary: Path) -> None:
    store = Bucket(objects.url)
    first = take(fill(source), store)
    assert first.state == "whole"
    assert set(objects.names()) == {
        f"some folder/{first.name}/{name}"
        for name in ("SHA256SUMS", "database.dump", "manifest.json", "roles.sql", "tablespaces.sql")
    }
    assert drill_set(first, "tests.drill").state == "proven"
    second = drill_set(take(source, store), "tests.drill")
    assert [(each.name, each.state) for each in Bucket(objects.url).sets()] == [
        (first.name, "proven"),
        (second.name, "proven"),
    ]
    now = datetime.now(timezone.utc)
    keep = Keep(daily=1, weekly=0, monthly=0)
    arguments = (store, source.name, source.name, keep)
    assert apply_retention(*arguments, zone=SEOUL, now=now, dry_run=True) == [first.name]
    assert apply_retention(*arguments, zone=SEOUL, now=now) == [first.name]
    assert store.sets() == store.sets(source.name) == [second]
    assert [name for name in objects.names() if first.name in name] == []
    assert [path for path in temporary.rglob("*") if path.is_file() and path.name != ".lock"] == []


def test_an_encrypted_set_is_opened_on_another_machine_by_a_command(
    source: Database, objects: Objects, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TESTS_DUMP_KEY", Identity.new().text)
    taken = take(source, Bucket(objects.url, KeySource(variable="TESTS_DUMP_KEY")))
    assert b"PGDMP" not in b"".join(map(objects.read, objects.names()))
    pipeline = (
        f"{{schedule: null, databases: [a], directory: '{objects.url}', encryption: {{key_variable: TESTS_DUMP_KEY}}}}"
    )
    (tmp_path / "pipelines.yaml").write_text(f"dumps: {{nightly: {pipeline}}}")
    monkeypatch.setenv("PGPIPELINES_CONFIG", str(tmp_path / "pipelines.yaml"))
    assert main(["open", taken.name, "--into", str(tmp_path / "opened")]) == 0
    assert (tmp_path / "opened" / DUMP).read_bytes().startswith(b"PGDMP")
    assert (tmp_path / "opened" / ROLES).stat().st_mode & 0o777 == 0o600
    assert main(["overdue"]) == 1


def test_what_changed_in_the_store_is_found_by_the_drill(source: Database, objects: Objects) -> None:
    taken = take(fill(source), Bucket(objects.url))
    chosen = random.Random(23)
    for _ in range(FLIPS):
        name = chosen.choice([name for name in objects.names() if not name.endswith("drill.json")])
        content = objects.read(name)
        flipped = bytearray(content)
        place = chosen.randrange(len(content) * 8)
        flipped[place // 8] ^= 1 << place % 8
        objects.write(name, bytes(flipped))
        with pytest.raises(VerificationError):
            drill_set(again(taken), "tests.drill")
        assert again(taken).state in {"broken", "failed drill"}
        objects.write(name, content)
    objects.write(f"some folder/{taken.name}/{DUMP}", b"short")
    assert again(taken).fault.startswith("database.dump has 5 bytes instead of ")


UPLOAD = """
import sys
from pathlib import Path
from pgpipelines.backup.storage.bucket import Bucket
from pgpipelines.backup.storage.folder import Folder
store = Bucket(sys.argv[1])
upload = store._fs.put_file
def put_file(path, name):
    if name.endswith(sys.argv[4]):
        print("there", flush=True)
        sys.stdin.read()
    upload(path, name)
store._fs.put_file = put_file
with store.held("conn"):
    store.publish(Path(sys.argv[2]), sys.argv[3])
"""


@pytest.mark.parametrize("before", ["database.dump", "manifest.json"])
def test_a_killed_upload_is_no_set_and_goes_when_no_run_can_be_at_it(
    objects: Objects, tmp_path: Path, before: str
) -> None:
    days = datetime.now(timezone.utc) - timedelta(hours=25)
    name = set_name("conn", days, "db")
    work = write_set(tmp_path, days, proven=False)
    (work / "database.dump").write_bytes(b"x")
    arguments = [sys.executable, "-c", UPLOAD, objects.url, str(work), name, before]
    with subprocess.Popen(arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=".") as uploading:
        assert uploading.stdout is not None
        assert b"there\n" in iter(uploading.stdout.readline, b"")
        store = Bucket(objects.url)
        uploading.send_signal(signal.SIGKILL)
        uploading.wait()
    assert store.sets() == []
    young = f"some folder/{set_name('conn', datetime.now(timezone.utc), 'db')}/database.dump"
    objects.write(young, b"of a run that is at it on another machine")
    with store.held("conn"):
        assert objects.names() == [young]


def test_a_set_is_none_from_the_moment_its_manifest_is_gone(objects: Objects, tmp_path: Path) -> None:
    store = Bucket(objects.url)
    name = upload(objects, write_set(tmp_path, START, proven=True))
    objects.client.delete_object(Bucket=objects.bucket, Key=f"some folder/{name}/{MANIFEST}")
    assert store.sets() == []
    with store.held("conn"):
        assert objects.names() == []


def test_runs_of_one_machine_exclude_each_other(objects: Objects) -> None:
    with Bucket(objects.url).held("conn"):
        with pytest.raises(ConflictError, match="another run"), Bucket(objects.url).held("conn"):
            pass
        with Bucket(objects.url).held("other"):
            pass


def test_many_sets_are_listed_by_few_requests(objects: Objects, tmp_path: Path) -> None:
    for nth in range(SETS):
        upload(objects, write_set(tmp_path, START + timedelta(hours=nth), proven=True))
    store = Bucket(objects.url)
    with requests_counted() as lines:
        found = store.sets()
    assert [each.state for each in found] == ["proven"] * SETS
    listings = [line for line in lines if "list-type=2" in line]
    assert len(listings) <= 1 + SETS * TEXTS_OF_A_SET // 1000
    assert len(lines) == len(listings) + SETS * TEXTS_OF_A_SET


def test_a_wrong_secret_is_one_clear_line(
    objects: Objects, monkeypatch: pytest.MonkeyPatch, source: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    connect_objects(monkeypatch, "wrong", objects.address, "wrong-key", SECRET)
    monkeypatch.setattr(moto_settings, "INITIAL_NO_AUTH_ACTION_COUNT", 0)
    with pytest.raises(PrivilegeError) as error:
        take(source, Bucket(f"s3://wrong@{objects.bucket}/x"))
    assert error.value.cause == (
        f"s3://wrong@{objects.bucket}/x: The AWS Access Key Id you provided does not exist in our records."
    )
    assert SECRET not in str(error.value)


@pytest.mark.parametrize(
    ("url", "kind", "words"),
    [
        ("s3://{conn_id}@no-such-bucket/x", ConnectionFailedError, "The specified bucket does not exist"),
        ("s3://no_such_connection@bucket", ConfigurationError, "connection no_such_connection is not defined"),
        ("nothing://here/x", ConfigurationError, "nothing://here/x: .*'nothing'"),
    ],
)
def test_a_place_that_is_none_is_an_error_and_no_empty_list(
    objects: Objects, url: str, kind: type[Exception], words: str
) -> None:
    with pytest.raises(kind, match=words):
        Bucket(url.format(conn_id=objects.conn_id)).sets()


def test_the_secret_is_nowhere(
    source: Database, objects: Objects, temporary: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    drilled = drill_set(take(source, Bucket(objects.url)), "tests.drill")
    with opened(drilled):
        assert [path for path in temporary.rglob("*") if path.is_file() and SECRET.encode() in path.read_bytes()] == []
    assert [name for name in objects.names() if SECRET.encode() in objects.read(name)] == []
    assert SECRET not in caplog.text
    assert SECRET not in repr(drilled)
