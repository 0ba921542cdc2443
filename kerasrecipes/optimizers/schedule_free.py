"""Schedule-free optimization: an average of the weights in place of a falling learning rate."""

import keras
from keras import ops

from kerasrecipes.base.checks import check_number
from kerasrecipes.base.private.optimizers import DecaysWithinItsStep
from kerasrecipes.optimizers._base.step_numbers import step_dtype
from kerasrecipes.optimizers._base.update_wrapper import UpdateWrapper


@keras.saving.register_keras_serializable(package="kerasrecipes")
class ScheduleFree(UpdateWrapper, DecaysWithinItsStep):
    """Averages the weights of an optimizer, and takes gradients close to the average.

    The inner optimizer moves `z`. Its weighted average is `x`, with which the model is evaluated.
    Gradients are taken at `y`, the weights that the model has while it trains. At step `t`, with
    learning rate `r` and decoupled weight decay `d`:

        z -= r * d * y
        z -= the inner optimizer's step at r, from the gradient at y
        c = r ** 2 / (sum of all r ** 2 so far)
        x += c * (z - x)
        y = (1 - beta) * z + beta * x

    `beta` takes the place of momentum: give the inner optimizer none. So the paper's schedule-free
    SGD is `ScheduleFree(SGD(learning_rate))`, and its schedule-free AdamW is
    `ScheduleFree(AdamW(learning_rate, beta_1=0.0, beta_2=0.999, weight_decay=...))`. The learning
    rate is constant, and about twice as high as the peak of a good schedule (AdamW), or ten times
    and more (SGD). A warmup is the inner optimizer's: `Warmup(rate, warmup_steps)`. Its low rates
    have little weight in the average.

    A model must be evaluated and saved with `x` (`averaged_weights`), and with normalization
    statistics of its own: `AveragedWeights`, or `averaging` of a recipe, puts it in place.
    Constraints of weights hold for `y` alone.

    Memory: two numbers a weight. Time: reading and writing these at every step; on PyTorch one
    weight tensor is updated after the other.

    Args:
        optimizer: A Keras optimizer without momentum, or the name of one; no wrapper, `Nadam` or
            `Muon`.
        beta: Float in `[0, 1)`. How close to the average gradients are taken. With 0 the training
            is that of the inner optimizer, and `x` an average of its weights (Polyak and
            Juditsky). The paper takes 0.9, and 0.95 to 0.98 for long trainings.
        name: String, or `None`.

    Raises:
        ValueError: If `beta` is outside `[0, 1)`, or is not 0 while `optimizer` has momentum or an
            `ema_overwrite_frequency`.

    Example:

    >>> optimizer = ScheduleFree(keras.optimizers.SGD(1.0), beta=0.5)
    >>> w = keras.Variable([0.0])
    >>> for _ in range(2):
    ...     optimizer.apply([ops.array([-1.0])], [w])
    >>> print(ops.convert_to_numpy(w), ops.convert_to_numpy(optimizer.averaged_weights[0]))
    [1.75] [1.5]

    Reference:
        Defazio et al., 2024, https://arxiv.org/abs/2405.15682, algorithm 1 and section 3. Differs
        from it in: the weight of a step is that of its own rate, where the authors' code takes the
        highest so far; a warmup is a schedule. `keras.optimizers.ScheduleFreeAdamW` weights all
        steps alike, shrinks `y` before it recovers `x` from it, and never puts `x` into the model.
    """

    def __init__(self, optimizer, beta: float = 0.9, name: str | None = None):
        check_number("beta", beta, at_least=0, below=1)
        super().__init__(optimizer, name)
        own = getattr(self.optimizer, "momentum", 0) or getattr(self.optimizer, "beta_1", 0)
        if own and beta:
            raise ValueError(
                "`optimizer` must have no momentum, whose place `beta` takes: use "
                "`SGD(momentum=0.0)` or `AdamW(beta_1=0.0)`. "
                f"Received: optimizer={self.optimizer!r} with {own!r}"
            )
        if beta and self.ema_overwrite_frequency:
            raise ValueError(
                "`optimizer` must not overwrite weights, which the next step computes from `z` and "
                "`x`: leave out `ema_overwrite_frequency`. "
                f"Received: ema_overwrite_frequency={self.ema_overwrite_frequency!r}"
            )
        self.beta = beta

    @property
    def averaged_weights(self):
        """The averages `x`, in the order of the variables that the optimizer was built with."""
        return [*self._averages]

    def build(self, variables):
        if self.built:
            return
        super().build(variables)
        self._iterates, self._averages = self.add_optimizer_variables(
            variables, ["iterate", "average"]
        )
        # One for each variable, because a variable without a gradient makes no step.
        self._weight_sums = [
            self.add_variable((), dtype=step_dtype(variable), name="weight_sum")
            for variable in variables
        ]

    def update_step(self, gradient, variable, learning_rate):
        index = self._get_variable_index(variable)
        z, x, total = self._iterates[index], self._averages[index], self._weight_sums[index]
        y = ops.convert_to_tensor(variable)
        # Not in `build`: see `Lookahead`.
        first = ops.equal(self.iterations, 0)
        # Without `beta`, the weights are `z`, whoever may have changed them since.
        before = ops.where(first, y, ops.convert_to_tensor(z)) if self.beta else y
        average = ops.where(first, y, ops.convert_to_tensor(x))
        if self.decays(index):
            before = before - ops.cast(learning_rate, variable.dtype) * self.weight_decay * y
        # The inner optimizer updates the variable that it is given: for its step, that is `z`.
        self.assign(variable, before)
        super().update_step(gradient, variable, learning_rate)
        after = ops.convert_to_tensor(variable)
        weight = ops.square(ops.cast(learning_rate, total.dtype))
        summed = total + weight
        self.assign(total, summed)
        # While all rates were 0, nothing has moved.
        share = ops.where(summed > 0, weight / ops.where(summed > 0, summed, 1.0), 1.0)
        average = average + ops.cast(share, variable.dtype) * (after - average)
        self.assign(z, after)
        self.assign(x, average)
        self.assign(variable, after + self.beta * (average - after))

    def get_config(self):
        return {**super().get_config(), "beta": self.beta}
