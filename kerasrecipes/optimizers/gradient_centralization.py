"""Gradient centralization."""

import math

import keras
from keras import ops

from kerasrecipes.base.kernels import is_kernel
from kerasrecipes.optimizers._base.base_optimizer import dense
from kerasrecipes.optimizers._base.optimizer_wrapper import OptimizerWrapper


@keras.saving.register_keras_serializable(package="kerasrecipes")
class GradientCentralization(OptimizerWrapper):
    """Subtracts from a kernel's gradient its mean over the inputs of each output.

    For each kernel, whose last axis counts its outputs:

        g -= mean(g, all axes but the last)

    and then the inner optimizer's step, clipping included. What each output subtracts from the mean
    of its inputs stays what it was at the start; that constrains networks without normalization
    most, and fine-tuning least. Memory: none. Time: one mean.

    One entry of a gradient that is not finite spreads to all that feed the same output.

    Args:
        optimizer: A Keras optimizer, or the name of one.
        name: String, or `None`.

    Example:

    >>> optimizer = GradientCentralization(keras.optimizers.SGD(learning_rate=1.0))
    >>> kernel = keras.Variable([[0.0], [0.0]], name="kernel")
    >>> optimizer.apply([ops.array([[1.0], [3.0]])], [kernel])
    >>> print(ops.convert_to_numpy(kernel).ravel())
    [ 1. -1.]

    Reference:
        Yong et al., 2020, https://arxiv.org/abs/2004.01461. Differs from it in: embeddings are
        centralized too, and of a depthwise kernel all channels together.
    """

    def apply(self, grads, trainable_variables=None):
        variables = self._variables_of(trainable_variables)
        grads = [
            _centralized(gradient) if gradient is not None and is_kernel(variable) else gradient
            for gradient, variable in zip(grads, variables, strict=True)
        ]
        super().apply(grads, trainable_variables)


def _centralized(gradient):
    gradient = dense(gradient, gradient.dtype)
    *inputs, _ = gradient.shape
    # Not `ops.mean`, which computes in float32 whatever it is given.
    total = ops.sum(gradient, axis=tuple(range(len(inputs))), keepdims=True)
    return gradient - total / math.prod(inputs)
