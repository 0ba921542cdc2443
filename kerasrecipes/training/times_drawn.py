"""How often a run has drawn the training images of each class."""

from typing import Any

import numpy as np

from kerasrecipes.data.batches import training_order
from kerasrecipes.training.building.build import BuiltRecipe


def drawn_images(built: BuiltRecipe, epochs: int) -> dict[str, Any] | None:
    """Returns how often the images of each class were drawn; `None` if none is drawn by shares.

    Args:
        built: The built recipe.
        epochs: The number of epochs that were trained.

    Returns:
        A dictionary with the number of `"images"` that were drawn in all epochs, and lists with a
        number for each class: `"shares"` of these images, and how often its image that was drawn
        least (`"least"`) and most (`"most"`) was drawn. They are `None` for a class without images.
    """
    if built.sampled is None:
        return None
    labels = np.asarray(built.dataset.train.labels)
    order = training_order(labels, built.batch_size, built.recipe.seed, built.sampled)
    drawn = order.times_drawn(epochs * built.length.steps_per_epoch)
    of_classes = [drawn[labels == label] for label in range(len(built.dataset.class_names))]
    return {
        "images": int(drawn.sum()),
        "shares": [float(each.sum() / drawn.sum()) for each in of_classes],
        "least": [int(each.min()) if len(each) else None for each in of_classes],
        "most": [int(each.max()) if len(each) else None for each in of_classes],
    }
