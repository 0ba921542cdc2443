"""Files of checkpoints: a header of plain values, and arrays."""

import json
import warnings
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from kerasrecipes.base.files import replacing
from kerasrecipes.callbacks.model_state import pack, unpack


class DamagedCheckpointWarning(RuntimeWarning):
    """A checkpoint cannot be read, and an older one takes its place."""


class CheckpointFile(NamedTuple):
    """The contents of a checkpoint's file.

    Args:
        epochs: The number of finished epochs.
        steps: The number of steps of the next epoch that are done too.
        contents: Dictionary from name to plain value, array, or lists and dictionaries of these.
    """

    epochs: int
    steps: int
    contents: dict[str, Any]

    def write(self, path: Path, *, previous: Path | None = None) -> None:
        """Writes the file in one step.

        Args:
            path: Path of the file.
            previous: The path to which a file at `path` is moved. Defaults to `None`: it is
                replaced.
        """
        arrays: list[np.ndarray] = []
        header = {
            "epochs": self.epochs,
            "steps": self.steps,
            "contents": _encoded(self.contents, arrays),
        }
        path.parent.mkdir(parents=True, exist_ok=True)
        layout, data = pack(arrays)
        with replacing(path, durable=False) as temporary:
            np.savez(temporary, header=np.array(json.dumps(header | {"layout": layout})), data=data)
            if previous is not None and path.exists():
                path.replace(previous)

    @classmethod
    def read(cls, path: Path) -> "CheckpointFile":
        """Reads a file. Of a damaged one, NumPy and zipfile raise errors of many kinds."""
        with path.open("rb") as opened, np.load(opened) as file:
            header = json.loads(str(file["header"]))
            arrays = unpack(header["layout"], file["data"])
        return cls(header["epochs"], header["steps"], _decoded(header["contents"], arrays))


def read_newest(paths: Iterable[Path]) -> tuple[CheckpointFile | None, list[Path]]:
    """Returns the checkpoint that is furthest along, and the paths of those that are damaged.

    Args:
        paths: Where checkpoints may be: first one within an epoch, then others from new to old.

    Raises:
        ValueError: If there are checkpoints and none of them can be read.
    """
    found: list[CheckpointFile] = []
    damaged: dict[Path, str] = {}
    for path in paths:
        try:
            found.append(CheckpointFile.read(path))
        except FileNotFoundError:
            continue
        except Exception as error:
            damaged[path] = f"{path} ({type(error).__name__}: {' '.join(str(error).split())})"
            continue
        if not found[-1].steps:
            break  # The others are older.
    if damaged and not found:
        raise ValueError(
            "A run can only go on from a checkpoint that can be read. Bring one back from a copy, "
            f"or delete the folder {next(iter(damaged)).parent} to train from the first epoch "
            f"again. Damaged: {', '.join(damaged.values())}"
        )
    newest = max(found, default=None, key=lambda file: file[:2])
    if damaged and newest is not None:
        within = f" and step {newest.steps} of the next one" if newest.steps else ""
        warnings.warn(
            f"A checkpoint is damaged: {', '.join(damaged.values())}. The training goes on from "
            f"the one before it, after epoch {newest.epochs}{within}.",
            DamagedCheckpointWarning,
            stacklevel=3,
        )
    return newest, list(damaged)


def _encoded(value: Any, arrays: list[np.ndarray]) -> Any:
    """Returns a value as plain data for JSON. Each array is moved to the list `arrays`.

    The plain data holds the array's index in the list instead.
    """
    if isinstance(value, np.ndarray | np.generic):
        arrays.append(np.asarray(value))
        return {"array": len(arrays) - 1}
    if isinstance(value, dict):
        return {"dict": {k: _encoded(v, arrays) for k, v in value.items()}}
    if isinstance(value, list | tuple):
        return [_encoded(v, arrays) for v in value]
    return value


def _decoded(value: Any, arrays: Sequence[np.ndarray]) -> Any:
    if isinstance(value, list):
        return [_decoded(v, arrays) for v in value]
    if isinstance(value, dict) and "array" in value:
        return arrays[value["array"]]
    if isinstance(value, dict):
        return {k: _decoded(v, arrays) for k, v in value["dict"].items()}
    return value
