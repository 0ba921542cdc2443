"""PCA whitening: decorrelated features of unit variance."""

import keras

from kerasrecipes.base.checks import check_choice, check_integer
from kerasrecipes.layers.preprocessing.whitening_layer import WhiteningLayer


@keras.saving.register_keras_serializable(package="kerasrecipes")
class PCAWhitening(WhiteningLayer):
    """Rotates data to its principal axes, and gives it unit variance along each of them.

    With the covariance `C = (X - mean)^T (X - mean) / N = U diag(s) U^T` of flattened samples,

        y = (x - mean) U diag(1 / sqrt(s + epsilon))

    Some lectures stop at `Xrot = X U`, without the division. Features are then decorrelated, but
    have different variances. Use `whiten=False` for that.

    Before the layer is adapted, it flattens inputs and keeps the first `components` features. To
    adapt it takes memory for the covariance matrix, of `features` squared, whatever the number of
    samples. The time grows with the cube of `features`.

    Args:
        components: Positive integer, the number of axes to keep, those with the largest variance;
            or `None` for all.
        epsilon: Float of at least 0, in units of the inputs' variance. It prevents that axes with
            nothing but noise are amplified: an axis with a variance below it is left with less than
            unit variance. The default is meant for pixels in [0, 1].
        whiten: Boolean. Whether to divide by the deviations.
        **kwargs: As `keras.layers.Layer`.

    Call arguments:
        inputs: `(batch, ..., channels)`, integer or float. All sizes but that of the batch must be
            known.

    Returns:
        Tensor of shape `(batch, components)`, in the layer's compute dtype.

    Raises:
        ValueError: If an argument is out of range or a size unknown; when it adapts, if there are
            no samples, one is not finite, all are equal, or an axis has no variance and `epsilon`
            is 0.

    Example:

    >>> x = np.array([[2.0, 1.0], [-2.0, -1.0], [1.0, 2.0], [-1.0, -2.0]])
    >>> layer = PCAWhitening(epsilon=0)
    >>> layer.adapt(x)  # Along (1, 1) the variance is 4.5, along (1, -1) it is 0.5.
    >>> print(ops.convert_to_numpy(ops.abs(layer(x))).round(4))
    [[1. 1.]
     [1. 1.]
     [1. 1.]
     [1. 1.]]
    """

    def __init__(
        self,
        components: int | None = None,
        epsilon: float = 0.01,
        whiten: bool = True,
        **kwargs,
    ):
        if components is not None:
            check_integer("components", components, at_least=1)
        check_choice("whiten", whiten, (False, True))
        super().__init__(epsilon, **kwargs)
        self.components = components
        self.whiten = whiten

    def transform(self, inputs):
        return self.to_axes(inputs)

    def inverse_transform(self, outputs):
        """Returns the inputs; without all components, their projection on those that were kept."""
        return self.from_axes(outputs)

    def get_config(self):
        return {**super().get_config(), "components": self.components, "whiten": self.whiten}
