"""What optimizers that change another's update of each weight have in common."""

import keras
from keras import ops

from kerasrecipes.base.private import AllowsEmptyWeightDecay, DecaysWithinItsStep, uses_weight_decay
from kerasrecipes.optimizers._base.optimizer_wrapper import (
    OptimizerWrapper,
    inner_optimizer,
    public_config,
    with_inner_optimizer,
)


class UpdateWrapper(AllowsEmptyWeightDecay, keras.optimizers.Optimizer):
    """An optimizer whose `update_step` does something with that of another one.

    What Keras offers every optimizer (learning rate, clipping, weight decay, averages, loss scale,
    gradient accumulation) is taken over from the inner one, so that a subclass sees gradients that
    are accumulated, unscaled, clipped and summed over replicas. Of the inner one only the rule is
    left; on PyTorch it is applied to one weight after the other.

    Args:
        optimizer: A Keras optimizer, or the name of one. Not one that is in use elsewhere.
        name: String, or `None`.
    """

    def __init__(self, optimizer, name: str | None = None):
        optimizer = inner_optimizer(optimizer)
        if isinstance(optimizer, _NO_RULE) or optimizer.built:
            raise ValueError(
                "`optimizer` must have a rule for each weight by itself, which wrappers, `Nadam` "
                "and `Muon` have not, and must not be built yet. Wrappers such as `Lookahead` go "
                f"around this one. Received: optimizer={optimizer!r}"
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

    @property
    def variables(self):
        return super().variables + self.optimizer.variables

    # Keras stores the inner optimizer beside this one: what is of both would be there twice.

    def save_own_variables(self, store):
        for index, variable in enumerate(super().variables):
            store[str(index)] = keras.ops.convert_to_numpy(variable)

    def load_own_variables(self, store):
        for index, variable in enumerate(super().variables):
            variable.assign(store[str(index)])

    def get_config(self):
        inner = public_config(self.optimizer)
        common = super().get_config()
        taken = {name: common[name] for name in self._taken_over}
        inner = {**inner, "config": {**inner["config"], **taken}}
        return {"optimizer": inner, "name": self.name}

    @classmethod
    def from_config(cls, config, custom_objects=None):
        return cls(**with_inner_optimizer(config, custom_objects))


# `Nadam` updates something for all weights together, `Muon` has two weight decays.
_NO_RULE = (OptimizerWrapper, UpdateWrapper, keras.optimizers.Nadam, keras.optimizers.Muon)


def _taken_over(optimizer) -> dict:
    """Returns what every optimizer can be given, and takes it away from this one."""
    neutral = keras.optimizers.Optimizer(learning_rate=0.0).get_config()
    neutral.pop("name")
    if isinstance(optimizer, DecaysWithinItsStep):
        neutral.pop("weight_decay")  # It is part of the rule.
    config = optimizer.get_config()
    taken = {name: config[name] for name in neutral}
    if isinstance(taken["learning_rate"], dict):
        taken["learning_rate"] = keras.saving.deserialize_keras_object(taken["learning_rate"])
    for name in neutral.keys() - {"learning_rate"}:
        setattr(optimizer, name, neutral[name])
    return taken


class ScaledUpdates(DecaysWithinItsStep, UpdateWrapper):
    """An optimizer that multiplies another one's learning rate by a number for each weight.

    With decoupled weight decay, for a weight `w` with multiplier `k`:

        w -= k * learning_rate * weight_decay * w
        w -= the inner optimizer's step at k * learning_rate

    A subclass says what `k` is.
    """

    def multiplier_of(self, index: int) -> float:
        """Returns the multiplier of a trainable weight, by its place in the model's order."""
        raise NotImplementedError

    def update_step(self, gradient, variable, learning_rate):
        multiplier = self.multiplier_of(self._get_variable_index(variable))
        rate = ops.cast(learning_rate, variable.dtype) * multiplier
        if self.weight_decay and uses_weight_decay(self, variable):
            self.assign_sub(variable, variable * self.weight_decay * rate)
        super().update_step(gradient, variable, rate)
