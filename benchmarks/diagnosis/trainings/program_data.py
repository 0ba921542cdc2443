"""The data of real programs: made anew, scaled and encoded as their facts say."""

import numpy as np

from diagnosis.trainings import images, program_tables

IMAGES = {
    "digits": images.large_digits,
    "cifar10": images.pictures,
    "photographs": images.photographs,
    "small_digits": images.small_digits,
    "small_pictures": images.small_pictures,
}


def made(facts: dict, samples: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Returns inputs and targets.

    Args:
        facts: What they are: `"make"` names a function of `program_tables`, or one of `IMAGES`.
        samples: How many are drawn, those for validation included.
        seed: Of the numbers that are drawn.
    """
    make = IMAGES.get(facts["make"]) or getattr(program_tables, facts["make"])
    x, y = make(np.random.default_rng(seed), facts | {"samples": samples})
    x = np.asarray(x, "float32" if np.max(np.abs(x)) < 1e7 else "float64")
    if facts.get("row_sum"):
        y = y / y.sum(1, keepdims=True)
    if "minmax_inputs" in facts:
        x = _spanned(x, *facts["minmax_inputs"])
    if "minmax" in facts:
        y = _spanned(y, *facts["minmax"])
    if facts.get("standardized") or facts.get("inputs_standardized"):
        x = _standardized(x)
    if facts.get("targets_standardized"):
        y = _standardized(y)
    if facts.get("shuffled"):
        order = np.random.default_rng(seed).permutation(len(x))
        x, y = x[order], y[order]
    if facts.get("one_hot"):
        y = np.eye(facts.get("classes", y.max() + 1), dtype="float32")[y]
    if "shape" in facts:
        x = x.reshape(-1, *facts["shape"])
    return x.astype("float32"), y


def _standardized(values):
    deviation = values.std(0)
    return (values - values.mean(0)) / np.where(deviation > 0, deviation, 1)


def _spanned(values, low, high):
    return low + (high - low) * (values - values.min(0)) / np.ptp(values, axis=0)
