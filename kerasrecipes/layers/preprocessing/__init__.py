"""Layers that adapt to training data and are part of the model."""

from kerasrecipes.layers.preprocessing.adaptable_layer import AdaptableLayer
from kerasrecipes.layers.preprocessing.centering import Centering
from kerasrecipes.layers.preprocessing.pca_whitening import PCAWhitening
from kerasrecipes.layers.preprocessing.standardization import Standardization
from kerasrecipes.layers.preprocessing.zca_whitening import ZCAWhitening

__all__ = ["AdaptableLayer", "Centering", "PCAWhitening", "Standardization", "ZCAWhitening"]
