"""What a training logs, collected for a record."""

import math
from collections.abc import Mapping
from typing import Any

# Of more steps, so many are kept, evenly spaced.
MOST_STEPS = 1000
# Of an epoch whose number of steps is not known, so many are looked at.
MOST_IN_EPOCH = 10_000


class EpochLogs:
    """Logged values by epoch: one list for each name, all of the same length.

    Example:

    >>> logs = EpochLogs()
    >>> logs.add({"loss": 2.0})
    >>> logs.add({"loss": float("nan"), "val_loss": 1.0})
    >>> logs.values
    {'loss': [2.0, None], 'val_loss': [None, 1.0]}
    """

    def __init__(self):
        self.values: dict[str, list[float | None]] = {}
        self._length = 0

    def __len__(self) -> int:
        return self._length

    def add(self, logs: Mapping[str, Any]) -> None:
        """Adds an epoch. Values that are no numbers are left out."""
        for name, value in logs.items():
            if isinstance(value, int | float):
                before = self.values.setdefault(name, [None] * self._length)
                before.append(float(value) if math.isfinite(value) else None)
        self._length += 1
        for column in self.values.values():
            column += [None] * (self._length - len(column))


class StepLosses:
    """Losses of steps, out of what is logged after each: the mean over an epoch's steps until then.

    Steps may come in any order, from any thread.

    Args:
        planned_steps: The number of steps of the training; `None` if it is not known.

    Example:

    >>> losses = StepLosses()
    >>> losses.add(1, 4.0)
    >>> losses.add(2, 3.0)  # The mean of 4 and 2.
    >>> losses.end_epoch()
    >>> losses.values
    {'step': [1.0, 2.0], 'loss': [4.0, 2.0]}
    """

    def __init__(self, planned_steps: int | None = None):
        self._stride = max(1, -(-(planned_steps or 0) // MOST_STEPS))
        self._epoch: list[tuple[int, float]] = []
        self._rows: list[tuple[int, float | None]] = []
        self._last = 0
        self.steps = 0
        self.bad_step: int | None = None

    def add(self, step: int, mean: float) -> None:
        """Adds the mean loss of the first steps of an epoch, whose number is `step`."""
        self._last = max(self._last, step)
        if not math.isfinite(mean):
            bad = self.steps + step
            self.bad_step = bad if self.bad_step is None else min(bad, self.bad_step)
        if step % self._stride == 0 and len(self._epoch) < MOST_IN_EPOCH:
            self._epoch.append((step, mean))

    def end_epoch(self) -> None:
        """Takes means of an epoch apart."""
        before, total = 0, 0.0
        for step, mean in sorted(self._epoch):
            loss = (step * mean - total) / (step - before) if step > before else mean
            self._rows.append((self.steps + step, loss if math.isfinite(loss) else None))
            before, total = step, step * mean
        self.steps += self._last
        self._epoch, self._last = [], 0
        if len(self._rows) > 2 * MOST_STEPS:
            self._rows, self._stride = self._rows[1::2], 2 * self._stride

    @property
    def values(self) -> dict[str, list[float | None]]:
        """The losses of finished epochs, as `Series.steps`; empty if nothing was logged."""
        if not self._rows:
            return {}
        steps, losses = zip(*self._rows, strict=True)
        return {"step": [float(step) for step in steps], "loss": list(losses)}
