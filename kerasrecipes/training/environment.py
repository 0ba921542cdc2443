"""Description of the environment of a training: versions, backend, device, host."""

import contextlib
import importlib.metadata
import os
import platform
from datetime import UTC, datetime

import keras

from kerasrecipes import __version__
from kerasrecipes.recipe.recipe import Recipe
from kerasrecipes.training.numerics import NUMERICS_VERSION

_OPENCV_PACKAGES = (
    "opencv-python-headless",
    "opencv-python",
    "opencv-contrib-python-headless",
    "opencv-contrib-python",
)


def describe_environment(recipe: Recipe) -> dict:
    """Returns the contents of environment.json, as plain data."""
    backend = keras.backend.backend()
    return {
        "kerasrecipes": __version__,
        "numerics_version": NUMERICS_VERSION,
        "keras": keras.__version__,
        "backend": backend,
        backend: importlib.metadata.version(backend),
        "numpy": importlib.metadata.version("numpy"),
        "opencv": _opencv_version(),
        "python": platform.python_version(),
        "platform": platform.platform(),
        "device": _device(),
        "cpus": os.cpu_count(),
        "seed": recipe.seed,
        "started": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def _opencv_version() -> str | None:
    """Returns the version of OpenCV, whichever package brought it, or `None`."""
    for name in _OPENCV_PACKAGES:
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            return importlib.metadata.version(name)
    return None


def _device() -> str:
    """Returns the name of the accelerator that the backend computes on, or `"cpu"`."""
    backend = keras.backend.backend()
    if backend == "jax":
        import jax

        return jax.devices()[0].device_kind
    if backend == "torch":
        import torch

        return torch.cuda.get_device_name() if torch.cuda.is_available() else "cpu"
    import tensorflow as tf

    gpus = tf.config.list_physical_devices("GPU")
    return tf.config.experimental.get_device_details(gpus[0])["device_name"] if gpus else "cpu"
