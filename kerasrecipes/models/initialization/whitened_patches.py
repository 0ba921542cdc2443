"""Initialization of the first convolution that whitens patches."""

import keras
import numpy as np

from kerasrecipes.base.checks import check_choice, check_number
from kerasrecipes.base.private.calls import assign_in_call
from kerasrecipes.layers.preprocessing.principal_components import principal_axes
from kerasrecipes.layers.preprocessing.streamed_moments import StreamedMoments
from kerasrecipes.models.initialization.layer_by_layer import (
    InitializedLayer,
    deviation,
    initialize_layer_by_layer,
    moments_before_activation,
)


def patch_whitening(
    model: keras.Model, batch, *, epsilon: float = 5e-4, freeze: bool | str = True
) -> tuple[InitializedLayer, ...]:
    """Makes the first convolution whiten its patches, and freezes it.

    Let `U diag(s) U^T` be the covariance of all patches in the batch that have the size of the
    kernel, with `d` numbers each, around their mean:

        W[i] = U[i] / sqrt(s[i] + epsilon),  W[d + i] = -W[i],  b = -W mean

    The filters are the principal axes in the order of their variances, the largest first. After
    them follow the same filters with the opposite sign, so that ReLU loses no information. From the
    first step on, the outputs of the layer are decorrelated and have unit variance. A layer without
    a bias keeps their mean.

    Args:
        model: A built model whose first two-dimensional convolution has at most `2 d` filters.
        batch: A batch of inputs of the model, or a data set, whose first batch is used. Some dozens
            of images have enough patches.
        epsilon: Float of at least 0, in units of the variance of the convolution's inputs. The
            default is for pixels that are standardized to unit variance.
        freeze: Whether to set the layer's `trainable` to `False`, or `"kernel"` to freeze the
            kernel and train the bias, as the reference does. Compile the model afterwards. No file
            records that a kernel alone is frozen: a loaded model would train it.

    Returns:
        A report on each layer with weights: a tuple of `InitializedLayer`.

    Raises:
        ValueError: If `epsilon` is negative, the model has no convolution that can be initialized,
            the convolution has groups or too many filters, or the patches do not vary and `epsilon`
            is 0.

    Example:

    >>> stem = keras.layers.Conv2D(8, 2)
    >>> model = keras.Sequential([keras.Input((8, 8, 1)), stem])
    >>> x = np.random.default_rng(0).normal(5, 3, (64, 8, 8, 1))
    >>> _ = patch_whitening(model, x)
    >>> y = ops.convert_to_numpy(model(x)).reshape(-1, 8)
    >>> print(abs(np.cov(y[:, :4].T) - np.eye(4)).max().round(3), stem.trainable)
    0.0 False

    Reference:
        Jordan, 2024, https://arxiv.org/abs/2404.00498, section 3.2, after Page, 2019. Differs from
        it in: the covariance is around the mean, and the bias subtracts the mean.
    """
    check_number("epsilon", epsilon, at_least=0)
    check_choice("freeze", freeze, (False, True, "kernel"))
    found: list[keras.layers.Layer] = []

    def initialize(layer, kernel, inputs):
        if found or not isinstance(layer, keras.layers.Conv2D):
            return InitializedLayer(layer.name, "it is not the first convolution")
        found.append(layer)
        before = deviation(moments_before_activation(layer, inputs))
        _whiten(layer, inputs, epsilon)
        after = deviation(moments_before_activation(layer, inputs))
        return InitializedLayer(layer.name, before=before, after=after)

    report = initialize_layer_by_layer(model, batch, initialize)
    if not found:
        raise ValueError(
            "`model` must have a two-dimensional convolution that is neither frozen nor wrapped. "
            f"Received: {', '.join(entry.name for entry in report) or 'no layer with weights'}"
        )
    if freeze == "kernel":
        found[0].kernel.trainable = False
    elif freeze:
        found[0].trainable = False
    return report


def _whiten(layer: keras.layers.Conv2D, inputs, epsilon: float) -> None:
    *size, channels, filters = layer.kernel.shape
    features = size[0] * size[1] * channels
    if layer.groups != 1 or filters > 2 * features:
        raise ValueError(
            f"The first convolution must have one group and at most {2 * features} filters, twice "
            f"as many as the numbers in a patch. Received: groups={layer.groups}, "
            f"filters={filters}"
        )
    moments = StreamedMoments(covariance=True)
    for image in keras.ops.convert_to_numpy(keras.ops.cast(inputs, "float32")):
        if layer.data_format == "channels_first":
            image = np.moveaxis(image, 0, -1)
        moments.add(_patches(image, size, layer.dilation_rate).reshape(-1, features))
    axes, variances = principal_axes(moments, epsilon, "patch_whitening")
    whitening = axes / np.sqrt(variances + epsilon)
    kernel = np.concatenate([whitening, -whitening], axis=1)[:, :filters]
    assign_in_call(layer.kernel, kernel.reshape(layer.kernel.shape))
    if layer.use_bias:
        assign_in_call(layer.bias, -moments.mean @ kernel)


def _patches(image: np.ndarray, size, dilation_rate) -> np.ndarray:
    """Returns all patches of an image, `(rows, columns, *size, channels)`."""
    spans = [1 + (s - 1) * step for s, step in zip(size, dilation_rate, strict=True)]
    windows = np.lib.stride_tricks.sliding_window_view(image, spans, axis=(0, 1))
    return np.moveaxis(windows[..., :: dilation_rate[0], :: dilation_rate[1]], 2, -1)
