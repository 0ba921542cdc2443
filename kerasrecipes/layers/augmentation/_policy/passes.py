"""The passes over pixels that carry out the operations drawn for a batch.

Each pass takes 8-bit images; `chosen`, a dictionary from the names of operations to Booleans of
shape `(batch, operations)` that tell where each was drawn; and `magnitude`, of the same shape.
"""

import functools
import math
import operator

from keras import ops

from kerasrecipes.layers.augmentation._colour.look_up_tables import look_up
from kerasrecipes.layers.augmentation._policy.subset import apply_where
from kerasrecipes.layers.augmentation._policy.tables import (
    NEED_HISTOGRAM,
    TABLE_OPERATIONS,
    compose_tables,
    histograms,
)
from kerasrecipes.layers.augmentation._warp.homography import (
    centred,
    compose,
    linear,
    normalize,
    translation,
)
from kerasrecipes.layers.augmentation._warp.warping import warp

# ITU-R BT.601's luma in units of `2**-16`: Pillow's conversion to grey.
_PILLOW_LUMA = (19595, 38470, 7471)

_MOVES = ("rotate", "shear_x", "shear_y", "translate_x", "translate_y")


def move(images, chosen, magnitude, interpolation, fill_value):
    """Rotates, shears and translates images, by one homography each."""
    size = ops.shape(images)[1:3]
    names = [name for name in chosen if name.startswith(_MOVES)]
    amounts = {name: ops.where(chosen[name], magnitude, 0.0) for name in names}
    homography = normalize(centred(compose(*_undo(amounts, size, magnitude)), size, size))

    def moved(images, homography):
        options = {"interpolation": interpolation, "fill_mode": "constant"}
        return warp(images, homography, size, fill_value=fill_value, **options)

    return apply_where(_any(chosen, names), moved, images, homography)


def change_saturation(images, chosen, magnitude):
    """Scales the differences between colours and their grey."""
    for slot in range(magnitude.shape[1]):
        mask = chosen["color"][:, slot]
        images = apply_where(mask, saturation, images, magnitude[:, slot])
    return images


def change_levels(images, chosen, magnitude):
    """Replaces single values, by one table for each channel."""
    batch, _, _, channels = ops.shape(images)
    names = [name for name in chosen if name in TABLE_OPERATIONS]
    counts = apply_where(
        _any(chosen, [name for name in names if name in NEED_HISTOGRAM]),
        lambda counts, images: histograms(images),
        ops.zeros((batch, channels, 256), "int32"),
        images,
    )

    def changed(images, counts, magnitude, *masks):
        slots = range(magnitude.shape[1])
        each = [dict(zip(names, (mask[:, k] for mask in masks), strict=True)) for k in slots]
        tables = compose_tables(counts, each, [magnitude[:, k] for k in slots])
        return look_up(images, ops.cast(tables, "uint8"))

    masks = [chosen[name] for name in names]
    return apply_where(_any(chosen, names), changed, images, counts, magnitude, *masks)


def change_sharpness(images, chosen, magnitude):
    """Blurs or sharpens images."""
    for slot in range(magnitude.shape[1]):
        mask = chosen["sharpness"][:, slot]
        images = apply_where(mask, sharpness, images, magnitude[:, slot])
    return images


def _undo(amounts, size, magnitude):
    """Yields the homographies, from output to input, of the first operations, the second and so on.

    In each of them an image is rotated, sheared, translated or left alone.
    """
    height, width = (ops.cast(pixels, "float32") for pixels in size)
    nothing = ops.zeros_like(magnitude)

    def amount(name):
        return amounts.get(name, nothing)

    angle = amount("rotate") * (math.pi / 180)
    cosine, sine = ops.cos(angle), ops.sin(angle)
    across, down = amount("shear_x"), amount("shear_y")
    # In Pillow, a shear leaves the upper left corner of the image in its place.
    right = amount("translate_x_pixels") + width * amount("translate_x_fraction")
    below = amount("translate_y_pixels") + height * amount("translate_y_fraction")
    right, below = right + across * height / 2, below + down * width / 2
    for k in range(magnitude.shape[1]):
        turned = linear(
            cosine[:, k], across[:, k] - sine[:, k], down[:, k] + sine[:, k], cosine[:, k]
        )
        yield compose(translation(right[:, k], below[:, k]), turned)


def _any(chosen, names):
    """Returns for which images one of some operations was drawn, `(batch,)`."""
    return ops.any(functools.reduce(operator.or_, (chosen[name] for name in names)), axis=1)


def saturation(images, factor):
    """Returns 8-bit images with scaled saturation. Images of one channel do not change.

    As in Pillow, the grey of a pixel is rounded, and what is blended with it is cut.

    Args:
        images: `(batch, height, width, 3)`, uint8.
        factor: `(batch,)`. 0 gives grey, 1 changes nothing.
    """
    if images.shape[-1] == 1:
        return images
    levels = ops.cast(images, "int32")
    luma = ops.sum(levels * ops.cast(_PILLOW_LUMA, "int32"), axis=3, keepdims=True)
    grey = ops.cast(ops.floor_divide(luma + 2**15, 2**16), "float32")
    blended = grey + ops.reshape(factor, (-1, 1, 1, 1)) * (ops.cast(levels, "float32") - grey)
    return ops.cast(ops.clip(blended, 0, 255), "uint8")


def sharpness(images, factor):
    """Returns 8-bit images with scaled sharpness. The outermost pixels do not change.

    Args:
        images: `(batch, height, width, channels)`, uint8.
        factor: `(batch,)`. 0 smooths the image by the kernel `[[1, 1, 1], [1, 5, 1], [1, 1, 1]] /
            13`, 1 changes nothing, and larger factors sharpen it.
    """
    if any(isinstance(size, int) and size < 3 for size in ops.shape(images)[1:3]):
        return images
    pixels = ops.cast(images, "float32")
    inner = pixels[:, 1:-1, 1:-1]
    rows = pixels[:, :-2] + pixels[:, 1:-1] + pixels[:, 2:]
    neighbours = rows[:, :, :-2] + rows[:, :, 1:-1] + rows[:, :, 2:]
    smooth = ops.floor((neighbours + 4 * inner) / 13 + 0.5)
    away = ops.pad(smooth - inner, ((0, 0), (1, 1), (1, 1), (0, 0)))
    blended = pixels + (1 - ops.reshape(factor, (-1, 1, 1, 1))) * away
    return ops.cast(ops.clip(blended, 0, 255), "uint8")
