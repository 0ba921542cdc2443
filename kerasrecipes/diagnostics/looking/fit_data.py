"""The data of the `fit` that is running."""

from typing import Any

import keras

from kerasrecipes.base.private.fit_frame import fit_arguments
from kerasrecipes.diagnostics.facts.given import Given, given_data

_OF_FIT = (
    "x",
    "y",
    "validation_data",
    "batch_size",
    "shuffle",
    "class_weight",
    "sample_weight",
    "steps_per_epoch",
)
_OF_ANY_DATA = ("batch_size", "shuffle", "class_weight")
UNKNOWN = "The data are not known: they were not found in fit. Give them: Doctor(data=(x, y))."


def data_of_fit(model: keras.Model, data: Any = None) -> Given:
    """Returns the data that a model is trained on.

    Args:
        model: The model whose `fit` is running.
        data: What the user gave in their place: `(x, y)` or `(x, y, (validation_x, validation_y))`,
            a data set, or a `Given`; `None` for what `fit` was given.
    """
    if isinstance(data, Given):
        return data
    arguments = fit_arguments(model)
    if data is None:
        if arguments is None:
            return Given(missing={"data": UNKNOWN, "data.inputs": UNKNOWN})
        return given_data(**{name: arguments[name] for name in _OF_FIT})
    known = arguments or {}
    kept = {
        name: known[name] for name in ("batch_size", "shuffle", "class_weight") if name in known
    }
    if not isinstance(data, tuple | list):
        return given_data(data, **kept)
    x, y, validation_data = (*data, None, None)[:3]
    return given_data(x, y, validation_data=validation_data, **kept)


def ended_by(model: keras.Model) -> str:
    """Returns the class of the callback that has ended the `fit` that is running, if it tells."""
    callbacks = (fit_arguments(model) or {}).get("callbacks")
    for callback in getattr(callbacks, "callbacks", []):
        if getattr(callback, "stopped_epoch", 0):
            return type(callback).__name__
    return "stop_training"
