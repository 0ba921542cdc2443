"""Recipes for training CNNs with Keras 3: parts, scripts and search."""

import os

import lazy_loader

__version__ = "0.1.0"

# TensorFlow reads it when it is imported, which Keras does: information no, warnings too, errors.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

# Imported on first use, so that `kerasrecipes --help` does not wait for Keras and its backend.
__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
