"""Homographies, one for each image, as matrices of shape `(batch, 3, 3)`.

They map points `(x, y, 1)`, the column and the row of a pixel's centre, counted from pixel 0. They
map from the output to the input: an output pixel shows the input at the place that it is mapped to.
Products are written out, because a GPU may round those of `matmul` to ten bits.
"""

import functools

from keras import ops


def compose(*matrices):
    """Returns the product of matrices, of which the last one is applied first."""
    return functools.reduce(_product, matrices)


def normalize(matrices):
    """Returns the same homographies with 1 as their last entry."""
    return matrices / matrices[:, 2:, 2:]


def identity(batch):
    """Returns `batch` identity matrices."""
    return ops.broadcast_to(ops.eye(3), (batch, 3, 3))


def translation(x, y):
    """Returns matrices that move points by `x` columns and `y` rows: `(batch,)`, or numbers."""
    return _matrix(1, 0, x, 0, 1, y, 0, 0, 1)


def linear(a, b, c, d):
    """Returns matrices that map points by `[[a, b], [c, d]]`: `(batch,)` each, or numbers."""
    return _matrix(a, b, 0, c, d, 0, 0, 0, 1)


def perspective(x, y):
    """Returns matrices that divide points by `1 + x * column + y * row`: `(batch,)`, or numbers."""
    return _matrix(1, 0, 0, 0, 1, 0, x, y, 1)


def centred(matrices, size, output_size):
    """Returns homographies around pixel 0 for homographies around the centres of images.

    If the sizes differ, the output is stretched to the size of the input first.

    Args:
        matrices: `(batch, 3, 3)`, in units of the input's pixels, around the centres.
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
