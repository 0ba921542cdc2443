"""Pillow's sharpness: a blend with, or away from, a smoothed image."""

from keras import ops


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
