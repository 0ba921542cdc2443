"""Random flips, scales, shears, rotations, translations and perspective in one interpolation."""

import math

import keras
from keras import ops

from kerasrecipes.base.checks import check_number
from kerasrecipes.layers.augmentation._warp.geometric_layer import GeometricLayer
from kerasrecipes.layers.augmentation._warp.homography import (
    compose,
    identity,
    linear,
    perspective,
    translation,
)
from kerasrecipes.layers.augmentation.magnitude import (
    Magnitude,
    around_zero,
    ratio,
    scaled,
    scaled_logarithm,
)


@keras.saving.register_keras_serializable(package="kerasrecipes")
class RandomGeometry(GeometricLayer):
    """Flips, scales, shears, rotates, moves and tilts images in one interpolation.

    All operations that are drawn for an image are combined to one homography, and each pixel is
    interpolated once. A stack of layers with one operation each takes several times as long, and
    blurs the image each time. Operations are applied in the order of the arguments, around the
    centre of the image. Flips and translations by whole pixels keep pixels to the last bit.

    A magnitude is a number or a range `(low, high)`. Each image draws its own, uniformly; those of
    `scale` and `aspect` are uniform in their logarithm.

    Args:
        horizontal_flip: Float in `[0, 1]`. Probability to swap left and right.
        vertical_flip: Float in `[0, 1]`. Probability to swap top and bottom.
        scale: Factor of the size of objects: `1.25` stands for `(0.8, 1.25)`.
        aspect: Factor of width over height, at the same area: `1.25` stands for `(0.8, 1.25)`.
        vertical_shear: Rows by which a column moves down for each column to the right. `0.2` stands
            for `(-0.2, 0.2)`, as for the arguments below.
        horizontal_shear: Columns by which a row moves to the right for each row down.
        rotation_degrees: Angle, counterclockwise.
        horizontal_translation_fraction: Distance to the right, as a fraction of the width.
        vertical_translation_fraction: Distance down, as a fraction of the height.
        perspective: Tilt, with an absolute value below 0.5. It brings the right edge of the image
            nearer, by this fraction of the distance of its centre; the lower edge, likewise.
        size: `(height, width)` of the output, in pixels, or `None` for that of the input. The
            image is stretched to it.
        interpolation: `"nearest"` or `"bilinear"`.
        fill_mode: How to fill pixels from outside of the image: `"constant"` (`fill_value`),
            `"reflect"` (`d c b a | a b c d | d c b a`), `"wrap"` (`a b c d | a b c d | a b c d`) or
            `"edge"` (`a a a a | a b c d | d d d d`).
        fill_value: Float, in units of a pixel. Used by `fill_mode="constant"`.
        seed: Integer, or `None` for a random one.
        **kwargs: As `keras.layers.Layer`.

    Call arguments:
        images: `(batch, height, width, channels)`, integer or float.
        training: Whether to augment. Defaults to `True`.

    Returns:
        Images of the same dtype, integers rounded, of shape `(batch, *size, channels)`. With
        `training=False`, the `images` themselves, or resized to `size`.

    Raises:
        ValueError: If an argument is out of range, or integer images cannot hold `fill_value`.

    Example:

    >>> image = np.arange(6, dtype="uint8").reshape(1, 2, 3, 1)
    >>> flipped = RandomGeometry(horizontal_flip=1.0)(image)
    >>> print(ops.convert_to_numpy(flipped)[0, :, :, 0])
    [[2 1 0]
     [5 4 3]]

    Reference:
        Simard et al., 2003, https://doi.org/10.1109/ICDAR.2003.1227801, for affine distortions.
    """

    def __init__(
        self,
        horizontal_flip: float = 0.0,
        vertical_flip: float = 0.0,
        scale: Magnitude = 1.0,
        aspect: Magnitude = 1.0,
        vertical_shear: Magnitude = 0.0,
        horizontal_shear: Magnitude = 0.0,
        rotation_degrees: Magnitude = 0.0,
        horizontal_translation_fraction: Magnitude = 0.0,
        vertical_translation_fraction: Magnitude = 0.0,
        perspective: Magnitude = 0.0,
        size: tuple[int, int] | None = None,
        interpolation: str = "bilinear",
        fill_mode: str = "constant",
        fill_value: float = 0.0,
        seed: int | None = None,
        **kwargs,
    ):
        super().__init__(size, interpolation, fill_mode, fill_value, seed=seed, **kwargs)
        check_number("horizontal_flip", horizontal_flip, at_least=0, at_most=1)
        check_number("vertical_flip", vertical_flip, at_least=0, at_most=1)
        self.horizontal_flip = horizontal_flip
        self.vertical_flip = vertical_flip
        self.scale = scale
        self.aspect = aspect
        self.vertical_shear = vertical_shear
        self.horizontal_shear = horizontal_shear
        self.rotation_degrees = rotation_degrees
        self.horizontal_translation_fraction = horizontal_translation_fraction
        self.vertical_translation_fraction = vertical_translation_fraction
        self.perspective = perspective
        self._scales = ratio("scale", scale)
        self._aspects = ratio("aspect", aspect)
        self._vertical_shears = around_zero("vertical_shear", vertical_shear)
        self._horizontal_shears = around_zero("horizontal_shear", horizontal_shear)
        self._angles = around_zero("rotation_degrees", rotation_degrees)
        self._translations = (
            around_zero("horizontal_translation_fraction", horizontal_translation_fraction),
            around_zero("vertical_translation_fraction", vertical_translation_fraction),
        )
        self._tilts = around_zero("perspective", perspective, below=0.5)
        self.is_affine = self._tilts == (0.0, 0.0)

    def draw_homography(self, batch, size, seed):
        # A column for each operation, so that one magnitude does not change the draws of another.
        unit = ops.unstack(keras.random.uniform((batch, 11), seed=seed), num=11, axis=1)
        undo = [identity(batch)]
        if self.horizontal_flip or self.vertical_flip:
            undo.append(self._flip(*unit[:2]))
        if {self._scales, self._aspects} != {(1.0, 1.0)}:
            undo.append(self._undo_scale(*unit[2:4]))
        if {self._vertical_shears, self._horizontal_shears} != {(0.0, 0.0)}:
            undo.append(self._undo_shear(*unit[4:6]))
        if self._angles != (0.0, 0.0):
            undo.append(self._undo_rotation(unit[6]))
        if set(self._translations) != {(0.0, 0.0)}:
            undo.append(self._undo_translation(unit[7], unit[8], size))
        if not self.is_affine:
            undo.append(self._tilt(unit[9], unit[10], size))
        return compose(*undo)

    def _flip(self, horizontal, vertical):
        across = ops.where(horizontal < self.horizontal_flip, -1.0, 1.0)
        down = ops.where(vertical < self.vertical_flip, -1.0, 1.0)
        return linear(across, 0, 0, down)

    def _undo_scale(self, scale, aspect):
        log_scale = scaled_logarithm(scale, self._scales)
        log_stretch = scaled_logarithm(aspect, self._aspects) / 2
        across, down = ops.exp(-log_scale - log_stretch), ops.exp(-log_scale + log_stretch)
        return linear(across, 0, 0, down)

    def _undo_shear(self, vertical, horizontal):
        undo_vertical = linear(1, 0, -scaled(vertical, self._vertical_shears), 1)
        undo_horizontal = linear(1, -scaled(horizontal, self._horizontal_shears), 0, 1)
        return compose(undo_vertical, undo_horizontal)

    def _undo_rotation(self, unit):
        angle = scaled(unit, self._angles) * (math.pi / 180)
        cosine, sine = ops.cos(angle), ops.sin(angle)
        return linear(cosine, -sine, sine, cosine)

    def _undo_translation(self, right, down, size):
        height, width = (ops.cast(pixels, "float32") for pixels in size)
        horizontal, vertical = self._translations
        return translation(-scaled(right, horizontal) * width, -scaled(down, vertical) * height)

    def _tilt(self, right, down, size):
        height, width = (ops.cast(pixels, "float32") for pixels in size)
        return perspective(
            scaled(right, self._tilts) * 2 / width, scaled(down, self._tilts) * 2 / height
        )

    def get_config(self):
        return {
            **super().get_config(),
            "horizontal_flip": self.horizontal_flip,
            "vertical_flip": self.vertical_flip,
            "scale": self.scale,
            "aspect": self.aspect,
            "vertical_shear": self.vertical_shear,
            "horizontal_shear": self.horizontal_shear,
            "rotation_degrees": self.rotation_degrees,
            "horizontal_translation_fraction": self.horizontal_translation_fraction,
            "vertical_translation_fraction": self.vertical_translation_fraction,
            "perspective": self.perspective,
        }
