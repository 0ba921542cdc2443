"""Data sets of labelled images. `__all__` is the registry of the sources that load into them."""

from kerasrecipes.data.sources.cross_validation import CrossValidation
from kerasrecipes.data.sources.digits import Digits
from kerasrecipes.data.sources.image_folder import ImageFolder
from kerasrecipes.data.sources.npz import Npz
from kerasrecipes.data.sources.tfds import TFDS

__all__ = ["TFDS", "CrossValidation", "Digits", "ImageFolder", "Npz"]
