"""Building of models, as `fit` does it."""

import keras

from kerasrecipes.diagnostics.facts import Given


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
        first = (str(error).strip().splitlines() or [""])[0]
        return f"The model cannot be built on these data: {type(error).__name__}: {first}"
    return None
