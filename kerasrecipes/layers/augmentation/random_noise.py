"""Gaussian noise, speckle, and salt and pepper."""

import keras
from keras import ops

from kerasrecipes.layers.augmentation.augmentation_layer import AugmentationLayer
from kerasrecipes.layers.augmentation.magnitude import Magnitude, from_zero, scaled
from kerasrecipes.layers.augmentation.rounding import round_to, to_float
from kerasrecipes.layers.augmentation.value_range import ValueRangeWatch, check_value_range


@keras.saving.register_keras_serializable(package="kerasrecipes")
class RandomNoise(AugmentationLayer):
    """Adds noise to images, with magnitudes that are drawn for each image.

    With pixels `x` in `[low, high]` and standard normal `n`, drawn for each channel of each pixel:

        speckle:   x += speckle * n * (x - low)
        gaussian:  x += gaussian * n * (high - low)

    Salt and pepper come last: a fraction of the pixels is replaced, one half by `high` and one half
    by `low`, in all channels. The result is clipped to the value range, and rounded for integer
    images.

    A magnitude is a number or a range `(low, high)`; `m` stands for `(0, m)`. Each image draws its
    own, uniformly.

    Args:
        gaussian: Magnitude of at least 0: a standard deviation as a fraction of the value range.
        speckle: Magnitude of at least 0: a standard deviation as a fraction of the pixel's value.
        salt_and_pepper: Magnitude in `[0, 1]`: the fraction of the pixels that is replaced.
        value_range: `(low, high)`, the lowest and highest value of a pixel.
        seed: Integer, or `None` for a random one.
        **kwargs: As `keras.layers.Layer`.

    Call arguments:
        data: Images `(batch, height, width, channels)`, integer or float; or a dictionary of
            `"images"` and `"labels"`.
        training: Whether to add noise. Defaults to `True`.

    Returns:
        Images of the same shape and dtype. With `training=False`, `data` itself.

    Raises:
        ValueError: If an argument is out of range.

    Example:

    >>> layer = RandomNoise(salt_and_pepper=(0.5, 0.5), seed=1)
    >>> noisy = ops.convert_to_numpy(layer(np.full((1, 50, 50, 1), 100, "uint8")))
    >>> np.unique(noisy).tolist(), bool(abs(np.mean(noisy == 100) - 0.5) < 0.05)
    ([0, 100, 255], True)
    """

    def __init__(
        self,
        gaussian: Magnitude = 0.0,
        speckle: Magnitude = 0.0,
        salt_and_pepper: Magnitude = 0.0,
        value_range: tuple[float, float] = (0, 255),
        seed: int | None = None,
        **kwargs,
    ):
        super().__init__(seed=seed, **kwargs)
        check_value_range(value_range)
        self.gaussian = gaussian
        self.speckle = speckle
        self.salt_and_pepper = salt_and_pepper
        self.value_range = value_range
        self._magnitudes = {
            "gaussian": from_zero("gaussian", gaussian),
            "speckle": from_zero("speckle", speckle),
            "salt_and_pepper": from_zero("salt_and_pepper", salt_and_pepper, at_most=1),
        }
        self._low, self._high = value_range
        self.watch = ValueRangeWatch(type(self).__name__, value_range)

    def draw_transformation(self, images, seed):
        """Returns `magnitude` and `noise` for each kind of noise that is in use."""
        batch, height, width, channels = ops.shape(images)
        # A column for each kind, so that one magnitude does not change the draws of another.
        unit = keras.random.uniform((batch, 3), seed=seed)
        transformation = {}
        for column, (kind, bounds) in enumerate(self._magnitudes.items()):
            if bounds[1] == 0:
                continue
            if kind == "salt_and_pepper":
                noise = keras.random.uniform((batch, height, width, 1), seed=seed)
            else:
                noise = keras.random.normal((batch, height, width, channels), seed=seed)
            magnitude = ops.reshape(scaled(unit[:, column], bounds), (-1, 1, 1, 1))
            transformation[kind] = {"magnitude": magnitude, "noise": noise}
        return transformation

    def augment_images(self, images, transformation):
        if not transformation:
            return images
        self.watch(images)
        pixels = ops.cast(to_float(images), "float32")
        if "speckle" in transformation:
            pixels = pixels + _scaled(transformation["speckle"]) * (pixels - self._low)
        if "gaussian" in transformation:
            extent = self._high - self._low
            pixels = pixels + _scaled(transformation["gaussian"]) * extent
        pixels = ops.clip(pixels, self._low, self._high)
        if "salt_and_pepper" in transformation:
            drawn = transformation["salt_and_pepper"]
            half = drawn["magnitude"] / 2
            pixels = ops.where(drawn["noise"] < half, self._low, pixels)
            pixels = ops.where(drawn["noise"] >= 1 - half, self._high, pixels)
        return round_to(pixels, images.dtype)

    def get_config(self):
        return {
            **super().get_config(),
            "gaussian": self.gaussian,
            "speckle": self.speckle,
            "salt_and_pepper": self.salt_and_pepper,
            "value_range": self.value_range,
        }


def _scaled(drawn):
    return drawn["magnitude"] * drawn["noise"]
