"""What `fit` is given of a built recipe's data."""

from collections.abc import Mapping
from typing import Any

from kerasrecipes.data.batches import training_batches
from kerasrecipes.training.building.build import BuiltRecipe


def fit_inputs(
    built: BuiltRecipe,
    class_weight: Mapping[int, float] | None,
    epochs: range,
    *,
    first_step: int = 0,
) -> dict[str, Any]:
    """Returns the arguments of `fit` that give it the training batches and their weights.

    Args:
        built: The built recipe.
        class_weight: `None`, or the weight of each label in the loss.
        epochs: The epochs that remain.
        first_step: The number of steps of the first of these epochs that are done already.
    """
    # Keras weights a sample by one class. A mixed sample has several, which the batches weight.
    mixed = built.mixed_labels
    return {
        "x": training_batches(
            built.dataset.train,
            batch_size=built.batch_size,
            seed=built.recipe.seed,
            steps_per_epoch=built.length.steps_per_epoch,
            epochs=epochs,
            first_step=first_step,
            augment=built.augment,
            classes=len(built.dataset.class_names),
            class_weight=class_weight if mixed else None,
            sampled=built.sampled,
        ),
        "shuffle": False,  # The batches are in the run's own order already.
        "class_weight": None if mixed else class_weight,
    }
