"""Affine maps of pixels `(red, green, blue)`, one for each image."""

import keras
import numpy as np
from keras import ops

# ITU-R BT.601: the luma in NTSC's YIQ, in JPEG and in Pillow's conversion to grey.
LUMA = np.array([0.299, 0.587, 0.114])

# Projections of pixels on their grey and on the difference from it. Their product is 0.
GREY = np.ones((3, 1)) * LUMA
CHROMA = np.eye(3) - GREY

_YIQ = np.array([LUMA, [0.5959, -0.2746, -0.3213], [0.2115, -0.5227, 0.3112]])
# A quarter turn of the plane (I, Q), which keeps luma.
_QUARTER_TURN = np.linalg.inv(_YIQ) @ np.array([[0, 0, 0], [0, 0, -1], [0, 1, 0]]) @ _YIQ


def chroma_matrix(saturation, hue_degrees=None):
    """Returns matrices that scale colours and turn them around the grey axis. They keep luma.

    With the projections `G` on grey and `C` on the difference from it, and the quarter turn `Q` of
    YIQ's colour plane, they are `G + saturation * (cos(hue) * C + sin(hue) * Q)`.

    Args:
        saturation: `(batch,)`. 0 gives grey, 1 changes nothing.
        hue_degrees: `(batch,)`, or `None` for no turn.

    Returns:
        `(batch, 3, 3)`, float32.
    """
    saturation = ops.reshape(saturation, (-1, 1, 1))
    grey, chroma, turn = (ops.cast(m, "float32") for m in (GREY, CHROMA, _QUARTER_TURN))
    if hue_degrees is None:
        return grey + saturation * chroma
    angle = ops.reshape(hue_degrees, (-1, 1, 1)) * (np.pi / 180)
    return grey + saturation * (ops.cos(angle) * chroma + ops.sin(angle) * turn)


def mean_luma(images, value_range):
    """Returns each image's mean luma as a fraction of the value range, `(batch,)`."""
    low, high = value_range
    batch, height, width, channels = ops.shape(images)
    # Over rows first: sums of long vectors are faster than those of pixels, of three numbers each.
    rows = ops.reshape(ops.cast(images, "float32"), (batch, height, width * channels))
    columns = ops.reshape(ops.mean(rows, axis=1), (batch, width, channels))
    mean = ops.mean(columns, axis=1)
    luma = mean[:, 0] if channels == 1 else ops.sum(mean * ops.cast(LUMA, "float32"), axis=1)
    return (luma - low) / (high - low)


def recolour(images, matrix, offset, value_range):
    """Returns `matrix @ pixel + offset` for all pixels, clipped to the value range.

    A pixel `v` of a grey image, with one channel, becomes the luma of what `(v, v, v)` becomes.

    Args:
        images: `(batch, height, width, channels)`, 1 or 3 channels, integer or float.
        matrix: `(batch, 3, 3)`, or `None` for the identity.
        offset: `(batch, 3)`, as fractions of the value range, or `None` for 0.
        value_range: `(low, high)`.

    Returns:
        Float32, of the shape of `images`.
    """
    low, high = value_range
    batch, height, width, channels = ops.shape(images)
    matrix, offset = _for_channels(matrix, offset, channels)
    pixels = ops.cast(images, "float32")
    if matrix is not None:
        pixels = ops.reshape(pixels, (batch, height * width, channels))
        pixels = _product(pixels, matrix)
        moved_low = low * (1 - ops.sum(matrix, axis=2)) if low else 0.0
        offset = moved_low if offset is None else (high - low) * offset + moved_low
    elif offset is not None:
        offset = (high - low) * offset
    rows = ops.reshape(pixels, (batch, height, width * channels))
    if not isinstance(offset, float) and offset is not None:
        # For a whole row at once: adding three numbers at a time takes three times as long.
        rows = rows + ops.tile(ops.expand_dims(offset, 1), (1, 1, width))
    return ops.reshape(ops.clip(rows, low, high), (batch, height, width, channels))


def check_channels(images) -> None:
    """Raises a `ValueError` unless images have 1 or 3 channels."""
    if images.shape[-1] not in (1, 3):
        raise ValueError(
            "`images` must have 3 channels (red, green, blue) or 1 (grey) where colours change. "
            f"Received: images.shape={tuple(images.shape)}"
        )


def _for_channels(matrix, offset, channels):
    """Returns the map for three channels as it is, and reduced to luma for one channel."""
    if channels == 3:
        return matrix, offset
    luma = ops.cast(LUMA, "float32")
    if matrix is not None:
        matrix = ops.sum(luma * ops.sum(matrix, axis=2), axis=1)[:, None, None]
    if offset is not None:
        offset = ops.sum(luma * offset, axis=1, keepdims=True)
    return matrix, offset


def _product(pixels, matrix):
    if keras.backend.backend() == "jax":  # XLA fuses this into one loop, but not `matmul`.
        return ops.sum(ops.expand_dims(pixels, 2) * ops.expand_dims(matrix, 1), axis=3)
    return ops.matmul(pixels, ops.transpose(matrix, (0, 2, 1)))
