"""Which images of a source's own splits make up train, validation and test."""

from collections.abc import Mapping, Sequence

import numpy as np

from kerasrecipes.data.splitting.stratified import examples_of_each_class, stratified_split


def assign_splits(
    labels: Mapping[str, np.ndarray],
    class_names: Sequence[str],
    *,
    validation_fraction: float,
    test_fraction: float | None,
    split_seed: int,
    examples_per_class: int | None,
) -> dict[str, tuple[str, np.ndarray]]:
    """Draws validation and test from train where the source has none, with every class's share.

    Args:
        labels: Dict from the splits that the source has, `"train"` among them, to integer labels.
        class_names: Sequence of strings.
        validation_fraction: Float in `(0, 1)`, of train. Not used where there is a validation
            split.
        test_fraction: `None`, or a float in `(0, 1)`, of train. Not used where there is a test
            split.
        split_seed: Non-negative integer.
        examples_per_class: `None`, or the number of images of each class to keep of train.

    Returns:
        A dict from split to the source's split that its images are from, and their indices there.

    Raises:
        ValueError: If a class has too few images.

    Example:

    >>> drawn = assign_splits({"train": np.arange(40) % 2}, ["a", "b"], validation_fraction=0.1,
    ...                     test_fraction=0.2, split_seed=0, examples_per_class=5)
    >>> {split: (origin, len(indices)) for split, (origin, indices) in drawn.items()}
    {'train': ('train', 10), 'validation': ('train', 4), 'test': ('train', 8)}
    """
    # Test first, so that it does not depend on the fraction for validation.
    fractions = {"test": test_fraction, "validation": validation_fraction}
    held_out = {
        split: fraction
        for split, fraction in fractions.items()
        if split not in labels and fraction is not None
    }
    *parts, train = stratified_split(
        labels["train"], list(held_out.values()), split_seed, class_names
    )
    if examples_per_class is not None:
        chosen = examples_of_each_class(
            labels["train"][train], examples_per_class, split_seed, class_names
        )
        train = train[chosen]
    drawn = {split: (split, np.arange(len(own))) for split, own in labels.items()}
    drawn |= {split: ("train", part) for split, part in zip(held_out, parts, strict=True)}
    drawn["train"] = ("train", train)
    return {split: drawn[split] for split in ("train", "validation", "test") if split in drawn}


def select_classes(
    labels: np.ndarray, class_names: Sequence[str], classes: Sequence[str]
) -> np.ndarray:
    """Returns the labels counted in the order of `classes`; -1 for images of other classes.

    Example:

    >>> select_classes(np.array([0, 1, 2]), ["a", "b", "c"], ["c", "a"]).tolist()
    [1, -1, 0]
    """
    renumbered = np.full(len(class_names), -1, np.int32)
    renumbered[[list(class_names).index(name) for name in classes]] = np.arange(len(classes))
    return renumbered[labels]


def check_every_class(labels: np.ndarray, class_names: Sequence[str], place: str) -> None:
    """Raises a `ValueError` unless there are training images of every class.

    Args:
        labels: Integer array, the labels of the images to train on.
        class_names: Sequence of strings.
        place: String, where the images are, for the error message.
    """
    counts = np.bincount(labels, minlength=len(class_names))
    if not counts.all():
        absent = class_names[int(np.argmin(counts))]
        raise ValueError(
            f"Every class of {place} must have training images. Received: none of class "
            f"{absent!r}. Add some, or choose others by `classes`."
        )
