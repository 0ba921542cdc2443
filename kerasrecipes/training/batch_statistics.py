"""Statistics of batch normalization, computed anew where its moving averages are of little use."""

import functools
from collections.abc import Callable

import keras

from kerasrecipes.data.batches import training_batches
from kerasrecipes.models.surgery.batch_norm_recalibration import (
    BatchNormRecalibration,
    trained_batch_norms,
)
from kerasrecipes.training.building.build import BuiltRecipe

# The statistics are computed on at most this number of batches: a pass over all of a large data set
# would cost more than it gains.
STATISTICS_BATCHES = 32

# Runs of at most this number of steps are validated with new statistics. Averages that move by a
# tenth a step lag behind the weights, which change fastest in the beginning; in longer runs they
# score the same. docs/explanation/normalization.md has the measurements.
SHORT_RUN_STEPS = 200


class FreshStatistics(keras.callbacks.Callback):
    """Computes batch normalization's statistics anew before each validation during `fit`.

    The weights are trained as they would be without it: training uses the statistics of its
    batches. The moving averages go on from the new statistics.

    Args:
        refresh: Function of the model that computes the statistics.
    """

    def __init__(self, refresh: Callable[[keras.Model], None]):
        super().__init__()
        self.refresh = refresh

    def on_test_begin(self, logs=None):
        self.refresh(self.model)


def statistics_refresh(built: BuiltRecipe) -> Callable[[keras.Model], None] | None:
    """Returns a function of the model that computes its statistics on training images.

    They are augmented, and their classes drawn with the shares that the training ends with, because
    the network is trained on such images. All calls take the same batches, the first ones of the
    training. A pass is compiled at a model's first call. A model that trains no batch normalization
    has none, and the result is `None`.
    """
    if not trained_batch_norms(built.model):
        return None
    batches = _first_batches(built)
    recalibration = functools.cache(BatchNormRecalibration)
    return lambda model: recalibration(model)(batches, len(batches))


def _first_batches(built: BuiltRecipe):
    """Returns the first training batches of a run, as many as the statistics take."""
    split, size = built.dataset.train, built.batch_size
    return training_batches(
        split,
        batch_size=size,
        seed=built.recipe.seed,
        steps_per_epoch=min(STATISTICS_BATCHES, -(-len(split) // size)),
        epochs=range(1),
        augment=built.augment,
        classes=len(built.dataset.class_names),
        sampled=built.sampled and built.sampled._replace(start_step=0),
    )


def fresh_statistics(
    built: BuiltRecipe, refresh: Callable[[keras.Model], None] | None
) -> list[FreshStatistics]:
    """Returns the callback for a run that is short enough to need it, in a list; else none."""
    short = built.length.total_steps <= SHORT_RUN_STEPS
    return [FreshStatistics(refresh)] if short and refresh is not None else []
