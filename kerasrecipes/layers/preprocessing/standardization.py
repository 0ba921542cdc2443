"""Standardization to zero mean and unit variance."""

import keras
import numpy as np
from keras import ops

from kerasrecipes.base.checks import check_choice
from kerasrecipes.layers.preprocessing.adaptable_layer import AdaptableLayer

# Rounding leaves float32 numbers that are equal with up to this deviation, relative to the mean.
_CONSTANT = 1e-7


@keras.saving.register_keras_serializable(package="kerasrecipes")
class Standardization(AdaptableLayer):
    """Subtracts the training data's mean and divides by its standard deviation.

        y = (x - mean) / deviation

    The deviation is that of the population: squares are divided by `N`. Before the layer is
    adapted, it changes nothing.

    `keras.layers.Normalization` computes the same. This layer accumulates sums in float64 around a
    shift, takes any iterable of batches, and has an `inverse`. If a feature is constant it raises
    an error, where Keras's divides by an epsilon.

    Args:
        per: `"channel"` for a mean and a deviation of each channel, over all samples and pixels;
            images may then have any size. `"feature"` for those of each pixel and channel, over all
            samples.
        **kwargs: As `keras.layers.Layer`.

    Call arguments:
        inputs: `(batch, ..., channels)`, integer or float.

    Returns:
        Tensor of the same shape, in the layer's compute dtype.

    Raises:
        ValueError: If `per` is unknown, or the number of channels (with `per="feature"`, any size)
            is; when it adapts, if there are no samples, one is not finite, or a feature is
            constant.

    Example:

    >>> layer = Standardization()
    >>> layer.adapt(np.array([[0.0, 10.0], [4.0, 20.0]]))
    >>> y = layer(np.array([[1.0, 15.0]]))
    >>> print(ops.convert_to_numpy(y), ops.convert_to_numpy(layer.inverse(y)))
    [[-0.5  0. ]] [[ 1. 15.]]
    """

    def __init__(self, per: str = "channel", **kwargs):
        check_choice("per", per, ("channel", "feature"))
        super().__init__(**kwargs)
        self.per = per

    def build(self, input_shape):
        super().build(input_shape)
        shape = self.statistic_shape(input_shape)
        self.mean = self.add_statistic("mean", shape, "zeros")
        self.deviation = self.add_statistic("deviation", shape, "ones")

    def set_statistics(self, moments):
        deviation = np.sqrt(moments.variance)
        constant = np.flatnonzero(deviation <= _CONSTANT * np.abs(moments.mean))
        if len(constant):
            remedy = " Or take statistics of channels: per='channel'." * (self.per == "feature")
            raise ValueError(
                "Standardization must adapt to features that vary: leave constant ones out, or use "
                f"Centering.{remedy} Received: {len(constant)} of {len(deviation)} features are "
                f"constant, number {constant[0]} the first"
            )
        self.mean.assign(moments.mean.reshape(self.mean.shape))
        self.deviation.assign(deviation.reshape(self.deviation.shape))

    def transform(self, inputs):
        return ops.divide(ops.subtract(inputs, self.mean), self.deviation)

    def inverse_transform(self, outputs):
        return ops.add(ops.multiply(outputs, self.deviation), self.mean)

    def get_config(self):
        return {**super().get_config(), "per": self.per}
