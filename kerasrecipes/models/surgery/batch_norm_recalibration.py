"""Fresh population statistics for batch normalization."""

import contextlib
import functools
import inspect
from collections.abc import Iterable, Iterator

import keras
import numpy as np

from kerasrecipes.models.surgery.graph import all_layers


def recalibrate_batch_norm(model: keras.Model, batches: Iterable) -> None:
    """Sets moving means and variances to the statistics of a pass over the data.

    Weights that were averaged, or taken from several moments of a run, were never trained with the
    moving statistics beside them. Each layer's population mean and variance over all samples and
    places of the pass are computed in float64, with every batch normalized by its own statistics
    as in training; dropout is off. Layers that are not trainable keep theirs.

    Args:
        model: A built model. Without BatchNormalization nothing happens.
        batches: Iterable of batches of images, or of tuples that begin with them. Larger batches
            come closer to inference.

    Raises:
        ValueError: If there are no batches.

    Reference:
        Izmailov et al., 2018, https://arxiv.org/abs/1803.05407, section 3.2. Differs from PyTorch's
        `update_bn` in: the variance is that of all samples, not the mean of the batches'.
    """
    layers = [
        layer
        for layer in all_layers(model)
        if isinstance(layer, keras.layers.BatchNormalization) and layer.trainable
    ]
    if not layers:
        return
    sums = [np.zeros((2, 1))] * len(layers)
    samples = 0
    with _showing_batch_statistics(model, layers):
        for batch in batches:
            images = batch[0] if isinstance(batch, tuple | list) else batch
            model(images, training=True)
            samples += len(images)
            for i, layer in enumerate(layers):
                mean, variance = _float64(layer.moving_mean), _float64(layer.moving_variance)
                sums[i] = sums[i] + len(images) * np.stack([mean, variance + mean**2])
    if not samples:
        raise ValueError("`batches` must hold at least one batch. Received: none")
    for layer, (total, total_of_squares) in zip(layers, sums, strict=True):
        mean = total / samples
        layer.moving_mean.assign(mean)
        layer.moving_variance.assign(np.maximum(total_of_squares / samples - mean**2, 0))


@contextlib.contextmanager
def _showing_batch_statistics(model, layers) -> Iterator[None]:
    """Makes the moving statistics those of the last batch, and dropout act as in testing."""
    before = [layer.momentum for layer in layers]
    dropping = [layer for layer in all_layers(model) if _drops(layer)]
    try:
        for layer in layers:
            layer.momentum = 0.0
        for layer in dropping:
            layer.call = _in_testing(layer.call)
        yield
    finally:
        for layer, momentum in zip(layers, before, strict=True):
            layer.momentum = momentum
        for layer in dropping:
            del layer.call


def _drops(layer) -> bool:
    return hasattr(layer, "rate") and "training" in inspect.signature(layer.call).parameters


def _in_testing(call):
    """Returns a layer's `call` with `training=False`, whatever it is told."""

    @functools.wraps(call)
    def called(*arguments, training=None, **keywords):
        return call(*arguments, training=False, **keywords)

    return called


def _float64(variable) -> np.ndarray:
    return keras.ops.convert_to_numpy(variable).astype("float64")
