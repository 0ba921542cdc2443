"""Disagreement of models: what an ensemble lives on."""

from collections.abc import Sequence

import numpy as np


def disagreement(probabilities: Sequence[np.ndarray]) -> np.ndarray:
    """Returns the share of samples to which two models give different classes, for each pair.

    Members that never disagree are one model: their mean gains nothing.

    Args:
        probabilities: An array `(samples, classes)` for each model, of the same samples.

    Returns:
        A symmetric float array of shape `(models, models)`, 0 on its diagonal.

    Raises:
        ValueError: If there are no models.

    Example:

    >>> one, other = np.array([[0.9, 0.1], [0.2, 0.8]]), np.array([[0.8, 0.2], [0.6, 0.4]])
    >>> disagreement([one, other]).tolist()
    [[0.0, 0.5], [0.5, 0.0]]

    Reference:
        Fort et al., 2019, https://arxiv.org/abs/1912.02757, section 3. Differs from it in: it is
        not divided by the error.
    """
    if not len(probabilities):
        raise ValueError("There must be models to compare. Received: none")
    classes = np.stack([np.argmax(of_model, axis=-1) for of_model in probabilities])
    return (classes[:, None] != classes).mean(-1)
