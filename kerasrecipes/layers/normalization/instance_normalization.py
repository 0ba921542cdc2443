"""Instance normalization."""

import keras
from keras import ops

from kerasrecipes.base.checks import check_integer, check_number
from kerasrecipes.layers.normalization.precision import full_precision


@keras.saving.register_keras_serializable(package="kerasrecipes")
class InstanceNormalization(keras.layers.Layer):
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

    def __init__(
        self,
        axis: int = -1,
        epsilon: float = 1e-3,
        center: bool = True,
        scale: bool = True,
        beta_initializer: object = "zeros",
        gamma_initializer: object = "ones",
        beta_regularizer: object = None,
        gamma_regularizer: object = None,
        beta_constraint: object = None,
        gamma_constraint: object = None,
        **kwargs,
    ):
        # Without autocast: statistics are those of the inputs before they are rounded.
        super().__init__(**{"autocast": False, **kwargs})
        check_integer("axis", axis)
        check_number("epsilon", epsilon, above=0)
        self.axis = axis
        self.epsilon = epsilon
        self.center = center
        self.scale = scale
        self.beta_initializer = keras.initializers.get(beta_initializer)
        self.gamma_initializer = keras.initializers.get(gamma_initializer)
        self.beta_regularizer = keras.regularizers.get(beta_regularizer)
        self.gamma_regularizer = keras.regularizers.get(gamma_regularizer)
        self.beta_constraint = keras.constraints.get(beta_constraint)
        self.gamma_constraint = keras.constraints.get(gamma_constraint)
        self.gamma = self.beta = None
        self.supports_masking = True

    def build(self, input_shape):
        channels = self._channels(input_shape)
        if self.scale:
            self.gamma = self.add_weight(
                shape=(channels,),
                name="gamma",
                initializer=self.gamma_initializer,
                regularizer=self.gamma_regularizer,
                constraint=self.gamma_constraint,
            )
        if self.center:
            self.beta = self.add_weight(
                shape=(channels,),
                name="beta",
                initializer=self.beta_initializer,
                regularizer=self.beta_regularizer,
                constraint=self.beta_constraint,
            )

    def call(self, inputs):
        x = full_precision(inputs)
        axis = self.axis % len(x.shape)
        pixel_axes = [other for other in range(1, len(x.shape)) if other != axis]
        channel_shape = [1] * len(x.shape)
        channel_shape[axis] = -1
        mean, variance = ops.moments(x, axes=pixel_axes, keepdims=True)
        factor = ops.rsqrt(variance + self.epsilon)
        if self.gamma is not None:
            factor = factor * ops.cast(ops.reshape(self.gamma, channel_shape), x.dtype)
        shift = -mean * factor
        if self.beta is not None:
            shift = shift + ops.cast(ops.reshape(self.beta, channel_shape), x.dtype)
        return ops.cast(x * factor + shift, self.compute_dtype)

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return {
            **super().get_config(),
            "axis": self.axis,
            "epsilon": self.epsilon,
            "center": self.center,
            "scale": self.scale,
            "beta_initializer": keras.initializers.serialize(self.beta_initializer),
            "gamma_initializer": keras.initializers.serialize(self.gamma_initializer),
            "beta_regularizer": keras.regularizers.serialize(self.beta_regularizer),
            "gamma_regularizer": keras.regularizers.serialize(self.gamma_regularizer),
            "beta_constraint": keras.constraints.serialize(self.beta_constraint),
            "gamma_constraint": keras.constraints.serialize(self.gamma_constraint),
        }

    def _channels(self, input_shape):
        rank = len(input_shape)
        if rank < 3:
            raise ValueError(
                "`inputs` must have a batch axis, channels, and at least one axis between to take "
                "statistics over. Normalize vectors by 'layer', 'batch' or 'group' instead. "
                f"Received: inputs.shape={tuple(input_shape)}"
            )
        if not -rank <= self.axis < rank or self.axis % rank == 0:
            raise ValueError(
                f"`axis` must be an axis of the inputs other than the first. Received: "
                f"axis={self.axis}, inputs.shape={tuple(input_shape)}"
            )
        if input_shape[self.axis] is None:
            raise ValueError(
                "The number of channels must be known, since each has a gamma and a beta. "
                f"Received: axis={self.axis}, inputs.shape={tuple(input_shape)}"
            )
        return input_shape[self.axis]
