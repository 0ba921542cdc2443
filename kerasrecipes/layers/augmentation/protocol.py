"""Protocol of augmentation layers, for Keras's and this package's alike."""

import keras

from kerasrecipes.layers.augmentation.augmentation_layer import AugmentationLayer
from kerasrecipes.layers.augmentation.rounding import to_float


def follows_protocol(layer: keras.layers.Layer) -> bool:
    """Returns whether a layer follows Keras's protocol of image preprocessing layers.

    Such a layer draws random numbers in `get_random_transformation`, and applies them in
    `transform_images` and `transform_labels`.
    """
    return hasattr(layer, "get_random_transformation")


def mixes_labels(layer: keras.layers.Layer) -> bool:
    """Returns whether a layer turns the labels of a batch into soft labels.

    Example:

    >>> mixes_labels(keras.layers.CutMix()), mixes_labels(keras.layers.RandomFlip())
    (True, False)
    """
    return isinstance(layer, keras.layers.MixUp | keras.layers.CutMix) or bool(
        getattr(layer, "mixes_labels", False)
    )


def takes_turns(layer: keras.layers.Layer) -> bool:
    """Returns whether a layer, or one inside it, wants to know how often a sample had its turn.

    It finds that in the attribute `turns` of the seed generator that it draws from.
    """
    inside = getattr(layer, "layers", ())
    return bool(getattr(layer, "takes_turns", False)) or any(map(takes_turns, inside))


def transform_images(layer: keras.layers.Layer, images, transformation):
    """Returns images after a layer's transformation. Keras's layers are given float images.

    Some of them compute in the dtype of the images, in which values of uint8 wrap around:
    `RandomBrightness` would not turn 100 into 49 to make a pixel darker by 51.
    """
    if not isinstance(layer, AugmentationLayer):
        images = to_float(images)
    return layer.transform_images(images, transformation, training=True)
