"""Recalibration of the population statistics of batch normalization."""

import contextlib
import functools
import inspect
from collections.abc import Iterable, Iterator, Sequence

import keras
import numpy as np
from keras import ops

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
    with _batch_statistics_as_moving_ones(model, layers):
        _pool(layers, _statistics(model, layers, batches))


class BatchNormRecalibration:
    """`recalibrate_batch_norm` for a model that needs it again and again, with other weights.

    The pass is compiled by Keras as a prediction is, once for all calls. Its statistics are those
    of `recalibrate_batch_norm`, up to rounding: eager, each layer of a small network takes longer
    to call than to compute.

    Args:
        model: A built model that trains BatchNormalization. Its layers do not change between calls.
    """

    def __init__(self, model: keras.Model):
        self._model = model
        self._layers = trained_batch_norms(model)
        self._statistics = _BatchStatistics(model, self._layers)

    def __call__(self, batches, count: int) -> None:
        """Gives the model new statistics.

        Args:
            batches: What Keras's `predict` takes: a `tf.data.Dataset` or a `PyDataset`.
            count: Positive integer. The number of batches.
        """
        with _batch_statistics_as_moving_ones(self._model, self._layers):
            sizes, *found = self._statistics.predict(batches, steps=count, verbose=0)
        _pool(self._layers, zip(sizes.tolist(), zip(*found, strict=True), strict=True))


class _BatchStatistics(keras.Model):
    """Model from a batch to its size and to the statistics that its layers have of it.

    Each output has a first axis of length 1, so that `predict` stacks those of all batches.
    """

    def __init__(self, model: keras.Model, layers: Sequence[keras.layers.BatchNormalization]):
        super().__init__(name="batch_statistics")
        self._network, self._normalizing = model, layers

    def call(self, images):
        self._network(images, training=True)
        # Copies: on PyTorch, the next batch changes the statistics in place.
        found = [ops.stack([moving.value]) for moving in _moving(self._normalizing)]
        return [ops.full((1,), ops.shape(images)[0], dtype="int32"), *found]


def _moving(layers: Iterable[keras.layers.BatchNormalization]) -> list:
    """Returns the moving mean and variance of each layer."""
    return [moving for layer in layers for moving in (layer.moving_mean, layer.moving_variance)]


def _statistics(
    model: keras.Model, layers: Sequence[keras.layers.BatchNormalization], batches: Iterable
) -> Iterator[tuple[int, list[np.ndarray]]]:
    """Yields the size of each batch, and the statistics that the layers have of it."""
    for batch in batches:
        images = batch[0] if isinstance(batch, tuple | list) else batch
        model(images, training=True)
        yield len(images), [ops.convert_to_numpy(moving) for moving in _moving(layers)]


def _pool(
    layers: Sequence[keras.layers.BatchNormalization],
    batches: Iterable[tuple[int, Sequence[np.ndarray]]],
) -> None:
    """Gives layers the statistics of all samples.

    Args:
        layers: The layers.
        batches: The size of each batch, and the mean and variance that each layer has of it.
    """
    sums = [np.zeros((2, 1))] * len(layers)
    samples = 0
    for size, found in batches:
        samples += size
        for i in range(len(layers)):
            mean, variance = (each.astype("float64") for each in found[2 * i : 2 * i + 2])
            sums[i] = sums[i] + size * np.stack([mean, variance + mean**2])
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
