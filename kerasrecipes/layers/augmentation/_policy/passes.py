"""The passes over the pixels that carry out what a policy has drawn.

Each takes 8-bit images, `chosen`, a dictionary from an operation's name to where it is drawn,
`(batch, operations)` Booleans, and `strength`, `(batch, operations)`.
"""

import functools
import math
import operator

from keras import ops

from kerasrecipes.layers.augmentation._colour.colour import chroma_matrix, recolour
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
from kerasrecipes.layers.augmentation.rounding import round_to

_MOVES = ("rotate", "shear_x", "shear_y", "translate_x", "translate_y")


def move(images, chosen, strength, interpolation, fill_value):
    """Rotates, shears and translates, by one homography."""
    size = ops.shape(images)[1:3]
    names = [name for name in chosen if name.startswith(_MOVES)]
    amounts = {name: ops.where(chosen[name], strength, 0.0) for name in names}
    homography = normalize(centred(compose(*_undo(amounts, size, strength)), size, size))

    def moved(images, homography):
        options = {"interpolation": interpolation, "fill_mode": "constant"}
        return warp(images, homography, size, fill_value=fill_value, **options)

    return apply_where(_any(chosen, names), moved, images, homography)


def change_saturation(images, chosen, strength):
    """Multiplies the distance of colours to their grey."""
    factor = ops.prod(ops.where(chosen["color"], strength, 1.0), axis=1)

    def changed(images, factor):
        return round_to(recolour(images, chroma_matrix(factor), None, (0, 255)), "uint8")

    return apply_where(_any(chosen, ["color"]), changed, images, factor)


def change_levels(images, chosen, strength):
    """Looks pixels up in one table for each channel."""
    batch, _, _, channels = ops.shape(images)
    names = [name for name in chosen if name in TABLE_OPERATIONS]
    counts = apply_where(
        _any(chosen, [name for name in names if name in NEED_HISTOGRAM]),
        lambda counts, images: histograms(images),
        ops.zeros((batch, channels, 256), "int32"),
        images,
    )

    def changed(images, counts, strength, *masks):
        slots = range(strength.shape[1])
        each = [dict(zip(names, (mask[:, k] for mask in masks), strict=True)) for k in slots]
        tables = compose_tables(counts, each, [strength[:, k] for k in slots])
        return look_up(images, ops.cast(tables, "uint8"))

    masks = [chosen[name] for name in names]
    return apply_where(_any(chosen, names), changed, images, counts, strength, *masks)


def change_sharpness(images, chosen, strength):
    """Blends with a smoothed image, or away from it."""
    for slot in range(strength.shape[1]):
        mask = chosen["sharpness"][:, slot]
        images = apply_where(mask, sharpness, images, strength[:, slot])
    return images


def _undo(amounts, size, strength):
    """Yields the homography of each operation, from output to input; one thing each is done."""
    height, width = (ops.cast(pixels, "float32") for pixels in size)
    nothing = ops.zeros_like(strength)

    def amount(name):
        return amounts.get(name, nothing)

    angle = amount("rotate") * (math.pi / 180)
    cosine, sine = ops.cos(angle), ops.sin(angle)
    across, down = amount("shear_x"), amount("shear_y")
    # As with Pillow, a shear leaves the image's upper left corner in its place.
    right = amount("translate_x_pixels") + width * amount("translate_x_fraction")
    below = amount("translate_y_pixels") + height * amount("translate_y_fraction")
    right, below = right + across * height / 2, below + down * width / 2
    for k in range(strength.shape[1]):
        turned = linear(
            cosine[:, k], across[:, k] - sine[:, k], down[:, k] + sine[:, k], cosine[:, k]
        )
        yield compose(translation(right[:, k], below[:, k]), turned)


def _any(chosen, names):
    """Returns which images have drawn one of some operations, `(batch,)`."""
    return ops.any(functools.reduce(operator.or_, (chosen[name] for name in names)), axis=1)


def sharpness(images, factor):
    """Returns 8-bit images whose sharpness is scaled; the outermost pixels stay as they are.

    Args:
        images: `(batch, height, width, channels)`, uint8.
        factor: `(batch,)`. 0 gives the image smoothed by `[[1, 1, 1], [1, 5, 1], [1, 1, 1]] / 13`,
            1 changes nothing.
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
