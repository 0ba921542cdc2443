"""Gaussian blur with random widths."""

import keras
from keras import ops

from kerasrecipes.layers.augmentation._colour.blurring import gaussian_blur
from kerasrecipes.layers.augmentation.augmentation_layer import AugmentationLayer
from kerasrecipes.layers.augmentation.magnitude import Magnitude, from_zero, scaled
from kerasrecipes.layers.augmentation.rounding import round_to, to_float


@keras.saving.register_keras_serializable(package="kerasrecipes")
class RandomBlur(AugmentationLayer):
    """Blurs images by Gaussians whose widths are drawn for each image.

    Keras's `RandomGaussianBlur` draws one width for the whole batch. It also assumes black pixels
    beyond the border, so that the border becomes darker. Here, pixels beyond the border have the
    value of the nearest pixel inside.

    Args:
        sigma_pixels: Standard deviation of the Gaussian: a number of at least 0 or a range `(low,
            high)`; `m` stands for `(0, m)`. Each image draws its own, uniformly.
        seed: Integer, or `None` for a random one.
        **kwargs: As `keras.layers.Layer`.

    Call arguments:
        data: Images `(batch, height, width, channels)`, integer or float; or a dictionary of
            `"images"` and `"labels"`.
        training: Whether to blur. Defaults to `True`.

    Returns:
        Images of the same shape and dtype, integers rounded. With `training=False`, `data` itself.

    Raises:
        ValueError: If `sigma_pixels` is out of range.

    Example:

    >>> image = np.array([0, 0, 100, 0, 0], "float32").reshape(1, 1, 5, 1)
    >>> blurred = RandomBlur(sigma_pixels=(1, 1))(image)
    >>> print(ops.convert_to_numpy(blurred).ravel().round(1))
    [ 5.4 24.2 39.9 24.2  5.4]
    """

    def __init__(self, sigma_pixels: Magnitude = 1.0, seed: int | None = None, **kwargs):
        super().__init__(seed=seed, **kwargs)
        self.sigma_pixels = sigma_pixels
        self._sigmas = from_zero("sigma_pixels", sigma_pixels)

    def draw_transformation(self, images, seed):
        """Returns `sigmas`, `(batch,)`."""
        unit = keras.random.uniform((ops.shape(images)[0],), seed=seed)
        return {"sigmas": scaled(unit, self._sigmas)}

    def augment_images(self, images, transformation):
        blurred = gaussian_blur(to_float(images), transformation["sigmas"], self._sigmas[1])
        return round_to(blurred, images.dtype)

    def get_config(self):
        return {**super().get_config(), "sigma_pixels": self.sigma_pixels}
