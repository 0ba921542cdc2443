"""Explanations of a run's predictions: for image files, and for the mistakes that it keeps."""

import contextlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np

from kerasrecipes.base.checks import check_choice, nearest
from kerasrecipes.base.files import replacing
from kerasrecipes.data.filling import compiles_each_size, filled
from kerasrecipes.data.reading.decoding import BrokenImageError
from kerasrecipes.explanations import CannotExplainError, grad_cam, occlusion
from kerasrecipes.explanations.class_activation import activation_maps
from kerasrecipes.explanations.class_scores import class_probabilities
from kerasrecipes.explanations.covered_patches import default_predictions
from kerasrecipes.runs.prediction import image_reader
from kerasrecipes.training.examples import mistakes
from kerasrecipes.training.files.run_files import read_run_arrays
from kerasrecipes.training.run import Run

_FUNCTIONS: dict[str, Callable] = {"grad_cam": grad_cam, "occlusion": occlusion}
METHODS = tuple(_FUNCTIONS)

# The images that are decoded and explained at once.
_AT_ONCE = 8

# The largest number of mistakes of a run that parts are covered of; it takes many predictions.
_COVERED = 8

# The longest side of a map that a run keeps.
_STORED_PIXELS = 64


@dataclass(frozen=True, eq=False)
class Explanation:
    """What a model looks at in an image file.

    Args:
        path: Path of the file.
        image: uint8 array of the model's image size, or `None` for a broken image.
        probabilities: float32 array of shape `(classes,)`, or `None` for a broken image.
        label: The class that is explained.
        maps: Dictionary from the name of a method to its map, `(height, width)`.
        reason: `None`, or the reason why a broken image cannot be read.
    """

    path: Path
    image: np.ndarray | None = None
    probabilities: np.ndarray | None = None
    label: int = 0
    maps: dict[str, np.ndarray] | None = None
    reason: str | None = None


def explain_files(
    run: Run,
    paths: Sequence[Path],
    class_name: str | None = None,
    methods: Sequence[str] = METHODS,
) -> Iterator[Explanation]:
    """Yields what a finished run's model looks at in each image file, in order.

    Files are decoded and resized as by `predict_files`.

    Args:
        run: A finished run.
        paths: The files.
        class_name: The class to explain. Defaults to `None`: for each image the predicted one.
        methods: `"grad_cam"`, `"occlusion"` or both; see `kerasrecipes.explanations`.

    Raises:
        CannotExplainError: If the model cannot be explained by the one method of `methods`. Of
            two, the other is then left out.
        ValueError: If the run has no such class.

    Example:

    ```python
    run = kerasrecipes.load("saved_models/train_from_scratch-0123456789ab")
    for explanation in explain_files(run, image_paths(["pictures"])):
        print(explanation.path, explanation.maps["grad_cam"].max())
    ```
    """
    for method in methods:
        check_choice("methods", method, METHODS)
    names = run.data["class_names"]
    if class_name is not None and class_name not in names:
        raise ValueError(
            f"The run has no class {class_name!r}.{nearest(class_name, names)} "
            f"Classes: {', '.join(names)}."
        )
    label = None if class_name is None else names.index(class_name)
    model, read = run.load_model(compile=False), image_reader(run)
    for start in range(0, len(paths), _AT_ONCE):
        some = paths[start : start + _AT_ONCE]
        decoded = read(some)
        images = [image for image in decoded if isinstance(image, np.ndarray)]
        explained = iter(_explained(model, images, label, methods))
        for path, image in zip(some, decoded, strict=True):
            if isinstance(image, BrokenImageError):
                yield Explanation(path, reason=image.reason)
            else:
                probabilities, chosen, maps = next(explained)
                yield Explanation(path, image, probabilities, chosen, maps)


def explained_mistakes(run: Run) -> dict[str, np.ndarray]:
    """Returns maps of why a run's most confident mistakes were taken for another class.

    They are computed once, and kept in the run's explanations.npz. Parts are covered of no more
    mistakes than take as many predictions as the data have images.

    Returns:
        Maps of the first mistakes by method, `(mistakes, rows, columns)`. A method is left out if
        the model cannot be explained by it, or there are no mistakes.

    Raises:
        ValueError: If the model or its explanations cannot be read.
    """
    there = read_run_arrays(run.folder, "explanations.npz")
    if there:
        return {name: there[name] for name in METHODS if name in there}
    found = mistakes(run.examples)
    if not found or not (run.folder / "model.keras").is_file():
        return {}
    images = np.stack([mistake.image for mistake in found])
    labels = [int(mistake.predicted) for mistake in found]
    affordable = sum(run.data["sizes"].values()) // default_predictions(images.shape[1:3])
    covered = min(len(found), _COVERED, affordable)
    model, maps = run.load_model(compile=False), {}
    with contextlib.suppress(CannotExplainError):
        maps["grad_cam"] = activation_maps(model, images, labels)
    if covered:
        maps["occlusion"] = _thinned(occlusion(model, images[:covered], labels[:covered]))
    stored = {name: of.astype("float16") for name, of in maps.items()}
    with replacing(run.folder / "explanations.npz") as temporary:
        np.savez_compressed(temporary, **stored)  # type: ignore[arg-type]
    return stored


def _explained(model: keras.Model, images, label: int | None, methods) -> Iterator[tuple]:
    """Yields probabilities, the class that is explained, and maps by method, for each image."""
    if not images:
        return
    batch = np.stack(images)
    whole = filled(batch, _AT_ONCE) if compiles_each_size() else batch
    outputs = np.asarray(model.predict_on_batch(whole))[: len(batch)]
    probabilities = class_probabilities(outputs, False)
    labels = [int(p.argmax()) if label is None else label for p in probabilities]
    maps = {}
    for method in methods:
        try:
            maps[method] = _FUNCTIONS[method](model, batch, labels)
        except CannotExplainError:
            if len(methods) == 1:
                raise
    for index, chosen in enumerate(labels):
        yield probabilities[index], chosen, {name: of[index] for name, of in maps.items()}


def _thinned(maps: np.ndarray) -> np.ndarray:
    """Returns maps with every so many pixels left out: they are constant on patches."""
    step = -(-max(maps.shape[1:]) // _STORED_PIXELS)
    return maps[:, step // 2 :: step, step // 2 :: step]
