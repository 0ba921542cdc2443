"""Private names of Keras in optimizers."""

import warnings
from collections.abc import Callable

import keras


class ForeachUpdates(keras.optimizers.Optimizer):
    """Lets an optimizer update all weights at once on PyTorch, by its `update_foreach`.

    Uses: `Optimizer._backend_update_step`, which Keras calls with all gradients and variables.

    Reason: eager PyTorch takes time for each operation, and Keras's loop over `update_step` runs a
    dozen of them for each of a network's hundreds of weights. A `torch._foreach_*` function takes
    all weights in one call.

    Fallback: Keras's loop. An optimizer without `update_foreach` uses it too, and so do all of them
    if a later Keras does not call `_backend_update_step`.

    Test: `tests/optimizers/test_private.py`.
    """

    update_foreach: Callable | None = None

    def _backend_update_step(self, grads, trainable_variables, learning_rate):
        if self.update_foreach is None or keras.backend.backend() != "torch":
            super()._backend_update_step(grads, trainable_variables, learning_rate)
            return
        import torch

        with torch.no_grad():
            gradients = [
                gradient.to(variable.value.dtype)
                for gradient, variable in zip(grads, trainable_variables, strict=True)
            ]
            self.update_foreach(gradients, trainable_variables, learning_rate)


class TogetherUpdates(keras.optimizers.Optimizer):
    """Lets an optimizer update its weights together, by its `update_together`.

    Uses: `Optimizer._backend_update_step`, which Keras calls with all gradients and variables.

    Reason: matrices of equal shape are multiplied faster in one batched product than one by one,
    and Keras hands an optimizer one weight at a time.

    Fallback: Keras's loop over `update_step`. It also serves wherever TensorFlow distributes a
    training: there, Keras sums the gradients of all replicas and updates each replica's copy.

    Test: `tests/optimizers/test_private.py`.
    """

    def update_together(self, gradients, variables, learning_rate):
        """Updates the variables. To be written by a subclass."""
        raise NotImplementedError

    def _backend_update_step(self, grads, trainable_variables, learning_rate):
        backend = keras.backend.backend()
        if backend == "tensorflow":
            import tensorflow

            if tensorflow.distribute.has_strategy():
                super()._backend_update_step(grads, trainable_variables, learning_rate)
                return
        if backend == "torch":
            import torch

            with torch.no_grad():
                self.update_together(grads, trainable_variables, learning_rate)
            return
        self.update_together(grads, trainable_variables, learning_rate)


def update_all(optimizer, gradients, variables, learning_rate) -> None:
    """Lets a built optimizer take its step for some variables, all at once where it can.

    Uses: `Optimizer._backend_update_step`; see `ForeachUpdates`.

    Reason: `update_step` takes one variable, which on PyTorch is several times slower.

    Fallback: the public `update_step`, one variable after the other.

    Test: `tests/optimizers/test_private.py`.
    """
    together = getattr(optimizer, "_backend_update_step", None)
    if together is not None:
        together(gradients, variables, learning_rate)
        return
    for gradient, variable in zip(gradients, variables, strict=True):
        optimizer.update_step(gradient, variable, learning_rate)


class AllowsEmptyWeightDecay(keras.optimizers.Optimizer):
    """Lets an optimizer with `weight_decay` train weights that are all excluded from it.

    Uses: `Optimizer._apply_weight_decay`.

    Reason: PyTorch's functions refuse an empty list of tensors. If every weight is excluded, as
    when only normalization scales are trained, Keras therefore raises a `RuntimeError` on PyTorch.

    Fallback: Keras's own method, with that error.

    Test: `tests/optimizers/test_private.py`.
    """

    def _apply_weight_decay(self, variables):
        if any(uses_weight_decay(self, variable) for variable in variables):
            super()._apply_weight_decay(variables)


class DecaysWithinItsStep(AllowsEmptyWeightDecay):
    """Lets an optimizer's `update_step` decay weights itself, by its `weight_decay`.

    Keras decays the weights of every optimizer with a `weight_decay`, before the step and in
    proportion to the whole learning rate. LARS adds the decay to the gradient instead, and an
    optimizer with a learning rate for each layer decays in proportion to that rate. Such an
    optimizer excludes all weights from Keras's decay when it is built, and `decays` tells which
    weights its step is to decay. Nothing here is private but what the base class and
    `uses_weight_decay` use.
    """

    def build(self, variables):
        if not self.built:
            self._decays = [uses_weight_decay(self, variable) for variable in variables]
            self.exclude_from_weight_decay(var_list=variables)
        super().build(variables)

    def decays(self, index: int) -> bool:
        """Returns whether the step has to decay a weight.

        Args:
            index: Position of the weight among the model's trainable weights.
        """
        return bool(self.weight_decay) and self._decays[index]


class ShowsInnerAverages(keras.optimizers.Optimizer):
    """Lets `keras.callbacks.SwapEMAWeights` find the averages of the optimizer inside another one.

    Uses: `Optimizer._model_variables_moving_average`.

    Reason: the callback looks for it in the model's optimizer, or in a `LossScaleOptimizer`'s.

    Fallback: the callback's own error, that there are no averages; `AveragedWeights` does without.

    Test: `tests/optimizers/test_wrappers.py`.
    """

    optimizer: keras.optimizers.Optimizer

    @property
    def _model_variables_moving_average(self):
        return self.optimizer._model_variables_moving_average


def uses_weight_decay(optimizer, variable) -> bool:
    """Returns whether an optimizer decays a variable, if it decays any.

    Uses: `Optimizer._is_excluded_from_weight_decay` of Keras 3.16, or `_use_weight_decay` of
    Keras 3.15, which answers before the optimizer is built. That of Keras 3.16 does not.

    Reason: nothing public tells which variables were given to `exclude_from_weight_decay`, and a
    second call of that method forgets those of the first.

    Fallback: every variable counts as decayed, as if none had been excluded, with a warning.

    Test: `tests/optimizers/test_private.py`.
    """
    is_excluded = getattr(optimizer, "_is_excluded_from_weight_decay", None)
    if is_excluded is not None:
        return not is_excluded(variable)
    is_decayed = getattr(optimizer, "_use_weight_decay", None)
    if is_decayed is not None:
        return is_decayed(variable)
    warnings.warn(
        "This version of Keras does not tell which weights `exclude_from_weight_decay` excluded "
        f"from the weight decay of {type(optimizer).__name__}. All of them will be decayed.",
        stacklevel=2,
    )
    return True


def schedule_free_average(optimizer, variables) -> list | None:
    """Returns the averaged weights of `keras.optimizers.ScheduleFreeAdamW`, else `None`.

    The variables hold `y = (1 - beta_1) z + beta_1 x`, where gradients are taken. `z` is a variable
    of the optimizer, and `x` the average, which the paper evaluates and saves.

    Uses: `ScheduleFreeAdamW._momentums`, which hold `z`.

    Reason: the class has no way to the average.

    Fallback: `None`, as of an optimizer without averages.

    Test: `tests/callbacks/test_averaged_weights.py`.

    Args:
        optimizer: Any built optimizer.
        variables: The variables that it was built with, in order.
    """
    if not is_schedule_free(optimizer):
        return None
    beta = optimizer.beta_1
    return [
        (y - (1 - beta) * z) / beta for y, z in zip(variables, optimizer._momentums, strict=True)
    ]


def is_schedule_free(optimizer) -> bool:
    """Returns whether an optimizer is of Keras's class whose average can be computed here."""
    schedule_free = getattr(keras.optimizers, "ScheduleFreeAdamW", ())
    if not isinstance(optimizer, schedule_free) or not optimizer.beta_1:
        return False
    return hasattr(optimizer, "_momentums") or not optimizer.built
