"""Weight standardization."""

import keras
from keras import ops

from kerasrecipes.base.checks import check_number
from kerasrecipes.layers.normalization.kernel_wrapper import KernelWrapper


@keras.saving.register_keras_serializable(package="kerasrecipes")
class WeightStandardization(KernelWrapper):
    """Gives the weights of each output zero mean and unit variance.

    The wrapped layer uses the kernel `w`. For each output channel, with the mean and the (biased)
    variance of its weights `v`:

        w = (v - mean) / sqrt(variance + epsilon)

    Use it for convolutions that are followed by group normalization. The two together train as well
    with small batches as batch normalization does with large ones. Without a normalization behind
    the layer, outputs grow with the root of the number of inputs. The wrapper has no weights of its
    own. A kernel regularizer of the wrapped layer penalizes `v`, since a penalty on `w` would be
    constant.

    Args:
        layer: `Dense`, `Conv1D`, `Conv2D`, `Conv3D`, their transposes, `DepthwiseConv1D` or
            `DepthwiseConv2D`.
        epsilon: Positive float, in units of a squared weight.
        **kwargs: As `keras.layers.Layer`. `dtype` defaults to the layer's.

    Call arguments:
        inputs: As those of `layer`.

    Returns:
        As `layer`.

    Raises:
        ValueError: If `layer` has no kernel or a constraint on it, or `epsilon` is not positive.

    Example:

    >>> layer = WeightStandardization(keras.layers.Dense(1, use_bias=False))
    >>> layer.build((None, 2))
    >>> layer.set_weights([np.array([[1.0], [5.0]])])
    >>> print(ops.convert_to_numpy(layer.kernel).ravel().round(4))
    [-1.  1.]

    Reference:
        Qiao et al., 2019, https://arxiv.org/abs/1903.10520. Differs from it in: `epsilon` stands
        under the root, where its authors' code adds 1e-5 to the deviation.
    """

    def __init__(self, layer: keras.layers.Layer, epsilon: float = 1e-5, **kwargs):
        super().__init__(layer, **kwargs)
        check_number("epsilon", epsilon, above=0)
        self.epsilon = epsilon

    def compute_kernel(self, kernel):
        mean, variance = ops.moments(kernel, axes=self.input_axes, keepdims=True)
        return (kernel - mean) * ops.rsqrt(variance + self.epsilon)

    def get_config(self):
        return {**super().get_config(), "epsilon": self.epsilon}
