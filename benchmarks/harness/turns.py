"""Timing of functions in turn, so that what else the machine does falls on each of them."""

import time
from collections.abc import Callable, Mapping

import numpy as np

# Columns of what is returned below.
WALL, CPU = 0, 1


def now() -> tuple[float, float]:
    """Returns seconds on the wall's clock, and CPU seconds of all threads of this process."""
    return time.perf_counter(), time.process_time()


def seconds_of(function: Callable[[], object], calls: int = 1) -> np.ndarray:
    """Returns the wall and CPU seconds that a call takes, the mean over `calls` of them."""
    began = now()
    for _ in range(calls):
        function()
    return np.subtract(now(), began) / calls


def take_turns(
    functions: Mapping[str, Callable[[], object]],
    turns: int,
    *,
    calls: int = 1,
    warm_up: bool = True,
) -> dict[str, np.ndarray]:
    """Returns for each function `(turns, 2)`: wall and CPU seconds of a call in each turn.

    Args:
        functions: What is timed, by name.
        turns: How often each is timed.
        calls: How often each is called in a turn; its seconds are the mean.
        warm_up: Whether each is called once before the first turn, without being timed.
    """
    if warm_up:
        for function in functions.values():
            function()
    seconds: dict[str, list] = {name: [] for name in functions}
    for _ in range(turns):
        for name, function in functions.items():
            seconds[name].append(seconds_of(function, calls))
    return {name: np.array(each) for name, each in seconds.items()}
