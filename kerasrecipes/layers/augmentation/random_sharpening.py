"""Unsharp masks of random amounts."""

import keras
from keras import ops

from kerasrecipes.base.checks import check_number
from kerasrecipes.layers.augmentation._colour.blurring import gaussian_blur
from kerasrecipes.layers.augmentation.augmentation_layer import AugmentationLayer
from kerasrecipes.layers.augmentation.magnitude import Magnitude, from_zero, scaled
from kerasrecipes.layers.augmentation.rounding import round_to, to_float
from kerasrecipes.layers.augmentation.value_range import ValueRangeWatch, check_value_range


@keras.saving.register_keras_serializable(package="kerasrecipes")
class RandomSharpening(AugmentationLayer):
    """Sharpens images by an unsharp mask, with amounts that are drawn for each image.

        x += amount * (x - blurred x)

    Keras's `RandomSharpness` assumes black pixels beyond the border, so that the outermost pixels
    become darker or lighter. Here, pixels beyond the border have the value of the nearest pixel
    inside.

    Args:
        amount: Number of at least 0 or range `(low, high)`; `m` stands for `(0, m)`. Each image
            draws its own, uniformly.
        sigma_pixels: Positive float, the standard deviation of the Gaussian in the mask.
        value_range: `(low, high)`, the lowest and highest value of a pixel. Results are clipped to
            it.
        seed: Integer, or `None` for a random one.
        **kwargs: As `keras.layers.Layer`.

    Call arguments:
        data: Images `(batch, height, width, channels)`, integer or float; or a dictionary of
            `"images"` and `"labels"`.
        training: Whether to sharpen. Defaults to `True`.

    Returns:
        Images of the same shape and dtype, integers rounded. With `training=False`, `data` itself.

    Raises:
        ValueError: If an argument is out of range.

    Example:

    >>> edge = np.array([50, 50, 50, 100, 100, 100], "float32").reshape(1, 1, 6, 1)
    >>> sharp = RandomSharpening(amount=(1, 1), sigma_pixels=0.5)(edge)
    >>> print(ops.convert_to_numpy(sharp).ravel().round(1))
    [ 50.   50.   44.7 105.3 100.  100. ]
    """

    def __init__(
        self,
        amount: Magnitude = 1.0,
        sigma_pixels: float = 1.0,
        value_range: tuple[float, float] = (0, 255),
        seed: int | None = None,
        **kwargs,
    ):
        super().__init__(seed=seed, **kwargs)
        check_value_range(value_range)
        check_number("sigma_pixels", sigma_pixels, above=0)
        self.amount = amount
        self.sigma_pixels = sigma_pixels
        self.value_range = value_range
        self._amounts = from_zero("amount", amount)
        self._low, self._high = value_range
        self.watch = ValueRangeWatch(type(self).__name__, value_range)

    def draw_transformation(self, images, seed):
        """Returns `amounts`, `(batch,)`."""
        unit = keras.random.uniform((ops.shape(images)[0],), seed=seed)
        return {"amounts": scaled(unit, self._amounts)}

    def augment_images(self, images, transformation):
        self.watch(images)
        pixels = to_float(images)
        amounts = ops.cast(transformation["amounts"], pixels.dtype)
        sigmas = ops.full_like(transformation["amounts"], self.sigma_pixels)
        blurred = gaussian_blur(pixels, sigmas, self.sigma_pixels)
        sharpened = pixels + ops.reshape(amounts, (-1, 1, 1, 1)) * (pixels - blurred)
        return round_to(ops.clip(sharpened, self._low, self._high), images.dtype)

    def get_config(self):
        return {
            **super().get_config(),
            "amount": self.amount,
            "sigma_pixels": self.sigma_pixels,
            "value_range": self.value_range,
        }
