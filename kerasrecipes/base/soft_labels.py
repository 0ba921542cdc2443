"""Soft labels from labels of any form."""

from keras import ops

from kerasrecipes.base.checks import check_rank


def one_hot(labels, classes: int, dtype: str = "float32"):
    """Returns integer labels as one-hot labels, and soft labels as they are.

    Args:
        labels: Integers `(batch,)` or `(batch, 1)`, of any dtype, or soft labels `(batch,
            classes)`.
        classes: Positive integer.
        dtype: Float dtype of the result.

    Returns:
        A tensor of shape `(batch, classes)`.

    Raises:
        ValueError: If the labels have another shape.

    Example:

    >>> print(ops.convert_to_numpy(one_hot([2, 0], classes=3)))
    [[0. 0. 1.]
     [1. 0. 0.]]
    """
    labels = ops.convert_to_tensor(labels)
    shape = labels.shape
    if len(shape) == 2 and shape[-1] == classes:
        return ops.cast(labels, dtype)
    if len(shape) == 2 and shape[-1] == 1:
        labels = ops.squeeze(labels, -1)
    check_rank("labels", labels.shape, 1, f"(batch,), (batch, 1) or (batch, {classes})")
    return ops.one_hot(ops.cast(labels, "int32"), classes, dtype=dtype)
