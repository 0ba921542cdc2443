"""Data-dependent initialization: the same mean and deviation for every channel."""

import keras
import numpy as np

from kerasrecipes.base.checks import check_number
from kerasrecipes.base.private.calls import assign_in_call
from kerasrecipes.layers.normalization.kernel_axes import output_axes
from kerasrecipes.models.initialization.layer_by_layer import (
    InitializedLayer,
    deviation,
    initialize_layer_by_layer,
    moments_before_activation,
    vary,
)


def data_dependent(model: keras.Model, batch, *, beta: float = 0.0) -> tuple[InitializedLayer, ...]:
    """Scales and shifts each layer so that every channel has unit variance and the same mean.

    The layers are initialized one after another, from the input on. Let `z[i]` be the outputs of
    channel `i` for the batch with zero biases, before the activation, over all samples and
    positions:

        W[i] = W[i] / deviation(z[i])
        b[i] = beta - mean(z[i]) / deviation(z[i])

    No unit is dead or saturated at the start then, and all channels of a layer learn at the same
    rate. A layer without a bias keeps the means. A channel that does not vary is not changed. The
    directions of the weights remain those of the model's initializer. The returned report names the
    layers that were skipped; `initialize_layer_by_layer` lists the reasons.

    Args:
        model: A built model.
        batch: A batch of inputs of the model, or a data set, whose first batch is used. It should
            have a hundred images or more, because each channel has its own statistics.
        beta: Float. The mean of every channel before the activation. With a positive mean, more
            than half of the units with ReLU are active.

    Returns:
        A report on each layer with weights: a tuple of `InitializedLayer`, with `name`, `skipped`,
        and the deviations `before` and `after`.

    Raises:
        TypeError: If `beta` is not a number.

    Example:

    >>> dense = keras.layers.Dense(2, "relu")
    >>> model = keras.Sequential([keras.Input((8,)), dense])
    >>> x = np.random.default_rng(0).normal(5, 3, (64, 8))
    >>> _ = data_dependent(model, x, beta=1.0)
    >>> z = x @ np.array(dense.kernel) + np.array(dense.bias)
    >>> print(z.mean(0).round(3), z.std(0).round(3))
    [1. 1.] [1. 1.]

    Reference:
        Kraehenbuehl et al., 2016, https://arxiv.org/abs/1511.06856, algorithm 1. Differs from it
        in: the adjustment between layers by gradients (algorithm 2) is left out; the weights may
        come from any initializer, not only from a normal distribution or k-means.
    """
    check_number("beta", beta)

    def initialize(layer, kernel, inputs):
        if layer.use_bias:
            assign_in_call(layer.bias, np.zeros(layer.bias.shape))
        before = moments_before_activation(layer, inputs)
        scales = np.ones(len(before.mean))
        np.divide(1, np.sqrt(before.variance), out=scales, where=vary(before))
        assign_in_call(layer.kernel, kernel * _along_outputs(layer, scales))
        if layer.use_bias:
            assign_in_call(layer.bias, np.where(vary(before), beta - before.mean * scales, 0))
        after = moments_before_activation(layer, inputs)
        return InitializedLayer(layer.name, before=deviation(before), after=deviation(after))

    return initialize_layer_by_layer(model, batch, initialize)


def _along_outputs(layer, values: np.ndarray) -> np.ndarray:
    """Returns one value for each output channel, in a shape that multiplies the kernel."""
    shape = np.ones(len(layer.kernel.shape), int)
    for axis in output_axes(layer):
        shape[axis] = layer.kernel.shape[axis]
    return values.reshape(shape)
