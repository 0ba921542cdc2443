"""Random crops of random size and aspect ratio, resized."""

from collections.abc import Sequence

import keras
from keras import ops

from kerasrecipes.layers.augmentation._warp.geometric_layer import GeometricLayer
from kerasrecipes.layers.augmentation._warp.homography import compose, linear, translation
from kerasrecipes.layers.augmentation.magnitude import scaled, scaled_logarithm, within

_ATTEMPTS = 10


@keras.saving.register_keras_serializable(package="kerasrecipes")
class RandomResizedCrop(GeometricLayer):
    """Crops images at a random place, with a random size and shape, and resizes the crops.

    This is the usual augmentation for ImageNet. For each image, an area and an aspect ratio (whose
    logarithm is uniform) are drawn until the crop fits into the image, ten times at most. If none
    fits, the crop is the largest one at the centre with a ratio that is allowed. All places are
    equally likely, by whole pixels.

    Args:
        size: `(height, width)` of the output, in pixels, or `None` for that of the input.
        area_fraction: `(low, high)` in `(0, 1]`. Area of the crop over that of the image.
        aspect_ratio: `(low, high)`, positive. Width of the crop over its height, in pixels.
        interpolation: `"nearest"` or `"bilinear"`.
        fill_mode: As `RandomGeometry`. With `"edge"` nothing but the image is seen; with others its
            outermost half pixel is blended with the filling.
        fill_value: Float, in units of a pixel. Used by `fill_mode="constant"`.
        seed: Integer, or `None` for a random one.
        **kwargs: As `keras.layers.Layer`.

    Call arguments:
        images: `(batch, height, width, channels)`, integer or float.
        training: Whether to augment. Defaults to `True`.

    Returns:
        Images of shape `(batch, *size, channels)`, in the same dtype, integers rounded. With
        `training=False`, the `images` themselves, or resized to `size`.

    Raises:
        ValueError: If an argument is out of range.

    Example:

    >>> images = np.zeros((2, 48, 64, 3), "uint8")
    >>> tuple(RandomResizedCrop(size=(32, 32))(images).shape)
    (2, 32, 32, 3)

    Reference:
        Szegedy et al., 2015, https://arxiv.org/abs/1409.4842, section 6. Differs from it in: there
        is one interpolation method; large crops are not smoothed before they are shrunk.
    """

    def __init__(
        self,
        size: tuple[int, int] | None = None,
        area_fraction: Sequence[float] = (0.08, 1.0),
        aspect_ratio: Sequence[float] = (3 / 4, 4 / 3),
        interpolation: str = "bilinear",
        fill_mode: str = "edge",
        fill_value: float = 0.0,
        seed: int | None = None,
        **kwargs,
    ):
        super().__init__(size, interpolation, fill_mode, fill_value, seed=seed, **kwargs)
        self._areas = within("area_fraction", area_fraction, above=0, at_most=1)
        self._ratios = within("aspect_ratio", aspect_ratio, above=0)
        self.area_fraction = area_fraction
        self.aspect_ratio = aspect_ratio

    def draw_homography(self, batch, size, seed):
        height, width = (ops.cast(pixels, "float32") for pixels in size)
        unit = keras.random.uniform((batch, 2, _ATTEMPTS), seed=seed)
        place = keras.random.uniform((batch, 2), seed=seed)
        rows, columns, fits = self._part(unit, height, width)
        place = ops.where(ops.expand_dims(fits, 1), place, 0.5)
        top = ops.floor(place[:, 0] * (height - rows + 1))
        left = ops.floor(place[:, 1] * (width - columns + 1))
        to_centre = translation(left + (columns - width) / 2, top + (rows - height) / 2)
        return compose(to_centre, linear(columns / width, 0, 0, rows / height))

    def _part(self, unit, height, width):
        """Returns height and width of the first crop that fits, and whether one does."""
        area = scaled(unit[:, 0], self._areas) * height * width
        ratio = ops.exp(scaled_logarithm(unit[:, 1], self._ratios))
        rows, columns = ops.round(ops.sqrt(area / ratio)), ops.round(ops.sqrt(area * ratio))
        fits = (rows >= 1) & (rows <= height) & (columns >= 1) & (columns <= width)
        low, high = self._ratios
        allowed = ops.clip(width / height, low, high)
        largest = ops.minimum(height, width / allowed), ops.minimum(width, height * allowed)
        first = ops.expand_dims(ops.argmax(fits, axis=1), 1)
        any_fits = ops.any(fits, axis=1)
        chosen = (
            ops.where(any_fits, ops.take_along_axis(found, first, 1)[:, 0], fallback)
            for found, fallback in zip((rows, columns), map(ops.round, largest), strict=True)
        )
        return *chosen, any_fits

    def get_config(self):
        return {
            **super().get_config(),
            "area_fraction": self.area_fraction,
            "aspect_ratio": self.aspect_ratio,
        }
