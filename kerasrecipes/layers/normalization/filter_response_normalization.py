"""Filter response normalization."""

import keras
from keras import ops

from kerasrecipes.base.checks import check_choice
from kerasrecipes.layers.normalization.channel_normalization import ChannelNormalization

# What a trained epsilon starts at.
LEARNED_EPSILON = 1e-4


@keras.saving.register_keras_serializable(package="kerasrecipes")
class FilterResponseNormalization(ChannelNormalization):
    """Divides each channel of each sample by its root mean square over all pixels.

    For sample `n` and channel `c`, with the mean over height and width:

        y[n, :, :, c] = gamma[c] x[n, :, :, c] / sqrt(mean(x[n, :, :, c]^2) + epsilon) + beta[c]

    Training and inference are the same, since no sample of a batch affects another one. No mean is
    subtracted, so that a channel of a single pixel, of which `InstanceNormalization` leaves
    nothing, keeps its sign. For the same reason the outputs may lie far from 0, where ReLU is blind
    or linear: put `ThresholdedLinearUnit`, which learns where to bend, behind it.

    Args:
        axis: Integer, not 0. The axis of the channels. Means are over all axes but this and the
            first.
        epsilon: Positive float, in units of a squared input.
        learned_epsilon: Boolean. Whether the absolute value of a trained number is added to
            `epsilon`. It starts at 1e-4. The paper has it for maps of one pixel, which would
            otherwise be 1 or -1.
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

    >>> x = np.array([[[3.0, 0.0], [4.0, -2.0]]])  # one sample, two places, two channels
    >>> print(ops.convert_to_numpy(FilterResponseNormalization()(x)).round(3))
    [[[ 0.849  0.   ]
      [ 1.131 -1.414]]]

    In a network of ours, with its unit:

    >>> from kerasrecipes.layers import ThresholdedLinearUnit
    >>> from kerasrecipes.models import ResNetCIFAR
    >>> model = ResNetCIFAR((32, 32, 3), 10, depth=8, normalization="filter_response",
    ...                     activation=ThresholdedLinearUnit())
    >>> model.get_layer("stem_norm").epsilon
    1e-06

    Reference:
        Singh and Krishnan, 2020, https://arxiv.org/abs/1911.09737. Differs from it in: vectors are
        refused; `RMSNormalization`, over the units of a layer, is for them.
    """

    def __init__(
        self, axis: int = -1, epsilon: float = 1e-6, learned_epsilon: bool = False, **kwargs
    ):
        super().__init__(axis, epsilon, **kwargs)
        check_choice("learned_epsilon", learned_epsilon, (False, True))
        self.learned_epsilon = learned_epsilon

    def build(self, input_shape):
        super().build(input_shape)
        if self.learned_epsilon:
            self.added_epsilon = self.add_weight(
                shape=(),
                name="added_epsilon",
                initializer=keras.initializers.Constant(LEARNED_EPSILON),
            )

    def statistics(self, x, pixel_axes):
        epsilon = self.epsilon
        if self.learned_epsilon:
            epsilon = epsilon + ops.abs(ops.cast(self.added_epsilon, x.dtype))
        mean_square = ops.mean(ops.square(x), axis=pixel_axes, keepdims=True)
        return None, ops.rsqrt(mean_square + epsilon)

    def get_config(self):
        return {**super().get_config(), "learned_epsilon": self.learned_epsilon}
