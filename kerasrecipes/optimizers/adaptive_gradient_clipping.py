"""Adaptive gradient clipping."""

from collections.abc import Sequence

import keras
from keras import ops

from kerasrecipes.base.checks import check_number
from kerasrecipes.optimizers._base.base_optimizer import dense
from kerasrecipes.optimizers._base.update_wrapper import UpdateWrapper
from kerasrecipes.optimizers._base.weight_paths import check_starts, starts_within


@keras.saving.register_keras_serializable(package="kerasrecipes")
class AdaptiveGradientClipping(UpdateWrapper):
    """Clips a gradient where it is long beside the weights that it is to change.

    For the weights `w` that lead to one output of a kernel, with gradient `g`, and for every other
    weight tensor as a whole:

        limit = clip_factor * max(norm(w), epsilon)
        g *= min(1, limit / norm(g))

    and then the inner optimizer's rule. Networks without normalization train with large batches
    this way; those with BatchNormalization gain little. Try `clip_factor` 0.01, and less for
    batches of thousands. Memory: none. Time: two norms; on PyTorch one weight tensor is updated
    after the other, which takes about three times as long as all together.

    The gradient is the one that counts: averaged over accumulated steps and replicas, without the
    loss scale, after other clipping. An entry that is not finite spreads to its whole unit.

    Args:
        optimizer: A Keras optimizer, or the name of one; no wrapper, `Nadam` or `Muon`.
        clip_factor: Positive float. Longest gradient, as a fraction of the norm of the weights.
        epsilon: Positive float. What the norm of weights counts as, at least.
        exclude: Names of layers, or what they begin with, whose gradients are left alone. The paper
            leaves the last layer's alone.
        name: String, or `None`.

    Raises:
        ValueError: If a number is not positive, or, when it is built, a name matches no layer.

    Example:

    >>> optimizer = AdaptiveGradientClipping(keras.optimizers.SGD(learning_rate=1.0), 0.1)
    >>> kernel = keras.Variable([[3.0], [4.0]], name="kernel")
    >>> optimizer.apply([ops.array([[0.0], [2.0]])], [kernel])
    >>> print(np.round(ops.convert_to_numpy(kernel).ravel(), 4))  # 4 - 0.1 * 5
    [3.  3.5]

    Reference:
        Brock et al., 2021, https://arxiv.org/abs/2102.06171, equation 3. Differs from it in: the
        kernel of a depthwise convolution is a unit for each multiplier.
    """

    def __init__(
        self,
        optimizer,
        clip_factor: float = 0.01,
        epsilon: float = 1e-3,
        exclude: Sequence[str] = (),
        name: str | None = None,
    ):
        check_number("clip_factor", clip_factor, above=0)
        check_number("epsilon", epsilon, above=0)
        super().__init__(optimizer, name)
        self.clip_factor = clip_factor
        self.epsilon = epsilon
        self.exclude = exclude

    def build(self, variables):
        if self.built:
            return
        paths = [variable.path for variable in variables]
        check_starts("exclude", self.exclude, paths)
        self._clipped = [not any(starts_within(p, e) for e in self.exclude) for p in paths]
        super().build(variables)

    def update_step(self, gradient, variable, learning_rate):
        if self._clipped[self._get_variable_index(variable)]:
            gradient = dense(gradient, variable.dtype)
            # Not `ops.maximum`, which on PyTorch makes float32 of float64.
            size, length = _unit_norms(variable), _unit_norms(gradient)
            limit = self.clip_factor * ops.where(size > self.epsilon, size, self.epsilon)
            gradient = gradient * ops.where(length > limit, limit / length, 1.0)
        super().update_step(gradient, variable, learning_rate)

    def get_config(self):
        return {
            **super().get_config(),
            "clip_factor": self.clip_factor,
            "epsilon": self.epsilon,
            "exclude": list(self.exclude),
        }


def _unit_norms(x):
    axes = tuple(range(max(len(x.shape) - 1, 1))) if len(x.shape) else None
    return ops.sqrt(ops.sum(ops.square(x), axis=axes, keepdims=True))
