"""A `.npy` file that grows row by row, and can be gone on with."""

import io
import json
import math
import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from kerasrecipes.base.files import write_json

# Of the files. Raised when another version would misread what this one writes.
FORMAT = 1


@dataclass(frozen=True)
class FeatureFile:
    """Float32 features in a file that is whole or not there.

    Rows are appended to a file beside it, which is renamed when all are there.

    Args:
        path: The `.npy` file. Beside it a `.json` file of the same name tells the format.
        shape: Tuple `(samples, ...)` of the whole array.
    """

    path: Path
    shape: tuple[int, ...]

    @property
    def size_bytes(self) -> int:
        """The size of all rows."""
        return 4 * math.prod(self.shape)

    @property
    def is_whole(self) -> bool:
        """Whether the file is there, whole, and of this version."""
        try:
            described = json.loads(self.path.with_suffix(".json").read_text("utf-8"))
            array = self.read()
        except (OSError, ValueError):
            return False
        return (
            described == {"format": FORMAT, "shape": list(self.shape)}
            and array.shape == self.shape
            and array.dtype == np.float32
        )

    def read(self) -> np.ndarray:
        """Returns the features, mapped from the file."""
        return np.load(self.path, mmap_mode="r")

    def rows_there(self) -> int:
        """Returns how many rows were appended to the unfinished file."""
        try:
            size = self._partial.stat().st_size
        except FileNotFoundError:
            return 0
        return max(0, size - len(self._header)) // (self.size_bytes // self.shape[0])

    def cut_to(self, rows: int) -> None:
        """Drops all but the first rows of the unfinished file, or begins it."""
        if rows == 0:
            self._partial.write_bytes(self._header)
        else:
            os.truncate(
                self._partial, len(self._header) + rows * (self.size_bytes // self.shape[0])
            )

    def append(self, rows: np.ndarray) -> None:
        """Adds rows to the unfinished file."""
        with self._partial.open("ab") as file:
            file.write(np.ascontiguousarray(rows, "<f4").data)

    def finish(self) -> None:
        """Puts the file in its place."""
        with self._partial.open("rb") as file:
            os.fsync(file.fileno())
        # An array that is there, of another version, must not be taken for one of this.
        self.path.unlink(missing_ok=True)
        write_json(self.path.with_suffix(".json"), {"format": FORMAT, "shape": list(self.shape)})
        self._partial.replace(self.path)

    @property
    def _partial(self) -> Path:
        return self.path.with_suffix(".partial")

    @property
    def _header(self) -> bytes:
        header = io.BytesIO()
        description = {"descr": "<f4", "fortran_order": False, "shape": self.shape}
        np.lib.format.write_array_header_1_0(header, description)
        return header.getvalue()
