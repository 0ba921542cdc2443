"""Checks of arguments that several models share."""

from collections.abc import Collection, Sequence

import keras

from kerasrecipes.base.checks import check_integer


def check_image_shape(
    input_shape: Sequence[int | None], min_size_pixels: int, remedy: str = ""
) -> None:
    """Raises unless images of `input_shape` have channels last and are not too small.

    Args:
        input_shape: `(height, width, channels)`; height and width may be `None`.
        min_size_pixels: The minimum height and width of the model's images.
        remedy: A sentence of the message that says what to do with smaller images.

    Raises:
        ValueError: If the shape is not that of an image, the images are too small, or Keras's image
            data format is `"channels_first"`.
        TypeError: If a size is not an integer.

    Example:

    >>> check_image_shape((224, 20, 3), 32, "Enlarge them.")
    Traceback (most recent call last):
    ...
    ValueError: `input_shape` must be (height, width, channels), with height and width of at least
    32 pixels (or None). Enlarge them. Received: input_shape=(224, 20, 3)
    """
    expected = (
        "`input_shape` must be (height, width, channels), with height and width of at least "
        f"{min_size_pixels} pixels (or None)."
    )
    received = f"Received: input_shape={tuple(input_shape)}"
    if len(input_shape) != 3 or input_shape[2] is None:
        raise ValueError(f"{expected} {received}")
    for axis, size in enumerate(input_shape):
        if size is not None:
            check_integer(f"input_shape[{axis}]", size, at_least=1)
    if any(size is not None and size < min_size_pixels for size in input_shape[:2]):
        raise ValueError(" ".join(filter(None, (expected, remedy, received))))
    if keras.config.image_data_format() != "channels_last":
        raise ValueError(
            "Images must have their channels last. Call "
            "`keras.config.set_image_data_format('channels_last')` first. Received: "
            f"image_data_format={keras.config.image_data_format()!r}"
        )


def check_depth(depth: int, depths: Collection[int]) -> None:
    """Raises a `ValueError` that names the nearest depth unless `depth` is one of `depths`.

    Example:

    >>> check_depth(20, (18, 34, 50))
    Traceback (most recent call last):
    ...
    ValueError: `depth` must be one of 18, 34, 50. Nearest: 18. Received: depth=20
    """
    check_integer("depth", depth)
    if depth not in depths:
        closest = min(depths, key=lambda legal: abs(legal - depth))
        raise ValueError(
            f"`depth` must be one of {', '.join(map(str, depths))}. Nearest: {closest}. "
            f"Received: depth={depth}"
        )
