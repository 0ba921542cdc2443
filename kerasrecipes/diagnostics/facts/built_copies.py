"""Built copies of models that are not built."""

import random

import keras


def built_copy(model, x):
    """Returns a copy of a model that is not built, for such inputs; the model itself if it is.

    A sequential model without `keras.Input` is built by its first batch. The copy has the same
    layers, with weights of the same distributions; the model, and random states, stay as they are.

    Args:
        model: A Keras model. One that cannot be copied is returned itself.
        x: Inputs as the model takes them, or `None`.
    """
    if model.built or x is None or not isinstance(model, keras.Sequential):
        return model
    state = random.getstate()  # Seeds of initializers and dropout are drawn from it.
    try:
        copied = keras.models.clone_model(model)
        copied.build((None, *keras.tree.flatten(x)[0].shape[1:]))
    except Exception:  # What users' layers raise is not known.
        return model
    finally:
        random.setstate(state)
    return copied if copied.built else model
