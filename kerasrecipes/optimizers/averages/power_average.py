"""Average of weights by a power of the step."""

import functools

import keras
import numpy as np
from keras import ops

from kerasrecipes.base.checks import check_number
from kerasrecipes.optimizers.averages.weight_average import WeightAverage


@keras.saving.register_keras_serializable(package="kerasrecipes")
class PowerAverage(WeightAverage):
    """Average of weights whose profile is a power of the step: one horizon for every length.

    The weights after update `s` have, in the average after update `t`, a weight in proportion to
    `s ** gamma`, so that the average always reaches back over the same part of the training:

        a += (1 - (1 - 1 / t) ** (gamma + 1)) * (w - a)

    `gamma` follows from the width, the standard deviation of the profile in units of `t`:
    `relative_width ** 2 = (gamma + 1) / ((gamma + 2) ** 2 * (gamma + 3))`. A width of 0.1 has
    `gamma = 6.94`; its mean lies 11% of the training before the end.

    From the averages of two widths at several times, that of any width can be computed after the
    training: see `EveryAverage`.

    Args:
        relative_width: Float in `(0, 0.288]`. The width, as a part of the training so far. Defaults
            to `0.1`.

    Raises:
        ValueError: If `relative_width` is outside `(0, 0.288]`. The mean of all steps has 0.289.

    Example:

    >>> average = PowerAverage(0.1)
    >>> round(average.exponent, 2)
    6.94
    >>> [round(float(average.coefficient(ops.array(float(t)))), 3) for t in (1, 2, 100)]
    [1.0, 0.996, 0.077]

    Reference:
        Karras et al., 2023, https://arxiv.org/abs/2312.02696, section 3.1 and appendix C.
    """

    def __init__(self, relative_width: float = 0.1):
        check_number("relative_width", relative_width, above=0, at_most=0.288)
        self.relative_width = relative_width

    @property
    def label(self):
        return f"EMA of width {self.relative_width:g}"

    @property
    def exponent(self) -> float:
        """The exponent `gamma` of the profile."""
        return power_of_width(self.relative_width)

    def coefficient(self, step):
        # 1 - (1 - 1 / t) ** p, which loses no digits where t is large.
        shrunk = ops.log1p(-1 / ops.maximum(step, 2)) * (self.exponent + 1)
        return ops.where(step <= 1, ops.ones_like(step), -ops.expm1(shrunk))

    def get_config(self):
        return {"relative_width": self.relative_width}


@functools.cache  # Eager PyTorch asks for it at every step.
def power_of_width(width: float) -> float:
    """Returns the exponent of the profile with a relative width: the root of a cubic."""
    inverse = width**-2
    roots = np.roots([1, 7, 16 - inverse, 12 - inverse])
    return float(max(roots.real))
