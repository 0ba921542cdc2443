"""The arguments of the `fit` that is running: as callbacks find them."""

import inspect
import sys
from typing import Any

import keras


def fit_arguments(model: keras.Model) -> dict[str, Any] | None:
    """Returns the arguments of a model's `fit`, if this is called from within it.

    Uses: the frame of `keras.Model.fit`, in which the arguments are local variables by the names of
    its parameters. `fit` itself has taken the validation data of `validation_split` out of `x` and
    `y` when callbacks are called.

    Reason: callbacks are given the model and the number of epochs, but not the data.

    Fallback: `None`, where no such frame is found, as in a loop that calls callbacks itself. Users
    have to give the data.

    Test: `tests/base/test_fit_frame.py`.
    """
    fit = inspect.unwrap(keras.Model.fit)
    frame = sys._getframe(1) if hasattr(sys, "_getframe") else None
    while frame is not None:
        if frame.f_code is fit.__code__ and frame.f_locals.get("self") is model:
            _, *names = inspect.signature(fit).parameters
            return {name: value for name, value in frame.f_locals.items() if name in names}
        frame = frame.f_back
    return None
