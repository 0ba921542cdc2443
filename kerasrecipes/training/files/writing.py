"""Writers of a run's model and arrays, whole or not at all."""

from collections.abc import Mapping
from pathlib import Path

import keras
import numpy as np

from kerasrecipes.base.files import replacing


def save_model(model: keras.Model, path: Path) -> None:
    """Writes a `.keras` file without the compiled state: it needs nothing but Keras to be read."""
    with replacing(path) as temporary:
        keras.Model(model.inputs[0], model.outputs[0], name=model.name).save(temporary)


def write_arrays(path: Path, arrays: Mapping[str, np.ndarray]) -> None:
    """Writes an `.npz` file."""
    with replacing(path) as temporary:
        np.savez_compressed(temporary, **arrays)  # type: ignore[arg-type]
