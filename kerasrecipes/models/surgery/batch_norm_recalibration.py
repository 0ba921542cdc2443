"""Recalibration of the population statistics of batch normalization."""

import contextlib
import functools
import inspect
from collections.abc import Iterable, Iterator

import keras
import numpy as np

from kerasrecipes.models.surgery.graph import all_layers


def recalibrate_batch_norm(model: keras.Model, batches: Iterable) -> None:
    """Sets moving means and variances to the statistics of a pass over the data.

    Averaged weights need it, because the moving statistics in the model were not collected with
    them; and so does a short training, whose moving statistics lag behind the weights. For each
    layer, the mean and variance over all samples and positions of the pass are computed in
    float64. Every batch is normalized by its own statistics, as in training, but dropout is off.
    Layers that are not trainable keep their statistics.

    Args:
        model: A built model. A model without BatchNormalization is not changed.
        batches: Iterable of batches of images, or of tuples whose first element is one. Larger
            batches come closer to the network in inference.

    Raises:
        ValueError: If there are no batches.

    Reference:
        Izmailov et al., 2018, https://arxiv.org/abs/1803.05407, section 3.2. Differs from PyTorch's
        `update_bn` in: the variance is that of all samples, not the mean of the batches' variances.
    """
    layers = trained_batch_norms(model)
    if not layers:
        return
    sums = [np.zeros((2, 1))] * len(layers)
    samples = 0
    with _batch_statistics_as_moving_ones(model, layers):
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
        with np.errstate(invalid="ignore"):  # A network that has diverged is told of elsewhere.
            variance = np.maximum(total_of_squares / samples - mean**2, 0)
        layer.moving_mean.assign(mean)
        layer.moving_variance.assign(variance)


def trained_batch_norms(model: keras.Model) -> list[keras.layers.BatchNormalization]:
    """Returns the BatchNormalization layers that normalize by a batch's statistics in training."""
    return [
        layer
        for layer in all_layers(model)
        if isinstance(layer, keras.layers.BatchNormalization) and layer.trainable
    ]


@contextlib.contextmanager
def _batch_statistics_as_moving_ones(model, layers) -> Iterator[None]:
    """Makes layers store the statistics of the last batch as moving ones, and turns dropout off."""
    before = [layer.momentum for layer in layers]
    dropping = [layer for layer in all_layers(model) if _drops(layer)]
    try:
        for layer in layers:
            layer.momentum = 0.0
        for layer in dropping:
            layer.call = _in_inference(layer.call)
        yield
    finally:
        for layer, momentum in zip(layers, before, strict=True):
            layer.momentum = momentum
        for layer in dropping:
            del layer.call


def _drops(layer) -> bool:
    """Returns whether a layer has a rate of dropout, in any form."""
    return hasattr(layer, "rate") and "training" in inspect.signature(layer.call).parameters


def _in_inference(call):
    """Returns a layer's `call` in inference mode, whatever `training` is given."""

    @functools.wraps(call)
    def called(*arguments, training=None, **keywords):
        return call(*arguments, training=False, **keywords)

    return called


def _float64(variable) -> np.ndarray:
    return keras.ops.convert_to_numpy(variable).astype("float64")
