"""Comparison of a recipe's settings by the images that it trains on in a second."""

import math
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kerasrecipes.base.checks import check_choice, check_number
from kerasrecipes.base.text import shortened
from kerasrecipes.engine import WorkerLostError
from kerasrecipes.page.formats import duration
from kerasrecipes.recipe.recipe import Recipe
from kerasrecipes.speed.settings import (
    AS_IT_IS,
    LEARNT,
    LEARNT_FIELDS,
    Setting,
    joined,
    settings_to_try,
)
from kerasrecipes.speed.workers import Workers

# So many turns of each setting, each beside one of the recipe as it is.
TURNS = 5
# What a turn takes, of the whole time: the turns of all settings fill half of it.
_TURN_SHARE = 1 / 200
# A setting is faster if it is so in every turn, and by this factor in the median.
GAIN = 1.03
# To begin with a setting may take so many times as long as with the recipe as it is.
_MARGIN = 1.5
_NO_TIME = "not tried: no time is left"


@dataclass(frozen=True)
class Tried:
    """What a setting gave.

    Args:
        setting: The setting.
        images_per_second: The median of its turns; `None` if it was not tried to the end.
        ratios: Of each turn, its images a second over those of the recipe as it is beside it.
        begin_seconds: The time to build, to compile, and to take the first steps.
        note: Why there are no numbers; empty if there are.
    """

    setting: Setting
    images_per_second: float | None = None
    ratios: tuple[float, ...] = ()
    begin_seconds: float | None = None
    note: str = ""

    @property
    def ratio(self) -> float | None:
        """The median of the ratios."""
        return statistics.median(self.ratios) if self.ratios else None

    @property
    def is_faster(self) -> bool:
        """Whether it was faster in every turn, and by 3% in the median."""
        return bool(self.ratios) and min(self.ratios) > 1 and statistics.median(self.ratios) >= GAIN


@dataclass(frozen=True)
class Speeds:
    """What settings give a recipe on this machine.

    Args:
        tried: What was tried, the recipe as it is first, and what was not.
        best: The settings of the recipe that are faster, by field; without those that change what
            is learnt, unless they were allowed.
        backend: The backend of the recipe as it is.
        cores: The number of cores.
        turn_seconds: About how long a turn took.
        caches: Whether a training computes what frozen layers give only once, and is faster still.
    """

    tried: tuple[Tried, ...]
    best: dict[str, Any]
    backend: str
    cores: int
    turn_seconds: float
    caches: bool


def tune_speed(
    recipe: Recipe,
    *,
    minutes: float = 1.0,
    directory: str | Path = "saved_models",
    allow: Sequence[str] = (),
    workers: Callable[..., Workers] = Workers,
    clock: Callable[[], float] = time.monotonic,
) -> Speeds:
    """Tries which settings make a recipe's training faster on this machine.

    Each setting takes turns with the recipe as it is, in other processes, on the recipe's own data
    and augmentation. Nothing of a training is kept. As with everything that uses
    `multiprocessing`, a script must call it under `if __name__ == "__main__":`.

    Args:
        recipe: The recipe.
        minutes: Positive float. The time for it all. What there is no time for is not tried.
        directory: Where its runs are kept. If it starts from another recipe, that has been trained.
        allow: Fields that change what is learnt and that may be among the best settings all the
            same: `"precision"`, `"batch_size"`. They are tried in any case.
        workers: Function that returns what trains, as `Workers` does.
        clock: Function that returns the time in seconds.

    Returns:
        A `Speeds`.

    Raises:
        ValueError: If there is no time for two measurements.
    """
    check_number("minutes", minutes, above=0)
    for name in allow:
        check_choice("allow", name, LEARNT_FIELDS)
    with workers(recipe, directory, 60 * minutes * _TURN_SHARE) as trained:
        return _Comparison(trained, clock, minutes).speeds(recipe, allow)


class _Comparison:
    """Settings that take turns with the recipe as it is, until the time is over.

    Args:
        workers: What trains.
        clock: Function that returns the time in seconds.
        minutes: The time for it all.
    """

    def __init__(self, workers: Workers, clock: Callable[[], float], minutes: float):
        self.workers = workers
        self.clock = clock
        self.minutes = minutes
        began = clock()
        self.end = began + 60 * minutes
        self.begun = workers.begin(AS_IT_IS)
        self.start_seconds = clock() - began
        began = clock()
        self.rates = [workers.turn(AS_IT_IS)]
        self.turn_seconds = clock() - began

    def speeds(self, recipe: Recipe, allow: Sequence[str]) -> Speeds:
        facts = self.begun.facts
        tried = [self.tried(setting) for setting in settings_to_try(recipe, facts)]
        if not any(each.ratios for each in tried) and any(each.note == _NO_TIME for each in tried):
            needed = 60 * self.minutes + self.expected(AS_IT_IS) - (self.end - self.clock())
            raise ValueError(
                "There was time for the recipe as it is alone, which trains on "
                f"{self.rates[0]:,.0f} images a second and began after "
                f"{duration(self.start_seconds)}. `minutes` must be at least "
                f"{math.ceil(needed / 6) / 10:g} here. Received: minutes={self.minutes:g}"
            )
        faster = [each for each in tried if each.is_faster and _may_be_written(each, allow)]
        faster.sort(key=_ratio)
        of_fields = {each.setting.name: each.setting for each in faster}  # The fastest of each.
        if len(of_fields) > 1:
            tried.append(self.tried(joined([*of_fields.values()], facts)))
            faster += [each for each in tried[-1:] if each.is_faster]
        best = max(faster, key=_ratio, default=None)
        as_it_is = Tried(
            AS_IT_IS, statistics.median(self.rates), (1.0,), begin_seconds=self.begun.seconds
        )
        return Speeds(
            tried=(as_it_is, *tried),
            best=dict(best.setting.changes) if best else {},
            backend=facts.backend,
            cores=facts.cores,
            turn_seconds=self.turn_seconds,
            caches=facts.caches,
        )

    def expected(self, setting: Setting) -> float:
        """Returns about how many seconds it takes to try a setting."""
        begin = self.start_seconds if setting.variables else self.begun.seconds
        return _MARGIN * begin + 2 * TURNS * self.turn_seconds

    def tried(self, setting: Setting) -> Tried:
        """Returns what a setting gives, or why that is not known."""
        if setting.why_not:
            return Tried(setting, note=f"not tried: {setting.why_not}")
        left = self.end - self.clock()
        if self.expected(setting) > left:
            return Tried(setting, note=_NO_TIME)
        try:
            tried = self._measured(setting, left)
        except Exception as error:  # A compiler's, a device's or a backend's: of any kind.
            tried = Tried(setting, note=_failure(error))
        self.workers.drop(setting)
        return tried

    def _measured(self, setting: Setting, timeout: float) -> Tried:
        begun = self.workers.begin(setting, timeout)
        rates: list[float] = []
        ratios: list[float] = []
        for _ in range(TURNS):
            self.rates.append(self.workers.turn(AS_IT_IS))
            rates.append(self.workers.turn(setting))
            ratios.append(rates[-1] / self.rates[-1])
        return Tried(setting, statistics.median(rates), tuple(ratios), begun.seconds)


def _failure(error: Exception) -> str:
    """Returns why a setting gave no numbers, in a line."""
    if isinstance(error, TimeoutError):
        return "given up: it takes longer to begin than there is time"
    if isinstance(error, WorkerLostError):
        return "its process was ended by the system, as where memory is short"
    lines = str(error).split("\n")
    return f"fails: {shortened(lines[0] or type(error).__name__, 100)}"


def _ratio(tried: Tried) -> float:
    return tried.ratio or 0.0


def _may_be_written(tried: Tried, allow: Sequence[str]) -> bool:
    """Returns whether a setting is one of the recipe's that is harmless, or that is allowed."""
    setting = tried.setting
    return bool(setting.changes) and (setting.effect != LEARNT or setting.name in allow)
