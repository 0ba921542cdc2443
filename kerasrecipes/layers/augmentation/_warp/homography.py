"""Homographies, one for each image: matrices of shape `(batch, 3, 3)`.

They act on points `(x, y, 1)`, the column and the row of a pixel's centre, counted from the first,
and lead from the output back to the input: an output pixel shows what is found where its own place
is mapped to. Products are written out, because a GPU may round those of `matmul` to ten bits.
"""

import functools

from keras import ops


def compose(*matrices):
    """Returns the product of matrices; the last one acts first."""
    return functools.reduce(_product, matrices)


def normalize(matrices):
    """Returns the same homographies with 1 in the last place."""
    return matrices / matrices[:, 2:, 2:]


def identity(batch):
    """Returns `batch` matrices that leave points where they are."""
    return ops.broadcast_to(ops.eye(3), (batch, 3, 3))


def translation(x, y):
    """Moves points by `x` columns and `y` rows; `(batch,)` tensors, or numbers."""
    return _matrix(1, 0, x, 0, 1, y, 0, 0, 1)


def linear(a, b, c, d):
    """Maps points by `[[a, b], [c, d]]`; `(batch,)` tensors, or numbers."""
    return _matrix(a, b, 0, c, d, 0, 0, 0, 1)


def perspective(x, y):
    """Divides points by `1 + x * column + y * row`; `(batch,)` tensors, or numbers."""
    return _matrix(1, 0, 0, 0, 1, 0, x, y, 1)


def centred(matrices, size, output_size):
    """Returns homographies of pixels for such that take the pictures' centres as their origin.

    Where the sizes differ, the output is stretched over the whole input first.

    Args:
        matrices: `(batch, 3, 3)`, in units of the input's pixels.
        size: `(height, width)` of the input, numbers or tensors.
        output_size: `(height, width)` of the output.
    """
    height, width = (ops.cast(pixels, "float32") for pixels in size)
    rows, columns = (ops.cast(pixels, "float32") for pixels in output_size)
    from_output = compose(
        linear(width / columns, 0, 0, height / rows),
        translation(-(columns - 1) / 2, -(rows - 1) / 2),
    )
    return compose(translation((width - 1) / 2, (height - 1) / 2), matrices, from_output)


def _matrix(*numbers):
    entries = [ops.cast(number, "float32") for number in numbers]
    shape = max((entry.shape for entry in entries), key=len)
    like = next(entry for entry in entries if entry.shape == shape)
    filled = [e if len(e.shape) else ops.full_like(like, e) for e in entries]
    return ops.reshape(ops.stack(filled, axis=-1), (-1, 3, 3))


def _product(left, right):
    return ops.sum(ops.expand_dims(left, -1) * ops.expand_dims(right, -3), axis=-2)
