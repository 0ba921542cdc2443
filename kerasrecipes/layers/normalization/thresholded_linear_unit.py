"""Thresholded linear unit."""

import keras
from keras import ops

from kerasrecipes.base.checks import check_integer


@keras.saving.register_keras_serializable(package="kerasrecipes")
class ThresholdedLinearUnit(keras.layers.Layer):
    """Activation that replaces values below a trained threshold by the threshold.

    With one threshold `tau` for each channel:

        y = max(x, tau) = relu(x - tau) + tau

    It is the activation behind `FilterResponseNormalization`, which does not centre its outputs,
    so that 0 is no place in particular. Every network of ours takes it as
    `activation=ThresholdedLinearUnit()`, a recipe as `activation=use("ThresholdedLinearUnit")`.

    Args:
        axis: Integer, not 0. The axis of the channels.
        tau_initializer: Keras initializer of `tau`. At 0, the layer starts as ReLU.
        tau_regularizer: Keras regularizer of `tau`, or `None`.
        tau_constraint: Keras constraint of `tau`, or `None`.
        **kwargs: As `keras.layers.Layer`.

    Call arguments:
        inputs: `(batch, ..., channels)`.

    Returns:
        A tensor of the same shape, in the layer's compute dtype.

    Raises:
        ValueError: If `axis` is no axis of the inputs or the first, or the number of channels is
            unknown.

    Example:

    >>> layer = ThresholdedLinearUnit(tau_initializer=keras.initializers.Constant(-1.0))
    >>> print(ops.convert_to_numpy(layer(np.array([[-3.0, -0.5, 2.0]]))))
    [[-1.  -0.5  2. ]]

    Reference:
        Singh and Krishnan, 2020, https://arxiv.org/abs/1911.09737, section 3.2.
    """

    def __init__(
        self,
        axis: int = -1,
        tau_initializer: object = "zeros",
        tau_regularizer: object = None,
        tau_constraint: object = None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        check_integer("axis", axis)
        self.axis = axis
        self.tau_initializer = keras.initializers.get(tau_initializer)
        self.tau_regularizer = keras.regularizers.get(tau_regularizer)
        self.tau_constraint = keras.constraints.get(tau_constraint)
        self.supports_masking = True

    def build(self, input_shape):
        rank = len(input_shape)
        if not -rank <= self.axis < rank or self.axis % rank == 0:
            raise ValueError(
                f"`axis` must be an axis of the inputs other than the first. Received: "
                f"axis={self.axis}, inputs.shape={tuple(input_shape)}"
            )
        if input_shape[self.axis] is None:
            raise ValueError(
                "The number of channels must be known, since each has a threshold. "
                f"Received: axis={self.axis}, inputs.shape={tuple(input_shape)}"
            )
        self.tau = self.add_weight(
            shape=(input_shape[self.axis],),
            name="tau",
            initializer=self.tau_initializer,
            regularizer=self.tau_regularizer,
            constraint=self.tau_constraint,
        )

    def call(self, inputs):
        channel_shape = [1] * len(inputs.shape)
        channel_shape[self.axis] = -1
        return ops.maximum(inputs, ops.reshape(self.tau, channel_shape))

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return {
            **super().get_config(),
            "axis": self.axis,
            "tau_initializer": keras.initializers.serialize(self.tau_initializer),
            "tau_regularizer": keras.regularizers.serialize(self.tau_regularizer),
            "tau_constraint": keras.constraints.serialize(self.tau_constraint),
        }
