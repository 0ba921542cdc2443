"""Results of a trial: checks of its metrics, and what a user's own `run_trial` returns."""

import contextlib
import inspect
import math
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import keras
import keras_tuner

from kerasrecipes.base.checks import nearest
from kerasrecipes.base.text import listed
from kerasrecipes.tuning.keras_tuner.trial_values import EPOCHS, INITIAL_EPOCH


class Diverged(Exception):
    """The objective or a loss of a trial is NaN or infinite."""


def reported(
    results: Any, values: Mapping[str, Any], objective: str
) -> Iterator[tuple[int, Mapping[str, float]]]:
    """Yields the epochs that are to be reported of a trial, counted from 1, and their metrics.

    Args:
        results: What `run_trial` returned: a number, a dictionary, a Keras history, or a list of
            these for their means. A history tells of each epoch, everything else of the last one.
        values: The values of the trial.
        objective: The name of a number.
    """
    if not isinstance(results, keras.callbacks.History):
        yield values[EPOCHS], _logs(results, objective)
        return
    for row, epoch in enumerate(results.epoch):
        # The epochs before are those of the trial that this one is promoted from.
        if epoch >= values[INITIAL_EPOCH]:
            yield epoch + 1, {name: column[row] for name, column in results.history.items()}


def finite_metrics(logs: Mapping[str, Any], objective: str, epochs: int) -> dict[str, float]:
    """Returns the metrics of a trial after so many epochs as numbers; see `RungTuner.report`."""
    metrics = {key: float(value) for key, value in logs.items()}
    if objective not in metrics:
        raise keras_tuner.errors.FatalValueError(
            f"`objective` must be one of the reported metrics: {listed(metrics) or 'none'}."
            f"{nearest(objective, metrics)} Received: objective={objective!r}"
        )
    for watched in (objective, "loss", "val_loss"):
        if not math.isfinite(metrics.get(watched, 0.0)):
            raise Diverged(f"{watched} is {metrics[watched]} after {epochs} epochs.")
    return metrics


def accepts_epochs(function: Callable) -> bool:
    """Returns whether a function takes the keyword argument `epochs`."""
    parameters = inspect.signature(function).parameters
    return "epochs" in parameters or any(p.kind is p.VAR_KEYWORD for p in parameters.values())


@contextlib.contextmanager
def refusing_other_epochs() -> Iterator[None]:
    """Ends a search whose hypermodel chooses epochs itself, with what to do instead."""
    try:
        yield
    except TypeError as error:
        if "multiple values for keyword argument 'epochs'" not in str(error):
            raise
        raise keras_tuner.errors.FatalTypeError(
            "`fit` of the hypermodel must not choose `epochs`, because the search decides how long "
            "each trial is. Pass on the `epochs` among the keyword arguments that `fit` is given."
        ) from error


def cause_of(error: Exception) -> str:
    """Returns an error as one line."""
    first_line = next(iter(str(error).strip().splitlines()), "")
    return f"{type(error).__name__}: {first_line}"


def _logs(results: Any, objective: str) -> Mapping[str, float]:
    """Returns results as a dictionary of metrics."""
    if isinstance(results, list):
        every = [_logs(result, objective) for result in results]
        return {name: sum(logs[name] for logs in every) / len(every) for name in every[0]}
    if isinstance(results, Mapping):
        return results
    if isinstance(results, keras.callbacks.History):
        return {name: values[-1] for name, values in results.history.items()}
    return {objective: float(results)}
