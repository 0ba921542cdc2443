"""Functions that initialize a whole model from a batch of training images."""

from kerasrecipes.models.initialization.data_dependent_scaling import data_dependent
from kerasrecipes.models.initialization.layer_sequential import lsuv
from kerasrecipes.models.initialization.whitened_patches import patch_whitening

__all__ = ["data_dependent", "lsuv", "patch_whitening"]
