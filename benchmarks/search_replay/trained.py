"""A task whose trials are trained, not looked up."""

import functools

import numpy as np

from search_replay.space import FILTERS
from search_replay.surfaces import Surface
from search_replay.trainer import EPOCHS, Trainer, load

# A choice is judged by so many trainings of its own.
JUDGES = 3


class Trained(Surface):
    """The digits network of `search_curves.py`, trained anew for every trial.

    The best there is is not known: regret is the share of test images that a choice gets wrong,
    the mean of trainings with other seeds than the search's.
    """

    name, table, filters = "trained", "digits", FILTERS["digits"]
    best = 1.0

    def __init__(self):
        import tensorflow as tf

        tf.config.threading.set_intra_op_parallelism_threads(1)
        tf.config.threading.set_inter_op_parallelism_threads(1)
        self.trainer = functools.cache(functools.partial(Trainer, load("digits", None)))

    def curve(self, values, rng):
        validation, _ = self._train(values, int(rng.integers(1_000, 1_000_000)))
        return np.array(validation)

    def regret(self, values):
        final = [self._train(values, seed)[1][EPOCHS - 1] for seed in range(JUDGES)]
        return self.best - float(np.mean(final))

    def _train(self, values, seed):
        return self.trainer(values["filters"], values["batch_size"]).train(dict(values), seed)
