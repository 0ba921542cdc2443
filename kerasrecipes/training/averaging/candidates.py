"""Candidates of one run: weights that it went through, and averages of them."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from kerasrecipes.optimizers import EveryAverage, post_hoc_coefficients
from kerasrecipes.training.averaging.stored_weights import Stored, Weights, read_stored


class Candidate(NamedTuple):
    """Weights for a run's model.

    Args:
        name: What the table calls it.
        weights: The weights, with the statistics of normalization as they are.
        averaged: Whether they are an average, which statistics of raw weights may not suit.
    """

    name: str
    weights: Weights
    averaged: bool = True


def single_candidates(folder: Path, best: Candidate | None) -> list[Candidate]:
    """Returns what is there without any average: the last weights, and those of the best epoch."""
    (last,) = read_stored(folder, "last")
    named = Candidate(f"last, epoch {last.epoch}", last.weights, averaged=False)
    return [named] if best is None else [best, named]


def horizons(
    folder: Path, kept: EveryAverage, relative_widths: Iterable[float]
) -> Iterator[Candidate]:
    """Yields averages over several horizons, computed from those that are stored."""
    (last,) = read_stored(folder, "last")
    stored = [each for each in read_stored(folder, "averages") if each.step < last.step]
    times = [*stored, last]
    widths = [width for _ in times for width in kept.tracked_widths]
    steps = [time.step for time in times for _ in kept.tracked_widths]
    averages = [averaged for time in times for averaged in time.averages]
    for width in relative_widths:
        coefficients = post_hoc_coefficients(widths, steps, width)
        trainable = weighted_sum(averages, coefficients, like=last.weights.trainable)
        name = f"EMA of width {width:g}"
        yield Candidate(name, Weights(trainable, last.weights.statistics))


def tail(folder: Path) -> list[Stored]:
    """Returns the stored weights of the tail, from the first epoch to the last."""
    (last,) = read_stored(folder, "last")
    return [*(each for each in read_stored(folder, "weights") if each.step < last.step), last]


def mean_of(name: str, members: Sequence[Weights]) -> Candidate:
    """Returns the mean of weights, and of their statistics."""
    shares = np.full(len(members), 1 / len(members))
    first = members[0]
    return Candidate(
        name,
        Weights(
            weighted_sum([m.trainable for m in members], shares, like=first.trainable),
            weighted_sum([m.statistics for m in members], shares, like=first.statistics),
        ),
    )


def weighted_sum(
    arrays: Sequence[Sequence[np.ndarray]],
    coefficients: np.ndarray,
    like: Sequence[np.ndarray],
) -> list[np.ndarray]:
    """Returns a sum of lists of arrays, computed in float64, in the dtypes of the list `like`."""
    return [
        sum(c * a.astype("float64") for c, a in zip(coefficients, each, strict=True)).astype(
            typed.dtype
        )
        for each, typed in zip(zip(*arrays, strict=True), like, strict=True)
    ]
