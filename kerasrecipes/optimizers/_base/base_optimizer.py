"""Base class of the optimizers: weight decay of kernels, and what else holds for all of them."""

import keras
from keras import ops

from kerasrecipes.base.checks import check_number
from kerasrecipes.base.kernels import decay_only_kernels
from kerasrecipes.base.private.optimizers import AllowsEmptyWeightDecay, ForeachUpdates


class BaseOptimizer(ForeachUpdates, AllowsEmptyWeightDecay, keras.optimizers.Optimizer):
    """Base class of this package's optimizers.

    Weight decay leaves biases and normalization scales alone, unless it is told otherwise.

    A gradient that is not finite turns its weights into NaN, and their moments or velocities with
    them. They stay NaN. Where that can happen, wrap the optimizer:
    `keras.optimizers.LossScaleOptimizer(optimizer, initial_scale=1.0)` skips such steps.

    An optimizer trains the variables that it was built with. After layers were unfrozen, make a new
    optimizer and compile the model again.

    Args:
        learning_rate: Float, or a `LearningRateSchedule`.
        weight_decay: Float of at least 0, or `None`. It is decoupled from the gradient: before each
            step, `learning_rate * weight_decay * w` is subtracted from the weights `w`.
        decay_kernels_only: Boolean. If `True`, weight decay leaves biases and the scales and
            offsets of normalization layers alone. If `False`, it shrinks all weights, as in Keras.
        **kwargs: As `keras.optimizers.Optimizer`.

    Raises:
        ValueError: If `learning_rate` is an integer, or a number is negative; in `apply`, if
            variables are given that the optimizer was not built with.
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
    """Returns a gradient as a dense tensor.

    TensorFlow's gradient of an `Embedding` holds only the rows that were looked up. By the formulas
    the moments of all other rows decay too, as they do on JAX and PyTorch.
    """
    if keras.backend.backend() == "tensorflow":
        import tensorflow

        gradient = tensorflow.convert_to_tensor(gradient)
    return ops.cast(gradient, dtype)
