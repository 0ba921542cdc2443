"""Where images come from: sources that load into one `Dataset`. `__all__` is their registry."""

from kerasrecipes.data.cross_validation import CrossValidation
from kerasrecipes.data.digits import Digits
from kerasrecipes.data.image_folder import ImageFolder
from kerasrecipes.data.npz import Npz
from kerasrecipes.data.tfds import TFDS

__all__ = ["TFDS", "CrossValidation", "Digits", "ImageFolder", "Npz"]
