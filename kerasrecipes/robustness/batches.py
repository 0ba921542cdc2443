"""Batches of arrays, all of one size, and what a classifier predicts of them."""

from collections.abc import Callable, Iterator

import keras
import numpy as np

from kerasrecipes.data.filling import filled
from kerasrecipes.explanations.class_scores import is_probabilistic


def filled_batches(count: int, size: int) -> Iterator[tuple[np.ndarray, Callable]]:
    """Yields the places of each batch of samples, and a function that fills a batch up.

    Every batch has the same size, so that each program is compiled once.

    Args:
        count: The number of samples.
        size: The most that a batch holds.
    """
    size = min(count, size)
    for first in range(0, count, size):
        places = np.arange(first, min(first + size, count))
        yield places, lambda samples: filled(samples, size)


def predicted_classes(model: keras.Model, images: np.ndarray, batch_size: int) -> np.ndarray:
    """Returns the class that a model predicts of each image; with one output, of two classes."""
    found = []
    for places, fill in filled_batches(len(images), batch_size):
        found.append(np.asarray(model.predict_on_batch(fill(images[places])))[: len(places)])
    outputs = np.concatenate(found)
    if outputs.shape[-1] > 1:
        return outputs.argmax(-1)
    return (outputs[:, 0] > (0.5 if is_probabilistic(model) else 0.0)).astype("int64")
