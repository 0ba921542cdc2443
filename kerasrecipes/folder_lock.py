"""One process at a time in a folder."""

import contextlib
import os
import shutil
import socket
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import filelock

NAME = "lock"


@contextlib.contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Keeps other processes out of a folder, which is made; a killed one leaves no lock behind.

    Args:
        folder: The folder. All that want to be alone in it call this.

    Raises:
        BlockingIOError: If another process is at work in it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / NAME
    try:
        with filelock.FileLock(path, blocking=False):
            began = datetime.now(UTC).isoformat(timespec="seconds")
            path.write_text(f"process {os.getpid()} on {socket.gethostname()} since {began}")
            try:
                yield
            finally:
                path.unlink(missing_ok=True)
    except filelock.Timeout:
        raise BlockingIOError(
            f"Another process is at work in {folder}: {path.read_text()}. Wait for it, or train "
            "into another directory."
        ) from None


def clear(folder: Path) -> None:
    """Deletes all that is in a folder but its lock."""
    for path in folder.iterdir():
        if path.is_dir():
            shutil.rmtree(path)
        elif path.name != NAME:
            path.unlink()
