"""Calls of a model in inference that leave its variables as they are, on three backends."""

import keras


def state_of(model: keras.Model) -> tuple:
    """Returns the values of the variables, which JAX is to take as arguments, not as constants."""
    if keras.backend.backend() != "jax":
        return ()
    own = (model.trainable_variables, model.non_trainable_variables)
    return tuple([v.value for v in variables] for variables in own)


def called(model: keras.Model, state: tuple, batch):
    """Returns the outputs of a built model in inference. What the call would assign is dropped.

    Args:
        model: The model.
        state: What `state_of` returned, perhaps as tensors that are traced.
        batch: What the model takes.
    """
    variables = model.trainable_variables, model.non_trainable_variables
    pairs = [
        pair
        for own, values in zip(variables, state, strict=False)
        for pair in zip(own, values, strict=True)
    ]
    with keras.StatelessScope(state_mapping=pairs):
        return model(batch, training=False)
