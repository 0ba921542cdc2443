"""Base class of PCA and ZCA whitening."""

import numpy as np
from keras import ops

from kerasrecipes.base.checks import check_number
from kerasrecipes.layers.preprocessing.adaptable_layer import AdaptableLayer
from kerasrecipes.layers.preprocessing.principal_components import principal_axes


class WhiteningLayer(AdaptableLayer):
    """Base class of layers that rotate data to its principal axes and scale it along them.

    Args:
        epsilon: Float of at least 0, in units of the inputs' variance.
        **kwargs: As `keras.layers.Layer`.
    """

    covariance = True
    components: int | None = None
    whiten = True

    def __init__(self, epsilon: float, **kwargs):
        check_number("epsilon", epsilon, at_least=0)
        super().__init__(**kwargs)
        self.epsilon = epsilon

    def build(self, input_shape):
        super().build(input_shape)
        kept = self.features if self.components is None else self.components
        if kept > self.features:
            raise ValueError(
                f"`components` must be at most {self.features}, the number of features. "
                f"Received: components={kept}"
            )
        self.mean = self.add_statistic("mean", (self.features,), "zeros")
        self.axes = self.add_statistic("axes", (self.features, kept), "identity")
        self.deviation = self.add_statistic("deviation", (kept,), "ones")

    def set_statistics(self, moments):
        epsilon = self.epsilon if self.whiten else None
        axes, variances = principal_axes(moments, epsilon, type(self).__name__)
        kept = self.deviation.shape[0]
        self.mean.assign(moments.mean)
        self.axes.assign(axes[:, :kept])
        if self.whiten:
            self.deviation.assign(np.sqrt(variances[:kept] + self.epsilon))

    def to_axes(self, inputs):
        """Returns the coordinates of inputs along the axes, in units of deviations."""
        centred = ops.subtract(ops.reshape(inputs, (-1, self.features)), self.mean)
        return ops.divide(ops.matmul(centred, self.axes), self.deviation)

    def from_axes(self, outputs):
        """Returns the inputs that have these coordinates, in their own shape."""
        centred = ops.matmul(ops.multiply(outputs, self.deviation), ops.transpose(self.axes))
        return ops.reshape(ops.add(centred, self.mean), (-1, *self.inner_shape))

    def get_config(self):
        return {**super().get_config(), "epsilon": self.epsilon}
