"""A proposal for images: what they are, what was measured, and the recipe that was chosen."""

import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import keras

from kerasrecipes.base.checks import check_integer, check_number
from kerasrecipes.models.backbones.applications import application_builders
from kerasrecipes.proposals.choices import Advised, Choices, changed
from kerasrecipes.proposals.choosing import choose
from kerasrecipes.proposals.describing import described, speed
from kerasrecipes.proposals.given_images import images_source
from kerasrecipes.proposals.image_facts import ImageFacts, inspect_images
from kerasrecipes.proposals.lengths import (
    FEWEST_STEPS,
    PLANNED,
    fine_tuning_length,
    head_seconds,
    scaled,
    scratch_length,
)
from kerasrecipes.proposals.networks import (
    CANDIDATES,
    SCRATCH,
    Network,
    TimedNetwork,
    bundled_network,
    can_be_had,
    given_network,
)
from kerasrecipes.proposals.splitting import HeldOut, held_out
from kerasrecipes.proposals.step_times import BATCH_SIZE, StepTimes, measure_steps

# What is measured of the images before a training may take this share of the time.
_MEASURING = 0.15
_MEASURED_IMAGES = 2000
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

    Returns:
        A `Proposal`.

    Raises:
        ValueError: If the images cannot be read or learnt from, or no training fits into the time.
    """
    began = clock()
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
    network = _first_network(backbone, weights, from_scratch)
    timed = _timed(network, image_size, facts, 60 * minutes, measure)
    seconds = began + PLANNED * 60 * minutes - clock()
    if backbone is None and not from_scratch:
        timed = _larger(timed, facts, seconds)
    held = _held(facts, timed.times, seconds)
    if image_size is None:
        timed = _smaller(timed, facts, held, seconds)
    say(speed(timed))
    advised = Advised()
    if not from_scratch and strategy is None:
        advised = _measured(facts, held, timed, seconds, minutes, directory)
        seconds = began + PLANNED * 60 * minutes - clock()
    chosen = choose(facts, held, timed, seconds, advised, strategy)
    further = {path: v for path, v in (changes or {}).items() if not _is_of_data(path)}
    return Proposal(facts, changed(chosen, further), timed, minutes, began)


def _is_of_data(path: str) -> bool:
    return path.startswith("data.")


def _first_network(backbone: str | None, weights: str | None, from_scratch: bool) -> Network:
    if from_scratch:
        return SCRATCH
    if backbone is not None:
        return given_network(backbone, weights)
    smallest = CANDIDATES[0]
    if can_be_had(smallest.name):
        return Network(smallest.name, why=_top1(smallest.name))
    return bundled_network(
        "ImageNet's weights cannot be downloaded, and it comes with the package; trained on small "
        "pictures, it is worth less for photographs (--weights takes a file of better ones)"
    )


def _top1(name: str) -> str:
    top1 = next(candidate.top1 for candidate in CANDIDATES if candidate.name == name)
    return f"the largest that there is time for; it is right on {top1}% of ImageNet"


def _timed(
    network: Network,
    image_size: int | None,
    facts: ImageFacts,
    seconds: float,
    measure: Callable[..., StepTimes],
) -> TimedNetwork:
    """Returns a network at the size asked for, or else at that at which images lose no pixels."""
    middle = facts.sides[1]
    size = image_size or next((s for s in network.sizes if s >= middle), network.sizes[-1])
    channels = 1 if facts.grey and network.weights is None else 3
    spec = network.model

    def build() -> keras.Model:
        options = spec.arguments("model")
        if spec.name == "Pretrained":
            options["trainable_stages"] = "all"
            if network.backbone in application_builders():
                options["weights"] = None  # Random ones are as fast.
        shape = (size, size, channels)
        return spec.component("model")(shape, max(2, len(facts.class_names)), **options)

    def trains(times: StepTimes) -> bool:
        # A training step is worth two predictions at least, and takes longer to compile.
        steps = 2 * FEWEST_STEPS * BATCH_SIZE * times.forward_image + 3 * times.forward_compile
        return facts.total * times.forward_image + steps < PLANNED * seconds

    asked = "it was asked for"
    natural = f"half of the images have a shorter side of up to {middle:,}"
    return TimedNetwork(
        network, size, measure(build, trains=trains), asked if image_size else natural
    )


def _larger(timed: TimedNetwork, facts: ImageFacts, seconds: float) -> TimedNetwork:
    """Returns the largest network that can be trained in time, with its estimated times."""
    smallest, *larger = CANDIDATES
    if timed.network.backbone != smallest.name:
        return timed
    for candidate in reversed(larger):
        times = scaled(timed.times, candidate.cost / smallest.cost)
        held = _held(facts, times, seconds)
        each = seconds / (held.folds + 1 if held.folds else 1)
        length = fine_tuning_length(held, times, each, facts.decode_seconds)
        # As long as fine-tuning is of use, with room for what a larger network adds in layers.
        fits = length is not None and length.epochs >= 10 and 1.5 * length.seconds < each
        if fits and can_be_had(candidate.name):
            network = Network(candidate.name, why=_top1(candidate.name))
            return replace(timed, network=network, times=times)
    return timed


def _held(facts: ImageFacts, times: StepTimes, seconds: float) -> HeldOut:
    """Returns folds where there is time to train a last layer for each, else a hold-out."""
    held = held_out(facts, folds_fit=True)
    trainings = (held.folds + 1) * head_seconds(held, times, facts.decode_seconds)
    return held if not held.folds or trainings < seconds else held_out(facts, folds_fit=False)


def _smaller(timed: TimedNetwork, facts: ImageFacts, held: HeldOut, seconds: float) -> TimedNetwork:
    """Returns the network at the largest size at which there is time to fine-tune it."""
    network, size = timed.network, timed.image_size
    length = scratch_length if network.weights is None else fine_tuning_length
    each = seconds / (held.folds + 1 if held.folds else 1)
    for side in sorted((s for s in network.sizes if s <= size), reverse=True):
        times = scaled(timed.times, (side / size) ** 2)
        if length(held, times, each, facts.decode_seconds) is not None:
            why = timed.why if side == size else "larger ones would take too long"
            return TimedNetwork(network, side, times, why)
    return timed


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
    asked = min(held.train, _MEASURED_IMAGES) + 800
    cost = asked * (times.forward_image + facts.decode_seconds) + 4 * times.forward_compile
    each = seconds / (held.folds + 1 if held.folds else 1)
    fits = fine_tuning_length(held, times, each - cost, facts.decode_seconds) is not None
    if not fits or cost > _MEASURING * 60 * minutes:
        return Advised()
    from kerasrecipes.proposals.measuring import measured

    recipe = choose(facts, held, timed, _AMPLE_SECONDS, Advised(), "features").recipe
    if held.folds:  # On one of the folds: what is kept is trained on all of them.
        recipe = recipe.replace({"data.fold": 0})
    return measured(recipe, directory=Path(directory) / "features")
