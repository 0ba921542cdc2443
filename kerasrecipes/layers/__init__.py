"""Layers that Keras lacks."""

from kerasrecipes.layers.augmentation.random_pad_crop import RandomPadCrop

__all__ = ["RandomPadCrop"]
