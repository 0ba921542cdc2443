"""Products and convolutions with a kernel for each example of a batch."""

import keras
from keras import ops


def multiply_each(inputs, kernels):
    """Multiplies each example by its own kernel, in one batched product.

    Args:
        inputs: `(batch, ..., in)`.
        kernels: `(batch, in, out)`.

    Returns:
        `(batch, ..., out)`.

    Example:

    >>> multiply_each(np.ones((5, 3)), np.ones((5, 3, 2))).shape == (5, 2)
    True
    """
    batch, *between, width = ops.shape(inputs)
    rows = ops.reshape(inputs, (batch, -1, width))
    return ops.reshape(ops.matmul(rows, kernels), (batch, *between, kernels.shape[-1]))


def convolve_each(inputs, kernels, strides, padding, dilation_rate):
    """Convolves each image with its own kernel.

    On PyTorch this is a grouped convolution with a group for each image. XLA takes minutes to
    compile one for a CPU. On other backends the windows of pixels under the kernel are therefore
    collected first, and then multiplied in a batched product.

    Args:
        inputs: `(batch, height, width, in)`.
        kernels: `(batch, rows, columns, in, out)`.
        strides: Two positive integers, in pixels.
        padding: `"same"` or `"valid"`.
        dilation_rate: Two positive integers, in pixels.

    Returns:
        `(batch, height, width, out)`, with the height and width of the output of `keras.ops.conv`.

    Example:

    >>> images, kernels = np.ones((5, 8, 8, 3)), np.ones((5, 3, 3, 3, 4))
    >>> convolve_each(images, kernels, (2, 2), "same", (1, 1)).shape == (5, 4, 4, 4)
    True
    """
    convolve = _in_groups if keras.backend.backend() == "torch" else _by_products
    return convolve(ops.convert_to_tensor(inputs), kernels, strides, padding, dilation_rate)


def _in_groups(images, kernels, strides, padding, dilation_rate):
    batch, height, width, channels = images.shape
    rows, columns, _, filters = kernels.shape[1:]
    images = ops.reshape(ops.transpose(images, (1, 2, 0, 3)), (1, height, width, batch * channels))
    kernels = ops.transpose(kernels, (1, 2, 3, 0, 4))
    kernels = ops.reshape(kernels, (rows, columns, channels, batch * filters))
    outputs = ops.conv(images, kernels, strides, padding, "channels_last", dilation_rate)
    height, width = outputs.shape[1:3]
    return ops.transpose(ops.reshape(outputs, (height, width, batch, filters)), (2, 0, 1, 3))


def _by_products(images, kernels, strides, padding, dilation_rate):
    rows, columns, channels, filters = kernels.shape[1:]
    for axis, size in ((1, rows), (2, columns)):
        images = _windows(images, axis, size, strides[axis - 1], padding, dilation_rate[axis - 1])
    # The channels now hold a window in the order of columns, rows, channels.
    kernels = ops.transpose(kernels, (0, 2, 1, 3, 4))
    kernels = ops.reshape(kernels, (-1, columns * rows * channels, filters))
    return multiply_each(images, kernels)


def _windows(images, axis, size, stride, padding, dilation):
    """Returns the windows along one axis, with the pixels of a window as further channels."""
    length = ops.shape(images)[axis]
    reach = (size - 1) * dilation + 1
    start = 0
    if padding == "same":
        # Half of the missing pixels lie before the image. Sizes may be tensors, for which Python's
        # `max` does not work.
        missing = reach - 1 - (length - 1) % stride
        missing = (missing + abs(missing)) // 2
        start, length = reach - 1 - missing // 2, length + missing
        widths = [(0, 0)] * 4
        widths[axis] = (reach - 1, reach - 1)
        images = ops.pad(images, widths)
    count = (length - reach) // stride + 1
    positions = [start + tap * dilation for tap in range(size)]
    taken = [slice(first, first + (count - 1) * stride + 1, stride) for first in positions]
    parts = [images[:, one] if axis == 1 else images[:, :, one] for one in taken]
    return ops.concatenate(parts, axis=-1)
