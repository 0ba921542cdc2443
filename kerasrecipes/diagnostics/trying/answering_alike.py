"""Losses of models that give all samples the same answer."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class ConstantAnswers:
    """Losses of models that give all samples the same answer.

    Args:
        unknowing: Of one that has not seen the targets; `None` if the loss does not say.
        by: How `unknowing` is found, in words.
        best: The least loss of one that has seen them; it may answer otherwise at each position
            within a sample.
        least: The least loss of any model.
    """

    unknowing: float | None = None
    by: str = ""
    best: float | None = None
    least: float = 0.0


def constant_answers(kind: str, targets: np.ndarray, classes: int | None) -> ConstantAnswers:
    """Returns losses of models that give all samples the same answer.

    Args:
        kind: The loss's canonical name, as in `record.Loss`.
        targets: Array whose first axis counts samples.
        classes: The size of the output's last axis.

    Example:

    >>> found = constant_answers("sparse_categorical_crossentropy", np.array([0, 0, 0, 1]), 3)
    >>> found.by, round(found.unknowing, 3), round(found.best, 3)
    ('ln 3', 1.099, 0.562)
    """
    targets = np.asarray(targets)
    if kind not in _KINDS or not targets.size or targets.dtype.kind not in "biuf":
        return ConstantAnswers()
    targets = targets.astype("float64")
    return _KINDS[kind](targets, classes) if np.isfinite(targets).all() else ConstantAnswers()


def _sparse(targets: np.ndarray, classes: int | None) -> ConstantAnswers:
    if not classes or classes < 2:
        return ConstantAnswers()
    shares = [(targets == value).mean(axis=0) for value in np.unique(targets)]
    best = float(np.mean(sum(_entropy(share) for share in shares)))
    return ConstantAnswers(math.log(classes), f"ln {classes}", best)


def _categorical(targets: np.ndarray, classes: int | None) -> ConstantAnswers:
    if not classes or classes < 2 or targets.min() < 0 or targets.shape[-1] != classes:
        return ConstantAnswers()
    best = float(np.mean(_entropy(targets.mean(axis=0)).sum(axis=-1)))
    least = float(np.mean(_entropy(targets).sum(axis=-1)))
    return ConstantAnswers(math.log(classes), f"ln {classes}", best, least)


def _binary(targets: np.ndarray, classes: int | None) -> ConstantAnswers:
    if targets.min() < 0 or targets.max() > 1:
        return ConstantAnswers()
    least, best = (
        float(np.mean(_entropy(p) + _entropy(1 - p))) for p in (targets, targets.mean(axis=0))
    )
    return ConstantAnswers(math.log(2), "ln 2", best, least)


def _squared(targets: np.ndarray, classes: int | None) -> ConstantAnswers:
    best = float(targets.var(axis=0).mean())
    return ConstantAnswers(float(targets.var()), "the targets' variance", best)


def _absolute(targets: np.ndarray, classes: int | None) -> ConstantAnswers:
    overall = float(np.abs(targets - np.median(targets)).mean())
    best = float(np.abs(targets - np.median(targets, axis=0)).mean())
    return ConstantAnswers(overall, "the targets' mean distance from their median", best)


def _entropy(probability) -> np.ndarray:
    return -probability * np.log(np.where(probability > 0, probability, 1.0))


_KINDS: dict[str, Callable[[np.ndarray, int | None], ConstantAnswers]] = {
    "sparse_categorical_crossentropy": _sparse,
    "categorical_crossentropy": _categorical,
    "binary_crossentropy": _binary,
    "mean_squared_error": _squared,
    "mean_absolute_error": _absolute,
}
