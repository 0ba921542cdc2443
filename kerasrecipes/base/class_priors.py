"""Priors of classes, from frequencies or from numbers of samples."""

import numpy as np
from numpy.typing import ArrayLike


def checked_priors(priors: ArrayLike) -> np.ndarray:
    """Returns priors that sum to 1, from frequencies or from numbers of samples.

    Args:
        priors: A positive number for each class.

    Raises:
        ValueError: If there are not at least two, or one is not positive and finite.

    Example:

    >>> checked_priors([30, 10]).tolist()
    [0.75, 0.25]
    """
    values = np.asarray(priors, "float64")
    if values.ndim != 1 or len(values) < 2:
        raise ValueError(
            "`priors` must be a number for each class, of at least two classes. "
            f"Received: shape {values.shape}"
        )
    if not (np.isfinite(values).all() and (values > 0).all()):
        raise ValueError(
            "`priors` must be positive: every class must have an image in training. Add images, or "
            f"leave the class out of the data. Received: {values.min():g} for class "
            f"{int(np.argmin(values))}"
        )
    return values / values.sum()
