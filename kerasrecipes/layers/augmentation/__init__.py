"""Layers that change training images at random, each sample on its own."""

from kerasrecipes.layers.augmentation.augmentation_layer import AugmentationLayer
from kerasrecipes.layers.augmentation.random_pad_crop import RandomPadCrop

__all__ = ["AugmentationLayer", "RandomPadCrop"]
