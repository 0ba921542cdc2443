"""Effective numbers of samples, which grow ever more slowly than the numbers of images."""

import numpy as np
from numpy.typing import ArrayLike


def effective_numbers(counts: ArrayLike, beta: float) -> np.ndarray:
    """Returns the effective number of samples of each class.

        E_n = (1 - beta^n) / (1 - beta)

    It is 1 for the first image of a class and at most `1 / (1 - beta)`: the more images there are,
    the more of a further one is in those before it.

    Args:
        counts: The number of images of each class, `n`.
        beta: Float in `[0, 1)`.

    Returns:
        float64 array of shape `(classes,)`.

    Example:

    >>> effective_numbers([1, 2, 10_000], beta=0.9).round(2).tolist()
    [1.0, 1.9, 10.0]

    Reference:
        Cui et al., 2019, https://arxiv.org/abs/1901.05555, equation 2.
    """
    n = np.asarray(counts, "float64")
    # Written with `expm1`, which is exact where beta is near 1.
    return -np.expm1(n * np.log(beta)) / (1 - beta) if beta else np.minimum(n, 1.0)


def effective_number_weights(counts: ArrayLike, beta: float) -> np.ndarray:
    """Returns the weight of each class in a class-balanced loss: `1 / E_n`, with a mean of 1.

    Args:
        counts: The number of images of each class. A class without images weighs as if it had one.
        beta: Float in `[0, 1)`.

    Returns:
        float64 array of shape `(classes,)`.

    Example:

    >>> effective_number_weights([10, 100], beta=0.9).round(2).tolist()
    [1.21, 0.79]

    Reference:
        Cui et al., 2019, https://arxiv.org/abs/1901.05555, section 4.
    """
    inverse = 1 / effective_numbers(np.maximum(counts, 1), beta)
    return inverse / inverse.mean()
