"""What optimizers with a learning rate for each weight have in common."""

from keras import ops

from kerasrecipes._private import DecaysWithinItsStep, uses_weight_decay
from kerasrecipes.optimizers.update_wrapper import UpdateWrapper


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
