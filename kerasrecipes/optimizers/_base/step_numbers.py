"""Numbers that depend on nothing but the step, to full precision also in float32."""

import math

from keras import ops


def step_dtype(variable) -> str:
    """Returns the dtype in which a variable's step numbers are computed: float32 at least.

    bfloat16 cannot tell steps beyond 256 apart, nor most powers of 0.999.
    """
    return "float64" if "float64" in str(variable.dtype) else "float32"


def is_readable(number) -> bool:
    """Returns whether the value of a PyTorch tensor can be read at no cost.

    It lies in the CPU's memory, so that reading it waits for no GPU, and PyTorch is not compiling,
    which it would do anew for each value. An optimizer may then hand the value as a Python number
    to `torch._foreach_*` functions that take no tensor, which saves operations.
    """
    import torch

    return number.device.type == "cpu" and not torch.compiler.is_compiling()


def last_gradient(update, gradient_accumulation_steps: int | None):
    """Returns the number, from 0, of the last gradient of an update.

    Keras calls schedules with numbers of gradients, which are batches, and so do options in steps
    that are to go with a schedule. `Optimizer.iterations` is the number of updates.
    """
    if not gradient_accumulation_steps:
        return update
    return (update + 1) * gradient_accumulation_steps - 1


def bias_correction(beta: float, step):
    """Returns `1 - beta ** step`; computed as written, it would lose four digits at the start."""
    return -ops.expm1(step * _log(beta))


def rectification(beta: float, step, threshold: float):
    """Returns whether RAdam's variance is tractable, and its rectification where it is.

    `rho = rho_inf - 2 step beta ** step / (1 - beta ** step)` is a small difference of two numbers
    around 2000. With `x = -step log(beta)` it can be written as a sum of terms of the same sign:

        rho = (rho_inf - 2 / -log(beta)) + 2 / -log(beta) (1 - x / (exp(x) - 1))

    Args:
        beta: Float in `[0, 1)`. Decay per step of the second moment.
        step: Float tensor. Number of the step, from 1.
        threshold: Float of at least 4. The variance is tractable where `rho` is greater.

    Returns:
        A Boolean tensor and a float tensor. The float is 1 where the Boolean is false.
    """
    limit = 2 / (1 - beta) - 1
    if limit <= threshold:
        return ops.zeros_like(step, dtype="bool"), ops.ones_like(step)
    rate = -_log(beta)
    rho = (limit - 2 / rate) + 2 / rate * _one_minus_bernoulli(step * rate)
    tractable = rho > threshold
    rho = ops.where(tractable, rho, limit)  # Keeps the square root below real.
    factor = (limit / (limit - 4) / (limit - 2)) * (rho - 4) * (rho - 2) / rho
    return tractable, ops.sqrt(factor)


def _one_minus_bernoulli(x):
    """Returns `1 - x / (exp(x) - 1)` for positive `x`."""
    square = x * x
    series = x / 2 - square / 12 + square * square / 720 - square * square * square / 30240
    return ops.where(x < 0.05, series, 1 - x / ops.expm1(x))


def _log(beta: float) -> float:
    return math.log(beta) if beta > 0 else -math.inf
