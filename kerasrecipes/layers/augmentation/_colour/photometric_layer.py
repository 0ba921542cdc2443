"""Base class of layers that change colours."""

import keras

from kerasrecipes.layers.augmentation._colour.colour_maps import check_channels
from kerasrecipes.layers.augmentation.augmentation_layer import AugmentationLayer, with_images
from kerasrecipes.layers.augmentation.value_range import ValueRangeWatch, check_value_range


class PhotometricLayer(AugmentationLayer):
    """Base class of layers that change colours and keep pixels in their places.

    Args:
        value_range: `(low, high)` of the pixels.
        seed: Integer, or `None` for a random one.
        **kwargs: As `keras.layers.Layer`.

    Raises:
        ValueError: If `low` is not below `high`, or images have neither 1 nor 3 channels.
    """

    def __init__(self, value_range, seed=None, **kwargs):
        super().__init__(seed=seed, **kwargs)
        check_value_range(value_range)
        self.value_range = value_range
        self.watch = ValueRangeWatch(type(self).__name__, value_range)

    def get_random_transformation(self, images, training=True, seed=None):
        if training:
            check_channels(images)
        return super().get_random_transformation(images, training=training, seed=seed)

    def compute_output_spec(self, data, training=True):
        return with_images(data, self._spec)

    def _spec(self, images):
        check_channels(images)
        return keras.KerasTensor(images.shape, dtype=images.dtype)

    def get_config(self):
        return {**super().get_config(), "value_range": self.value_range}
