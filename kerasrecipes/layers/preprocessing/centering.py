"""Zero mean."""

import keras
from keras import ops

from kerasrecipes.base.checks import check_choice
from kerasrecipes.layers.preprocessing.adaptable_layer import AdaptableLayer


@keras.saving.register_keras_serializable(package="kerasrecipes")
class Centering(AdaptableLayer):
    """Subtracts the mean of the training data, and divides by nothing.

        y = x - mean

    For images the lectures recommend this and no more: the mean image, `per="feature"` (AlexNet),
    or a mean for each channel, `per="channel"` (VGG). Pixels have similar scales already. Today the
    deviation is mostly divided out too: `Standardization`.

    Before it is adapted it changes nothing.

    Args:
        per: `"channel"` for one mean of each channel, over all samples and places; images may then
            be of any size. `"feature"` for one of every pixel and channel, over all samples.
        **kwargs: As `keras.layers.Layer`.

    Call arguments:
        inputs: `(batch, ..., channels)`, integer or float.

    Returns:
        Tensor of the same shape, in the layer's compute dtype.

    Raises:
        ValueError: If `per` is unknown, or the number of channels (of any feature, with
            `per="feature"`) is; when it adapts, if there are no samples or one is not finite.

    Example:

    >>> layer = Centering()
    >>> layer.adapt(np.array([[0.0, 10.0], [4.0, 20.0]]))
    >>> y = layer(np.array([[1.0, 15.0]]))
    >>> print(ops.convert_to_numpy(y), ops.convert_to_numpy(layer.inverse(y)))
    [[-1.  0.]] [[ 1. 15.]]

    Reference:
        Krizhevsky et al., 2012, https://papers.nips.cc/paper/4824, section 2 (mean image);
        Simonyan and Zisserman, 2015, https://arxiv.org/abs/1409.1556, section 2.1 (channels).
    """

    def __init__(self, per: str = "channel", **kwargs):
        check_choice("per", per, ("channel", "feature"))
        super().__init__(**kwargs)
        self.per = per

    def build(self, input_shape):
        super().build(input_shape)
        self.mean = self.add_statistic("mean", self.statistic_shape(input_shape), "zeros")

    def set_statistics(self, moments):
        self.mean.assign(moments.mean.reshape(self.mean.shape))

    def transform(self, inputs):
        return ops.subtract(inputs, self.mean)

    def inverse_transform(self, outputs):
        return ops.add(outputs, self.mean)

    def get_config(self):
        return {**super().get_config(), "per": self.per}
