"""Fusion of successive geometric layers, so that they interpolate once."""

import itertools
from collections.abc import Sequence

import keras
from keras import ops

from kerasrecipes.layers.augmentation._warp.geometric_layer import GeometricLayer
from kerasrecipes.layers.augmentation._warp.homography import compose, normalize
from kerasrecipes.layers.augmentation._warp.warping import warp
from kerasrecipes.layers.augmentation.augmentation_layer import AugmentationLayer
from kerasrecipes.layers.augmentation.random_pad_crop import RandomPadCrop


def fuse(layers: Sequence[keras.layers.Layer]) -> list[keras.layers.Layer]:
    """Returns layers that do the same, in which successive geometric layers are fused to one.

    Layers are fused if they fill and interpolate alike, and have no perspective. The random numbers
    are the same. The result differs where an earlier layer moves pixels out of the image and a
    later one moves them back: the fused layer shows these pixels, not the filling.

    Example:

    >>> from kerasrecipes.layers import RandomGeometry, RandomPadCrop
    >>> fused = fuse([RandomGeometry(horizontal_flip=0.5), RandomPadCrop(4)])
    >>> len(fused)
    1
    """
    fused: list[keras.layers.Layer] = []
    for kind, run in itertools.groupby(layers, _kind):
        members = list(run)
        interpolated = [layer for layer in members if isinstance(layer, GeometricLayer)]
        if kind is None or len(members) < 2 or not interpolated:
            fused.extend(members)
        else:
            fused.append(_Fused(members, interpolated[0]))
    return fused


class _Fused(AugmentationLayer):
    """Geometric layers, applied as one.

    Args:
        layers: In the order in which they are applied.
        like: One of them, whose interpolation and filling are used.
    """

    def __init__(self, layers, like):
        super().__init__()
        self.layers = layers
        self.like = like

    def draw_transformation(self, images, seed):
        batch, *size, _ = ops.shape(images)
        homographies = []
        for layer in self.layers:
            homographies.append(layer.draw_pixel_homography(batch, size, seed))
            size = layer.output_size(size)
        return {"homography": normalize(compose(*homographies))}

    def augment_images(self, images, transformation):
        size = ops.shape(images)[1:3]
        for layer in self.layers:
            size = layer.output_size(size)
        return warp(
            images,
            transformation["homography"],
            size,
            interpolation=self.like.interpolation,
            fill_mode=self.like.fill_mode,
            fill_value=self.like.fill_value,
        )


def _kind(layer):
    """Returns what fused layers must have in common, or `None` if the layer cannot be fused."""
    is_geometric = isinstance(layer, GeometricLayer) and layer.is_affine
    if not is_geometric and not isinstance(layer, RandomPadCrop):
        return None
    # "reflect" has another meaning in `RandomPadCrop` than in geometric layers.
    if isinstance(layer, RandomPadCrop) and layer.fill_mode == "reflect":
        return None
    interpolation = getattr(layer, "interpolation", "bilinear")
    return interpolation, layer.fill_mode, layer.fill_value
