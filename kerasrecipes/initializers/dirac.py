"""Dirac initialization: convolutions that start as the identity."""

import keras
import numpy as np
from keras import ops

from kerasrecipes.base.checks import check_integer, check_number
from kerasrecipes.initializers.convolution_kernels import central_pixel, check_kernel_shape


@keras.saving.register_keras_serializable(package="kerasrecipes")
class Dirac(keras.initializers.Initializer):
    """Initializes a convolution as the identity: each output channel is an input channel.

        kernel[center, i, i] = gain,  all else 0

    With `padding="same"` and strides of 1 the layer returns its input, times `gain`. If there are
    more filters than input channels, the further filters are zero, or those of `others`: filters
    that start alike stay alike. If there are fewer, the further input channels are ignored.
    `keras.initializers.Identity` does the same for dense layers.

    Args:
        gain: Float.
        groups: Positive integer, the `groups` of the convolution. Each group of filters gets the
            identity of its own input channels.
        others: Keras initializer of the filters beyond the input channels, or `None` for zeros. It
            initializes a kernel of the whole shape, of which these filters are kept.

    Call arguments:
        shape: `(*kernel_size, input_channels / groups, filters)`, with one to three spatial
            dimensions.
        dtype: Dtype of the kernel. Defaults to Keras's `floatx`.

    Returns:
        Tensor of that shape and dtype.

    Raises:
        ValueError: If an argument is out of range, the shape is not that of a convolution's kernel,
            or `groups` does not divide the number of filters.

    Example:

    >>> layer = keras.layers.Conv1D(2, 3, padding="same", kernel_initializer=Dirac())
    >>> x = np.array([[[1.0, 2.0], [3.0, 4.0]]])
    >>> print(ops.convert_to_numpy(layer(x))[0])
    [[1. 2.]
     [3. 4.]]

    Reference:
        Zagoruyko and Komodakis, 2017, https://arxiv.org/abs/1706.00388. Differs from it in: only
        the initialization is here, not the training of a parametrized kernel.
        `torch.nn.init.dirac_` is the same for kernels of odd size.
    """

    def __init__(self, gain: float = 1.0, groups: int = 1, others: object = None):
        check_number("gain", gain)
        check_integer("groups", groups, at_least=1)
        self.gain = gain
        self.groups = groups
        self.others = others
        self._others = keras.initializers.get(others)

    def __call__(self, shape, dtype=None):
        check_kernel_shape("Dirac", shape)
        channels, filters = shape[-2:]
        if filters % self.groups:
            raise ValueError(
                f"`groups` must divide the number of filters, {filters}. "
                f"Received: groups={self.groups}"
            )
        dtype = dtype or keras.config.floatx()
        matrix = np.tile(self.gain * np.eye(channels, filters // self.groups), self.groups)
        identity = central_pixel(shape, matrix, dtype)
        if self._others is None:
            return identity
        is_other = np.tile(np.arange(filters // self.groups) >= channels, self.groups)
        return ops.where(is_other, self._others(shape, dtype), identity)

    def get_config(self):
        others = self.others
        if isinstance(others, keras.initializers.Initializer):
            others = keras.initializers.serialize(others)
        return {"gain": self.gain, "groups": self.groups, "others": others}
