"""Lookahead."""

import keras
from keras import ops

from kerasrecipes.base.checks import check_integer, check_number
from kerasrecipes.optimizers._base.optimizer_wrapper import OptimizerWrapper


@keras.saving.register_keras_serializable(package="kerasrecipes")
class Lookahead(OptimizerWrapper):
    """Pulls the weights back, every few steps, towards a slow average of them.

    The inner optimizer moves the weights `w`. The slow weights `s` start at the initial weights.
    After every `sync_period_steps` steps of the inner optimizer

        s += slow_step_size * (w - s)
        w = s

    The inner optimizer's moments stay as they are. If it has `use_ema`, it averages `w` before it
    is set back. Evaluate a model with its slow weights (`slow_weights`). After a multiple of
    `sync_period_steps` steps the model has them already.

    Memory: one number a weight. Time: reading and writing the weights and `s` at every step.

    If a gradient that is not finite spoils `w`, the next synchronization spoils `s`, too. Wrap
    this optimizer to skip such steps: `keras.optimizers.LossScaleOptimizer(Lookahead(...))`.

    Args:
        optimizer: A Keras optimizer, or the name of one.
        sync_period_steps: Positive integer. Steps of the inner optimizer between synchronizations.
            With gradient accumulation, updates are counted.
        slow_step_size: Float in `(0, 1]`. How far `s` moves towards `w`; 1 means the whole way.
        name: String, or `None`.

    Raises:
        ValueError: If `sync_period_steps` is below 1, or `slow_step_size` is outside `(0, 1]`.

    Example:

    >>> inner = keras.optimizers.SGD(learning_rate=1.0)
    >>> optimizer = Lookahead(inner, sync_period_steps=2, slow_step_size=0.5)
    >>> w = keras.Variable([0.0])
    >>> for _ in range(2):
    ...     optimizer.apply([ops.array([-1.0])], [w])
    ...     print(ops.convert_to_numpy(w))
    [1.]
    [1.]

    Reference:
        Zhang et al., 2019, https://arxiv.org/abs/1907.08610, algorithm 1.
    """

    def __init__(
        self,
        optimizer,
        sync_period_steps: int = 5,
        slow_step_size: float = 0.5,
        name: str | None = None,
    ):
        check_integer("sync_period_steps", sync_period_steps, at_least=1)
        check_number("slow_step_size", slow_step_size, above=0, at_most=1)
        super().__init__(optimizer, name)
        self.sync_period_steps = sync_period_steps
        self.slow_step_size = slow_step_size

    @property
    def slow_weights(self):
        """The slow weights, in the order of the variables that the optimizer was built with."""
        return [*self._slow_weights]

    @property
    def averaged_weights(self):
        """The same, under the name that `AveragedWeights` looks for."""
        return self.slow_weights

    def build(self, variables):
        if self.built:
            return
        super().build(variables)
        self._slow_weights = self.add_optimizer_variables(variables, "slow")

    def apply(self, grads, trainable_variables=None):
        variables = self._variables_of(trainable_variables)
        pairs = [(v, self._slow_weights[self._get_variable_index(v)]) for v in variables]
        # Not in `build`: there, a graph of TensorFlow does not know the initial weights yet, and on
        # JAX both would be the same buffer, which no step may be given twice.
        first = self.iterations == 0
        for variable, slow in pairs:
            slow.assign(ops.where(first, variable.value, slow.value))
        super().apply(grads, trainable_variables)
        # Between the updates of accumulated gradients this is repeated, but changes nothing.
        due = (self.iterations > 0) & (self.iterations % self.sync_period_steps == 0)
        for variable, slow in pairs:
            moved = slow + self.slow_step_size * (variable - slow)
            slow.assign(ops.where(due, moved, slow.value))
            variable.assign(ops.where(due, moved, variable.value))

    def get_config(self):
        return {
            **super().get_config(),
            "sync_period_steps": self.sync_period_steps,
            "slow_step_size": self.slow_step_size,
        }
