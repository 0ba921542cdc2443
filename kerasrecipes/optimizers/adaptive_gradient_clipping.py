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
    """Clips gradients whose norm is large compared to that of the weights.

    A unit is what leads to one output of a kernel, or any other weight tensor as a whole. For the
    weights `w` of a unit, with gradient `g`:

        limit = clip_factor * max(norm(w), epsilon)
        g *= min(1, limit / norm(g))

    Then the inner optimizer takes its step with the clipped gradient. Networks without
    normalization can be trained with large batches this way; those with BatchNormalization gain
    little. Try a `clip_factor` of 0.01, or less for batches of thousands.

    Memory: none. Time: two norms. On PyTorch one weight tensor is updated after the other, which
    takes about three times as long as an update of all at once.

    The gradient that is clipped is averaged over accumulated steps and replicas, has no loss scale,
    and has been through the inner optimizer's own clipping. If one entry is not finite, its whole
    unit becomes NaN.

    Args:
        optimizer: A Keras optimizer, or the name of one; no wrapper, `Nadam` or `Muon`.
        clip_factor: Positive float. Largest norm of a gradient, as a fraction of the weights' norm.
        epsilon: Positive float. A smaller norm of weights counts as this much.
        exclude: Names of layers, or beginnings of names, whose gradients are not clipped. The paper
            does not clip those of the last layer.
        name: String, or `None`.

    Raises:
        ValueError: If a number is not positive; when it is built, if a name matches no layer.

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
            # Not `ops.maximum`, which turns float64 into float32 on PyTorch.
            weight_norm, gradient_norm = _unit_norms(variable), _unit_norms(gradient)
            floored = ops.where(weight_norm > self.epsilon, weight_norm, self.epsilon)
            limit = self.clip_factor * floored
            gradient = gradient * ops.where(gradient_norm > limit, limit / gradient_norm, 1.0)
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
