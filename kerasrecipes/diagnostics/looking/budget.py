"""How much time may be spent on looking at a training."""

import contextlib
import math
import time
from collections.abc import Callable, Iterator

# The fraction of the time of a training that looks at it may take.
SHARE = 0.02
# What they may take of any training, in seconds: several looks at a small model, whose whole
# training takes a few seconds, and 0.3% of five minutes.
GRACE = 1.0
# Looks are at epochs that grow by this factor: what happens, happens early.
GROWTH = 1.3
# On JAX, a look must be compiled. It took 0.25 to 0.55 of the first training step of a perceptron,
# a convolutional and a recurrent network, which is compiled, too.
COMPILATION = 0.6
# A compilation that takes no longer than this, in seconds, is worth its time in any training;
LITTLE = 3.0
# one that takes longer is, in trainings that are longer than LONG, up to a fraction of them.
LONG = 300.0
COMPILED_SHARE = 0.03


class Budget:
    """Tells when to look at a training, so that the looks take at most 2% of its time.

    Args:
        clock: Function that returns the time in seconds.

    Example:

    >>> budget = Budget(clock=iter([0.0, 10.0, 13.0, 200.0, 400.0]).__next__)
    >>> with budget.spending():  # From 10 to 13.
    ...     pass
    >>> budget.last, budget.allows(budget.last), budget.allows(budget.last)  # At 200 and at 400.
    (3.0, False, True)
    """

    def __init__(self, clock: Callable[[], float] = time.perf_counter):
        self._clock = clock
        self._began = clock()
        self._next_epoch = 1
        self.spent = 0.0
        self.last = 0.0

    @contextlib.contextmanager
    def spending(self, free: bool = False) -> Iterator[None]:
        """Counts the time within, and keeps it as `last`.

        Args:
            free: Whether it is not taken from the budget, as what is done once is not.
        """
        began = self._clock()
        try:
            yield
        finally:
            self.last = self._clock() - began
            if free:
                self._began += self.last
            else:
                self.spent += self.last

    @property
    def elapsed(self) -> float:
        """The seconds of the training, without what was spent for free."""
        return self._clock() - self._began

    def allows(self, seconds: float) -> bool:
        """Returns whether so much may be spent now."""
        return self.spent + seconds <= GRACE + SHARE * (self.elapsed - self.spent)

    def is_due(self, epochs: int) -> bool:
        """Returns whether there is to be a look after so many epochs, if it is allowed."""
        return epochs >= self._next_epoch

    def looked(self, epochs: int) -> None:
        """Notes that there was a look after so many epochs."""
        self._next_epoch = max(epochs + 1, math.ceil(epochs * GROWTH))


def is_worth_compiling(first_step: float, training: float | None) -> bool:
    """Returns whether to compile a look.

    Args:
        first_step: The seconds of the first step of a training, its compilation included.
        training: The seconds that the training will take; `None` if they are not known.

    Example:

    >>> is_worth_compiling(2.0, training=10.0), is_worth_compiling(15.0, training=200.0)
    (True, False)
    >>> is_worth_compiling(15.0, training=400.0)
    True
    """
    seconds = COMPILATION * first_step
    if seconds <= LITTLE:
        return True
    return training is not None and training >= LONG and seconds <= COMPILED_SHARE * training
