"""TrivialAugment and RandAugment, drawn for each sample."""

import keras
import numpy as np
from keras import ops

from kerasrecipes.base.checks import check_choice, check_integer, check_number
from kerasrecipes.layers.augmentation._colour.photometric_layer import PhotometricLayer
from kerasrecipes.layers.augmentation._policy.passes import (
    change_levels,
    change_saturation,
    change_sharpness,
    move,
)
from kerasrecipes.layers.augmentation._policy.policies import POLICIES
from kerasrecipes.layers.augmentation._warp.warping import INTERPOLATIONS
from kerasrecipes.layers.augmentation.rounding import round_to

_GREATEST_MAGNITUDE = 10


@keras.saving.register_keras_serializable(package="kerasrecipes")
class PolicyAugment(PhotometricLayer):
    """Applies operations of a published policy, drawn for each image.

    The operations are those of Pillow on 8-bit images: `identity`, `autocontrast`, `equalize`,
    `rotate`, `solarize`, `color`, `posterize`, `contrast`, `brightness`, `sharpness`, `shear_x`,
    `shear_y`, and translations. Their magnitudes stand in `policies.py`. All operations of an image
    that move pixels are combined to one homography, and all that change single values to one table
    for each channel. Only the operations that were drawn for an image are computed, except where
    XLA needs fixed shapes.

    Args:
        policy: `"trivialaugment"` applies one operation to each image, at one of 31 levels of
            magnitude, each equally likely. `"randaugment"` applies several operations to each
            image, all at the same level.
        operations: Positive integer. Number of operations that `"randaugment"` draws for an image,
            with replacement. `None` for 2.
        magnitude: Float in `[0, 10]`. Level of `"randaugment"`, from the weakest magnitude of each
            operation to the strongest. `None` for 9, the paper's choice for ResNet-50 on ImageNet.
        value_range: `(low, high)` of the pixels. Unless they are uint8 in `(0, 255)`, pixels are
            rounded to 256 levels of this range.
        interpolation: `"nearest"`, as in the authors' code, or `"bilinear"`.
        fill_value: Integer in `[0, 255]`. Level of pixels from outside of the image.
        seed: Integer, or `None` for a random one.
        **kwargs: As `keras.layers.Layer`.

    Call arguments:
        images: `(batch, height, width, channels)`, integer or float, with 1 or 3 channels.
        training: Whether to augment. Defaults to `True`.

    Returns:
        Images of the same shape and dtype. With `training=False`, `images` themselves.

    Raises:
        ValueError: If an argument is out of range, or images have neither 1 nor 3 channels.

    Example:

    >>> layer = PolicyAugment("trivialaugment", seed=0)
    >>> tuple(layer(np.zeros((2, 32, 32, 3), "uint8")).shape)
    (2, 32, 32, 3)

    Reference:
        Müller and Hutter, 2021, https://arxiv.org/abs/2103.10158; Cubuk et al., 2020,
        https://arxiv.org/abs/1909.13719. Differs from them in: if an image has several operations,
        those that move pixels come first, then those on colours, on single values and on sharpness;
        within these groups they keep the order in which they were drawn. RandAugment's magnitudes
        are those of AutoAugment's table at `magnitude / 10`. In its authors' code, `solarize` and
        `posterize` become weaker at higher levels instead; other code draws the factors that are
        `1.9` here at the highest level from `1 +- 0.9`.
    """

    def __init__(
        self,
        policy: str = "trivialaugment",
        operations: int | None = None,
        magnitude: float | None = None,
        value_range: tuple[float, float] = (0, 255),
        interpolation: str = "nearest",
        fill_value: int = 0,
        seed: int | None = None,
        **kwargs,
    ):
        super().__init__(value_range, seed=seed, **kwargs)
        check_choice("policy", policy, POLICIES)
        check_choice("interpolation", interpolation, INTERPOLATIONS)
        check_integer("fill_value", fill_value, at_least=0)
        check_number("fill_value", fill_value, at_most=255)
        self.policy = policy
        self.operations = operations
        self.magnitude = magnitude
        self.interpolation = interpolation
        self.fill_value = fill_value
        self._policy = POLICIES[policy]
        if self._policy.levels is not None and not operations is magnitude is None:
            raise ValueError(
                f"`operations` and `magnitude` must be None with policy={policy!r}, which draws "
                f"magnitudes. Received: operations={operations!r}, magnitude={magnitude!r}"
            )
        self._per_image = self._policy.per_image if operations is None else operations
        self._magnitude = 9.0 if magnitude is None else magnitude
        check_integer("operations", self._per_image, at_least=1)
        check_number("magnitude", self._magnitude, at_least=0, at_most=_GREATEST_MAGNITUDE)

    def draw_transformation(self, images, seed):
        """Returns `operation`, indices into the policy's list, and `magnitude`, with its sign.

        Both have the shape `(batch, operations)`.
        """
        shape = (ops.shape(images)[0], self._per_image, 3)
        unit = keras.random.uniform(shape, seed=seed)
        operation = ops.cast(unit[..., 0] * len(self._policy.operations), "int32")
        if self._policy.levels is None:
            level = self._magnitude / _GREATEST_MAGNITUDE
        else:
            steps = self._policy.levels - 1
            level = ops.floor(unit[..., 1] * self._policy.levels) / steps
        weakest, span, is_whole, is_signed = (
            ops.take(ops.cast(column, "float32"), operation) for column in self._columns()
        )
        difference = span * level
        # Truncated; rounding may have left a whole number slightly too small.
        truncated = ops.sign(difference) * ops.floor(ops.abs(difference) + 1e-4)
        magnitude = weakest + ops.where(is_whole > 0, truncated, difference)
        is_negative = (is_signed > 0) & (unit[..., 2] < 0.5)
        return {
            "operation": operation,
            "magnitude": ops.where(is_negative, -magnitude, magnitude),
        }

    def augment_images(self, images, transformation):
        self.watch(images)
        operation, magnitude = transformation["operation"], transformation["magnitude"]
        names = [each.name for each in self._policy.operations]
        chosen = {name: operation == index for index, name in enumerate(names)}
        levels = _to_levels(images, self.value_range)
        levels = move(levels, chosen, magnitude, self.interpolation, self.fill_value)
        levels = change_saturation(levels, chosen, magnitude)
        levels = change_levels(levels, chosen, magnitude)
        levels = change_sharpness(levels, chosen, magnitude)
        return _from_levels(levels, self.value_range, images.dtype)

    def get_config(self):
        return {
            **super().get_config(),
            "policy": self.policy,
            "operations": self.operations,
            "magnitude": self.magnitude,
            "interpolation": self.interpolation,
            "fill_value": self.fill_value,
        }

    def _columns(self):
        """Returns four arrays with a number for each operation of the policy.

        They are the weakest magnitude, the difference to the strongest one, and whether magnitudes
        are whole numbers, and signed.
        """
        rows = [
            (each.weakest, each.strongest - each.weakest, each.whole, each.signed)
            for each in self._policy.operations
        ]
        return np.array(rows, "float32").T


def _to_levels(images, value_range):
    """Returns images as uint8 levels, from 0 for the lowest value to 255 for the highest."""
    if _are_levels(images.dtype, value_range):
        return images
    low, high = value_range
    fractions = (ops.cast(images, "float32") - low) / (high - low)
    return round_to(ops.clip(255 * fractions, 0, 255), "uint8")


def _from_levels(levels, value_range, dtype):
    if _are_levels(dtype, value_range):
        return levels
    low, high = value_range
    return round_to(low + ops.cast(levels, "float32") * ((high - low) / 255), dtype)


def _are_levels(dtype, value_range) -> bool:
    return keras.backend.standardize_dtype(dtype) == "uint8" and tuple(value_range) == (0, 255)
