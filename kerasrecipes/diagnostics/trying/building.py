"""Building of models, as `fit` does it."""

import re

import keras

from kerasrecipes.diagnostics.facts.given import Given


def build(model: keras.Model, given: Given) -> str | None:
    """Builds a model that is not built, and returns why it could not.

    Args:
        model: The model.
        given: The data. Where there are none, nothing is done.
    """
    if given.x is None or (model.built and all(layer.built for layer in model.layers)):
        return None
    symbolic = keras.tree.map_structure(
        lambda array: keras.KerasTensor((None, *array.shape[1:]), array.dtype.name), given.x
    )
    try:
        model(symbolic)
    except Exception as error:  # What users' models raise is not known.
        return f"The model cannot be built on these data: {said(error)}"
    return None


def said(error: Exception) -> str:
    """Returns an error's class and the line of its message that says most.

    Example:

    >>> said(ValueError("Too long."))
    'ValueError: Too long.'
    """
    text = re.sub(r"\x1b\[\d*m", "", str(error))
    lines = [line.strip() for line in text.splitlines()]
    telling = [line for line in lines if line and not line.startswith("Exception encountered")]
    return ": ".join([type(error).__name__, *telling[:1]])
