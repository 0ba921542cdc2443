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

    Then the inner optimizer takes its step, clipping included. For plain gradient descent this
    keeps the mean of the weights of each output as it was at the start. That is a strong constraint
    in networks without normalization, and a weak one in fine-tuning. Memory: none. Time: one mean.

    If one entry of a gradient is not finite, all weights of the same output become NaN.

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
        Yong et al., 2020, https://arxiv.org/abs/2004.01461. Differs from it in: gradients of
        embeddings are centralized too; the mean of a depthwise kernel is over all its channels.
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
    # Not `ops.mean`, which computes in float32 for any dtype.
    total = ops.sum(gradient, axis=tuple(range(len(inputs))), keepdims=True)
    return gradient - total / math.prod(inputs)
