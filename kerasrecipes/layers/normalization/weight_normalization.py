"""Weight normalization."""

import math

import keras
import numpy as np
from keras import ops

from kerasrecipes.layers.normalization.kernel_axes import channel_axis
from kerasrecipes.layers.normalization.kernel_wrapper import KernelWrapper
from kerasrecipes.layers.normalization.precision import full_precision

# Squared. A shorter direction counts as zero, and so does its kernel.
LEAST_LENGTH = 1e-24
# As a fraction of the root mean square. A unit with a smaller deviation is constant up to rounding.
LEAST_DEVIATION = 1e-4


@keras.saving.register_keras_serializable(package="kerasrecipes")
class WeightNormalization(KernelWrapper):
    """Learns the direction and the length of each output's weights separately.

    The wrapped layer uses the kernel `w`. For each output channel:

        w = g v / |v|

    `v` is the wrapped layer's own weight `kernel`. `g` is the weight `length` of this wrapper, with
    one number for each output channel. Both are trained. `g` starts at `|v|`, so that the layer
    starts as it would without the wrapper; `initialize` sets it from data instead. No statistics of
    batches are used, so that training and inference are the same.

    The length of `v` only affects how far a step turns it. It grows while `v` is trained, unless
    weight decay of `v` limits it. A kernel regularizer of the wrapped layer penalizes `w`.

    Args:
        layer: `Dense`, `Conv1D`, `Conv2D`, `Conv3D`, their transposes, `DepthwiseConv1D` or
            `DepthwiseConv2D`.
        **kwargs: As `keras.layers.Layer`. `dtype` defaults to the layer's.

    Call arguments:
        inputs: As those of `layer`.

    Returns:
        As `layer`.

    Raises:
        ValueError: If `layer` has no kernel, or a constraint on it.

    Example:

    >>> layer = WeightNormalization(keras.layers.Dense(1, use_bias=False))
    >>> layer.build((None, 2))
    >>> layer.set_weights([np.array([10.0]), np.array([[3.0], [4.0]])])
    >>> print(ops.convert_to_numpy(layer.kernel).ravel())
    [6. 8.]
    >>> print(layer.remove()(np.ones((1, 2))).shape)
    (1, 1)

    Reference:
        Salimans and Kingma, 2016, https://arxiv.org/abs/1602.07868. Differs from it in: `v` is
        drawn by the layer's kernel initializer, not from a normal distribution with a standard
        deviation of 0.05.
    """

    def build(self, input_shape=None):
        super().build(input_shape)
        kernel = self.layer.kernel
        regularizer, kernel.regularizer = kernel.regularizer, None
        self.length = self.add_weight(
            name="length",
            shape=(math.prod(kernel.shape[axis] for axis in self.output_axes),),
            initializer=lambda shape, dtype: ops.cast(
                ops.reshape(self._norms(full_precision(kernel)), shape), dtype
            ),
        )
        if regularizer is not None:
            kernel.regularizer = lambda v: regularizer(self.compute_kernel(full_precision(v)))
        self.initializes_when_called = False

    def compute_kernel(self, kernel):
        length = self.along_outputs(full_precision(self.length))
        return kernel * (length / self._norms(kernel))

    def call(self, inputs):
        if self.initializes_when_called:
            self.initializes_when_called = False
            self.initialize(inputs)
        return super().call(inputs)

    def initialize(self, inputs) -> None:
        """Sets lengths and biases so that each output channel has mean 0 and deviation 1.

        With `t = v x / |v|`, before the layer's activation, over all samples and pixels:

            g = 1 / deviation(t),  b = -mean(t) / deviation(t)

        Without a bias, the mean is not changed. A channel that is constant keeps its length.
        `initialize_weight_normalization` does this for all layers of a model.

        Args:
            inputs: A batch of the layer's inputs.
        """
        direction = full_precision(self.layer.kernel)
        unit = direction / self._norms(direction)
        t = self.plain_layer(unit, activation=None, use_bias=False)(inputs)
        t = ops.convert_to_numpy(ops.cast(t, self.length.dtype)).astype("float64")
        t = np.moveaxis(t, channel_axis(self.layer, t.ndim), -1).reshape(-1, self.length.shape[0])
        mean, deviation = t.mean(0), t.std(0)
        varies = deviation > LEAST_DEVIATION * np.sqrt(np.square(t).mean(0))
        length = ops.convert_to_numpy(self.length).astype("float64")
        length = np.divide(1.0, deviation, out=length, where=varies)
        self.length.assign(length)
        if self.layer.use_bias:
            self.layer.bias.assign(-mean * length)

    def _norms(self, kernel):
        squares = ops.sum(ops.square(kernel), axis=self.input_axes, keepdims=True)
        return ops.sqrt(ops.maximum(squares, LEAST_LENGTH))
