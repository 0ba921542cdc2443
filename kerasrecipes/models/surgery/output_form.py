"""Form of a classifier's output: logits or probabilities."""

import keras
import numpy as np

_ACTIVATIONS = (keras.activations.softmax, keras.activations.sigmoid)


def gives_probabilities(model: keras.Model) -> bool:
    """Returns whether the last layer of a model, or of the models in it, ends in a softmax.

    Or in a sigmoid, as the last layer of two classes with one output may.
    """
    last = model.layers[-1]
    while getattr(last, "layers", None):
        last = last.layers[-1]
    activation = getattr(last, "activation", None)
    return isinstance(last, keras.layers.Softmax) or activation in _ACTIVATIONS


def are_distributions(outputs: np.ndarray) -> bool:
    """Returns whether each row, of two outputs or more, is a distribution over classes."""
    within = (outputs >= 0).all() and (outputs <= 1).all()
    return outputs.shape[-1] > 1 and bool(within and np.allclose(outputs.sum(-1), 1, atol=0.02))
