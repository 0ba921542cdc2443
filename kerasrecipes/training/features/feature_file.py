"""A `.npy` file that is written in portions and can be resumed."""

import io
import json
import math
import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from kerasrecipes.base.damaged_files import DECODING_ERRORS
from kerasrecipes.base.files import appending, write_json

# The format of the files. It is raised when an older version would misread the new files.
FORMAT = 1


@dataclass(frozen=True)
class FeatureFile:
    """Float32 features in a file that is either complete or does not exist.

    Rows are appended to a second file, which is renamed when it has all rows.

    Args:
        path: Path of the `.npy` file. A `.json` file of the same name beside it states the format.
        shape: Tuple `(samples, ...)` of the whole array.
    """

    path: Path
    shape: tuple[int, ...]

    @property
    def size_bytes(self) -> int:
        """The size of all rows together."""
        return 4 * math.prod(self.shape)

    @property
    def is_whole(self) -> bool:
        """Whether the file exists, is complete, and has the format of this version."""
        try:
            described = json.loads(self.path.with_suffix(".json").read_text("utf-8"))
            array = self.read()
        except (OSError, *DECODING_ERRORS):
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
        """Returns the number of rows in the unfinished file."""
        try:
            size = self._partial.stat().st_size
        except FileNotFoundError:
            return 0
        return max(0, size - len(self._header)) // (self.size_bytes // self.shape[0])

    def cut_to(self, rows: int) -> None:
        """Truncates the unfinished file to its first rows, or creates it."""
        if rows == 0:
            self._partial.write_bytes(self._header)
        else:
            os.truncate(
                self._partial, len(self._header) + rows * (self.size_bytes // self.shape[0])
            )

    def append(self, rows: np.ndarray) -> None:
        """Appends rows to the unfinished file."""
        with appending(self._partial) as file:
            file.write(np.ascontiguousarray(rows, "<f4").data)

    def finish(self) -> None:
        """Renames the unfinished file, which has all rows now."""
        with self._partial.open("rb") as file:
            os.fsync(file.fileno())
        # An older array must not stand beside the new description, as if it were of this version.
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
