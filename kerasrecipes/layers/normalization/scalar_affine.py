"""Scalar affine maps."""

import keras
from keras import ops

from kerasrecipes.base.checks import check_choice


@keras.saving.register_keras_serializable(package="kerasrecipes")
class ScalarAffine(keras.layers.Layer):
    """Multiplies by one trained number and adds another, for all channels and pixels alike.

        y = scale * x + bias

    Residual networks that are initialized such that they need no normalization use this layer in
    place of the `gamma` and `beta` of normalization layers; see `FixupResNetCIFAR`.

    Args:
        use_scale: Boolean. Whether the layer has a `scale`, which starts at 1.
        use_bias: Boolean. Whether the layer has a `bias`, which starts at 0.
        **kwargs: As `keras.layers.Layer`.

    Call arguments:
        inputs: Tensor of any shape.

    Returns:
        Tensor of the same shape and of the layer's compute dtype.

    Raises:
        ValueError: If the layer would have neither.

    Example:

    >>> layer = ScalarAffine()
    >>> layer.build((None, 2))
    >>> layer.set_weights([np.array(2.0), np.array(1.0)])
    >>> print(ops.convert_to_numpy(layer(np.array([[1.0, 3.0]]))))
    [[3. 7.]]

    Reference:
        Zhang et al., 2019, https://arxiv.org/abs/1901.09321, section 3.
    """

    def __init__(self, use_scale: bool = True, use_bias: bool = True, **kwargs):
        check_choice("use_scale", use_scale, (False, True))
        check_choice("use_bias", use_bias, (False, True))
        if not use_scale and not use_bias:
            raise ValueError(
                "`use_scale` or `use_bias` must be True. Received: use_scale=False, use_bias=False"
            )
        super().__init__(**kwargs)
        self.use_scale = use_scale
        self.use_bias = use_bias

    def build(self, input_shape):
        if self.use_scale:
            self.scale = self.add_weight(name="scale", shape=(), initializer="ones")
        if self.use_bias:
            self.bias = self.add_weight(name="bias", shape=(), initializer="zeros")

    def call(self, inputs):
        outputs = ops.multiply(inputs, self.scale) if self.use_scale else inputs
        return ops.add(outputs, self.bias) if self.use_bias else outputs

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return {
            **super().get_config(),
            "use_scale": self.use_scale,
            "use_bias": self.use_bias,
        }
