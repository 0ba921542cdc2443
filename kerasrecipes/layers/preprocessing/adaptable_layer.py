"""Base class of layers that adapt to data."""

from collections.abc import Iterable, Iterator
from typing import Any

import keras
import numpy as np
from keras import ops

from kerasrecipes.layers.preprocessing.streamed_moments import StreamedMoments
from kerasrecipes.layers.tf_data_calls import CallableInTFData

# Samples at a time of data that is one array.
_BATCH_SIZE = 256


class AdaptableLayer(CallableInTFData):
    """Base class of layers with statistics that are computed from data before training.

    A subclass sets two attributes. `covariance` tells whether it needs a covariance matrix or only
    variances. `per` is `"channel"` for statistics of each channel, over all samples and pixels, or
    `"feature"` for statistics of each pixel and channel, over all samples. It writes

    - `build(input_shape)`: calls `super().build`, then makes its weights by `add_statistic`, with
      initial values such that the layer changes nothing before it is adapted;
    - `set_statistics(moments)`: sets the weights from the `StreamedMoments` of the data;
    - `transform(inputs)` and `inverse_transform(outputs)`, which take and return float32.

    Statistics are computed in float64. They are not trainable, and are saved with the model. They
    are stored and applied in float32 (or in float64, if the layer computes in float64), so that
    half precision rounds nothing but the result.

    Args:
        **kwargs: As `keras.layers.Layer`.

    Call arguments:
        inputs: `(batch, ..., channels)`, integer or float.
    """

    covariance = False
    per = "feature"

    def __init__(self, **kwargs):
        # Without autocast: `call` casts inputs to float32, not to the compute dtype.
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
        """Sets the statistics to those of data, in place of any earlier ones.

        Args:
            data: An array or tensor of samples, or an iterable of batches: a `tf.data.Dataset`, a
                `keras.utils.PyDataset`, or any other iterable of arrays or of tuples that begin
                with arrays. Batches are read once, in order. Give the training split and nothing
                else.

        Raises:
            ValueError: If there are no samples, one of them is not finite, their shape does not
                fit, or they do not vary enough.
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
        """Returns the inputs that lead to `outputs`, in the layer's compute dtype."""
        inputs = self.inverse_transform(ops.cast(outputs, self._statistic_dtype))
        return ops.cast(inputs, self.compute_dtype)

    def set_statistics(self, moments: StreamedMoments) -> None:
        raise NotImplementedError(f"{type(self).__name__} must implement `set_statistics`.")

    def transform(self, inputs):
        raise NotImplementedError(f"{type(self).__name__} must implement `transform`.")

    def inverse_transform(self, outputs):
        raise NotImplementedError(f"{type(self).__name__} must implement `inverse_transform`.")

    def add_statistic(self, name: str, shape: tuple[int, ...], initializer: str):
        """Returns a new weight for a statistic."""
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
        """Returns the shape of the statistics for inputs of this shape."""
        return tuple(input_shape[-1:] if self.per == "channel" else input_shape[1:])

    def _check_shape(self, shape):
        expected = self.statistic_shape((None, *self.inner_shape))
        if self.statistic_shape(shape) != expected or len(shape) != len(self.inner_shape) + 1:
            raise ValueError(
                f"{type(self).__name__} was built for inputs of shape {(None, *self.inner_shape)}. "
                f"Received: data of shape {tuple(shape)}"
            )


def _batches(data) -> Iterator[np.ndarray]:
    """Yields data as NumPy arrays, one for each batch."""
    if isinstance(data, np.ndarray) or ops.is_tensor(data):
        whole = ops.convert_to_numpy(data)
        yield from (whole[i : i + _BATCH_SIZE] for i in range(0, len(whole), _BATCH_SIZE))
        return
    if isinstance(data, keras.utils.PyDataset):
        # Python would iterate until an IndexError, which a PyDataset never raises.
        data = map(data.__getitem__, range(len(data)))
    if not isinstance(data, Iterable):
        raise TypeError(f"`data` must be an array or batches of arrays. Received: data={data!r}")
    for batch in data:
        yield ops.convert_to_numpy(batch[0] if isinstance(batch, tuple | list) else batch)
