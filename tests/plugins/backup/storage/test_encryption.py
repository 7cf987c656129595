"""Encrypted sets: nothing plain at rest, nothing changed unnoticed, and any tool that knows age opens them."""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pyrage
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pgpipelines.backup.__main__ import main
from pgpipelines.backup.drill import drill_set
from pgpipelines.backup.manifest import DUMP, ROLES, TABLESPACES
from pgpipelines.backup.processes import run
from pgpipelines.backup.sets import DumpSet
from pgpipelines.backup.storage.folder import Folder
from pgpipelines.backup.storage.keys import Identity, KeySource
from pgpipelines.backup.storage.opening import opened
from pgpipelines.backup.storage.sealing import unseal
from pgpipelines.backup.storage.temporary import private_folder
from pgpipelines.backup.taking import take_set
from pgpipelines.errors import ConfigurationError, ServerError, VerificationError
from tests.fixtures.disks import disk
from tests.fixtures.servers import Database, server_folder
from tests.plugins.backup.databases import again, fill, folder_of, left_in

# More of them with PGPIPELINES_FLIPS=200.
FLIPS = int(os.environ.get("PGPIPELINES_FLIPS", "40"))
VARIABLE = "TESTS_DUMP_KEY"
# The example of the specification (c2sp.org/age).
SECRET = "AGE-SECRET-KEY-1GFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPQ4EGAEX"
RECIPIENT = "age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj"
# As the specification has it.
PIECE_BYTES, TAG_BYTES = 64 * 1024, 16
CANARY = "canary-in-the-roles"


def sealed(content: bytes, identity: Identity) -> bytes:
    return bytes(pyrage.encrypt(content, [identity.public]))


def unsealed(content: bytes, *identities: Identity) -> bytes:
    with tempfile.TemporaryDirectory() as place:
        path, plain = Path(place) / "file.age", Path(place) / "file"
        path.write_bytes(content)
        unseal(path, plain, identities)
        return plain.read_bytes()


def test_a_key_is_written_as_age_writes_it() -> None:
    assert Identity.read(SECRET).recipient == Identity.read(SECRET.lower()).recipient == RECIPIENT
    assert Identity.read(SECRET).text == SECRET
    made = Identity.new()
    assert Identity.read(made.text).recipient == made.recipient
    assert made.text not in repr(made)


@pytest.mark.parametrize("text", ["", "x", SECRET[:-1], SECRET[:-1] + "Q", RECIPIENT, SECRET.replace("A", "a"), "1b"])
def test_what_is_no_key_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"^(?!.*SECRET)"):
        Identity.read(text)


@pytest.mark.parametrize("length", [0, 1, PIECE_BYTES - 1, PIECE_BYTES, PIECE_BYTES + 1, 3 * PIECE_BYTES])
def test_what_was_encrypted_is_what_is_decrypted(length: int) -> None:
    content, identity = random.Random(length).randbytes(length), Identity.new()
    assert unsealed(sealed(content, identity), Identity.new(), identity) == content


@pytest.mark.skipif(shutil.which("age") is None, reason="age is not installed")
def test_age_opens_what_was_encrypted_here(tmp_path: Path) -> None:
    (tmp_path / "key").write_text(SECRET)
    (tmp_path / "file.age").write_bytes(sealed(b"x" * 3 * PIECE_BYTES, Identity.read(SECRET)))
    command = ["age", "--decrypt", "--identity", "key", "file.age"]
    assert subprocess.run(command, cwd=tmp_path, capture_output=True, check=True).stdout == b"x" * 3 * PIECE_BYTES


KEY = Identity.new()
THREE = random.Random(3).randbytes(3 * PIECE_BYTES)
SEALED_THREE = sealed(THREE, KEY)
HEADER_BYTES = len(SEALED_THREE) - 3 * (PIECE_BYTES + TAG_BYTES)


@settings(max_examples=FLIPS, deadline=None)
@given(st.integers(0, len(SEALED_THREE) * 8 - 1) | st.integers(0, HEADER_BYTES * 8 - 1))
def test_a_flipped_bit_is_noticed(place: int) -> None:
    flipped = bytearray(SEALED_THREE)
    flipped[place // 8] ^= 1 << place % 8
    with pytest.raises(VerificationError):
        unsealed(bytes(flipped), KEY)


@settings(max_examples=FLIPS, deadline=None)
@given(st.integers(0, len(SEALED_THREE) - 1))
def test_a_cut_is_noticed(length: int) -> None:
    with pytest.raises(VerificationError):
        unsealed(SEALED_THREE[:length], KEY)


def piece(nth: int) -> bytes:
    size = PIECE_BYTES + TAG_BYTES
    return SEALED_THREE[HEADER_BYTES + nth * size :][:size]


@pytest.mark.parametrize("order", [(0, 1), (1, 0, 2), (0, 2), (0, 1, 2, 2), (0, 1, 1, 2), (2,), ()])
def test_pieces_in_another_order_are_noticed(order: tuple[int, ...]) -> None:
    header = SEALED_THREE[:HEADER_BYTES]
    assert unsealed(header + piece(0) + piece(1) + piece(2), KEY) == THREE
    with pytest.raises(VerificationError):
        unsealed(header + b"".join(map(piece, order)), KEY)


@pytest.mark.parametrize(
    ("content", "words"),
    [(b"", "fill whole buffer"), (b"PGDMP" * 99, "[Hh]eader"), (SEALED_THREE, "No matching keys found")],
)
def test_what_can_not_be_opened_says_why(content: bytes, words: str) -> None:
    with pytest.raises(VerificationError, match=words):
        unsealed(content, Identity.new())


@pytest.fixture
def temporary(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Path]:
    """A folder of temporary files of its own, which the account of a scratch server reaches too (not so tmp_path)."""
    folder = server_folder("pgpipelines-test-temporary-")
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Folder:
    """Where sets are encrypted."""
    monkeypatch.setenv(VARIABLE, f"# a comment\n{Identity.new().text}\n")
    return Folder(tmp_path / "dumps", KeySource(variable=VARIABLE))


def take(database: Database, store: Folder) -> DumpSet:
    return take_set(database.endpoint, store, "tests.take")


def test_an_encrypted_set_is_proven_and_nothing_of_it_is_plain(
    source: Database, store: Folder, temporary: Path
) -> None:
    fill(source).run(f"CREATE ROLE secretive LOGIN PASSWORD '{CANARY}'; COMMENT ON SCHEMA shop IS '{CANARY}'")
    try:
        taken = take(source, store)
        assert drill_set(taken, "tests.drill").state == "proven"
        verifier = source.value("SELECT rolpassword FROM pg_authid WHERE rolname = 'secretive'")
    finally:
        source.run("DROP ROLE secretive")
    assert taken.require_manifest().key == store.keys.identities()[0].recipient  # type: ignore[union-attr]
    assert left_in(temporary) == []
    files = {path.name: path.read_bytes() for path in folder_of(taken).iterdir()}
    assert set(files) >= {f"{DUMP}.age", f"{ROLES}.age", f"{TABLESPACES}.age", "manifest.json"}
    for canary in (CANARY, verifier, os.environ[VARIABLE].split()[-1]):
        assert [name for name, content in files.items() if canary.encode() in content] == []
    with opened(again(taken)) as folder:
        assert verifier in (folder / ROLES).read_text()
        assert (folder / DUMP).read_bytes().startswith(b"PGDMP")
        assert {path.stat().st_mode & 0o077 for path in folder.iterdir()} == {0}
    assert left_in(temporary) == []


def test_another_key_in_front_leaves_older_sets_readable(
    source: Database, store: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken = take(fill(source), store)
    older = os.environ[VARIABLE]
    monkeypatch.setenv(VARIABLE, f"{Identity.new().text}\n{older}")
    newer = take(source, store)
    assert taken.require_manifest().key != newer.require_manifest().key
    assert [drill_set(each, "tests.drill").state for each in (taken, newer)] == ["proven", "proven"]


def test_without_its_key_a_set_is_refused_in_a_line_and_not_called_bad(
    source: Database, store: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken = take(source, store)
    there = Identity.new()
    monkeypatch.setenv(VARIABLE, there.text)
    with pytest.raises(
        ConfigurationError, match=f"is encrypted by the key age1.*, and {VARIABLE} has {there.recipient}"
    ):
        drill_set(taken, "tests.drill")
    assert again(taken).state == "whole"
    unconfigured = Folder(store.path).read(taken.name)
    with pytest.raises(ConfigurationError, match="no key is configured"), opened(unconfigured):
        pass


@pytest.mark.parametrize(
    ("text", "words"), [("", "is not set"), ("# none", "is not set"), ("secret", "is no key of age")]
)
def test_a_key_that_is_none_stops_a_run_before_it_begins(
    source: Database, store: Folder, monkeypatch: pytest.MonkeyPatch, text: str, words: str
) -> None:
    monkeypatch.setenv(VARIABLE, text)
    with pytest.raises(ConfigurationError, match=f"^{VARIABLE} {words}") as error:
        take(source, store)
    assert "new-key" in error.value.remedy
    assert not store.path.exists()


def test_a_person_opens_a_set_by_a_command(
    source: Database, store: Folder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    pipeline: dict[str, object] = {"schedule": None, "databases": ["a"], "directory": str(store.path)}
    pipeline |= {"encryption": {"key_variable": VARIABLE}}
    (tmp_path / "pipelines.yaml").write_text(json.dumps({"dumps": {"nightly": pipeline}}))
    monkeypatch.setenv("PGPIPELINES_CONFIG", str(tmp_path / "pipelines.yaml"))
    taken, into = take(source, store), tmp_path / "opened"
    assert main(["open", taken.name, "--into", str(into)]) == 0
    assert {path.name for path in into.iterdir()} == {DUMP, ROLES, TABLESPACES}
    assert (into.stat().st_mode & 0o777, (into / ROLES).stat().st_mode & 0o777) == (0o700, 0o600)
    assert "CREATE ROLE postgres" in (into / ROLES).read_text()
    assert main(["open", taken.name, "--into", str(into)]) == 1
    assert main(["open", "a/missing", "--into", str(tmp_path / "other")]) == 1
    assert capsys.readouterr().out.splitlines() == [
        f"{into}: the files of {taken.name}",
        f"{into} is there already",
        "  Remedy: name a folder that is to be made",
        "there is no whole set a/missing: `python -m pgpipelines.backup list` shows what there is",
    ]


def test_a_new_key_is_one_that_age_would_make(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["new-key"]) == 0
    comment, secret = capsys.readouterr().out.splitlines()
    assert comment == f"# public key: {Identity.read(secret).recipient}"


def test_a_key_can_be_the_password_of_a_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_DUMP_KEY", f"generic://:{SECRET}@")
    assert [each.recipient for each in KeySource(connection="dump_key").identities()] == [RECIPIENT]
    with pytest.raises(ConfigurationError, match="connection no_key is not defined"):
        KeySource(connection="no_key").identities()


def test_a_key_is_no_programs_business(store: Folder) -> None:
    run([sys.executable, "-c", f"import os, sys; sys.exit({VARIABLE!r} in os.environ)"])


def test_a_changed_file_is_found_before_anything_is_restored(source: Database, store: Folder) -> None:
    taken = take(source, store)
    path = folder_of(taken) / f"{ROLES}.age"
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    with pytest.raises(VerificationError, match=r"roles.sql.age in .* is not what was written"):
        drill_set(again(taken), "tests.drill")
    assert again(taken).state == "failed drill"


def test_a_full_disk_is_what_a_failed_encryption_says(source: Database, store: Folder) -> None:
    source.run("CREATE TABLE t AS SELECT sha512(n::text::bytea) AS noise FROM generate_series(1, 29999) AS n")
    with disk("512k") as small:
        with pytest.raises(ServerError, match="No space left on device"):
            take(source, Folder(small, store.keys))
        assert left_in(small) == []


def test_what_a_dead_process_has_decrypted_is_removed(temporary: Path) -> None:
    with private_folder() as living:
        left = living.with_name("left")
        left.mkdir()
        (left / ROLES).write_text("plain")
        with private_folder() as other:
            assert not left.exists()
            assert sorted(living.parent.iterdir()) == sorted([living, other])
    assert list(temporary.rglob("*")) == [living.parent]


def test_a_folder_of_temporary_files_that_others_may_write_is_refused(temporary: Path) -> None:
    (temporary / f"pgpipelines-open-{os.geteuid()}").mkdir(mode=0o755)
    with pytest.raises(ConfigurationError, match="no folder of ours alone"), private_folder():
        pass
