"""ZCA whitening: decorrelated images that still look like images."""

import keras
from keras import ops

from kerasrecipes.layers.preprocessing.whitening_layer import WhiteningLayer


@keras.saving.register_keras_serializable(package="kerasrecipes")
class ZCAWhitening(WhiteningLayer):
    """Whitens data with the smallest possible change, so that images stay images.

    With the covariance `C = (X - mean)^T (X - mean) / N = U diag(s) U^T` of flattened samples,

        y = (x - mean) U diag(1 / sqrt(s + epsilon)) U^T

    This is PCA whitening, rotated back. Of all linear maps that whiten data, its outputs are the
    closest to the centred inputs. Neighbouring pixels are therefore still neighbours, as a
    convolution needs them.

    Before the layer is adapted, it changes nothing. To adapt it takes memory for the covariance
    matrix, of `features` squared, whatever the number of samples. The time grows with the cube of
    `features`.

    Args:
        epsilon: Float of at least 0, in units of the inputs' variance. It prevents that axes with
            nothing but noise are amplified. The default is meant for pixels in [0, 1].
        **kwargs: As `keras.layers.Layer`.

    Call arguments:
        inputs: `(batch, ..., channels)`, integer or float. All sizes but that of the batch must be
            known.

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
        appendix A. Differs from it in: there is an `epsilon`, and variances are divided by `N`, not
        by `N - 1`.
    """

    def __init__(self, epsilon: float = 0.01, **kwargs):
        super().__init__(epsilon, **kwargs)

    def transform(self, inputs):
        turned_back = ops.matmul(self.to_axes(inputs), ops.transpose(self.axes))
        return ops.reshape(turned_back, (-1, *self.inner_shape))

    def inverse_transform(self, outputs):
        return self.from_axes(ops.matmul(ops.reshape(outputs, (-1, self.features)), self.axes))
