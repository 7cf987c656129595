"""Locks, secrets and folders: one demo at a time, and nobody else reads or writes what is ours."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from demo.errors import DemoError
from demo.keys import read_or_make
from demo.lock import HeldError, held
from demo.place import open_folder, outside
from demo.settings import Settings, Size, read_size, write_size

HOLD = """
import sys
from pathlib import Path
from demo.lock import held
with held(Path(sys.argv[1])):
    print("held", flush=True)
    input()
"""


def test_a_held_lock_names_its_holder_and_ends_with_it(tmp_path: Path) -> None:
    lock = tmp_path / "lock"
    command = [sys.executable, "-c", HOLD, str(lock)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        holder.stdout.readline()
        with pytest.raises(HeldError) as caught, held(lock):
            pass
        assert caught.value.pid == holder.pid
        holder.kill()
        with held(lock, wait=30):
            assert lock.read_text() == str(os.getpid())


def test_secrets_are_made_once_and_are_ours_alone(tmp_path: Path) -> None:
    file = tmp_path / "secrets.json"
    made = read_or_make(file)
    assert read_or_make(file) == made
    assert file.stat().st_mode & 0o777 == 0o600
    assert made.ui_password not in repr(made)


def test_half_written_secrets_are_made_again(tmp_path: Path) -> None:
    file = tmp_path / "secrets.json"
    file.write_text('{"ui_password": "x"')
    file.with_suffix(".partial").touch()
    assert len(read_or_make(file).ui_password) >= 16


def test_a_folder_of_ours_is_closed_to_others(tmp_path: Path) -> None:
    (tmp_path / "open").mkdir(mode=0o777)
    assert open_folder(tmp_path / "open").stat().st_mode & 0o777 == 0o700


def test_a_link_or_a_file_in_the_place_of_a_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    with pytest.raises(DemoError, match="belongs to somebody else"):
        open_folder(tmp_path / "link")
    (tmp_path / "file").touch()
    with pytest.raises(DemoError, match=re.escape(str(tmp_path / "file"))):
        open_folder(tmp_path / "file")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder away")
def test_a_folder_of_another_user_is_refused(tmp_path: Path) -> None:
    (tmp_path / "theirs").mkdir()
    os.chown(tmp_path / "theirs", 65534, -1)
    with pytest.raises(DemoError, match="belongs to somebody else"):
        open_folder(tmp_path / "theirs")


def test_two_clones_do_not_share_a_folder(tmp_path: Path) -> None:
    assert outside(tmp_path / "a") != outside(tmp_path / "b")


def test_the_size_of_the_data_that_are_there_is_taken_where_none_is_asked_for(tmp_path: Path) -> None:
    write_size(tmp_path / "size.json", Size(0.5, 7))
    made = read_size(tmp_path / "size.json")
    assert Settings.read({}, made) == Settings(once=False, size=Size(0.5, 7))
    assert Settings.read({"ONCE": "1", "SCALE": "0.5"}, made).once
    with pytest.raises(DemoError, match=re.escape("SCALE=0.5 SEED=7")):
        Settings.read({"SEED": "8"}, made)
    assert read_size(tmp_path / "none.json") is None
