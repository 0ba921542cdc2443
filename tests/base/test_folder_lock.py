import multiprocessing
import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import filelock
import pytest

from kerasrecipes.base.files import NAME, clear, is_locked, locked

SPAWN = multiprocessing.get_context("spawn")


def _start_often(folder, seconds, errors):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            with locked(Path(folder)):
                pass
        except Exception as error:
            errors.put(type(error).__name__)


def _in_processes(target, *arguments, count):
    errors = SPAWN.Queue()
    processes = [SPAWN.Process(target=target, args=(*arguments, errors)) for _ in range(count)]
    for process in processes:
        process.start()
    return processes, errors


def _ended(processes, errors):
    for process in processes:
        process.join()
        assert process.exitcode == 0
    found = []
    while not errors.empty():
        found.append(errors.get())
    return found


def test_in_a_race_nothing_but_a_refusal_is_raised(tmp_path):
    processes, errors = _in_processes(_start_often, str(tmp_path / "run"), 3, count=3)
    assert set(_ended(processes, errors)) <= {"BlockingIOError"}


def test_looking_keeps_nobody_out(tmp_path):
    folder = tmp_path / "run"
    processes, errors = _in_processes(_start_often, str(folder), 3, count=1)
    while any(process.is_alive() for process in processes):
        is_locked(folder)
    assert _ended(processes, errors) == []
    assert not list(folder.iterdir())


def test_looking_takes_no_lock_of_a_process_that_is_gone(tmp_path, monkeypatch):
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    (tmp_path / "lock").write_text(f"process {gone.pid} on {socket.gethostname()} since then")
    monkeypatch.setattr(filelock, "FileLock", None)
    assert not is_locked(tmp_path)
    (tmp_path / "lock").write_text("")
    assert is_locked(tmp_path), "a process has just made the file"


def test_a_lock_is_seen_while_it_is_held(tmp_path):
    assert not is_locked(tmp_path)
    with locked(tmp_path):
        assert is_locked(tmp_path)
    assert not is_locked(tmp_path)
    # Of another machine, and of a process whose number has been given again.
    for process, host in ((12, "elsewhere"), (os.getpid(), socket.gethostname())):
        (tmp_path / "lock").write_text(f"process {process} on {host} since then")
        assert not is_locked(tmp_path)
        with filelock.FileLock(tmp_path / "lock"):
            assert is_locked(tmp_path)


def test_a_file_that_nobody_signs_is_no_lock(tmp_path):
    (tmp_path / "lock").touch()
    os.utime(tmp_path / "lock", (0, 0))
    assert not is_locked(tmp_path)


def test_a_process_that_has_not_signed_yet_is_told(tmp_path):
    with (
        filelock.FileLock(tmp_path / "lock"),
        pytest.raises(BlockingIOError, match="it has just begun"),
        locked(tmp_path),
    ):
        pass


def test_a_second_one_is_kept_out(tmp_path):
    folder, message = tmp_path / "a" / "b", "Another process is at work in .*b: process"
    with locked(folder), pytest.raises(BlockingIOError, match=message), locked(folder):
        pass
    with locked(folder):
        assert (folder / "lock").is_file()
    assert not list(folder.iterdir())


def test_all_but_the_lock_is_cleared(tmp_path):
    (tmp_path / "folder").mkdir()
    for name in ("file", "folder/file", "lock"):
        (tmp_path / name).touch()
    clear(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["lock"]


@pytest.mark.parametrize(
    "content", [b"\xff\xfe", f"process {10**30} on {socket.gethostname()} since".encode()]
)
def test_a_damaged_lock_file_is_no_lock(tmp_path, content):
    (tmp_path / NAME).write_bytes(content)
    os.utime(tmp_path / NAME, (0, 0))
    assert not is_locked(tmp_path)
    with locked(tmp_path):
        assert is_locked(tmp_path)
