"""Instance normalization."""

import keras
from keras import ops

from kerasrecipes.layers.normalization.channel_normalization import ChannelNormalization


@keras.saving.register_keras_serializable(package="kerasrecipes")
class InstanceNormalization(ChannelNormalization):
    """Gives each channel of each sample zero mean and unit variance over all pixels.

    For sample `n` and channel `c`, with the mean and the (biased) variance over height and width:

        y[n, :, :, c] = gamma[c] (x[n, :, :, c] - mean[n, c]) / sqrt(variance[n, c] + epsilon)
                        + beta[c]

    Training and inference are the same, since no sample of a batch affects another one. Statistics
    are computed in float32 in half precision, too. A channel with a single pixel has variance 0 and
    becomes `beta`: a network that shrinks images to one pixel loses them here. The contrast of
    images is always lost, which style transfer needs and which costs accuracy in recognition.

    `GroupNormalization(groups=-1)` computes the same. Its config, however, holds the number of
    channels instead of -1, so that a layer copied from it fits no other number.

    Args:
        axis: Integer, not 0. The axis of the channels. Statistics are over all axes but this and
            the first.
        epsilon: Positive float, in units of a variance.
        center: Boolean. Whether the layer has a `beta`.
        scale: Boolean. Whether the layer has a `gamma`.
        beta_initializer: Keras initializer of `beta`.
        gamma_initializer: Keras initializer of `gamma`.
        beta_regularizer: Keras regularizer of `beta`, or `None`.
        gamma_regularizer: Keras regularizer of `gamma`, or `None`.
        beta_constraint: Keras constraint of `beta`, or `None`.
        gamma_constraint: Keras constraint of `gamma`, or `None`.
        **kwargs: As `keras.layers.Layer`.

    Call arguments:
        inputs: `(batch, ..., channels)`, with three axes or more.

    Returns:
        A tensor of the same shape, in the layer's compute dtype.

    Raises:
        ValueError: If an argument is out of range, the inputs have fewer than three axes, or the
            number of channels is unknown.

    Example:

    >>> x = np.array([[[1.0, 10.0], [3.0, 30.0]]])  # one sample, two places, two channels
    >>> print(ops.convert_to_numpy(InstanceNormalization(epsilon=1e-7)(x)).round(3))
    [[[-1. -1.]
      [ 1.  1.]]]

    Reference:
        Ulyanov et al., 2016, https://arxiv.org/abs/1607.08022. Differs from it in: there are
        `gamma` and `beta`, as in its authors' code; `epsilon` is Keras's 1e-3, where theirs is
        1e-5.
    """

    def statistics(self, x, pixel_axes):
        mean, variance = ops.moments(x, axes=pixel_axes, keepdims=True)
        return mean, ops.rsqrt(variance + self.epsilon)
