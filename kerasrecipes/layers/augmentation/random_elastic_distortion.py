"""Elastic distortion of images by smooth random fields."""

import math

import keras
from keras import ops

from kerasrecipes.base.checks import check_choice, check_number
from kerasrecipes.layers.augmentation._colour.blurring import gaussian_blur, kernel_radius
from kerasrecipes.layers.augmentation._warp.gathering import sample
from kerasrecipes.layers.augmentation._warp.warping import FILL_MODES, INTERPOLATIONS
from kerasrecipes.layers.augmentation.augmentation_layer import AugmentationLayer
from kerasrecipes.layers.augmentation.magnitude import Magnitude, from_zero, scaled
from kerasrecipes.layers.augmentation.rounding import check_holds, round_to


@keras.saving.register_keras_serializable(package="kerasrecipes")
class RandomElasticDistortion(AugmentationLayer):
    """Moves pixels by smooth random fields, drawn for each image.

    The two components of a field are normal noise, smoothed by a Gaussian and scaled to a standard
    deviation that is drawn for each image.

    Keras's `RandomElasticTransform` draws one magnitude for the whole batch. Where the batch size
    is not known, as in `tf.data`, it also draws one field for all images.

    Args:
        displacement_pixels: Standard deviation of the displacement along each axis: a number of at
            least 0 or a range `(low, high)`; `m` stands for `(0, m)`.
        smoothness_pixels: Positive float, the standard deviation of the Gaussian. Pixels that are
            closer to each other move alike.
        interpolation: `"nearest"` or `"bilinear"`.
        fill_mode: How to fill pixels from outside of the image: `"constant"`, `"reflect"`, `"wrap"`
            or `"edge"`, as for `RandomGeometry`.
        fill_value: Float, in units of a pixel. Used by `fill_mode="constant"`.
        seed: Integer, or `None` for a random one.
        **kwargs: As `keras.layers.Layer`.

    Call arguments:
        data: Images `(batch, height, width, channels)`, integer or float; or a dictionary of
            `"images"` and `"labels"`.
        training: Whether to distort. Defaults to `True`.

    Returns:
        Images of the same shape and dtype, integers rounded. With `training=False`, `data` itself.

    Raises:
        ValueError: If an argument is out of range, or integer images cannot hold `fill_value`.

    Example:

    >>> layer = RandomElasticDistortion(displacement_pixels=2.0, smoothness_pixels=4.0, seed=1)
    >>> images = np.random.default_rng(0).integers(0, 256, (2, 32, 32, 3), "uint8")
    >>> bool(ops.any(layer(images) != images))
    True

    Reference:
        Simard et al., 2003, https://doi.org/10.1109/ICDAR.2003.1227801. Differs from it in: noise
        is normal, not uniform; the magnitude is the standard deviation of displacements in pixels,
        for any smoothness.
    """

    def __init__(
        self,
        displacement_pixels: Magnitude = 1.0,
        smoothness_pixels: float = 4.0,
        interpolation: str = "bilinear",
        fill_mode: str = "reflect",
        fill_value: float = 0.0,
        seed: int | None = None,
        **kwargs,
    ):
        super().__init__(seed=seed, **kwargs)
        check_number("smoothness_pixels", smoothness_pixels, above=0)
        check_choice("interpolation", interpolation, INTERPOLATIONS)
        check_choice("fill_mode", fill_mode, FILL_MODES)
        check_number("fill_value", fill_value)
        self.displacement_pixels = displacement_pixels
        self.smoothness_pixels = smoothness_pixels
        self.interpolation = interpolation
        self.fill_mode = fill_mode
        self.fill_value = fill_value
        self._displacements = from_zero("displacement_pixels", displacement_pixels)

    def draw_transformation(self, images, seed):
        """Returns `field`, `(batch, height, width, 2)`: displacements of columns and of rows."""
        batch, height, width = ops.shape(images)[:3]
        radius = kernel_radius(self.smoothness_pixels)
        shape = (batch, height + 2 * radius, width + 2 * radius, 2)
        noise = keras.random.normal(shape, seed=seed)
        unit = keras.random.uniform((batch, 1, 1, 1), seed=seed)
        sigmas = ops.full((batch,), self.smoothness_pixels, dtype="float32")
        smooth = gaussian_blur(noise, sigmas, self.smoothness_pixels)
        smooth = smooth[:, radius : radius + height, radius : radius + width]
        return {"field": scaled(unit, self._displacements) * smooth / self._deviation()}

    def augment_images(self, images, transformation):
        if self.fill_mode == "constant":
            check_holds(
                "fill_value", self.fill_value, keras.backend.standardize_dtype(images.dtype)
            )
        height, width = ops.shape(images)[1:3]
        field = transformation["field"]
        x = field[..., 0] + ops.arange(width, dtype="float32")
        y = field[..., 1] + ops.expand_dims(ops.arange(height, dtype="float32"), 1)
        distorted = sample(images, x, y, self.interpolation, self.fill_mode, self.fill_value)
        return round_to(distorted, images.dtype)

    def _deviation(self) -> float:
        """Returns the standard deviation of smoothed noise, by the sum of squares of the kernel."""
        radius = kernel_radius(self.smoothness_pixels)
        weights = [
            math.exp(-0.5 * (distance / self.smoothness_pixels) ** 2)
            for distance in range(-radius, radius + 1)
        ]
        return sum(weight**2 for weight in weights) / sum(weights) ** 2

    def get_config(self):
        return {
            **super().get_config(),
            "displacement_pixels": self.displacement_pixels,
            "smoothness_pixels": self.smoothness_pixels,
            "interpolation": self.interpolation,
            "fill_mode": self.fill_mode,
            "fill_value": self.fill_value,
        }
