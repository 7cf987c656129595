"""One run at a time in a folder; what dead runs have left goes; no run begins without room."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path

import pytest

from pgpipelines.backup.storage.folder import Folder
from pgpipelines.backup.storage.place import held
from pgpipelines.errors import ConfigurationError, ConflictError, ServerError
from tests.fixtures.servers import Database
from tests.plugins.backup.databases import list_sets, take
from tests.plugins.backup.test_retention import START, write_set

HOLDER = """
import sys, time
from pathlib import Path
from pgpipelines.backup.storage.folder import Folder
from pgpipelines.backup.storage.place import held
with held(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(600)
"""
# More of them with PGPIPELINES_SETS=1000.
SETS = int(os.environ.get("PGPIPELINES_SETS", "100"))


def test_a_second_run_is_refused_until_the_first_is_dead(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", HOLDER, str(tmp_path)], stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(ConflictError, match="another run"), held(tmp_path):
            pass
        holder.send_signal(signal.SIGKILL)
        holder.wait()
        with held(tmp_path):
            pass


def test_the_next_run_removes_what_a_dead_one_has_left(tmp_path: Path) -> None:
    (tmp_path / ".partial-x").mkdir()
    (tmp_path / ".partial-x" / "database.dump").write_text("half")
    (tmp_path / "kept").mkdir()
    with held(tmp_path):
        assert sorted(path.name for path in tmp_path.iterdir()) == [".lock", "kept"]


def test_a_folder_that_can_not_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigurationError, match="file/conn can't be used for dumps"), held(tmp_path / "file" / "conn"):
        pass


def test_a_removed_set_is_none_any_more(tmp_path: Path) -> None:
    folder = write_set(tmp_path, START, proven=True)
    assert Folder(tmp_path).remove(f"conn/{folder.name}")
    assert list(folder.parent.iterdir()) == []


def test_a_set_stays_for_as_long_as_somebody_reads_it(tmp_path: Path) -> None:
    write_set(tmp_path, START, proven=True)
    (found,) = list_sets(tmp_path)
    with found.store.files(found):
        assert not found.store.remove(found.name)
        assert list_sets(tmp_path) == [found]
    assert found.store.remove(found.name)
    assert list_sets(tmp_path) == []


def test_a_run_does_not_begin_without_room_for_what_the_last_ones_took(
    source: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken = take(source, tmp_path)
    assert taken.manifest is not None
    monkeypatch.setattr("shutil.disk_usage", lambda _: type("Usage", (), {"free": taken.manifest.bytes})())
    with pytest.raises(ServerError, match="bytes are free, and the last dumps let expect"):
        take(source, tmp_path)
    assert list_sets(tmp_path) == [taken]


def test_many_sets_are_listed_quickly(tmp_path: Path) -> None:
    for nth in range(SETS):
        write_set(tmp_path, START + timedelta(hours=nth), proven=True)
    started = time.process_time()
    found = list_sets(tmp_path)
    seconds = time.process_time() - started
    assert [each.state for each in found] == ["proven"] * SETS
    sys.stdout.write(f"{SETS} sets in {seconds:.2f} s\n")
