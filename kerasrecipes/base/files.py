"""Files that are written in one step, and folders that one process works in at a time."""

import contextlib
import json
import os
import shutil
import socket
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import filelock


@contextlib.contextmanager
def replacing(path: Path, *, durable: bool = True) -> Iterator[Path]:
    """Yields a temporary path in the same folder, and renames the file to `path` on success.

    The temporary path has the same suffix, on which writers such as `model.save` depend. If
    anything fails, no half-written file remains.

    Args:
        path: The path of the file.
        durable: Whether to wait until the file is on the disk. It makes a difference only if the
            machine loses its power, not if the process is killed.
    """
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=path.suffix)
    os.close(descriptor)
    temporary = Path(name)
    try:
        yield temporary
        if durable:
            with temporary.open("rb") as file:
                os.fsync(file.fileno())
        temporary.chmod(0o644)
        temporary.replace(path)
    except OSError as error:
        # NumPy and Keras do not name the file that they failed to write.
        if error.errno is not None:
            error.filename = str(path)
        error.add_note("The previous file is unchanged. Make room, or write elsewhere.")
        raise
    finally:
        temporary.unlink(missing_ok=True)


def write_text(path: Path, text: str, *, durable: bool = True) -> None:
    """Writes a text file in one step; see `replacing`."""
    with replacing(path, durable=durable) as temporary:
        temporary.write_text(text, "utf-8", newline="")


def write_json(path: Path, value: object) -> None:
    """Writes an indented JSON file in one step."""
    write_text(path, json.dumps(value, indent=2, ensure_ascii=False) + "\n")


NAME = "lock"


@contextlib.contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Locks a folder against other processes that lock it too. A killed process frees its lock.

    Args:
        folder: The folder. It is created if it does not exist.

    Raises:
        BlockingIOError: If another process has locked it.
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
    """Deletes everything in a folder except for its lock."""
    for path in folder.iterdir():
        if path.is_dir():
            shutil.rmtree(path)
        elif path.name != NAME:
            path.unlink()
