"""Decorrelated images that still look like images."""

import keras
from keras import ops

from kerasrecipes.layers.preprocessing.whitening_layer import WhiteningLayer


@keras.saving.register_keras_serializable(package="kerasrecipes")
class ZCAWhitening(WhiteningLayer):
    """Whitens data by the smallest change: pixels stay where they are.

    With the covariance `C = (X - mean)^T (X - mean) / N = U diag(s) U^T` of flattened samples,

        y = (x - mean) U diag(1 / sqrt(s + epsilon)) U^T

    which is PCA whitening, turned back. Of all ways to whiten this is the one whose outputs are
    closest to the centred inputs, so that a convolution still finds edges next to each other.

    Before it is adapted it changes nothing. The covariance is accumulated batch by batch: adapting
    takes memory for it, of `features` squared, however much data there is. The time grows with the
    cube of the features.

    Args:
        epsilon: Float of at least 0, in units of the inputs' variance. Keeps axes along which there
            is only noise from being blown up. The default is meant for pixels in [0, 1].
        **kwargs: As `keras.layers.Layer`.

    Call arguments:
        inputs: `(batch, ..., channels)`, integer or float; all sizes but the batch's are known.

    Returns:
        Tensor of the same shape, in the layer's compute dtype.

    Raises:
        ValueError: If `epsilon` is negative or a size unknown; when it adapts, if there are no
            samples, one is not finite, all are equal, or an axis has no variance and `epsilon` is
            0.

    Example:

    >>> x = np.array([[2.0, 1.0], [-2.0, -1.0], [1.0, 2.0], [-1.0, -2.0]])
    >>> layer = ZCAWhitening(epsilon=0)
    >>> layer.adapt(x)
    >>> y = ops.convert_to_numpy(layer(x))
    >>> print((y.T @ y / 4).round(4))
    [[1. 0.]
     [0. 1.]]

    Reference:
        Bell and Sejnowski, 1997, https://doi.org/10.1016/S0042-6989(97)00121-1;
        Krizhevsky, 2009, https://www.cs.toronto.edu/~kriz/learning-features-2009-TR.pdf,
        appendix A. Differs from it in: `epsilon`, and deviations are divided by `N`, not `N - 1`.
    """

    def __init__(self, epsilon: float = 0.01, **kwargs):
        super().__init__(epsilon, **kwargs)

    def transform(self, inputs):
        turned_back = ops.matmul(self.to_axes(inputs), ops.transpose(self.axes))
        return ops.reshape(turned_back, (-1, *self.inner_shape))

    def inverse_transform(self, outputs):
        return self.from_axes(ops.matmul(ops.reshape(outputs, (-1, self.features)), self.axes))
