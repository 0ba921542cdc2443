"""Claim: a whole training step with Muon takes at most 1.2 times that with momentum on ResNet-18.

    KERAS_BACKEND=tensorflow python benchmarks/training_steps.py [NETWORK] [TURNS] [BATCH_SIZE]

NETWORK is `resnet18`, with a 3x3 stem and 32 pixels (the default), `speed`, the network of
recipes/cifar10_fast.py, or `resnet20`. Each contender is the same network, compiled with `fit` as a
user does it: forward, backward, optimizer, accuracy. Instead of a network, `recipes` compares
cifar10_fast with cifar10_resnet20 on the same number of images, which are not augmented.

The contenders take turns of a step each, so that what else the machine does falls on each of them.
Printed are medians of the CPU seconds and of the seconds on the wall, and ratios to the first
contender's in the same turn.
"""

import contextlib
import functools
import statistics
import sys
import time

import keras
import numpy as np
from harness.inputs import random_images, recipe_of
from harness.turns import CPU, WALL, take_turns

from kerasrecipes.models import ResNet, ResNetCIFAR, SpeedNetCIFAR
from kerasrecipes.optimizers import KernelMuon, Momentum, ScheduleFree
from kerasrecipes.steps import SharpnessAwareMinimization
from kerasrecipes.training.building.build import build_recipe

SHAPE, CLASSES = (32, 32, 3), 10
NETWORKS = {
    "resnet18": lambda: ResNet(SHAPE, CLASSES, depth=18, stem="small"),
    "resnet20": lambda: ResNetCIFAR(SHAPE, CLASSES, depth=20),
    "speed": lambda: SpeedNetCIFAR(SHAPE, CLASSES, widths=(64, 128, 256)),
}
SGD = "SGD, Nesterov"


def momentum():
    return keras.optimizers.SGD(0.01, momentum=0.9, nesterov=True, weight_decay=5e-4)


CONTENDERS = {
    SGD: (momentum, None),
    "Momentum": (lambda: Momentum(0.01, nesterov=True, weight_decay=5e-4), None),
    "KernelMuon, 3 steps": (lambda: KernelMuon(momentum(), steps=3), None),
    "KernelMuon, 5 steps": (lambda: KernelMuon(momentum(), steps=5), None),
    "ScheduleFree": (
        lambda: ScheduleFree(keras.optimizers.SGD(0.01, weight_decay=5e-4)),
        None,
    ),
    "SAM": (momentum, SharpnessAwareMinimization()),
    "SAM, interval 2": (momentum, SharpnessAwareMinimization(interval=2)),
}


def main(network: str = "resnet18", turns: int = 7, batch_size: int = 128, *names: str) -> None:
    backend = keras.backend.backend()
    with contextlib.ExitStack() as steps:
        if network == "recipes":
            functions, first = recipe_steps(), "cifar10_resnet20"
            print(f"seconds of 1,000 images, {backend}, n = {turns}")
        else:
            functions, first = optimizer_steps(steps, network, batch_size, names), SGD
            print(f"seconds of a step, {network}, batches of {batch_size}, {backend}, n = {turns}")
        began = time.perf_counter()
        seconds = take_turns(functions, turns)
    columns = f"{'CPU s':>7} {'wall s':>7} {'CPU ratio [least, most]':>26} {'wall ratio':>10}"
    print(f"{'':24} {columns}")
    for name, each in seconds.items():
        ratios = each / seconds[first]
        median = {column: statistics.median(ratios[:, column]) for column in (CPU, WALL)}
        print(
            f"{name:24} {statistics.median(each[:, CPU]):7.2f} "
            f"{statistics.median(each[:, WALL]):7.2f} {median[CPU]:10.2f} "
            f"[{ratios[:, CPU].min():.2f}, {ratios[:, CPU].max():.2f}] {median[WALL]:13.2f}"
        )
    print(f"{time.perf_counter() - began:.0f} s in all")


def optimizer_steps(steps: contextlib.ExitStack, network: str, batch_size: int, names) -> dict:
    """Returns functions that take one step of the network, by the name of the contender."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(batch_size, *SHAPE)).astype("float32")
    y = rng.integers(0, CLASSES, batch_size)
    functions = {}
    for name, (optimizer, step) in CONTENDERS.items():
        if names and name not in (SGD, *names):
            continue
        keras.utils.set_random_seed(0)
        model = NETWORKS[network]()
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        model.compile(optimizer(), loss, metrics=["accuracy"])
        if step is not None:
            steps.enter_context(step.on(model))
        functions[name] = functools.partial(model.train_on_batch, x, y)
    return functions


def recipe_steps() -> dict:
    """Returns functions that train on 1,000 images as recipes do, by the name of the recipe."""
    dataset = random_images(1000, SHAPE, validation=100)
    functions = {}
    for name in ("cifar10_resnet20", "cifar10_fast"):
        built = build_recipe(recipe_of(name), dataset)
        # Full batches alone, or the last one would be compiled apart.
        size = next(n for n in range(built.batch_size, 0, -1) if 1000 % n == 0)
        parts = [np.arange(start, start + size) for start in range(0, 1000, size)]
        batches = [(dataset.train.read(part), dataset.train.labels[part]) for part in parts]
        functions[name] = functools.partial(train_on, built.model, batches)
    return functions


def train_on(model: keras.Model, batches: list) -> None:
    for images, labels in batches:
        model.train_on_batch(images, labels)


if __name__ == "__main__":
    arguments = sys.argv[1:]
    main(*arguments[:1], *map(int, arguments[1:3]), *arguments[3:])
