"""Predictions of exported files, which must be those of the model."""

import warnings
from collections.abc import Sequence
from pathlib import Path

import keras
import numpy as np

# Converters reorder float32 operations. What a half-precision model rounds, they may round twice.
TOLERANCE, HALF_PRECISION_TOLERANCE = 1e-3, 0.05
IMAGES = 4


def images_like(shape: Sequence[int], value_range: Sequence[float]) -> np.ndarray:
    """Returns a few images of noise, on which exported files are compared with the model."""
    low, high = value_range
    pixels = np.random.default_rng(0).uniform(low, high, (IMAGES, *shape))
    return pixels.astype("float32")


def predictions(model: keras.Model, images: np.ndarray) -> np.ndarray:
    """Returns the logits of a model by `predict`, which may return a list of one output."""
    (logits,) = keras.tree.flatten(model.predict(images, verbose=0))
    return logits


def check_exported(
    path: Path, format: str, images: np.ndarray, expected: np.ndarray, tolerance: float = TOLERANCE
) -> None:
    """Raises unless a file that was written predicts what the model does.

    Args:
        path: The file or folder.
        format: `"savedmodel"`, `"onnx"` or `"keras"`.
        images: `(batch, height, width, channels)`.
        expected: The model's logits of these images.
        tolerance: The largest difference allowed, as a share of the largest logit, or of 1 if all
            are smaller.

    Raises:
        ValueError: If the file cannot be loaded, or does not predict the same.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found = _LOADERS[format](path, images)
    # ONNX Runtime has exceptions of its own, which share no other class.
    except Exception as error:
        reason = str(error).strip().splitlines() or [type(error).__name__]
        raise ValueError(f"{_refused(format)} It cannot be used: {reason[0]}") from error
    if found.shape != expected.shape:
        raise ValueError(f"{_refused(format)} Its output is {found.shape}, not {expected.shape}.")
    difference = float(np.abs(found - expected).max())
    allowed = tolerance * max(1.0, float(np.abs(expected).max()))
    if not difference <= allowed:
        raise ValueError(
            f"{_refused(format)} Its logits differ by up to {difference:.3g} from those of "
            f"`predict`, on {len(images)} images of noise; {allowed:.3g} would be rounding."
        )


def _refused(format: str) -> str:
    others = " or ".join(name for name in _LOADERS if name != format)
    backend = keras.backend.backend()
    other_backend = ", or with KERAS_BACKEND=torch" if (format, backend) == _WEAK else ""
    return (
        f"The model must give in format {format!r} what `predict` gives, and does not. Nothing was "
        f"written: export it as {others}{other_backend}."
    )


# PyTorch's exporter to ONNX converts what tf2onnx, which takes variables for inputs, cannot.
_WEAK = ("onnx", "tensorflow")


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
