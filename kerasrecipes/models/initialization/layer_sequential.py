"""Layer-sequential unit-variance initialization (LSUV)."""

import keras
import numpy as np

from kerasrecipes.base.checks import check_choice, check_integer, check_number
from kerasrecipes.base.private.calls import assign_in_call
from kerasrecipes.layers.normalization.kernel_axes import output_axes
from kerasrecipes.models.initialization.layer_by_layer import (
    InitializedLayer,
    deviation,
    initialize_layer_by_layer,
    moments_before_activation,
    vary,
)


def lsuv(
    model: keras.Model,
    batch,
    *,
    tolerance: float = 0.1,
    max_iterations: int = 10,
    orthonormal: bool = True,
    seed: int | None = None,
) -> tuple[InitializedLayer, ...]:
    """Gives each layer an orthonormal kernel, scaled so that its outputs have unit variance.

    The layers are initialized one after another, from the input on. Let `B` be the outputs of a
    layer for the batch, before the activation:

        W = orthonormal
        until |Var(B) - 1| < tolerance:  W = W / sqrt(Var(B))

    The variance is over all samples, positions and channels. Biases are not changed; if they are
    zero, as Keras initializes them, one division is enough. The returned report names the layers
    that were skipped; `initialize_layer_by_layer` lists the reasons.

    With this initialization, deep networks can be trained without normalization. If a normalization
    follows each layer, it has no effect, because the normalization divides by the scale.

    Args:
        model: A built model.
        batch: A batch of inputs of the model, or a data set, whose first batch is used.
        tolerance: Positive float. The largest accepted distance of the variance from 1.
        max_iterations: Positive integer. The maximum number of divisions for one layer.
        orthonormal: Whether to draw new, orthonormal kernels. If `False`, the present kernels are
            scaled.
        seed: Integer, or `None` for a random one.

    Returns:
        A report on each layer with weights: a tuple of `InitializedLayer`, with `name`, `skipped`,
        and the deviations `before` and `after` the scaling.

    Raises:
        ValueError: If an argument is out of range.

    Example:

    >>> dense = keras.layers.Dense(4, "relu", name="dense")
    >>> model = keras.Sequential([keras.Input((8,)), dense])
    >>> report = lsuv(model, np.random.default_rng(0).normal(0, 3, (64, 8)), seed=0)
    >>> print(report[0].name, round(report[0].after, 4))
    dense 1.0

    Reference:
        Mishkin and Matas, 2016, https://arxiv.org/abs/1511.06422.
    """
    check_number("tolerance", tolerance, above=0)
    check_integer("max_iterations", max_iterations, at_least=1)
    check_choice("orthonormal", orthonormal, (False, True))
    draw = keras.initializers.Orthogonal(seed=keras.random.SeedGenerator(seed))

    def initialize(layer, original, inputs):
        kernel = _orthonormal_kernel(layer, draw) if orthonormal else original
        assign_in_call(layer.kernel, kernel)
        deviations = []
        for _ in range(max_iterations + 1):
            moments = moments_before_activation(layer, inputs)
            if not vary(moments).any():
                assign_in_call(layer.kernel, original)
                return InitializedLayer(layer.name, "its outputs do not vary")
            deviations.append(deviation(moments))
            if abs(deviations[-1] ** 2 - 1) < tolerance or len(deviations) > max_iterations:
                break
            kernel = kernel / deviations[-1]
            assign_in_call(layer.kernel, kernel)
        return InitializedLayer(layer.name, before=deviations[0], after=deviations[-1])

    return initialize_layer_by_layer(model, batch, initialize)


def _orthonormal_kernel(layer, draw) -> np.ndarray:
    """Returns a kernel, as a matrix from inputs to outputs, with orthonormal columns or rows.

    A depthwise convolution computes its outputs from one channel each: the matrix of every channel
    is orthonormal.
    """
    shape, outputs = tuple(layer.kernel.shape), output_axes(layer)
    if len(outputs) == 2:
        pixels = int(np.prod(shape[:-2]))
        channels = [_numpy(draw((pixels, shape[-1]))) for _ in range(shape[-2])]
        return np.stack(channels, axis=1).reshape(shape)
    inputs = [size for axis, size in enumerate(shape) if axis - len(shape) not in outputs]
    matrix = _numpy(draw((int(np.prod(inputs)), shape[outputs[0]])))
    return np.moveaxis(matrix.reshape(*inputs, -1), -1, outputs[0])


def _numpy(tensor) -> np.ndarray:
    return keras.ops.convert_to_numpy(tensor).astype("float64")
