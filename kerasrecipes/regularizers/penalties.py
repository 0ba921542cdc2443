"""Textbook penalties on weights: half of the squares, and the elastic net."""

import keras

from kerasrecipes.base.checks import check_number


def elastic_net(factor: float, beta: float = 1.0) -> keras.regularizers.L1L2:
    """L1 and L2 penalties with a common factor.

        penalty = factor * sum(beta * w ** 2 + |w|)

    L1 alone sets weights to zero, and keeps one of several inputs that carry the same information.
    L2 spreads the weight over all of these inputs.

    Args:
        factor: Float of at least 0; lambda in most textbooks.
        beta: Float of at least 0. Weight of the L2 penalty relative to L1; 0 for L1 alone.

    Returns:
        A `keras.regularizers.L1L2`.

    Raises:
        ValueError: If an argument is negative.

    Example:

    >>> penalty = elastic_net(0.1, beta=0.5)
    >>> round(float(penalty(np.array([1.0, -2.0]))), 4)  # 0.1 * (0.5 * (1 + 4) + 1 + 2)
    0.55

    Reference:
        Zou and Hastie, 2005, https://doi.org/10.1111/j.1467-9868.2005.00503.x.
    """
    check_number("factor", factor, at_least=0)
    check_number("beta", beta, at_least=0)
    return keras.regularizers.L1L2(l1=factor, l2=factor * beta)


def half_l2(factor: float) -> keras.regularizers.L2:
    """L2 penalty with a half, so that its gradient is `factor * w`.

        penalty = factor / 2 * sum(w ** 2)

    In plain gradient descent at learning rate `r`, each step subtracts `r * factor * w` from the
    weights, as decoupled weight decay of `factor` does. Keras's `L2(l2)` has no half, and subtracts
    twice as much.

    Args:
        factor: Float of at least 0; lambda in most textbooks.

    Returns:
        A `keras.regularizers.L2` with `l2=factor / 2`.

    Raises:
        ValueError: If `factor` is negative.

    Example:

    >>> penalty = half_l2(0.1)
    >>> round(float(penalty(np.array([1.0, 2.0]))), 4), penalty.l2  # 0.1 / 2 * (1 + 4)
    (0.25, 0.05)
    """
    check_number("factor", factor, at_least=0)
    return keras.regularizers.L2(factor / 2)
