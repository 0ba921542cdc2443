"""Files that may be cut, damaged or hostile, and the error that names them."""

import contextlib
import csv
import json
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kerasrecipes.base.text import shortened

if TYPE_CHECKING:  # The command line reads files before it needs NumPy.
    import numpy as np

# What decoders raise on bytes that they do not expect: `zipfile` raises `NotImplementedError` and
# `RuntimeError` (of which `RecursionError` is one) where a flipped bit names another compression or
# a password, and NumPy a `MemoryError` where it makes an array enormous.
DECODING_ERRORS = (
    ValueError,
    LookupError,
    EOFError,
    ArithmeticError,
    MemoryError,
    RuntimeError,
    StopIteration,
    zipfile.BadZipFile,
    zlib.error,
    csv.Error,
)


class DamagedFileError(ValueError):
    """A file cannot be read because it is cut, damaged or no file of its kind.

    Args:
        path: The file.
        reason: What is wrong with it.
        way_out: Sentences that say what to do now.
    """

    def __init__(self, path: Path, reason: str, way_out: str = ""):
        super().__init__(f"{path} cannot be read: {reason}. {way_out}".rstrip())
        self.path, self.reason = path, reason


@contextlib.contextmanager
def decoding(path: Path, way_out: str = "") -> Iterator[None]:
    """Turns what a decoder raises into a `DamagedFileError`.

    It is for the lines that decode a file, and no others, whose errors would be taken for damage.
    """
    try:
        yield
    except DamagedFileError:
        raise
    except DECODING_ERRORS as error:
        reason = "it is empty" if path.stat().st_size == 0 else _reason(error)
        raise DamagedFileError(path, reason, way_out) from error


def read_json(path: Path, kinds: Mapping[str, type], way_out: str = "") -> dict[str, Any]:
    """Returns the dictionary in a JSON file.

    Args:
        path: The file.
        kinds: The types of entries that must be there, by dotted path.
        way_out: What to do if the file is damaged.

    Raises:
        DamagedFileError: If it is no JSON, or lacks one of the entries.
    """
    with decoding(path, way_out):
        value = json.loads(path.read_text("utf-8"))
        if not isinstance(value, dict):
            raise ValueError("it holds no dictionary")
        for name, kind in kinds.items():
            entry: Any = value
            for key in name.split("."):
                entry = entry.get(key) if isinstance(entry, dict) else None
            if not isinstance(entry, kind):
                raise ValueError(f"{name!r} is {shortened(repr(entry), 40)}")
        return value


def read_arrays(path: Path, way_out: str = "") -> "dict[str, np.ndarray]":
    """Returns the arrays in an `.npz` file. Nothing in it is unpickled.

    Raises:
        DamagedFileError: If the file or one of its arrays cannot be read.
    """
    import numpy as np

    with decoding(path, way_out):
        # NumPy takes a file that is no archive for a pickle, and advises to allow it.
        if not zipfile.is_zipfile(path):
            raise ValueError("it is no .npz file, or its end is missing")
        with np.load(path, allow_pickle=False) as file:
            return dict(file)


def check_archive(path: Path, way_out: str = "") -> None:
    """Raises a `DamagedFileError` unless a zip archive, as `.keras` files are, is whole."""
    with decoding(path, way_out), zipfile.ZipFile(path) as file:
        if (changed := file.testzip()) is not None:
            raise ValueError(f"its part {changed!r} has changed")


def _reason(error: BaseException) -> str:
    if isinstance(error, RecursionError):
        return "it is nested too deeply"
    return str(error).rstrip(".") or type(error).__name__
