"""Claim: one call of an ensemble costs at most its members' calls plus 5%, and less if they share.

    KERAS_BACKEND=tensorflow python benchmarks/ensembles.py [TURNS]

An ensemble of M networks (ResNet-20, 64 images of 32 pixels) predicts a batch in turn with one of
its members; so does one of M heads on a frozen ResNet-20 that they share, with a member that has
both. Printed are medians of CPU seconds (of all threads) and of the wall's clock, and the median
and the quartiles of the ratio to M times the member in the same turn.
"""

import os
import statistics
import sys
from collections.abc import Callable, Sequence

import keras
import numpy as np
from harness.turns import CPU, WALL, take_turns

from kerasrecipes.models import ResNetCIFAR, averaged_probabilities, set_trainable_stages

MEMBERS, IMAGES, CALLS = 5, 64, 3
SHAPE, CLASSES = (32, 32, 3), 10


def main(turns: int = 15) -> None:
    """Prints a line for each kind of member."""
    backend = keras.backend.backend()
    print(f"{backend}, M = {MEMBERS}, n = {turns} turns of {CALLS} calls, load {_load():.1f}")
    for name, make in (("networks of their own", network), ("heads on one backbone", with_head)):
        models = [make(seed) for seed in range(MEMBERS)]
        compare(name, models, turns)


def network(seed: int) -> keras.Model:
    """Returns a ResNet-20 with weights of its own."""
    keras.utils.set_random_seed(seed)
    return ResNetCIFAR(SHAPE, CLASSES, depth=20)


def with_head(seed: int) -> keras.Model:
    """Returns a ResNet-20 of which all have the same frozen stages, and a head of its own."""
    model = network(0)
    set_trainable_stages(model, 0)
    keras.utils.set_random_seed(seed)
    for layer in model.layers:
        if layer.trainable_variables:
            layer.set_weights([np.random.normal(size=w.shape) for w in layer.get_weights()])
    return model


def compare(name: str, models: Sequence[keras.Model], turns: int) -> None:
    """Prints the time of an ensemble's call, and its ratio to M calls of a member."""
    images = np.random.default_rng(0).uniform(size=(IMAGES, *SHAPE)).astype("float32")
    ensemble = averaged_probabilities(models)
    calls = {"member": call(models[0], images), "ensemble": call(ensemble, images)}
    seconds = take_turns(calls, turns, calls=CALLS)
    parameters = ensemble.count_params() / models[0].count_params()
    cells = []
    for clock, what in ((CPU, "CPU"), (WALL, "wall")):
        member, all_of_them = (seconds[each][:, clock] for each in ("member", "ensemble"))
        low, middle, high = statistics.quantiles(all_of_them / (len(models) * member), n=4)
        cells.append(
            f"{what} {1000 * statistics.median(member):6.1f} and "
            f"{1000 * statistics.median(all_of_them):6.1f} ms  x {middle:.2f} "
            f"({low:.2f} to {high:.2f})"
        )
    print(f"{name:22} {parameters:.2f} times the weights  {'    '.join(cells)}", flush=True)


def call(model: keras.Model, images: np.ndarray) -> Callable[[], object]:
    """Returns a function that predicts the images in one call, compiled where Keras compiles."""
    return lambda: model.predict_on_batch(images)


def _load() -> float:
    return os.getloadavg()[0]


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
