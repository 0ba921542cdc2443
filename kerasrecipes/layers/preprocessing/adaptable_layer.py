"""What layers that adapt to data share."""

from collections.abc import Iterable, Iterator
from typing import Any

import keras
import numpy as np
from keras import ops

from kerasrecipes.layers.preprocessing.streamed_moments import StreamedMoments

# Of an array that is given whole.
_BATCH_SIZE = 256


class AdaptableLayer(keras.layers.Layer):
    """Base class of layers whose statistics come from data, before training.

    A subclass says in `covariance` whether it needs more than variances, in `per` what has
    statistics of its own: `"channel"`, the last axis, over all samples and places; or `"feature"`,
    every place and channel, over all samples. It writes

    - `build(input_shape)`: calls `super().build`, then makes weights by `add_statistic`, such that
      nothing changes before the layer is adapted;
    - `set_statistics(moments)`: sets the weights by the `StreamedMoments` of the data;
    - `transform(inputs)` and `inverse_transform(outputs)`, both of float32.

    Statistics are not trainable, are in the saved model, and are computed in float64. They are kept
    and applied in float32 (in float64 where the layer computes in that), so that half precision
    rounds the result only.

    Args:
        **kwargs: As `keras.layers.Layer`.

    Call arguments:
        inputs: `(batch, ..., channels)`, integer or float.
    """

    covariance = False
    per = "feature"

    def __init__(self, **kwargs):
        # What comes in is cast to float32 here, not to the compute dtype.
        super().__init__(autocast=False, **kwargs)

    def build(self, input_shape):
        if len(input_shape) < 2 or None in self.statistic_shape(input_shape):
            sizes = "the number of channels" if self.per == "channel" else "every size"
            raise ValueError(
                f"The inputs of {type(self).__name__} must have shape (batch, ..., channels), with "
                f"{sizes} known. Received: inputs.shape={tuple(input_shape)}"
            )
        self.features = int(np.prod(self.statistic_shape(input_shape)))
        self.inner_shape = tuple(input_shape[1:])

    def adapt(self, data) -> None:
        """Sets the statistics to those of data; what they were before does not matter.

        Args:
            data: An array or tensor of samples, or batches: a `tf.data.Dataset`, a
                `keras.utils.PyDataset`, or any other iterable of arrays or of tuples that begin
                with them. Batches are read one after another, once. Give the training split and
                nothing else.

        Raises:
            ValueError: If there are no samples, one is not finite, their shape does not fit, or
                they vary too little for the layer.
        """
        moments = StreamedMoments(self.covariance)
        for batch in _batches(data):
            if not self.built:
                self.build((None, *batch.shape[1:]))
            self._check_shape(batch.shape)
            moments.add(batch.reshape((-1, self.features)))
        if not moments.samples:
            raise ValueError(f"{type(self).__name__} must adapt to samples. Received: none")
        self.set_statistics(moments)

    def call(self, inputs):
        outputs = self.transform(ops.cast(inputs, self._statistic_dtype))
        return ops.cast(outputs, self.compute_dtype)

    def inverse(self, outputs):
        """Returns the inputs that give `outputs`, in the layer's compute dtype."""
        inputs = self.inverse_transform(ops.cast(outputs, self._statistic_dtype))
        return ops.cast(inputs, self.compute_dtype)

    def set_statistics(self, moments: StreamedMoments) -> None:
        raise NotImplementedError(f"{type(self).__name__} must implement `set_statistics`.")

    def transform(self, inputs):
        raise NotImplementedError(f"{type(self).__name__} must implement `transform`.")

    def inverse_transform(self, outputs):
        raise NotImplementedError(f"{type(self).__name__} must implement `inverse_transform`.")

    def add_statistic(self, name: str, shape: tuple[int, ...], initializer: str):
        """Returns a new weight that adapting sets."""
        return self.add_weight(
            name=name,
            shape=shape,
            initializer=initializer,
            dtype=self._statistic_dtype,
            trainable=False,
            autocast=False,
        )

    @property
    def _statistic_dtype(self):
        return "float64" if self.compute_dtype == "float64" else "float32"

    def statistic_shape(self, input_shape) -> tuple[Any, ...]:
        """Returns the shape of statistics for inputs of a shape."""
        return tuple(input_shape[-1:] if self.per == "channel" else input_shape[1:])

    def _check_shape(self, shape):
        expected = self.statistic_shape((None, *self.inner_shape))
        if self.statistic_shape(shape) != expected or len(shape) != len(self.inner_shape) + 1:
            raise ValueError(
                f"{type(self).__name__} was built for inputs of shape {(None, *self.inner_shape)}. "
                f"Received: data of shape {tuple(shape)}"
            )


def _batches(data) -> Iterator[np.ndarray]:
    """Yields the data as arrays, batch by batch."""
    if isinstance(data, np.ndarray) or ops.is_tensor(data):
        whole = ops.convert_to_numpy(data)
        yield from (whole[i : i + _BATCH_SIZE] for i in range(0, len(whole), _BATCH_SIZE))
        return
    if isinstance(data, keras.utils.PyDataset):
        # Iterating over it would not end: Python counts until an IndexError.
        data = map(data.__getitem__, range(len(data)))
    if not isinstance(data, Iterable):
        raise TypeError(f"`data` must be an array or batches of arrays. Received: data={data!r}")
    for batch in data:
        yield ops.convert_to_numpy(batch[0] if isinstance(batch, tuple | list) else batch)
