"""Callback that keeps the weights of the best epoch."""

import keras
import numpy as np

from kerasrecipes.base.checks import check_choice
from kerasrecipes.callbacks.model_state import assign, state_variables, to_arrays
from kerasrecipes.callbacks.monitored import MODES, better_in, monitored_value


class BestWeights(keras.callbacks.Callback):
    """Keeps a copy of the model's variables from the epoch with the best monitored value.

    If several epochs are equally good, the first one counts. NaN is never the best value, whereas
    Keras's own callbacks keep a NaN of the first epoch forever. `restore` gives the copy back to
    the model. The copy is part of the state that `ResumableCheckpoint` saves.

    Args:
        monitor: A logged quantity, such as `"val_accuracy"`.
        mode: `"min"` if smaller values are better, `"max"` if larger ones are, or `"auto"` for
            what the metric says that logs the quantity. Defaults to `"auto"`.

    Raises:
        ValueError: If `mode` is none of these; or, at the end of the first epoch, if `monitor` is
            not logged, or `mode` is `"auto"` and the metric does not say which values are better.
    """

    def __init__(self, monitor: str = "val_accuracy", mode: str = "auto"):
        super().__init__()
        check_choice("mode", mode, MODES)
        self.monitor = monitor
        self.mode = mode
        self.best: float | None = None
        self.best_epoch: int | None = None
        self.best_variables: list[np.ndarray] | None = None

    def on_epoch_end(self, epoch, logs=None):
        value = monitored_value(self.monitor, logs)
        smaller = better_in(self.model, self.monitor, self.mode) == "min"
        if np.isnan(value) or not _improves_on(self.best, value, smaller):
            return
        self.best, self.best_epoch = value, epoch
        self.best_variables = to_arrays(state_variables(self.model))

    def restore(self, model: keras.Model) -> int | None:
        """Gives a model the variables of the best epoch, and returns that epoch, counted from 0.

        If no epoch had a value, the model stays as it is and the result is `None`.
        """
        if self.best_variables is not None:
            assign(state_variables(model), self.best_variables)
        return self.best_epoch


def _improves_on(best: float | None, value: float, smaller: bool) -> bool:
    if best is None:
        return True
    return value < best if smaller else value > best
