"""Base classes of optimizers that change how another one updates each weight."""

import keras
from keras import ops

from kerasrecipes.base.private.optimizers import (
    AllowsEmptyWeightDecay,
    DecaysWithinItsStep,
    uses_weight_decay,
)
from kerasrecipes.optimizers._base.optimizer_wrapper import (
    OptimizerWrapper,
    WithInnerOptimizer,
    public_config,
    resolved_optimizer,
)


class UpdateWrapper(AllowsEmptyWeightDecay, WithInnerOptimizer):
    """Base class of optimizers that do something around the inner optimizer's `update_step`.

    The wrapper takes over what every Keras optimizer can be given (learning rate, clipping, weight
    decay, averages, loss scale, gradient accumulation), so that a subclass sees gradients that are
    already accumulated, unscaled, clipped and summed over replicas. Only the update rule is left to
    the inner optimizer. On PyTorch the rule is applied to one weight after the other.

    Args:
        optimizer: A Keras optimizer, or the name of one. It must not be in use elsewhere.
        name: String, or `None`.
    """

    def __init__(self, optimizer, name: str | None = None):
        optimizer = resolved_optimizer(optimizer)
        if isinstance(optimizer, _REFUSED) or optimizer.built:
            raise ValueError(
                "`optimizer` must update each weight by itself, which wrappers, `Nadam` and `Muon` "
                "do not, and must not be built yet. Put a wrapper such as `Lookahead` around this "
                f"one instead. Received: optimizer={optimizer!r}"
            )
        taken = _taken_over(optimizer)
        super().__init__(**taken, name=name)
        self.optimizer = optimizer
        self._taken_over = tuple(taken)

    def build(self, variables):
        if self.built:
            return
        self.optimizer.build(variables)
        both = (self, self.optimizer)
        excluded = [v for v in variables if not all(uses_weight_decay(o, v) for o in both)]
        self.exclude_from_weight_decay(var_list=excluded)
        super().build(variables)

    def apply(self, grads, trainable_variables=None):
        if self.built:
            self.optimizer.iterations.assign(self.iterations)
        super().apply(grads, trainable_variables)

    def update_step(self, gradient, variable, learning_rate):
        self.optimizer.update_step(gradient, variable, learning_rate)

    def get_config(self):
        inner = public_config(self.optimizer)
        common = keras.optimizers.Optimizer.get_config(self)
        taken = {name: common[name] for name in self._taken_over}
        inner = {**inner, "config": {**inner["config"], **taken}}
        return {"optimizer": inner, "name": self.name}


# `Nadam` updates a number that all weights share; `Muon` has two weight decays.
_REFUSED = (OptimizerWrapper, UpdateWrapper, keras.optimizers.Nadam, keras.optimizers.Muon)


def _taken_over(optimizer) -> dict:
    """Returns the options that all optimizers have, and resets them in this one."""
    neutral = keras.optimizers.Optimizer(learning_rate=0.0).get_config()
    neutral.pop("name")
    if isinstance(optimizer, DecaysWithinItsStep):
        neutral.pop("weight_decay")  # It is part of the update rule.
    config = optimizer.get_config()
    taken = {name: config[name] for name in neutral}
    if isinstance(taken["learning_rate"], dict):
        taken["learning_rate"] = keras.saving.deserialize_keras_object(taken["learning_rate"])
    for name in neutral.keys() - {"learning_rate"}:
        setattr(optimizer, name, neutral[name])
    return taken


class ScaledUpdates(UpdateWrapper, DecaysWithinItsStep):
    """Base class of optimizers that multiply the learning rate by a number for each weight.

    With decoupled weight decay, for a weight `w` with multiplier `k`:

        w -= k * learning_rate * weight_decay * w
        w -= the inner optimizer's step at k * learning_rate

    A subclass writes `multiplier_of`, which returns `k`.
    """

    def multiplier_of(self, index: int) -> float:
        """Returns the multiplier of a trainable weight.

        Args:
            index: Position of the weight among the model's trainable weights.
        """
        raise NotImplementedError

    def update_step(self, gradient, variable, learning_rate):
        index = self._get_variable_index(variable)
        rate = ops.cast(learning_rate, variable.dtype) * self.multiplier_of(index)
        if self.decays(index):
            self.assign_sub(variable, variable * self.weight_decay * rate)
        super().update_step(gradient, variable, rate)
