"""Stratified and seeded splits of labelled samples."""

from collections.abc import Sequence

import numpy as np


def stratified_split(
    labels: np.ndarray,
    fractions: Sequence[float],
    seed: int,
    class_names: Sequence[str],
) -> list[np.ndarray]:
    """Splits samples into a part for each fraction, and a last part with all other samples.

    A part gets `max(1, round(fraction * n))` of the `n` samples of each class. The parts are cut
    one after the other from one random order, so that a part depends on its own and the earlier
    fractions, but not on the later ones. The order is a function of `seed` and the number of
    samples; it is the same with every version of NumPy.

    Args:
        labels: Integer array of shape `(samples,)`, in `[0, len(class_names))`.
        fractions: Sequence of floats in `(0, 1)`, fractions of all samples.
        seed: Non-negative integer.
        class_names: Sequence of strings, for the error message.

    Returns:
        The indices of each part, as `len(fractions) + 1` ascending integer arrays.

    Raises:
        ValueError: If a class has too few samples to appear in every part.

    Example:

    >>> test, validation, train = stratified_split([0] * 10 + [1] * 5, [0.2, 0.1], 0, ["a", "b"])
    >>> len(test), len(validation), len(train)
    (3, 2, 10)

    Differs from `sklearn.model_selection.train_test_split(stratify=...)` in: every class appears in
    every part, however rare it is; each class is rounded by itself, so that classes of equal size
    stay equal, and the size of a part may be off by half a sample for each class.
    """
    labels = np.asarray(labels)
    order = _random_order(labels, seed)
    parts: list[list[np.ndarray]] = [[] for _ in range(len(fractions) + 1)]
    for label, name in enumerate(class_names):
        members = order[labels[order] == label]
        sizes = [max(1, round(fraction * len(members))) for fraction in fractions]
        if sum(sizes) >= len(members):
            listed = ", ".join(f"{fraction:g}" for fraction in fractions)
            raise ValueError(
                f"Every class must have enough images to appear in each of {len(parts)} splits "
                f"if the fractions {listed} are held out. Received: {len(members)} of class "
                f"{name!r}. Add images of it, hold out less, or leave it out by `classes`."
            )
        for part, chosen in zip(parts, np.split(members, np.cumsum(sizes)), strict=True):
            part.append(chosen)
    return [np.sort(np.concatenate(part)) for part in parts]


def examples_of_each_class(
    labels: np.ndarray, examples_per_class: int, seed: int, class_names: Sequence[str]
) -> np.ndarray:
    """Returns the ascending indices of `examples_per_class` random samples of each class.

    With the same seed, a smaller number chooses a subset of what a larger number chooses. So a
    curve over the number of examples adds samples and never exchanges them.

    Args:
        labels: Integer array of shape `(samples,)`, in `[0, len(class_names))`.
        examples_per_class: Positive integer.
        seed: Non-negative integer.
        class_names: Sequence of strings, for the error message.

    Raises:
        ValueError: If a class has fewer samples.

    Example:

    >>> len(examples_of_each_class([0, 0, 0, 1, 1], 2, seed=0, class_names=["a", "b"]))
    4
    """
    labels = np.asarray(labels)
    counts = np.bincount(labels, minlength=len(class_names))
    fewest = int(np.argmin(counts))
    if counts[fewest] < examples_per_class:
        raise ValueError(
            "`examples_per_class` must be at most the number of training images of the smallest "
            f"class, {counts[fewest]} of {class_names[fewest]!r}. "
            f"Received: examples_per_class={examples_per_class}"
        )
    order = _random_order(labels, seed)
    members = [order[labels[order] == label] for label in range(len(class_names))]
    return np.sort(np.concatenate([chosen[:examples_per_class] for chosen in members]))


def _random_order(labels: np.ndarray, seed: int) -> np.ndarray:
    # NumPy promises stable streams for bit generators, but not for `Generator.permutation`.
    return np.argsort(np.random.PCG64(seed).random_raw(len(labels)), kind="stable")
