"""Optimizer wrapper that averages weights."""

from collections.abc import Sequence

import keras
from keras import ops

from kerasrecipes.optimizers._base.optimizer_wrapper import OptimizerWrapper
from kerasrecipes.optimizers._base.step_numbers import is_readable, step_dtype


@keras.saving.register_keras_serializable(package="kerasrecipes")
class WeightAveraging(OptimizerWrapper):
    """Keeps averages of the weights that another optimizer trains.

    The training is that of the inner optimizer, to the last digit. After each update, each average
    `a` of the weights `w` moves by the coefficient that its kind says:

        a += coefficient(t) * (w - a)

    The averages are variables of the optimizer: they are updated within the compiled step, also
    where `fit` takes several at once (`steps_per_execution`) and where a step that is not finite is
    skipped (`LossScaleOptimizer` around this one); and they are saved and restored with it. Those
    of weights in float16 or bfloat16, which could not hold a small change, are in float32.

    The callback `AveragedWeights` puts them into the model for validation and at the end.

    Memory: one number a weight for each average. Time: reading and writing it at every update.

    Args:
        optimizer: A Keras optimizer, or the name of one.
        averages: List of `ExponentialAverage`, `UniformAverage` or `PowerAverage`. A model is
            evaluated with the first.
        name: String, or `None`.

    Raises:
        ValueError: If there are no averages.

    Example:

    >>> from kerasrecipes.optimizers import ExponentialAverage
    >>> optimizer = WeightAveraging(keras.optimizers.SGD(1.0), [ExponentialAverage(0.5)])
    >>> w = keras.Variable([0.0])
    >>> for _ in range(3):
    ...     optimizer.apply([ops.array([-1.0])], [w])
    >>> print(ops.convert_to_numpy(w), ops.convert_to_numpy(optimizer.averaged_weights[0]).round(3))
    [3.] [2.638]

    Reference:
        Polyak and Juditsky, 1992, https://doi.org/10.1137/0330046
    """

    def __init__(self, optimizer, averages: Sequence, name: str | None = None):
        super().__init__(optimizer, name)
        if not averages:
            raise ValueError(
                "There must be an average to keep, such as `ExponentialAverage()`. Received: "
                f"averages={averages!r}"
            )
        self.averages = averages

    @property
    def averaged_weights(self):
        """The first average of each weight, in the order that the optimizer was built with."""
        return [*self._averaged[0]]

    @property
    def all_averaged_weights(self):
        """The averages of each weight: a list for each of `averages`."""
        return [[*averaged] for averaged in self._averaged]

    def build(self, variables):
        if self.built:
            return
        super().build(variables)
        self._averaged = [
            [self._average_of(variable, index) for variable in variables]
            for index in range(len(self.averages))
        ]

    def _average_of(self, variable, index: int):
        if variable.dtype in ("float16", "bfloat16"):
            name = f"{variable.path.replace('/', '_')}_average_{index}"
            return self.add_variable(variable.shape, dtype="float32", name=name)
        return self.add_variable_from_reference(variable, f"average_{index}")

    def apply(self, grads, trainable_variables=None):
        self._variables_of(trainable_variables)
        before = self.iterations  # With gradient accumulation a tensor, which does not change.
        super().apply(grads, trainable_variables)
        step = ops.cast(self.iterations, step_dtype(self._trainable_variables[0]))
        for average, averaged in zip(self.averages, self._averaged, strict=True):
            coefficient = average.coefficient(ops.maximum(step, 1))
            if self.gradient_accumulation_steps:
                # Between updates, the weights have not moved, and must not be counted again.
                updated = ops.greater(self.iterations, before)
                coefficient = ops.where(updated, coefficient, ops.zeros_like(coefficient))
            self._move(averaged, coefficient)

    def _move(self, averaged, coefficient) -> None:
        variables = self._trainable_variables
        if keras.backend.backend() == "torch" and is_readable(coefficient):
            import torch

            with torch.no_grad():
                averages = [average.value for average in averaged]
                weights = [v.value.to(a.dtype) for v, a in zip(variables, averages, strict=True)]
                torch._foreach_lerp_(averages, weights, coefficient.item())
            return
        for variable, average in zip(variables, averaged, strict=True):
            difference = ops.cast(variable, average.dtype) - average
            average.assign(average + ops.cast(coefficient, average.dtype) * difference)

    def get_config(self):
        averages = [keras.saving.serialize_keras_object(average) for average in self.averages]
        return {**super().get_config(), "averages": averages}

    @classmethod
    def from_config(cls, config, custom_objects=None):
        averages = [
            keras.saving.deserialize_keras_object(average, custom_objects=custom_objects)
            for average in config["averages"]
        ]
        return super().from_config({**config, "averages": averages}, custom_objects)
