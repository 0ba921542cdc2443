"""Predictions for all samples of a split, in batches of one size."""

import keras
import numpy as np

from kerasrecipes.data.batches import evaluation_batches
from kerasrecipes.data.filling import FilledSplit, compiles_each_size
from kerasrecipes.data.split import Split


def predict_split(model: keras.Model, split: Split, batch_size: int) -> np.ndarray:
    """Returns a model's outputs for every sample, in the order of the data.

    With JAX, the last batch is filled up, and what is computed of its filling is dropped. So splits
    of all sizes share one program, whose compilation takes longer than most predictions.

    Args:
        model: A model with one output.
        split: The samples.
        batch_size: Positive integer.
    """
    whole = FilledSplit(split, batch_size) if compiles_each_size() else split
    return model.predict(evaluation_batches(whole, batch_size), verbose=0)[: len(split)]
