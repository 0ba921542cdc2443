"""Order of the samples of a run that draws classes by chosen shares."""

import functools
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from kerasrecipes.data.sample_order import Order, first_turns


class SampledClasses(NamedTuple):
    """What is drawn of the classes of training images.

    Args:
        shares: The share of each class, with a sum of 1.
        start_step: The step from which on they are drawn so.
    """

    shares: tuple[float, ...]
    start_step: int = 0


class _Drawn(NamedTuple):
    """Samples of a batch or of a pass.

    Args:
        indices: Their indices, `(samples,)`.
        turns: How often each of them was drawn before, by the passes that draw so.
    """

    indices: np.ndarray
    turns: np.ndarray


@dataclass(frozen=True, eq=False)
class SampledOrder(Order):
    """The samples of every batch of a run that draws classes by chosen shares.

    A pass draws as many samples as there are. The number of each class in it is its share of them,
    rounded up or down by chance so that the mean over passes is exact (systematic sampling); their
    order is random. The samples of a class are drawn in turn, from pass to pass, each turn in an
    order of its own. So after each pass, none was drawn more than once more often than another.

    So it is a pure function of the seed and of the number of the step, like `Order`, and an epoch
    has as many steps. Before the first step that draws so, it is that `Order`.

    Args:
        labels: The class of each sample, integers of shape `(size,)`.
        sampled: The shares of the classes, and when they begin to be drawn.
    """

    labels: np.ndarray
    sampled: SampledClasses

    def indices(self, step: int) -> np.ndarray:
        if step < self.sampled.start_step:
            return super().indices(step)
        return self._batch(step).indices

    def turns(self, step: int) -> np.ndarray:
        if step < self.sampled.start_step:
            return super().turns(step)
        drawn = self._batch(step)
        passes_before = -(-self.sampled.start_step // self.steps)
        turns = first_turns(self.size, self.seed)[drawn.indices]
        return turns + (drawn.turns + passes_before).astype("uint32")

    def _batch(self, step: int) -> _Drawn:
        data_pass, batch = divmod(step, self.steps)
        drawn = self._passes(data_pass - self.sampled.start_step // self.steps)
        place = slice(batch * self.batch_size, (batch + 1) * self.batch_size)
        return _Drawn(drawn.indices[place], drawn.turns[place])

    @functools.cached_property
    def _passes(self):
        return functools.lru_cache(maxsize=2)(self._draw)

    @functools.cached_property
    def _members(self) -> list[np.ndarray]:
        by_class = np.argsort(self.labels, kind="stable")
        counts = np.bincount(self.labels, minlength=len(self.sampled.shares))
        return np.split(by_class, np.cumsum(counts)[:-1])

    def _counts(self, passes: int) -> np.ndarray:
        """Returns how many samples of each class the first sampled passes draw, a row for each."""
        offsets = np.random.default_rng(self._seed(2)).random(passes)
        ends = np.cumsum(self.sampled.shares)
        ends[ends > ends[-1] - 1e-9] = 1.0  # The last one, whatever rounding has made of it.
        upto = np.ceil(ends * self.size - offsets[:, None]).astype(int)
        return np.diff(upto, prepend=0)

    def _draw(self, number: int) -> _Drawn:
        *before, counts = self._counts(number + 1)
        firsts = np.sum(before, axis=0, initial=0) if before else np.zeros_like(counts)
        drawn = [
            self._of_class(label, *numbers)
            for label, numbers in enumerate(zip(firsts, counts, strict=True))
        ]
        order = np.random.default_rng(self._seed(3, number)).permutation(self.size)
        indices, turns = (np.concatenate(parts)[order] for parts in zip(*drawn, strict=True))
        return _Drawn(indices, turns)

    def _of_class(self, label: int, first: int, count: int) -> tuple[np.ndarray, np.ndarray]:
        """Returns samples of a class, from the one on that is drawn as number `first` of it."""
        numbers = np.arange(first, first + count)
        members = self._members[label]
        if not count:
            return numbers, numbers
        size = len(members)
        turns, places = np.divmod(numbers, size)
        drawn = self._random_numbers(label, turns[0] * size, (turns[-1] + 1) * size)
        orders = np.argsort(drawn.reshape(-1, size), axis=1, kind="stable")
        return members[orders[turns - turns[0], places]], turns

    def _random_numbers(self, label: int, start: int, stop: int) -> np.ndarray:
        """Returns the numbers at some places of a class's sequence of random 64-bit integers."""
        generator = np.random.Philox(self._seed(4, label))
        at_once = 4  # Numbers that Philox draws for each value of its counter.
        generator.advance(int(start) // at_once)
        skipped = int(start) % at_once
        return generator.random_raw(skipped + int(stop - start))[skipped:]

    def _seed(self, *key: int) -> np.random.SeedSequence:
        return np.random.SeedSequence(self.seed or 0, spawn_key=key)
