"""Functions that initialize a whole model from a batch of training images."""

from kerasrecipes.models.initialization.data_dependent_scaling import data_dependent
from kerasrecipes.models.initialization.layer_by_layer import (
    InitializedLayer,
    initialize_layer_by_layer,
)
from kerasrecipes.models.initialization.layer_sequential import lsuv
from kerasrecipes.models.initialization.whitened_patches import patch_whitening

__all__ = [
    "InitializedLayer",
    "data_dependent",
    "initialize_layer_by_layer",
    "lsuv",
    "patch_whitening",
]
