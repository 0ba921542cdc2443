"""Task of the benchmark whose trials are trained, not looked up."""

from collections.abc import Callable, Sequence

import numpy as np

from search_replay.surfaces import Surface
from search_replay.trainer import EPOCHS, trainers

# The regret of a choice is the mean over so many further trainings.
JUDGES = 3
# A trial is trained for one of these numbers of epochs, and trained anew if more are asked for.
LENGTHS = (3, 9, EPOCHS)


class Trained(Surface):
    """The digits network of `search_curves.py`, trained anew for every trial.

    The best possible score is unknown. Regret is the mean test error of a choice over trainings
    with other seeds than those of the search.
    """

    name = "trained"
    best = 1.0

    def __init__(self):
        import tensorflow as tf

        tf.config.threading.set_intra_op_parallelism_threads(1)
        tf.config.threading.set_inter_op_parallelism_threads(1)
        self.trainer = trainers("digits", None)

    def curve(self, values, rng):
        seed = int(rng.integers(1_000, 1_000_000))
        return Curve(lambda epochs: self._train(values, seed, epochs)[0])

    def regret(self, values):
        final = [self._train(values, seed, EPOCHS)[1][-1] for seed in range(JUDGES)]
        return self.best - float(np.mean(final))

    def _train(self, values, seed, epochs):
        return self.trainer(values).train(dict(values), seed, epochs)


class Curve(Sequence):
    """Validation scores of a training that is as long as the last score that was asked for."""

    def __init__(self, train: Callable[[int], list[float]]):
        self.train = train
        self.scores: list[float] = []

    def __len__(self):
        return EPOCHS

    def __getitem__(self, key):
        stop = key.stop if isinstance(key, slice) else key + 1
        if stop > EPOCHS:
            raise IndexError(key)
        if stop > len(self.scores):
            self.scores = self.train(next(length for length in LENGTHS if length >= stop))
        return self.scores[key]
