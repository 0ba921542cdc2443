"""L2 with the half that cancels in its gradient."""

import keras

from kerasrecipes.checks import check_number


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
