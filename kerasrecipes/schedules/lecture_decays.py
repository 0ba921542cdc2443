"""Exponential decay and 1/t decay as textbooks write them, made of Keras's schedules."""

import math

import keras

from kerasrecipes.base.checks import check_integer, check_number


def exponential_decay(
    initial_learning_rate: float, k: float, period_steps: int = 1
) -> keras.optimizers.schedules.ExponentialDecay:
    """Exponential decay with a rate constant.

        learning_rate = initial_learning_rate * exp(-k t)

    The time `t = step / period_steps` counts periods: steps by default, epochs if a period is one
    epoch long.

    When to use: where the length of the run is open, or old runs are continued. The rate falls
    without end; after `1 / k` periods it is at 37% of its first value.

    Args:
        initial_learning_rate: Positive float. Learning rate at step 0.
        k: Positive float, per period.
        period_steps: Positive integer. Defaults to `1`. In a recipe, `period_epochs=1` counts time
            in epochs.

    Returns:
        A `keras.optimizers.schedules.ExponentialDecay` with `decay_rate=exp(-1)` and
        `decay_steps=period_steps / k`. A `decay_rate` near 1, such as `exp(-k)` with a period of
        one step, would be rounded to float32 and then raised to a high power.

    Example:

    >>> schedule = exponential_decay(0.1, k=0.5, period_steps=100)
    >>> [round(float(schedule(step)), 6) for step in (0, 100, 200)]
    [0.1, 0.060653, 0.036788]
    """
    _check(initial_learning_rate, period_steps)
    check_number("k", k, above=0)
    return keras.optimizers.schedules.ExponentialDecay(
        float(initial_learning_rate), decay_steps=period_steps / k, decay_rate=math.exp(-1)
    )


def percent_decay(
    initial_learning_rate: float, percent: float, period_steps: int = 1
) -> keras.optimizers.schedules.ExponentialDecay:
    """Exponential decay by a percentage in each period.

        learning_rate = initial_learning_rate * (1 - percent / 100) ** t

    The time `t = step / period_steps` counts periods: steps by default, epochs if a period is one
    epoch long.

    Args:
        initial_learning_rate: Positive float. Learning rate at step 0.
        percent: Float in `(0, 100)`. How much the learning rate falls within one period.
        period_steps: Positive integer. Defaults to `1`. In a recipe, `period_epochs=1` counts time
            in epochs.

    Returns:
        `exponential_decay` with `k = -log(1 - percent / 100)`.

    Example:

    >>> schedule = percent_decay(0.1, percent=5, period_steps=100)
    >>> [round(float(schedule(step)), 6) for step in (0, 100, 200)]
    [0.1, 0.095, 0.09025]
    """
    check_number("percent", percent, above=0, below=100)
    return exponential_decay(initial_learning_rate, -math.log1p(-percent / 100), period_steps)


def inverse_time_decay(
    initial_learning_rate: float, k: float, period_steps: int = 1
) -> keras.optimizers.schedules.InverseTimeDecay:
    """Decay in proportion to 1/t.

        learning_rate = initial_learning_rate / (1 + k t)

    The time `t = step / period_steps` counts periods: steps by default, epochs if a period is one
    epoch long.

    When to use: where theory asks for it. The sum of the rates diverges, and the sum of their
    squares converges: these conditions suffice for stochastic gradient descent to converge on
    convex losses, but are not necessary.

    Args:
        initial_learning_rate: Positive float. Learning rate at step 0.
        k: Positive float, per period. After `1 / k` periods the rate has fallen to a half.
        period_steps: Positive integer. Defaults to `1`. In a recipe, `period_epochs=1` counts time
            in epochs.

    Returns:
        A `keras.optimizers.schedules.InverseTimeDecay`.

    Example:

    >>> schedule = inverse_time_decay(0.1, k=0.5, period_steps=100)
    >>> [round(float(schedule(step)), 6) for step in (0, 200, 600)]
    [0.1, 0.05, 0.025]
    """
    _check(initial_learning_rate, period_steps)
    check_number("k", k, above=0)
    return keras.optimizers.schedules.InverseTimeDecay(
        float(initial_learning_rate), decay_steps=period_steps, decay_rate=float(k)
    )


def _check(initial_learning_rate: float, period_steps: int) -> None:
    check_number("initial_learning_rate", initial_learning_rate, above=0)
    check_integer("period_steps", period_steps, at_least=1)
