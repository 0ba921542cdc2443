"""What our optimizers have in common."""

import keras
from keras import ops

from kerasrecipes.base.checks import check_number
from kerasrecipes.base.kernels import decay_only_kernels
from kerasrecipes.base.private import AllowsEmptyWeightDecay, ForeachUpdates


class BaseOptimizer(ForeachUpdates, AllowsEmptyWeightDecay, keras.optimizers.Optimizer):
    """An optimizer whose weight decay leaves biases and normalization scales alone.

    Args:
        learning_rate: Float, or a `LearningRateSchedule`.
        weight_decay: Float of at least 0, or `None`. Decoupled: before the step, weights shrink by
            `learning_rate * weight_decay` of themselves.
        decay_kernels_only: Boolean. If `True`, weight decay leaves biases and the scales and
            offsets of normalization layers alone; if `False`, it takes all weights, as in Keras.
        **kwargs: As `keras.optimizers.Optimizer`.
    """

    def __init__(
        self,
        learning_rate,
        weight_decay: float | None = None,
        decay_kernels_only: bool = True,
        **kwargs,
    ):
        if isinstance(learning_rate, int):
            raise ValueError(
                "`learning_rate` must be a float or a `LearningRateSchedule`, such as "
                f"{float(learning_rate)}. Received: learning_rate={learning_rate!r}"
            )
        if isinstance(learning_rate, float):
            check_number("learning_rate", learning_rate, at_least=0)
        if weight_decay is not None:
            check_number("weight_decay", weight_decay, at_least=0)
        super().__init__(learning_rate=learning_rate, weight_decay=weight_decay, **kwargs)
        self.decay_kernels_only = decay_kernels_only

    def build(self, variables):
        if self.decay_kernels_only:
            decay_only_kernels(self, variables)
        super().build(variables)

    def get_config(self):
        return {**super().get_config(), "decay_kernels_only": self.decay_kernels_only}


def dense(gradient, dtype):
    """Returns a gradient as a tensor of every weight's entry.

    TensorFlow gives an `Embedding` the entries of the rows that were looked up. Moments decay in
    the others too, which is what the formulas say and what JAX and PyTorch do.
    """
    if keras.backend.backend() == "tensorflow":
        import tensorflow

        gradient = tensorflow.convert_to_tensor(gradient)
    return ops.cast(gradient, dtype)
