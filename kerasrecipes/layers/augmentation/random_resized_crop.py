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
    """Cuts out a part of random size and shape, and stretches it to a given size.

    The usual augmentation for ImageNet. Area and aspect ratio (uniform in its logarithm) are drawn
    until the part fits into the image, ten times at most; failing that, it is the largest central
    part whose ratio is allowed. Its place is uniform, by whole pixels. Every sample has its own.

    Args:
        size: `(height, width)` of the output, in pixels, or `None` for that of the input.
        area_fraction: `(low, high)` in `(0, 1]`. Area of the part, of the image's.
        aspect_ratio: `(low, high)`, positive. Width of the part over its height, in pixels.
        interpolation: `"nearest"` or `"bilinear"`.
        fill_mode: As `RandomGeometry`. `"edge"` keeps within the image; another lets its outermost
            half pixel go over to the filling.
        fill_value: Float, in units of a pixel. Used by `fill_mode="constant"`.
        seed: Integer, or `None` for a random one.
        **kwargs: As `keras.layers.Layer`.

    Call arguments:
        images: `(batch, height, width, channels)`, integer or float.
        training: Whether to augment. Defaults to `True`.

    Returns:
        Images of shape `(batch, *size, channels)`, in the same dtype, integers rounded. With
        `training=False`, `images` as they are, or resized to `size`.

    Raises:
        ValueError: If an argument is out of range.

    Example:

    >>> images = np.zeros((2, 48, 64, 3), "uint8")
    >>> tuple(RandomResizedCrop(size=(32, 32))(images).shape)
    (2, 32, 32, 3)

    Reference:
        Szegedy et al., 2015, https://arxiv.org/abs/1409.4842, section 6. Differs from it in: one
        interpolation method; where a part is shrunk, nothing smooths it first.
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
        """Returns rows and columns of the first attempt that fits, and whether there is one."""
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
