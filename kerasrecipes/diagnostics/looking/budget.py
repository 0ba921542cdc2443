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
# On JAX, a look must be compiled. That took 0.3 to 1.8 seconds of a perceptron, a small
# convolutional and a small recurrent network, 0.25 to 0.55 of what their first training step took.
# A network of so many layers with weights is looked at in any training.
SMALL = 12
# Of a larger one, the compilation takes about this fraction of the first step, compiled as well;
COMPILATION = 0.6
# it is worth its time in trainings that are longer than LONG, in seconds, up to a fraction of them.
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


def is_worth_compiling(layers: int, first_step: float | None, training: float) -> bool:
    """Returns whether to compile a look.

    Args:
        layers: The number of layers with weights.
        first_step: The seconds of the first step of a training, its compilation included; `None` if
            they are not known.
        training: The seconds that the training will take.

    Example:

    >>> is_worth_compiling(3, first_step=2.0, training=5.0)
    True
    >>> is_worth_compiling(40, first_step=15.0, training=200.0)
    False
    >>> is_worth_compiling(40, first_step=15.0, training=400.0)
    True
    """
    if layers <= SMALL:
        return True
    if first_step is None or training < LONG:
        return False
    return COMPILATION * first_step <= COMPILED_SHARE * training
