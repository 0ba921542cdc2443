"""The network and the image size that fit into a time, by a few steps that were measured."""

from collections.abc import Callable
from dataclasses import replace

import keras

from kerasrecipes.models.backbones.applications import application_builders
from kerasrecipes.proposals.budget.lengths import (
    FEWEST_STEPS,
    PLANNED,
    fine_tuning_length,
    head_seconds,
    scaled,
    scratch_length,
)
from kerasrecipes.proposals.budget.step_times import BATCH_SIZE, StepTimes
from kerasrecipes.proposals.images.image_facts import ImageFacts
from kerasrecipes.proposals.images.splitting import HeldOut, held_out
from kerasrecipes.proposals.networks import (
    CANDIDATES,
    SCRATCH,
    Network,
    TimedNetwork,
    bundled_network,
    can_be_had,
    given_network,
)


def first_network(backbone: str | None, weights: str | None, from_scratch: bool) -> Network:
    """Returns the network that is asked for, or else the smallest one that can be had."""
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


def timed_network(
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


def larger_network(timed: TimedNetwork, facts: ImageFacts, seconds: float) -> TimedNetwork:
    """Returns the largest network that can be trained in time, with its estimated times."""
    smallest, *larger = CANDIDATES
    if timed.network.backbone != smallest.name:
        return timed
    for candidate in reversed(larger):
        times = scaled(timed.times, candidate.cost / smallest.cost)
        held = held_in_time(facts, times, seconds)
        each = seconds / (held.folds + 1 if held.folds else 1)
        length = fine_tuning_length(held, times, each, facts.decode_seconds)
        # As long as fine-tuning is of use, with room for what a larger network adds in layers.
        fits = length is not None and length.epochs >= 10 and 1.5 * length.seconds < each
        if fits and can_be_had(candidate.name):
            network = Network(candidate.name, why=_top1(candidate.name))
            return replace(timed, network=network, times=times)
    return timed


def held_in_time(facts: ImageFacts, times: StepTimes, seconds: float) -> HeldOut:
    """Returns folds where there is time to train a last layer for each, else a hold-out."""
    held = held_out(facts, folds_fit=True)
    trainings = (held.folds + 1) * head_seconds(held, times, facts.decode_seconds)
    return held if not held.folds or trainings < seconds else held_out(facts, folds_fit=False)


def smaller_images(
    timed: TimedNetwork, facts: ImageFacts, held: HeldOut, seconds: float
) -> TimedNetwork:
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
