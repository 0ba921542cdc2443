"""Weights of the classes in the loss of a recipe."""

import numpy as np

from kerasrecipes.base.checks import nearest
from kerasrecipes.data.balancing.effective_sample_numbers import effective_number_weights
from kerasrecipes.data.dataset import Dataset
from kerasrecipes.recipe.recipe import Recipe

# The authors choose among 0.9, 0.99, 0.999 and 0.9999.
BETA = 0.999


def class_weights(recipe: Recipe, dataset: Dataset) -> dict[int, float] | None:
    """Returns the weight of each class in the loss, by label.

    With `"balanced"`, the weight of a class is `samples / (classes * samples of the class)`. With
    `"effective_number"`, it is that of the class-balanced loss of Cui et al., 2019, with its
    `beta` of 0.999: nearly `"balanced"` for classes of up to some hundred images, and nearly even
    for classes of more than some thousand.

    Raises:
        ValueError: If the recipe has a weight for an unknown class.
    """
    weights = recipe.class_weight
    if weights is None:
        return None
    names = dataset.class_names
    if isinstance(weights, str):
        counts = np.bincount(dataset.train.labels, minlength=len(names))
        if weights == "effective_number":
            return dict(enumerate(effective_number_weights(counts, BETA).tolist()))
        balanced = len(dataset.train) / (len(names) * np.maximum(counts, 1))
        return dict(enumerate(balanced.tolist()))
    for name in weights:
        if name not in names:
            raise ValueError(
                f"`class_weight` has an unknown class {name!r}.{nearest(name, names)} "
                f"Classes: {', '.join(names)}."
            )
    return {label: float(weights.get(name, 1.0)) for label, name in enumerate(names)}
