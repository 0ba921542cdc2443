"""Sharpness-aware minimization (SAM), and its adaptive form."""

import keras
from keras import ops

from kerasrecipes.base.checks import check_integer, check_number
from kerasrecipes.base.kernels import is_kernel
from kerasrecipes.steps.training_step import TrainingStep


@keras.saving.register_keras_serializable(package="kerasrecipes")
class SharpnessAwareMinimization(TrainingStep):
    """Takes each gradient where the loss is highest, within a small distance of the weights.

    With all weights `w` and their gradient `g`, in one vector:

        e = radius * g / norm(g)
        e = radius * t ** 2 * g / norm(t * g),  t = abs(w) + eta for kernels, else 1     # adaptive

    The optimizer then updates `w` by the gradient at `w + e` on the same batch. So it looks for
    weights around which the loss is low everywhere, not only at one point. Both passes drop out
    the same units. Loss, metrics and normalization statistics come from the first pass. Decoupled
    weight decay, the optimizer's, is that of `w`.

    When to use: trainings over many epochs of data that a network can learn by heart. Time: about
    twice that of a step, `1 + 1 / interval` times. Memory: one more copy of the weights and of
    their gradients.

    If a gradient of the first pass is not finite, that of the second is not either.

    Args:
        radius: Float of at least 0, in units of the weights' norm (adaptive: in units of each
            weight). Defaults to `0.05`, or `0.5` if adaptive, as in the papers for CIFAR-10.
        adaptive: Boolean. Whether the distance of each weight of a kernel is relative to its size,
            so that what scales one layer up and the next one down changes nothing.
        eta: Float of at least 0, added to the size of a weight. Used if adaptive.
        interval: Positive integer. One update out of so many is taken this way, beginning with the
            first; the others are taken as by Keras.

    Raises:
        ValueError: If an argument is out of range.

    Example:

    >>> model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1, use_bias=False)])
    >>> model.set_weights([np.ones((1, 1))])
    >>> model.compile(keras.optimizers.SGD(0.25), "mse")
    >>> with SharpnessAwareMinimization(radius=1.0).on(model):
    ...     _ = model.fit(np.ones((1, 1)), np.zeros((1, 1)), verbose=0)
    >>> print(model.get_weights()[0])  # 1 - 0.25 * 2 * (1 + 1)
    [[0.]]

    Reference:
        Foret et al., 2021, https://arxiv.org/abs/2010.01412, equations 2 and 3; Kwon et al., 2021,
        https://arxiv.org/abs/2102.11600 (adaptive). Differs from it in: penalties of
        regularizers are part of the loss in both passes; scales of normalization layers have
        `t = 1`, as the papers say, where the authors' code adapts them too.
    """

    def __init__(
        self,
        radius: float | None = None,
        adaptive: bool = False,
        eta: float = 0.01,
        interval: int = 1,
    ):
        if radius is not None:
            check_number("radius", radius, at_least=0)
        check_number("eta", eta, at_least=0)
        check_integer("interval", interval, at_least=1)
        self.radius = radius
        self.adaptive = adaptive
        self.eta = eta
        self.interval = interval

    def gradients(self, gradients_at, weights, variables, step):
        first, done = gradients_at(weights)

        def second():
            ascended, _ = gradients_at(self._ascended(first, weights, variables))
            return [g for g in ascended if g is not None]

        if self.interval == 1:
            chosen = second()
        else:
            plain = [g for g in first if g is not None]
            due = ops.equal(step % self.interval, 0)
            if keras.backend.backend() == "torch":
                chosen = second() if due else plain
            else:
                chosen = ops.cond(due, second, lambda: plain)
        left = iter(chosen)
        return [None if g is None else next(left) for g in first], done

    def _ascended(self, gradients, weights, variables):
        """Returns the weights of the second pass."""
        radius = self.radius
        if radius is None:
            radius = 0.5 if self.adaptive else 0.05
        sizes = [
            ops.abs(w) + self.eta if self.adaptive and is_kernel(v) else 1.0
            for w, v in zip(weights, variables, strict=True)
        ]
        squares = [
            ops.sum(ops.square(ops.cast(size * g, _summed_in(g))))
            for g, size in zip(gradients, sizes, strict=True)
            if g is not None
        ]
        norm = ops.sqrt(sum(squares, start=0.0))
        factor = ops.where(norm > 0, radius / ops.where(norm > 0, norm, 1.0), 0.0)
        return [
            w if g is None else w + ops.cast(factor, w.dtype) * (size * size * g)
            for w, g, size in zip(weights, gradients, sizes, strict=True)
        ]

    def get_config(self):
        return {
            "radius": self.radius,
            "adaptive": self.adaptive,
            "eta": self.eta,
            "interval": self.interval,
        }


def _summed_in(gradient) -> str:
    """Returns the dtype for a sum of squares, of which float16 holds few."""
    dtype = keras.backend.standardize_dtype(gradient.dtype)
    return "float64" if dtype == "float64" else "float32"
