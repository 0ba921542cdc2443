"""Published augmentation policies as data: operations and the ranges of their magnitudes."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Operation:
    """One operation of a policy and the range of its magnitude.

    Args:
        name: Name of the operation; see `PolicyAugment`.
        weakest: Magnitude at the lowest level.
        strongest: Magnitude at the highest level. In between it is linear.
        signed: Whether the sign of the magnitude is drawn.
        whole: Whether the difference from `weakest` is truncated to a whole number, as in the
            authors' code.
    """

    name: str
    weakest: float = 0.0
    strongest: float = 0.0
    signed: bool = False
    whole: bool = False


@dataclass(frozen=True)
class Policy:
    """Operations, some of which are drawn for each image.

    Args:
        operations: The operations to draw from, each equally likely.
        per_image: The number of operations for an image, drawn with replacement.
        levels: The number of levels of magnitude to draw from, each equally likely; `None` if all
            operations have the level that `PolicyAugment` is given.
    """

    operations: tuple[Operation, ...]
    per_image: int
    levels: int | None = None


# Müller and Hutter, 2021, https://arxiv.org/abs/2103.10158, with the "wide" magnitudes of their
# code (automl/trivialaugment). Translations are in pixels, shears in pixels for each pixel.
_TRIVIALAUGMENT = Policy(
    operations=(
        Operation("identity"),
        Operation("autocontrast"),
        Operation("equalize"),
        Operation("rotate", 0, 135, signed=True, whole=True),
        Operation("solarize", 256, 0, whole=True),
        Operation("color", 0.01, 2.0),
        Operation("posterize", 8, 2, whole=True),
        Operation("contrast", 0.01, 2.0),
        Operation("brightness", 0.01, 2.0),
        Operation("sharpness", 0.01, 2.0),
        Operation("shear_x", 0, 0.99, signed=True),
        Operation("shear_y", 0, 0.99, signed=True),
        Operation("translate_x_pixels", 0, 32, signed=True, whole=True),
        Operation("translate_y_pixels", 0, 32, signed=True, whole=True),
    ),
    per_image=1,
    levels=31,
)

# Cubuk et al., 2020, https://arxiv.org/abs/1909.13719, with the magnitudes of AutoAugment's table 6
# (https://arxiv.org/abs/1805.09501), which it refers to. There, images of 331 pixels are translated
# by up to 150.
_RANDAUGMENT = Policy(
    operations=(
        Operation("identity"),
        Operation("autocontrast"),
        Operation("equalize"),
        Operation("rotate", 0, 30, signed=True),
        Operation("solarize", 256, 0, whole=True),
        Operation("color", 0.1, 1.9),
        Operation("posterize", 8, 4, whole=True),
        Operation("contrast", 0.1, 1.9),
        Operation("brightness", 0.1, 1.9),
        Operation("sharpness", 0.1, 1.9),
        Operation("shear_x", 0, 0.3, signed=True),
        Operation("shear_y", 0, 0.3, signed=True),
        Operation("translate_x_fraction", 0, 150 / 331, signed=True),
        Operation("translate_y_fraction", 0, 150 / 331, signed=True),
    ),
    per_image=2,
)

POLICIES = {"trivialaugment": _TRIVIALAUGMENT, "randaugment": _RANDAUGMENT}
