"""Order of the samples of a run, and what is drawn for each batch and each sample."""

import functools
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Order:
    """The samples of every batch of a run.

    Each pass over the data takes every sample once, in a random order of its own. An epoch may be
    shorter or longer than a pass.

    Args:
        size: The number of samples.
        batch_size: The number of samples in a batch; the last batch of a pass may have fewer.
        seed: Integer, or `None` to keep the order of the data.
    """

    size: int
    batch_size: int
    seed: int | None

    @property
    def steps(self) -> int:
        """The number of batches of one pass."""
        return -(-self.size // self.batch_size)

    def indices(self, step: int) -> np.ndarray:
        """Returns the indices of the samples of batch number `step` of the run."""
        data_pass, batch = divmod(step, self.steps)
        permutation = _permutation(self.size, self.seed, data_pass)
        return permutation[batch * self.batch_size : (batch + 1) * self.batch_size]

    def key(self, step: int) -> np.ndarray:
        """Returns the key, two 32-bit integers, for the augmentation of batch number `step`."""
        return np.random.SeedSequence((self.seed or 0, step)).generate_state(2)

    def times_drawn(self, steps: int) -> np.ndarray:
        """Returns how often each sample is in the first `steps` batches of a run, `(size,)`."""
        drawn = np.zeros(self.size, "int64")
        for step in range(steps):
            np.add.at(drawn, self.indices(step), 1)
        return drawn

    def turns(self, step: int) -> np.ndarray:
        """Returns the turn of each sample of batch number `step`, as unsigned 32-bit integers.

        It is a random number of the sample's own, 0 or 1, plus the number of the pass.
        """
        first = first_turns(self.size, self.seed)[self.indices(step)]
        return first + np.uint32(step // self.steps)


@functools.lru_cache(maxsize=4)
def _permutation(size: int, seed: int | None, data_pass: int) -> np.ndarray:
    if seed is None:
        return np.arange(size)
    return np.random.default_rng((seed, data_pass)).permutation(size)


@functools.lru_cache(maxsize=4)
def first_turns(size: int, seed: int | None) -> np.ndarray:
    """Returns the first turn of each sample, 0 or 1, as unsigned 32-bit integers."""
    drawn = np.random.default_rng(np.random.SeedSequence(seed or 0, spawn_key=(1,)))
    return drawn.integers(2, size=size, dtype="uint32")
