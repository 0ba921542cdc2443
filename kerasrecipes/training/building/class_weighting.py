"""Weights of the classes in the loss of a recipe."""

import numpy as np

from kerasrecipes.base.checks import nearest
from kerasrecipes.data.dataset import Dataset
from kerasrecipes.recipe.recipe import Recipe


def class_weights(recipe: Recipe, dataset: Dataset) -> dict[int, float] | None:
    """Returns the weight of each class in the loss, by label.

    With `"balanced"`, the weight of a class is `samples / (classes * samples of the class)`.

    Raises:
        ValueError: If the recipe has a weight for an unknown class.
    """
    weights = recipe.class_weight
    if weights is None:
        return None
    names = dataset.class_names
    if isinstance(weights, str):
        counts = np.bincount(dataset.train.labels, minlength=len(names))
        balanced = len(dataset.train) / (len(names) * np.maximum(counts, 1))
        return dict(enumerate(balanced.tolist()))
    for name in weights:
        if name not in names:
            raise ValueError(
                f"`class_weight` has an unknown class {name!r}.{nearest(name, names)} "
                f"Classes: {', '.join(names)}."
            )
    return {label: float(weights.get(name, 1.0)) for label, name in enumerate(names)}
