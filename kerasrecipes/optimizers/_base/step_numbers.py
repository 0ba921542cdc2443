"""Numbers that depend on the step alone, to full precision also in float32."""

import math

from keras import ops


def step_dtype(variable) -> str:
    """Returns the type to compute such numbers in: never less than float32.

    In bfloat16 steps beyond 256 are equal, and so are most powers of 0.999.
    """
    return "float64" if "float64" in str(variable.dtype) else "float32"


def bias_correction(beta: float, step):
    """Returns `1 - beta ** step`, of which the plain formula loses four digits at the start."""
    return -ops.expm1(step * _log(beta))


def rectification(beta: float, step, threshold: float):
    """Returns whether RAdam's variance is tractable, and then its rectification.

    `rho = rho_inf - 2 step beta ** step / (1 - beta ** step)` is a small difference of numbers
    around 2000. With `x = -step log(beta)` it is, term by term of one sign,

        rho = (rho_inf - 2 / -log(beta)) + 2 / -log(beta) (1 - x / (exp(x) - 1))

    Args:
        beta: Float in `[0, 1)`. Decay per step of the second moment.
        step: Float tensor. Number of the step, from 1.
        threshold: Float, at least 4. What `rho` must be above.

    Returns:
        A Boolean and a float tensor; the float is 1 where the Boolean is false.
    """
    limit = 2 / (1 - beta) - 1
    if limit <= threshold:
        return ops.zeros_like(step, dtype="bool"), ops.ones_like(step)
    rate = -_log(beta)
    rho = (limit - 2 / rate) + 2 / rate * _one_minus_bernoulli(step * rate)
    tractable = rho > threshold
    rho = ops.where(tractable, rho, limit)  # No square root of what is negative.
    factor = (limit / (limit - 4) / (limit - 2)) * (rho - 4) * (rho - 2) / rho
    return tractable, ops.sqrt(factor)


def _one_minus_bernoulli(x):
    """Returns `1 - x / (exp(x) - 1)` for positive `x`."""
    square = x * x
    series = x / 2 - square / 12 + square * square / 720 - square * square * square / 30240
    return ops.where(x < 0.05, series, 1 - x / ops.expm1(x))


def _log(beta: float) -> float:
    return math.log(beta) if beta > 0 else -math.inf
