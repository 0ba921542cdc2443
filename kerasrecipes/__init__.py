"""Recipes for training CNNs with Keras 3: parts, scripts and search."""

import importlib
import os

__version__ = "0.1.0"

# TensorFlow reads it when it is imported, which Keras does: information no, warnings too, errors.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

# Imported on first use, so that `kerasrecipes --help` does not wait for Keras and its backend.
_HOMES = {
    "Recipe": "kerasrecipes.recipe",
    "Run": "kerasrecipes.run",
    "load": "kerasrecipes.run",
    "main": "kerasrecipes.cli",
    "train": "kerasrecipes.training",
    "use": "kerasrecipes.spec",
}
__all__ = sorted(_HOMES)


def __getattr__(name: str):
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(_HOMES[name]), name)
