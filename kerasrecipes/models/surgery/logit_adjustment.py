"""Logit adjustment of a trained model: its logits less the logarithms of the classes' priors."""

import keras
import numpy as np
from numpy.typing import ArrayLike

from kerasrecipes.base.checks import check_number
from kerasrecipes.base.class_priors import checked_priors
from kerasrecipes.models.surgery.output_form import gives_probabilities


def with_logit_adjustment(model: keras.Model, priors: ArrayLike, tau: float = 1.0) -> keras.Model:
    """Returns a model that judges images as if every class were equally frequent.

        logits_c - tau log prior_c

    It is for a model that was trained with a plain cross-entropy on uneven classes, whose logits
    contain how frequent each class was. It is not for one that was trained with weights, with a
    sampler or with `LogitAdjustedCrossentropy`: there nothing is left to subtract. The layer is one
    of Keras's own, so that the model can be saved and exported.

    Args:
        model: A functional or sequential model with one input and one output, which returns logits.
        priors: The number of training images of each class, or its frequency; positive numbers.
        tau: Float of at least 0. With 1, the probabilities are Bayes's for equally frequent
            classes. Another one has to be chosen on validation images.

    Returns:
        A `keras.Model` with the same input and output, which is not compiled and shares the
        weights.

    Raises:
        ValueError: If a prior is not positive, there are not as many as classes, or the model
            returns probabilities.

    Example:

    >>> model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2)])
    >>> adjusted = with_logit_adjustment(model, priors=[900, 100])
    >>> zeros = np.zeros((1, 4), "float32")  # Of which the logits are 0.
    >>> [round(float(p), 2) for p in ops.softmax(adjusted(zeros))[0]]
    [0.1, 0.9]

    Reference:
        Menon et al., 2021, https://arxiv.org/abs/2007.07314, equation 9.
    """
    check_number("tau", tau, at_least=0)
    shift = tau * np.log(checked_priors(priors))
    classes = model.output_shape[-1]
    if len(shift) != classes:
        raise ValueError(
            f"`priors` must have one number for each of the {classes} classes. "
            f"Received: {len(shift)} numbers"
        )
    if gives_probabilities(model):
        raise ValueError(
            "Logits are adjusted: `model` must not end in a softmax or a sigmoid. "
            f"Received: {model.name!r}"
        )
    inputs = model.inputs[0]
    # A loaded model may return a list of one output.
    (logits,) = keras.tree.flatten(model(inputs))
    adjusted = keras.layers.Normalization(
        mean=shift.tolist(), variance=[1.0] * classes, dtype="float32", name="logit_adjustment"
    )(logits)
    return keras.Model(inputs, adjusted, name=model.name)
