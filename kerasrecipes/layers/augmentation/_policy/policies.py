"""Published augmentation policies, as data: their operations and how strong they get."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Operation:
    """One operation of a policy and its strengths.

    Args:
        name: What is done; see `PolicyAugment`.
        weakest: Strength at level 0.
        strongest: Strength at the highest level; in between, it is linear.
        signed: Whether the strength's sign is drawn.
        whole: Whether the way from `weakest` is cut to a whole number, as the authors' code does.
    """

    name: str
    weakest: float = 0.0
    strongest: float = 0.0
    signed: bool = False
    whole: bool = False


@dataclass(frozen=True)
class Policy:
    """Operations of which each image gets some at random.

    Args:
        operations: What is drawn from, each equally likely.
        per_image: How many are drawn for an image, with replacement.
        levels: How many levels there are, the lowest to the highest, each equally likely; `None`
            if one magnitude in `[0, 10]` holds for all.
    """

    operations: tuple[Operation, ...]
    per_image: int
    levels: int | None = None


# Müller and Hutter, 2021, https://arxiv.org/abs/2103.10158: with the strengths "wide" of their
# code (automl/trivialaugment): translations in pixels, shears in pixels for each pixel.
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

# Cubuk et al., 2020, https://arxiv.org/abs/1909.13719, with the strengths of AutoAugment's table 6
# (https://arxiv.org/abs/1805.09501), which it refers to. Translations there are 150 pixels of 331.
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
