"""Hashes of the contents of files, remembered so that no file is read twice."""

import hashlib
import json
import os
import time
from collections.abc import Sequence
from pathlib import Path

from kerasrecipes.base.files import cache_folder, write_text
from kerasrecipes.data.reading.threads import map_in_threads

# A file may change again within one tick of its file system's clock (two seconds with FAT), and
# look unchanged. So the hash of a file that has only just changed is not remembered.
_CLOCK_TICK_NS = 2 * 10**9


def content_hashes(directory: str | os.PathLike, names: Sequence[str]) -> list[str]:
    """Returns the SHA-256 of the content of each file.

    A hash is remembered with the file's size, inode and times, and found again as long as all of
    them are the same. The memory is a file for each directory in `cache_folder("contents")`, not in
    the directory itself, which may be read-only. Where it cannot be written, or two processes write
    it at once, nothing is wrong: files are read again.

    Args:
        directory: Path that `names` are relative to.
        names: Sequence of strings.

    Raises:
        OSError: If a file cannot be read.
    """
    root = os.path.realpath(directory)
    memory = cache_folder("contents") / f"{hashlib.sha256(os.fsencode(root)).hexdigest()[:24]}.json"
    known = _read(memory)
    new: dict[str, str] = {}

    def content_hash(name: str) -> str:
        path = os.path.join(root, name)
        now = time.time_ns()
        state = os.stat(path)
        seen = f"{state.st_size} {state.st_mtime_ns} {state.st_ctime_ns} {state.st_ino}"
        remembered, _, digest = str(known.get(name)).rpartition(" ")
        if remembered == seen:
            return digest
        with open(path, "rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        if max(state.st_mtime_ns, state.st_ctime_ns) < now - _CLOCK_TICK_NS:
            new[name] = f"{seen} {digest}"
        return digest

    hashes = map_in_threads(content_hash, names)
    if new:
        _write(memory, new)
    return hashes


def _read(memory: Path) -> dict[str, str]:
    try:
        known = json.loads(memory.read_text("utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return known if isinstance(known, dict) else {}


def _write(memory: Path, new: dict[str, str]) -> None:
    try:
        memory.parent.mkdir(parents=True, exist_ok=True)
        # Read again: another process may have written its own meanwhile.
        write_text(memory, json.dumps(_read(memory) | new), durable=False)
    except OSError:
        pass
