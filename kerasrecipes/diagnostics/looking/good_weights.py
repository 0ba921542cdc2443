"""The state of a training from before its loss was not finite."""

import keras
import numpy as np

from kerasrecipes.callbacks.model_state import assign, state_variables, to_arrays


class GoodWeights:
    """Keeps a model's weights, its statistics and the state of its optimizer.

    Args:
        model: A built model.
    """

    def __init__(self, model: keras.Model):
        self._model = model
        self._arrays: list[np.ndarray] | None = None
        self._optimizer: list[np.ndarray] = []
        self.epoch = 0

    def keep(self, epoch: int) -> None:
        """Keeps the present state, if all weights are finite.

        Args:
            epoch: The number of finished epochs.
        """
        arrays = to_arrays(state_variables(self._model))
        if all(_is_finite(array) for array in arrays):
            self._arrays, self.epoch = arrays, epoch
            self._optimizer = to_arrays(_optimizer_variables(self._model))

    @property
    def arrays(self) -> list[np.ndarray] | None:
        """The values of the model's `state_variables` that are kept."""
        return self._arrays

    def restore(self) -> bool:
        """Gives the model and the optimizer what is kept, and returns whether anything is."""
        if self._arrays is None:
            return False
        assign(state_variables(self._model), self._arrays)
        variables = _optimizer_variables(self._model)
        kept = len(self._optimizer)
        assign(variables[:kept], self._optimizer)
        # TensorFlow builds an optimizer in its first step only.
        for variable in variables[kept:]:
            if not _is_finite(keras.ops.convert_to_numpy(variable)):
                variable.assign(keras.ops.zeros(variable.shape, variable.dtype))
        return True


def _optimizer_variables(model) -> list:
    optimizer = model.optimizer
    return list(optimizer.variables) if optimizer is not None else []


def _is_finite(array: np.ndarray) -> bool:
    try:
        return bool(np.isfinite(array).all())
    except TypeError:  # Not numbers.
        return True
