"""Base class of layers that normalize each channel of each sample by itself."""

import keras
from keras import ops

from kerasrecipes.base.checks import check_integer, check_number
from kerasrecipes.layers.normalization.precision import full_precision


class ChannelNormalization(keras.layers.Layer):
    """Base class of layers that take a statistic of each channel of each sample over its pixels.

    A subclass writes `statistics(x, pixel_axes)`, which is given the inputs in float32 (or float64)
    and returns what is subtracted from them, or `None`, and the factor that they are multiplied by
    then. This class has the `gamma` and the `beta` that follow.

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
        mean, factor = self.statistics(x, pixel_axes)
        if self.gamma is not None:
            factor = factor * ops.cast(ops.reshape(self.gamma, channel_shape), x.dtype)
        shift = 0 if mean is None else -mean * factor
        if self.beta is not None:
            shift = shift + ops.cast(ops.reshape(self.beta, channel_shape), x.dtype)
        return ops.cast(x * factor + shift, self.compute_dtype)

    def statistics(self, x, pixel_axes):
        raise NotImplementedError(f"{type(self).__name__} must implement `statistics`.")

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
