"""Weight decay of kernels only, for any optimizer."""

import keras

from kerasrecipes.base.kernels import decay_only_kernels
from kerasrecipes.optimizers._base.optimizer_wrapper import OptimizerWrapper


@keras.saving.register_keras_serializable(package="kerasrecipes")
class DecayKernelsOnly(OptimizerWrapper):
    """Lets an optimizer's weight decay leave biases and normalization scales alone.

    Keras's optimizers decay every weight. Weights can be excluded by `exclude_from_weight_decay`,
    but no config records that: a model that was saved and loaded decays all weights again. This
    wrapper is recorded. Optimizers of this package do not need it, because they have an argument
    `decay_kernels_only`.

    A kernel has at least two axes and a name that does not end in "bias", "gamma", "beta", "scale"
    or "alpha". Memory and time: none.

    Args:
        optimizer: A Keras optimizer with `weight_decay`, or the name of one.
        name: String, or `None`.

    Raises:
        ValueError: If `optimizer` was built already.

    Example:

    >>> optimizer = DecayKernelsOnly(keras.optimizers.SGD(learning_rate=0.1, weight_decay=0.5))
    >>> kernel, bias = keras.Variable([[1.0]], name="kernel"), keras.Variable([1.0], name="bias")
    >>> optimizer.apply([ops.array([[0.0]]), ops.array([0.0])], [kernel, bias])
    >>> [round(ops.convert_to_numpy(w).item(), 4) for w in (kernel, bias)]
    [0.95, 1.0]

    Reference:
        He et al., 2019, https://arxiv.org/abs/1812.01187, section 3.1.
    """

    def __init__(self, optimizer, name: str | None = None):
        super().__init__(optimizer, name)
        if self.optimizer.built:
            raise ValueError(
                "`optimizer` must not be built yet: which weights it decays is decided then. "
                f"Received: optimizer={optimizer!r}"
            )

    def build(self, variables):
        if self.built:
            return
        decaying = self.optimizer
        while isinstance(decaying, OptimizerWrapper):
            decaying = decaying.optimizer
        decay_only_kernels(decaying, variables)
        super().build(variables)
