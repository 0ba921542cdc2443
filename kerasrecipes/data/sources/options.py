"""Checks of options that several data sources have."""

import math
from collections.abc import Sequence

from kerasrecipes.base.checks import check_integer, check_number, nearest
from kerasrecipes.base.text import listed


def check_fractions(
    validation_fraction: float, test_fraction: float | None, split_seed: int
) -> None:
    """Raises unless the fractions leave training images and the seed is a non-negative integer."""
    check_number("validation_fraction", validation_fraction, above=0, below=1)
    if test_fraction is not None:
        check_number("test_fraction", test_fraction, above=0, below=1)
        if validation_fraction + test_fraction >= 1:
            raise ValueError(
                "`validation_fraction` and `test_fraction` must leave images to train on: their "
                f"sum must be less than 1. Received: validation_fraction={validation_fraction!r}, "
                f"test_fraction={test_fraction!r}"
            )
    check_integer("split_seed", split_seed, at_least=0)


def check_selection(classes: Sequence | None, examples_per_class: int | None) -> None:
    """Raises unless `classes` is `None` or names two classes or more, and the count is positive."""
    if classes is not None:
        if not isinstance(classes, list | tuple):
            raise TypeError(
                f"`classes` must be None, a list or tuple. Received: classes={classes!r}"
            )
        if len(classes) < 2 or len(set(classes)) < len(classes):
            raise ValueError(
                "`classes` must name at least two classes, each of them once. "
                f"Received: classes={classes!r}"
            )
    if examples_per_class is not None:
        check_integer("examples_per_class", examples_per_class, at_least=1)


def check_broken_fraction(broken_fraction: float | None) -> None:
    """Raises unless `broken_fraction` is `None` or a number in `[0, 1]`."""
    if broken_fraction is not None:
        check_number("broken_fraction", broken_fraction, at_least=0, at_most=1)


def check_image_size(image_size: object) -> None:
    """Raises unless `image_size` is `None`, a side in pixels or a pair `(height, width)`."""
    if image_size is None:
        return
    pair = image_size if isinstance(image_size, list | tuple) else (image_size, image_size)
    if len(pair) != 2:
        raise ValueError(
            "`image_size` must be None, an integer or a pair (height, width). "
            f"Received: image_size={image_size!r}"
        )
    for side in pair:
        check_integer("image_size", side, at_least=1)


def check_class_names(
    classes: Sequence[str] | None, class_names: Sequence[str], place: str
) -> None:
    """Raises unless `classes` is `None` or holds only names in `class_names`."""
    for name in classes or ():
        if name not in class_names:
            known = listed(map(repr, class_names), most=20)
            raise ValueError(
                f"`classes` must name classes of {place!r}: {known}."
                f"{nearest(name, class_names)} Received: {name!r}"
            )


MEMORY_LIMIT_BYTES = 2**30


def fits_in_memory(samples: int, image_shape: tuple[int, int, int], in_memory: bool | None) -> bool:
    """Returns `in_memory`; if it is `None`, whether the uint8 images take at most 1 GiB.

    Example:

    >>> fits_in_memory(60_000, (32, 32, 3), None), fits_in_memory(60_000, (224, 224, 3), None)
    (True, False)
    """
    if in_memory is not None:
        return in_memory
    return samples * math.prod(image_shape) <= MEMORY_LIMIT_BYTES
