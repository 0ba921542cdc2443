"""Readers of the arrays, the model and the diagnosis of a run folder; see `plain_files`."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from kerasrecipes.base.damaged_files import check_archive, decoding, read_arrays
from kerasrecipes.diagnostics.findings.diagnosis import Diagnosis
from kerasrecipes.diagnostics.record.record import Record
from kerasrecipes.recipe.qualified_names import CodeNotAllowedError
from kerasrecipes.training.examples import augmented_images, mistakes
from kerasrecipes.training.files.plain_files import read_run_json, way_out


def read_diagnosis(folder: Path) -> Diagnosis | None:
    """Returns the diagnosis of a run; `None` if it was trained without the doctor."""
    path = folder / "findings.json"
    data = read_run_json(folder, path.name)
    if not data:
        return None
    with decoding(path, way_out(path)):
        try:
            return Diagnosis.from_dict(data)
        except (AttributeError, TypeError) as error:
            raise ValueError(str(error)) from error


def read_record(folder: Path) -> Record | None:
    """Returns what was measured of a run; `None` if it was trained without the doctor."""
    path = folder / "record.json"
    if not path.is_file():
        return None
    with decoding(path, way_out(path)):
        return Record.load(path)


def read_run_arrays(folder: Path, name: str) -> Mapping[str, np.ndarray]:
    """Returns the arrays in an `.npz` file of a run; empty if there is no such file."""
    path = folder / name
    if not path.is_file():
        return {}
    arrays = read_arrays(path, way_out(path))
    with decoding(path, way_out(path)):
        _CHECKS[name](arrays)
    return arrays


def load_model_file(path: Path, not_allowed: list[str]):
    """Returns the model in the model.keras of a run, not compiled.

    Args:
        path: Path of the file, model.keras or that of a snapshot.
        not_allowed: Users' own modules that its layers may come from, and that are not imported.

    Raises:
        CodeNotAllowedError: If it has a layer that Keras does not know, and there are such modules.
        ValueError: If it is not there, or is damaged.
    """
    import keras

    from kerasrecipes.base.compilation_cache import keep_compiled

    if not path.is_file():
        raise ValueError(
            f"The run must have a {path.name}: train it to its end. Received: {path.parent}"
        )
    check_archive(path, way_out(path))
    keep_compiled()
    try:
        return keras.saving.load_model(path, compile=False)
    except TypeError as error:
        if not_allowed:
            raise CodeNotAllowedError(*not_allowed) from error
        raise


def _check_predictions(arrays: Mapping[str, np.ndarray]) -> None:
    """Raises unless the predictions on each split have a label each."""
    for name, labels in arrays.items():
        split, _, kind = name.rpartition("_")
        if kind == "labels":
            shape = arrays[f"{split}_probabilities"].shape
            if len(shape) != 2 or shape[:1] != labels.shape:
                raise ValueError(f"{name} has the shape {labels.shape}, the predictions {shape}")


def _check_examples(arrays: Mapping[str, np.ndarray]) -> None:
    """Raises unless the columns are there that the pictures are read from."""
    mistakes(arrays), augmented_images(arrays)


def _check_snapshots(arrays: Mapping[str, np.ndarray]) -> None:
    """Raises unless there are predictions of every snapshot."""
    for name, each in arrays.items():
        if len(each) != len(arrays["steps"]):
            raise ValueError(f"{name} has {len(each)} rows for {len(arrays['steps'])} snapshots")


def _check_explanations(arrays: Mapping[str, np.ndarray]) -> None:
    """Raises unless each method has a map of finite numbers for each mistake."""
    for name, maps in arrays.items():
        if maps.ndim != 3 or maps.dtype.kind != "f":
            raise ValueError(f"{name} must be maps, and is {maps.dtype} of shape {maps.shape}")


def _check_adversarial(arrays: Mapping[str, np.ndarray]) -> None:
    """Raises unless each picture has its original, its classes and its epsilon."""
    columns = ("originals", "adversarial", "true", "predicted", "epsilon")
    if len({len(arrays[name]) for name in columns}) > 1:
        raise ValueError("there are not as many pictures as labels")


_CHECKS = {
    "predictions.npz": _check_predictions,
    "examples.npz": _check_examples,
    "explanations.npz": _check_explanations,
    "snapshots.npz": _check_snapshots,
    "adversarial.npz": _check_adversarial,
}
