"""Centering to zero mean."""

import keras
from keras import ops

from kerasrecipes.base.checks import check_choice
from kerasrecipes.layers.preprocessing.adaptable_layer import AdaptableLayer


@keras.saving.register_keras_serializable(package="kerasrecipes")
class Centering(AdaptableLayer):
    """Subtracts the mean of the training data.

        y = x - mean

    Many lectures recommend no other preprocessing for images, since pixels have similar scales
    already: subtract the mean image, `per="feature"` (AlexNet), or the mean of each channel,
    `per="channel"` (VGG). Today images are mostly divided by the standard deviation as well; see
    `Standardization`.

    Before the layer is adapted, it changes nothing.

    Args:
        per: `"channel"` for a mean of each channel, over all samples and pixels; images may then
            have any size. `"feature"` for a mean of each pixel and channel, over all samples.
        **kwargs: As `keras.layers.Layer`.

    Call arguments:
        inputs: `(batch, ..., channels)`, integer or float.

    Returns:
        Tensor of the same shape, in the layer's compute dtype.

    Raises:
        ValueError: If `per` is unknown, or the number of channels (with `per="feature"`, any size)
            is; when it adapts, if there are no samples or one is not finite.

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
