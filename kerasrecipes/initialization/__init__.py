"""Functions that initialize a whole model from a batch of training images."""

from kerasrecipes.initialization.data_dependent import data_dependent
from kerasrecipes.initialization.lsuv import lsuv
from kerasrecipes.initialization.patch_whitening import patch_whitening

__all__ = ["data_dependent", "lsuv", "patch_whitening"]
