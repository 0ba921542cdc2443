"""Piecewise schedules: each piece goes from one value to another."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from keras import ops

from kerasrecipes.base.checks import check_integer, check_number


def _linear(elapsed, remaining):
    return remaining, elapsed


def _cosine(elapsed, remaining):
    # (1 - cos(pi x)) / 2 = sin(pi x / 2) ** 2, which loses nothing to cancellation near 0.
    return ops.square(ops.sin(np.pi / 2 * remaining)), ops.square(ops.sin(np.pi / 2 * elapsed))


def _one_minus_sqrt(elapsed, remaining):
    root = ops.sqrt(elapsed)
    return remaining / (1 + root), root


# Functions of two fractions of a piece, elapsed and remaining, that return the weights of its first
# and of its last value. The remaining fraction is not computed as a difference of floats, so that a
# last value a million times smaller than the first one is reached with all its digits.
SHAPES = {"linear": _linear, "cosine": _cosine, "one_minus_sqrt": _one_minus_sqrt}


class Piece(NamedTuple):
    """A part of a schedule, from one step to another; afterwards it stays at its last value."""

    begin: int
    end: int
    first: float
    last: float
    shape: str = "linear"

    def value(self, step):
        """Returns the value at `step`, a tensor, in float32."""
        steps = self.end - self.begin
        elapsed = ops.clip(step - self.begin, 0, steps)
        of_first, of_last = SHAPES[self.shape](
            ops.cast(elapsed, "float32") / steps, ops.cast(steps - elapsed, "float32") / steps
        )
        return self.first * of_first + self.last * of_last


def piecewise(step, pieces: Sequence[Piece]):
    """Returns the value at `step` of a schedule of several pieces, in float32.

    Between two pieces the schedule keeps the last value of the earlier one.

    Args:
        step: Integer or float, or a tensor of one or several steps.
        pieces: In order of their steps. Pieces without length are ignored.
    """
    # Steps are compared in their own dtype: float32 cannot tell those beyond 2**24 apart.
    step = ops.convert_to_tensor(step)
    first, *others = (piece for piece in pieces if piece.end > piece.begin)
    value = first.value(step)
    for piece in others:
        value = ops.where(step >= piece.begin, piece.value(step), value)
    return value


def phase_steps(
    name: str, total_steps: int, steps: int | None, fraction: float | None, default: float
) -> int:
    """Returns the length in steps of the phase `name`.

    Args:
        name: Of the phase, for errors.
        total_steps: Length of the schedule.
        steps: Length of the phase, or `None`.
        fraction: Length of the phase as a fraction of `total_steps`, or `None`.
        default: The fraction if neither is given.

    Raises:
        ValueError: If both are given, or either is out of range.
    """
    if steps is not None and fraction is not None:
        raise ValueError(
            f"Give `{name}_steps` or `{name}_fraction`, not both. "
            f"Received: {name}_steps={steps}, {name}_fraction={fraction}"
        )
    if steps is not None:
        check_integer(f"{name}_steps", steps, at_least=0)
        return steps
    if fraction is not None:
        check_number(f"{name}_fraction", fraction, at_least=0, below=1)
    return round((default if fraction is None else fraction) * total_steps)
