"""How augmentation layers are driven, Keras's and this package's."""

import keras

from kerasrecipes.layers.augmentation.augmentation_layer import AugmentationLayer
from kerasrecipes.layers.augmentation.rounding import to_float


def follows_protocol(layer: keras.layers.Layer) -> bool:
    """Returns whether a layer follows Keras's protocol of image preprocessing layers.

    Such a layer draws in `get_random_transformation` and applies what was drawn in
    `transform_images` and `transform_labels`.
    """
    return hasattr(layer, "get_random_transformation")


def mixes_labels(layer: keras.layers.Layer) -> bool:
    """Returns whether a layer turns the labels of a batch into shares of several classes.

    Example:

    >>> mixes_labels(keras.layers.CutMix()), mixes_labels(keras.layers.RandomFlip())
    (True, False)
    """
    return isinstance(layer, keras.layers.MixUp | keras.layers.CutMix) or bool(
        getattr(layer, "mixes_labels", False)
    )


def transform_images(layer: keras.layers.Layer, images, transformation):
    """Applies what a layer drew to images; Keras's layers get float ones.

    Some of them compute in the dtype of the images, and wrap around in uint8: `RandomBrightness`
    turns a pixel of 100 that should get lighter by -51 into anything.
    """
    if not isinstance(layer, AugmentationLayer):
        images = to_float(images)
    return layer.transform_images(images, transformation, training=True)
