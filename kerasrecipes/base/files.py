"""Files that are written in one step, and folders that one process works in at a time."""

import contextlib
import json
import math
import os
import re
import shutil
import socket
import tempfile
import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import IO


def cache_folder(name: str) -> Path:
    """Returns a folder of what can be computed again: it may be deleted at any time.

    It is `$KERASRECIPES_CACHE/<name>`; by default `~/.cache/kerasrecipes/<name>`.
    """
    own = os.environ.get("KERASRECIPES_CACHE") or "~/.cache/kerasrecipes"
    return Path(own).expanduser() / name


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
        with naming(path):
            yield temporary
            if durable:
                with temporary.open("rb") as file:
                    os.fsync(file.fileno())
            temporary.chmod(0o644)
            temporary.replace(path)
    except OSError as error:
        error.add_note("The previous file is unchanged. Make room, or write elsewhere.")
        raise
    finally:
        temporary.unlink(missing_ok=True)


@contextlib.contextmanager
def appending(path: Path) -> Iterator[IO[bytes]]:
    """Opens a file to append bytes; see `naming`."""
    with naming(path), path.open("ab") as file:
        yield file


@contextlib.contextmanager
def naming(path: Path) -> Iterator[None]:
    """Names a file in the error if it cannot be written, which Python does only if it opens it."""
    try:
        yield
    except OSError as error:
        if error.errno is not None:
            error.filename = str(path)
        raise


def write_text(path: Path, text: str, *, durable: bool = True) -> None:
    """Writes a text file in one step; see `replacing`."""
    with replacing(path, durable=durable) as temporary:
        temporary.write_text(text, "utf-8", newline="")


def write_json(path: Path, value: object) -> None:
    """Writes an indented JSON file in one step. NaN and infinity, which JSON lacks, become null."""
    text = json.dumps(_finite(value), indent=2, ensure_ascii=False, allow_nan=False)
    write_text(path, text + "\n")


def _finite(value: object) -> object:
    """Returns plain data with `None` in the place of numbers that are not finite."""
    if isinstance(value, Mapping):
        return {name: _finite(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(inner) for inner in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


NAME = "lock"
# How long to wait for a lock: whoever looks at it from another machine holds it for a moment.
PATIENCE_SECONDS = 0.2
# How long a process that has made the lock's file may take to write its name into it.
SIGNING_SECONDS = 5


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
    with _acquired(path):
        began = datetime.now(UTC).isoformat(timespec="seconds")
        with naming(path):
            path.write_text(f"process {os.getpid()} on {socket.gethostname()} since {began}")
        try:
            yield
        finally:
            path.unlink(missing_ok=True)


def is_locked(folder: Path) -> bool:
    """Returns whether a process has locked a folder, without keeping out one that is about to.

    The lock itself is tried only if its process, by what the file says, may still be there.
    """
    path = folder / NAME
    if not path.exists():
        return False
    import filelock  # Here, because a list of runs needs it for those that are at work only.

    try:
        signed = re.match(r"process (\d+) on (\S+) since", path.read_text("utf-8", "replace"))
        if signed is None and time.time() - path.stat().st_mtime < SIGNING_SECONDS:
            return True
        if signed and signed[2] == socket.gethostname() and not _is_alive(int(signed[1])):
            return False
        with filelock.FileLock(path, blocking=False):
            path.unlink(missing_ok=True)  # It may have been deleted, and made again just now.
            return False
    except FileNotFoundError:
        return False
    except filelock.Timeout:
        return True


def _acquired(path: Path):
    """Returns a lock that is held, as a context that frees it."""
    import filelock

    while True:
        try:
            return filelock.FileLock(path, timeout=PATIENCE_SECONDS).acquire(poll_interval=0.02)
        except filelock.Timeout:
            # The other process may have ended since, and have deleted the file: try again.
            with contextlib.suppress(FileNotFoundError):
                holder = path.read_text("utf-8", "replace") or "it has just begun"
                raise BlockingIOError(
                    f"Another process is at work in {path.parent}: {holder}. Wait for it, or train "
                    "into another directory."
                ) from None


def _is_alive(process: int) -> bool:
    if os.name != "posix":
        return True  # Elsewhere, to ask for a process may end it.
    try:
        os.kill(process, 0)
    except (ProcessLookupError, OverflowError):  # No process has a number as large.
        return False
    except PermissionError:
        pass
    return True


def clear(folder: Path) -> None:
    """Deletes everything in a folder except for its lock."""
    for path in folder.iterdir():
        if path.is_dir():
            shutil.rmtree(path)
        elif path.name != NAME:
            path.unlink()
