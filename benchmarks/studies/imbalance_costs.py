"""Comparison of what the ways to train on uneven classes cost.

    python -m benchmarks.studies.imbalance_costs [TURNS]

Each way of `benchmarks.studies.imbalance` trains that study's network for CIFAR-10 on random pixels
with long-tailed labels (factor 100), augmented and drawn as a run does it. In each turn, every way
fits for 40 steps. Printed are medians of CPU seconds of all threads, and the median and the
quartiles of the ratio to the plain training in the same turn. What drawing by shares costs by
itself, `python benchmarks/imbalance.py` says.
"""

import itertools
import statistics
import sys
from collections.abc import Callable
from functools import partial
from types import SimpleNamespace

import keras
import numpy as np

from benchmarks.harness.inputs import random_images
from benchmarks.harness.turns import CPU, take_turns
from benchmarks.studies.imbalance import FACTORS, PLAIN, cifar10, ways
from benchmarks.studies.long_tailed import LongTailed
from kerasrecipes import Recipe
from kerasrecipes.cli.tables import print_table
from kerasrecipes.data import Dataset
from kerasrecipes.training.building.build import build_recipe
from kerasrecipes.training.building.class_weighting import class_weights
from kerasrecipes.training.building.inputs import fit_inputs

# As many images as the study draws from: 4,900 of each class.
STEPS, CLASSES, IMAGES = 40, 10, 49_000
# It trains as the plain way does until it begins.
LATE = "sampler late"


def main(turns: int = 9) -> None:
    """Prints a line for each way."""
    recipe, dataset = cifar10("unused.npz"), long_tailed_pixels()
    fits = {
        way: fitting(recipe.replace({**changes, "steps_per_epoch": STEPS}), dataset)
        for way, changes in ways(recipe.epochs).items()
        if way != LATE
    }
    seconds = take_turns(fits, turns)
    print(f"{keras.backend.backend()}, n = {turns} turns of {STEPS} steps")
    print_table([row(way, seconds[way], seconds[PLAIN]) for way in fits])


def fitting(recipe: Recipe, dataset: Dataset) -> Callable[[], object]:
    """Returns a function that trains one epoch, another one at each call."""
    built = build_recipe(recipe, dataset)
    weights, epochs = class_weights(recipe, dataset), itertools.count()

    def fit() -> None:
        epoch = next(epochs)
        inputs = fit_inputs(built, weights, range(epoch, epoch + 1))
        built.model.fit(**inputs, steps_per_epoch=STEPS, verbose=0)

    return fit


def long_tailed_pixels() -> Dataset:
    """Returns images of random pixels, as many of each class as the study has at factor 100."""
    even = partial(random_images, IMAGES, (32, 32, 3), validation=CLASSES, classes=CLASSES)
    return LongTailed(SimpleNamespace(load=even), max(FACTORS)).load()


def row(way: str, own: np.ndarray, plain: np.ndarray) -> dict[str, str]:
    """Returns the line of a way, from `(turns, 2)`: wall and CPU seconds."""
    low, middle, high = statistics.quantiles(own[:, CPU] / plain[:, CPU], n=4)
    return {
        "way": way,
        "CPU ms a step": f"{1000 * statistics.median(own[:, CPU]) / STEPS:.1f}",
        "of plain": f"{middle:.2f} ({low:.2f} to {high:.2f})",
    }


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
