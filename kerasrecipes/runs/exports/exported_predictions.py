"""Predictions of exported files, which must be those of the model."""

import importlib.util
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import keras
import numpy as np
from scipy.special import expit, softmax

from kerasrecipes.training.run import Run

# Converters reorder float32 operations. What a half-precision model rounds, they may round twice.
TOLERANCE, HALF_PRECISION_TOLERANCE = 1e-3, 0.05
IMAGES = 16

# Those whose images can be read here without a download, and without code of somebody else's.
_SOURCES = ("Digits", "ImageFolder", "Npz", "TFDS")


class Compared(NamedTuple):
    """Images on which an exported file is compared with the model.

    Args:
        images: float32 array of shape `(images, height, width, channels)`.
        description: What they are, such as `"16 images of the validation split"`.
    """

    images: np.ndarray
    description: str


def images_of(run: Run) -> Compared:
    """Returns images of a run's validation split, or the nearest to them that is at hand.

    Those are images that the run kept, or noise, if the run's data is not where it was, has
    changed, or would have to be downloaded.
    """
    validation = _validation_images(run)
    if validation is not None:
        return _compared(validation, "images of the validation split")
    for name in ("originals", "mistakes"):
        kept = run.examples.get(name, np.empty(0))
        if len(kept):
            return _compared(kept, "images that the run kept: its data is not at hand")
    noise = _noise(run.data["image_shape"], run.data["value_range"])
    return _compared(noise, "images of noise: the run's data is not at hand")


def _compared(images: np.ndarray, description: str) -> Compared:
    return Compared(images.astype("float32"), f"{len(images)} {description}")


def _validation_images(run: Run) -> np.ndarray | None:
    source = run.recipe.data
    if source.name not in _SOURCES:
        return None
    if source.name == "TFDS":
        source = run.recipe.replace({"data.download": False}).data
    try:
        dataset = source.build("data").load()
        if dataset.hash != run.data["hash"]:
            return None
        places = np.linspace(0, len(dataset.validation) - 1, IMAGES).astype(int)
        return dataset.validation.read(np.unique(places))
    except (ImportError, OSError, ValueError):  # Its folder is gone, or images in it are broken.
        return None


def _noise(shape: Sequence[int], value_range: Sequence[float]) -> np.ndarray:
    low, high = value_range
    return np.random.default_rng(0).uniform(low, high, (IMAGES, *shape))


def probabilities_of(logits: np.ndarray) -> np.ndarray:
    """Returns probabilities: a softmax of logits, or a sigmoid if there is one of them only."""
    return expit(logits) if logits.shape[-1] == 1 else softmax(logits, axis=-1)


def predictions(model: keras.Model, images: np.ndarray) -> np.ndarray:
    """Returns the logits of a model by `predict`, which may return a list of one output."""
    (logits,) = keras.tree.flatten(model.predict(images, verbose=0))
    return logits


def check_exported(
    path: Path, format: str, compared: Compared, expected: np.ndarray, tolerance: float = TOLERANCE
) -> None:
    """Raises unless a file that was written predicts what the model does.

    Args:
        path: The file or folder.
        format: `"savedmodel"`, `"onnx"` or `"keras"`.
        compared: The images.
        expected: What the model gives for these images, `(images, outputs)`.
        tolerance: The largest difference allowed, as a share of the largest output, or of 1 if all
            are smaller.

    Raises:
        ValueError: If the file cannot be loaded, or does not predict the same.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found = _LOADERS[format](path, compared.images)
    # ONNX Runtime has exceptions of its own, which share no other class.
    except Exception as error:
        raise ValueError(refusal(format, error)) from error
    if found.shape != expected.shape:
        raise ValueError(refusal(format, f"Its output is {found.shape}, not {expected.shape}."))
    difference = float(np.abs(found - expected).max())
    allowed = tolerance * max(1.0, float(np.abs(expected).max()))
    if not difference <= allowed:
        raise ValueError(
            refusal(
                format,
                f"Its output differs by up to {difference:.3g} from that of `predict`, on "
                f"{compared.description}; {allowed:.3g} would be rounding.",
            )
        )


def refusal(format: str, reason: str | Exception) -> str:
    """Returns the message of the error that an export ends in, with what there is instead."""
    others = " or ".join(name for name in _LOADERS if name != format)
    missing = [name for name in _BEST_FOR_ONNX if importlib.util.find_spec(name) is None]
    instead = f", or install {' and '.join(missing)}" if format == "onnx" and missing else ""
    if isinstance(reason, Exception):
        lines = str(reason).strip().splitlines() or [type(reason).__name__]
        reason = f"It cannot be used: {lines[0]}"
    return (
        f"The model must give in format {format!r} what `predict` gives, and does not. Nothing was "
        f"written: export it as {others}{instead}. {reason}"
    )


# PyTorch's exporters to ONNX convert what tf2onnx cannot.
_BEST_FOR_ONNX = ("torch", "onnxscript")


def _by_saved_model(path: Path, images: np.ndarray) -> np.ndarray:
    import tensorflow as tf

    loaded = tf.saved_model.load(str(path))  # Its functions do not keep its variables alive.
    return loaded.serve(tf.constant(images)).numpy()


def _by_onnx(path: Path, images: np.ndarray) -> np.ndarray:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4  # What fails is raised as well.
    session = onnxruntime.InferenceSession(str(path), options, ["CPUExecutionProvider"])
    names = [one.name for one in session.get_inputs()]
    if len(names) != 1:
        raise ValueError(f"it has {len(names)} inputs, {', '.join(names)}, where the model has one")
    return session.run(None, {names[0]: images})[0]


def _by_keras(path: Path, images: np.ndarray) -> np.ndarray:
    return predictions(keras.saving.load_model(path, compile=False), images)


_LOADERS = {"savedmodel": _by_saved_model, "onnx": _by_onnx, "keras": _by_keras}
