"""The elastic net with one strength."""

import keras

from kerasrecipes.base.checks import check_number


def elastic_net(strength: float, beta: float = 1.0) -> keras.regularizers.L1L2:
    """L1 and L2 together: a strength for both, and the share of L2.

        penalty = strength * sum(beta * w ** 2 + |w|)

    L1 alone sets weights to zero and picks one of several inputs that say the same; L2 spreads the
    weight over them.

    Args:
        strength: Float of at least 0, the lectures' lambda.
        beta: Float of at least 0. Weight of L2 next to that of L1; 0 for L1 alone.

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
    check_number("strength", strength, at_least=0)
    check_number("beta", beta, at_least=0)
    return keras.regularizers.L1L2(l1=strength, l2=strength * beta)


def half_l2(strength: float) -> keras.regularizers.L2:
    """L2 whose gradient is `strength * w`.

        penalty = strength / 2 * sum(w ** 2)

    With plain gradient descent at learning rate `r`, this shrinks weights by `r * strength` of
    themselves in each step, as decoupled weight decay of `strength` does. Keras's `L2(l2)` has no
    half, and shrinks them by twice as much.

    Args:
        strength: Float of at least 0, the lectures' lambda.

    Returns:
        A `keras.regularizers.L2` of half that factor.

    Raises:
        ValueError: If `strength` is negative.

    Example:

    >>> penalty = half_l2(0.1)
    >>> round(float(penalty(np.array([1.0, 2.0]))), 4), penalty.l2  # 0.1 / 2 * (1 + 4)
    (0.25, 0.05)
    """
    check_number("strength", strength, at_least=0)
    return keras.regularizers.L2(strength / 2)
