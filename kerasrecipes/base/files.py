"""Files that are whole or not there: written beside their place, then renamed."""

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
    """Yields a temporary path in the same folder; on success it is renamed to `path`.

    The suffix is kept, because writers such as `model.save` look at it. Whatever goes wrong, no
    half-written file stays.

    Args:
        path: The file to be.
        durable: Whether to wait until the disk has it. What a killed process wrote is there in any
            case; only a machine that loses its power loses what is not durable.
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
        # NumPy and Keras say what failed, but not where.
        if error.errno is not None:
            error.filename = str(path)
        error.add_note("What was there before is unchanged. Make room, or write elsewhere.")
        raise
    finally:
        temporary.unlink(missing_ok=True)


def write_text(path: Path, text: str, *, durable: bool = True) -> None:
    """Writes a text file whole; see `replacing`."""
    with replacing(path, durable=durable) as temporary:
        temporary.write_text(text, "utf-8", newline="")


def write_json(path: Path, value: object) -> None:
    """Writes a JSON file whole, indented for people to read."""
    write_text(path, json.dumps(value, indent=2, ensure_ascii=False) + "\n")


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
