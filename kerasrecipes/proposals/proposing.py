"""A proposal for images: what they are, what was measured, and the recipe that was chosen."""

import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from kerasrecipes.base.checks import check_integer, check_number
from kerasrecipes.proposals.budget.fitting import (
    first_network,
    held_in_time,
    larger_network,
    smaller_images,
    timed_network,
)
from kerasrecipes.proposals.budget.lengths import PLANNED, head_seconds, scratch_length
from kerasrecipes.proposals.budget.step_times import StepTimes, measure_steps
from kerasrecipes.proposals.choices import FEATURES, SCRATCH, Advised, Choices, changed
from kerasrecipes.proposals.choosing import choose
from kerasrecipes.proposals.describing import described, speed
from kerasrecipes.proposals.images.given_images import images_source
from kerasrecipes.proposals.images.image_facts import ImageFacts, inspect_images
from kerasrecipes.proposals.images.splitting import HeldOut, held_out
from kerasrecipes.proposals.measuring import IMAGES, measured
from kerasrecipes.proposals.networks import SCRATCH as SCRATCH_NETWORK
from kerasrecipes.proposals.networks import Network, TimedNetwork
from kerasrecipes.transfer.advice import MUCH_PER_CLASS
from kerasrecipes.transfer.task import MAX_IMAGES

# What is measured of the images before a training may take this share of the time.
_MEASURING = 0.15
# What linear classifiers on features take, beside the features: of all stages, or of the last one.
_ADVICE_SECONDS, _CHECK_SECONDS = 8.0, 2.0
_ASKED = "the network was asked for"
_NO_TIME = "there is no time to train a network from scratch, which knew such images better"
# Enough for whatever is only described, and not trained.
_AMPLE_SECONDS = 1e6


@dataclass(frozen=True)
class Proposal:
    """A recipe for images, and how it was found.

    Args:
        facts: The images.
        chosen: The recipe, and the reason of each choice.
        timed: The network, its image size, and its times on this machine.
        minutes: The time that there was.
        began: When it began, by `time.monotonic`.
    """

    facts: ImageFacts
    chosen: Choices
    timed: TimedNetwork
    minutes: float
    began: float

    @property
    def deadline(self) -> float:
        """When the time is over, by `time.monotonic`."""
        return self.began + 60 * self.minutes


def propose(
    images: str | os.PathLike,
    *,
    minutes: float = 10.0,
    backbone: str | None = None,
    weights: str | None = None,
    image_size: int | None = None,
    from_scratch: bool = False,
    strategy: str | None = None,
    changes: Mapping[str, object] | None = None,
    directory: str | Path = "saved_models",
    say: Callable[[str], None] = lambda text: None,
    measure: Callable[..., StepTimes] = measure_steps,
    clock: Callable[[], float] = time.monotonic,
    began: float | None = None,
) -> Proposal:
    """Looks at images, measures a few steps on this machine, and chooses a recipe.

    Args:
        images: A folder of class folders, an `.npz` file, a `.csv` file of files and classes, or
            `"tfds:NAME"`.
        minutes: Positive number: the time for everything, from now until the run is finished.
        backbone: As in `Pretrained`. Defaults to the largest network of a list that can be trained
            in time, and whose weights can be had.
        weights: A file of the backbone's weights; it needs `backbone`.
        image_size: The side of the images that the network is given, in pixels. Defaults to what
            suits images and time.
        from_scratch: Whether to use no pretrained weights.
        strategy: One of `kerasrecipes.transfer.STRATEGIES`, or `None` for what suits the images.
        changes: Changes of the recipe by dotted path. Those of `data.` are options of the data
            source, which is looked at with them.
        directory: Where the features are kept that are measured.
        say: Function that is called with a line for people, as soon as something is known.
        measure: What measures steps, as `measure_steps` does.
        clock: Function that returns the time in seconds.
        began: When the time began, by that clock. Defaults to now.

    Returns:
        A `Proposal`.

    Raises:
        ValueError: If the images cannot be read or learnt from, or no training fits into the time.
    """
    began = clock() if began is None else began
    check_number("minutes", minutes, above=0)
    if image_size is not None:
        check_integer("image_size", image_size, at_least=8)
    if from_scratch and (backbone or weights or strategy):
        raise ValueError("Give `from_scratch` or `backbone`, `weights` and `strategy`, not both.")
    if weights is not None and backbone is None:
        raise ValueError("`weights` needs `backbone`, the name of the network that they are of.")
    of_data = {k.removeprefix("data."): v for k, v in (changes or {}).items() if _is_of_data(k)}
    facts = inspect_images(images_source(images, of_data))
    say(described(facts))
    held_out(facts, folds_fit=True)  # Too few images must not be found out after a download.

    def left() -> float:
        return began + PLANNED * 60 * minutes - clock()

    def fitted(network: Network, larger: bool = False) -> tuple[TimedNetwork, HeldOut]:
        timed = timed_network(network, image_size, facts, 60 * minutes, measure)
        seconds = left()
        if larger:
            timed = larger_network(timed, facts, seconds)
        held = held_in_time(facts, timed.times, seconds)
        if image_size is None:
            timed = smaller_images(timed, facts, held, seconds)
        say(speed(timed))
        return timed, held

    network = first_network(backbone, weights, from_scratch)
    timed, held = fitted(network, larger=backbone is None and not from_scratch)
    advised = Advised()
    if not from_scratch and strategy is None:
        advised = _measured(facts, held, timed, left(), minutes, directory)
        if advised.strategy == SCRATCH and backbone is not None:
            say(f"{advised.reason}: without --backbone, one would be trained from scratch")
            advised = replace(advised, strategy=Advised.strategy, reason=_ASKED)
        elif advised.strategy == SCRATCH:
            other, held = fitted(SCRATCH_NETWORK)
            if _scratch_fits(other, facts, held, left()):
                timed = other
            else:
                advised = replace(advised, strategy=FEATURES, reason=_NO_TIME)
        held = held_in_time(facts, timed.times, left())
    seconds = left()
    chosen = choose(facts, held, timed, seconds, advised, strategy)
    further = {path: v for path, v in (changes or {}).items() if not _is_of_data(path)}
    return Proposal(facts, changed(chosen, further), timed, minutes, began)


def _scratch_fits(timed: TimedNetwork, facts: ImageFacts, held: HeldOut, seconds: float) -> bool:
    """Returns whether a training from scratch fits into a time, for each fold if there are some."""
    each = seconds / (held.folds + 1 if held.folds else 1)
    return scratch_length(held, timed.times, each, facts.decode_seconds) is not None


def _is_of_data(path: str) -> bool:
    return path.startswith("data.")


def _measured(
    facts: ImageFacts,
    held: HeldOut,
    timed: TimedNetwork,
    seconds: float,
    minutes: float,
    directory: str | Path,
) -> Advised:
    """Returns what the network's features tell, where there is the time to ask them."""
    times = timed.times
    asked = 2 * min(held.train, IMAGES)
    if facts.smallest < MUCH_PER_CLASS:
        asked += min(held.train, MAX_IMAGES)
    cost = asked * (times.forward_image + facts.decode_seconds) + 4 * times.forward_compile
    cost += times.busy * (_ADVICE_SECONDS if facts.smallest < MUCH_PER_CLASS else _CHECK_SECONDS)
    head = head_seconds(held, times, facts.decode_seconds) * (held.folds + 1)
    if cost > _MEASURING * 60 * minutes or head + cost > seconds:
        return Advised()
    recipe = choose(facts, held, timed, _AMPLE_SECONDS, Advised(), FEATURES).recipe
    if held.folds:  # On one of the folds: what is kept is trained on all of them.
        recipe = recipe.replace({"data.fold": 0})
    return measured(recipe, directory=Path(directory) / "features")
