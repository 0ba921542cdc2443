"""Facts of the data of a training."""

import keras

from kerasrecipes.diagnostics.facts.duplicate_samples import duplicates
from kerasrecipes.diagnostics.facts.given import Given
from kerasrecipes.diagnostics.facts.value_statistics import value_facts
from kerasrecipes.diagnostics.record.data_facts import Data, Values


def data_facts(given: Given) -> Data:
    """Returns facts of the data of a training.

    Args:
        given: The data, as `given_data` returns them.
    """
    return Data(
        source=given.source,
        samples=given.samples,
        batch_size=given.batch_size,
        steps_per_epoch=given.steps_per_epoch,
        shuffled=given.shuffled,
        inputs=all_values(given.x),
        validation_samples=given.validation_samples,
        validation_inputs=all_values(given.validation_x),
        validation_targets=all_values(given.validation_y),
        duplicates=duplicates(given),
        class_weights=given.class_weights,
    )


def all_values(structure) -> tuple[Values, ...]:
    """Returns statistics of each array in a structure."""
    if structure is None:
        return ()
    return tuple(value_facts(a) for a in keras.tree.flatten(structure) if a is not None)
