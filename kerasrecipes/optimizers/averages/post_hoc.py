"""Averages of any horizon, computed after the training from those of a few that were stored."""

from collections.abc import Iterator, Sequence

import numpy as np

from kerasrecipes.base.checks import check_number
from kerasrecipes.optimizers.averages.power_average import power_of_width

# So many steps are summed up at once: a long training's profiles would fill the memory.
_AT_ONCE = 2**16


def post_hoc_coefficients(
    widths: Sequence[float], steps: Sequence[int], relative_width: float, step: int | None = None
) -> np.ndarray:
    """Returns the coefficients that make the average of one width of stored ones of others.

    Each average is a weighted sum of the weights after all steps. Its profile, the weights in that
    sum, is known: the `PowerAverage` of exponent `gamma` after step `t` gives the weights after
    step `s` the share `(s ** (gamma + 1) - (s - 1) ** (gamma + 1)) / t ** (gamma + 1)`. The
    coefficients are those whose combined profile is nearest, by least squares over all steps, to
    that of the wanted width. They add up to 1, and may be negative.

    Args:
        widths: The relative width of each stored average.
        steps: The number of updates after which it was stored.
        relative_width: Float in `(0, 0.288]`. The width that is wanted.
        step: The number of updates after which it is wanted. Defaults to the last of `steps`.

    Returns:
        float64 array, a coefficient for each stored average.

    Raises:
        ValueError: If there are no stored averages, or not as many widths as steps.

    Example:

    >>> post_hoc_coefficients([0.05, 0.1], [100, 100], 0.07).round(2).tolist()
    [0.48, 0.52]

    Reference:
        Karras et al., 2023, https://arxiv.org/abs/2312.02696, section 3.2 and appendix C. Differs
        from it in: profiles are those of the steps, not of continuous time, and the coefficients
        add up to 1.
    """
    check_number("relative_width", relative_width, above=0, at_most=0.288)
    if not len(steps) or len(widths) != len(steps):
        raise ValueError(
            "There must be stored averages, with a width and a step each. Received: "
            f"{len(widths)} widths and {len(steps)} steps"
        )
    gram, products, _ = _inner_products(widths, steps, relative_width, step)
    count = len(steps)
    # Lagrange's system: the least squares, and a sum of 1. Profiles that are nearly alike make it
    # nearly singular, so that the smallest solution is taken.
    system = np.ones((count + 1, count + 1))
    scale = np.trace(gram) / count
    system[:count, :count], system[count, count] = gram / scale, 0
    found, *_ = np.linalg.lstsq(system, np.append(products / scale, 1), rcond=1e-12)
    return found[:count]


def profile_error(
    widths: Sequence[float], steps: Sequence[int], relative_width: float, step: int | None = None
) -> float:
    """Returns how far the combined profile is from the wanted one, relative to its norm.

    0 means that the average is exact, 1 that it has nothing to do with the wanted one.

    Args:
        widths: As in `post_hoc_coefficients`.
        steps: Likewise.
        relative_width: Likewise.
        step: Likewise.
    """
    found = post_hoc_coefficients(widths, steps, relative_width, step)
    gram, products, square = _inner_products(widths, steps, relative_width, step)
    return float(np.sqrt(max(found @ gram @ found - 2 * found @ products + square, 0) / square))


def _inner_products(
    widths: Sequence[float], steps: Sequence[int], width: float, step: int | None
) -> tuple[np.ndarray, np.ndarray, float]:
    """Returns those of the stored profiles with each other, with the wanted one, and its own."""
    exponents = [power_of_width(each) for each in (*widths, width)]
    ends = [*steps, max(steps) if step is None else step]
    total = sum(part @ part.T for part in _profiles(exponents, ends))
    return total[:-1, :-1], total[:-1, -1], float(total[-1, -1])


def _profiles(exponents: Sequence[float], ends: Sequence[int]) -> Iterator[np.ndarray]:
    """Yields the shares of steps in each average, `(averages, steps)`, some steps at a time."""
    power, end = np.array(exponents)[:, None] + 1, np.array(ends, "float64")[:, None]
    for first in range(0, max(ends), _AT_ONCE):
        s = np.arange(first, min(first + _AT_ONCE, max(ends)), dtype="float64") + 1
        # (s / t) ** p (1 - (1 - 1 / s) ** p), which does not overflow and loses no digits.
        with np.errstate(divide="ignore"):  # At the first step, the second factor is 1.
            share = (s / end) ** power * -np.expm1(power * np.log1p(-1 / s))
        yield np.where(s <= end, share, 0.0)
