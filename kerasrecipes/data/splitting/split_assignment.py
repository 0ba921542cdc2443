"""Assignment of a source's images to train, validation and test."""

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
    """Assigns images to splits. A split that the source lacks is taken from its training images.

    It gets the same fraction of every class.

    Args:
        labels: Dict from the splits that the source has, `"train"` among them, to integer labels.
        class_names: Sequence of strings.
        validation_fraction: Float in `(0, 1)`, a fraction of the training images. Not used if the
            source has a validation split.
        test_fraction: `None`, or a float in `(0, 1)`, a fraction of the training images. Not used
            if the source has a test split.
        split_seed: Non-negative integer.
        examples_per_class: `None`, or the number of training images of each class to keep.

    Returns:
        A dict from split to a pair: the source's split that the images come from, and their indices
        in it.

    Raises:
        ValueError: If a class has too few images.

    Example:

    >>> assigned = assign_splits({"train": np.arange(40) % 2}, ["a", "b"], validation_fraction=0.1,
    ...                          test_fraction=0.2, split_seed=0, examples_per_class=5)
    >>> {split: (origin, len(indices)) for split, (origin, indices) in assigned.items()}
    {'train': ('train', 10), 'validation': ('train', 4), 'test': ('train', 8)}
    """
    # The test split comes first, so that it does not depend on `validation_fraction`.
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
    assigned = {split: (split, np.arange(len(own))) for split, own in labels.items()}
    assigned |= {split: ("train", part) for split, part in zip(held_out, parts, strict=True)}
    assigned["train"] = ("train", train)
    order = ("train", "validation", "test")
    return {split: assigned[split] for split in order if split in assigned}


def select_classes(
    labels: np.ndarray, class_names: Sequence[str], classes: Sequence[str]
) -> np.ndarray:
    """Returns labels as indices into `classes`; -1 for images of other classes.

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
        labels: Integer array, the labels of the training images.
        class_names: Sequence of strings.
        place: The name of the data set, for the error message.
    """
    counts = np.bincount(labels, minlength=len(class_names))
    if not counts.all():
        absent = class_names[int(np.argmin(counts))]
        raise ValueError(
            f"Every class of {place} must have training images. Received: none of class "
            f"{absent!r}. Add some, or leave the class out by `classes`."
        )
