"""One training of the speed recipe on JAX, in a process of its own."""

import os
from dataclasses import dataclass

import numpy as np

from steps.case import POLICIES

SMALL_IMAGES, SMALL_BATCH_SIZE = 20, 10
# Of predictions.
BATCH_SIZE = 500


@dataclass(frozen=True)
class SpeedTraining:
    """A training of recipes/cifar10_fast.py.

    Args:
        images: Path of CIFAR-10's images, an .npz file.
        precision: A name in `POLICIES`.
        seed: The recipe's seed.
        small: Whether to train one epoch on a few images.
    """

    images: str
    precision: str
    seed: int
    small: bool = False


def train_fast(training: SpeedTraining) -> dict:
    """Returns seconds and test accuracies. Call it in a process that has not imported Keras yet.

    The new statistics of the normalization layers, after the training, are not in its seconds.
    """
    os.environ["KERAS_BACKEND"] = "jax"
    import jax
    from harness.inputs import recipe_of

    from kerasrecipes import use
    from kerasrecipes.training.batch_statistics import statistics_refresh
    from kerasrecipes.training.building.build import build_recipe
    from steps.resident import ResidentTraining

    recipe = recipe_of("cifar10_fast").replace(
        {
            "data": use("Npz", path=training.images),
            "seed": training.seed,
            "precision": POLICIES[training.precision],
            # The widths and epochs of the records: a GPU has the operations to spare.
            "model.widths": [64, 256, 256],
            "epochs": 8,
        }
    )
    dataset = recipe.data.build("data").load()
    if training.small:
        recipe = recipe.replace({"epochs": 1, "batch_size": SMALL_BATCH_SIZE})
        dataset = _shortened(dataset)
    built = build_recipe(recipe, dataset)
    resident = ResidentTraining(built)
    seconds = resident.run()
    # Lookahead has pulled the weights back since the running statistics were collected.
    statistics_refresh(built)(built.model)
    accuracy, with_views = _accuracies(built.model, dataset.test)
    return {
        "device": jax.devices()[0].device_kind,
        "compile_seconds": resident.compile_seconds,
        "seconds": seconds,
        "accuracy": accuracy,
        "accuracy_with_views": with_views,
    }


def _accuracies(model, test) -> tuple[float, float]:
    """Returns the accuracy on test images, without views and with mirrored ones."""
    from kerasrecipes.data.predicting import predict_split
    from kerasrecipes.models.surgery.test_time_augmentation import with_test_time_augmentation

    models = model, with_test_time_augmentation(model, "flip")
    size = min(BATCH_SIZE, len(test))
    classes = [predict_split(each, test, size).argmax(-1) for each in models]
    return tuple(float(np.mean(of == test.labels)) for of in classes)


def _shortened(dataset):
    """Returns a data set of the first images, as many of test as of training."""
    from dataclasses import replace

    from kerasrecipes.data import ArraySplit

    def first(split):
        places = np.arange(SMALL_IMAGES)
        return ArraySplit(split.read(places), split.labels[places])

    return replace(dataset, train=first(dataset.train), test=first(dataset.test))
