"""Claims: our layers cost no more than what they replace, or little more than what they wrap.

    KERAS_BACKEND=tensorflow python benchmarks/layers.py [CLAIM ...]

A training step (`train_on_batch`, SGD with momentum) of three equal layers on each other is timed
against that of three of their peer, in the same process and in turn. Printed are medians of CPU
seconds (of all threads of the process) and of the wall's clock, and the median and the quartiles of
the ratio to the peer in the same turn.
"""

import functools
import statistics
import sys
from collections.abc import Callable

import keras
import numpy as np
from harness.turns import CPU, WALL, take_turns

from kerasrecipes.layers import InstanceNormalization, WeightNormalization

TURNS, STEPS = 15, 3


def instance_normalization() -> None:
    """No slower than Keras's group normalization with one channel a group."""
    makers = {
        "GroupNormalization(groups=-1)": lambda: keras.layers.GroupNormalization(groups=-1),
        "InstanceNormalization": InstanceNormalization,
    }
    for shape in ((32, 32, 32, 64), (8, 56, 56, 128)):
        compare(shape, makers)


def weight_normalization() -> None:
    """A step takes at most 1.3 times that of the bare layers."""
    for shape, make in (
        ((128, 1024), lambda: keras.layers.Dense(1024)),
        ((32, 32, 32, 16), lambda: keras.layers.Conv2D(16, 3, padding="same")),
        ((32, 14, 14, 256), lambda: keras.layers.Conv2D(256, 3, padding="same")),
        ((32, 28, 28, 128), lambda: keras.layers.DepthwiseConv2D(3, padding="same")),
    ):
        name = type(make()).__name__
        wrapped = functools.partial(_weight_normalized, make)
        compare(shape, {name: make, f"WeightNormalization({name})": wrapped})


def _weight_normalized(make: Callable[[], keras.layers.Layer]) -> keras.layers.Layer:
    return WeightNormalization(make())


CLAIMS: dict[str, Callable[[], None]] = {
    claim.__name__: claim for claim in (instance_normalization, weight_normalization)
}


def compare(shape: tuple[int, ...], makers: dict[str, Callable[[], keras.layers.Layer]]) -> None:
    """Prints the time of a step of each kind of layer, and its ratio to the first kind's."""
    backend = keras.backend.backend()
    print(f"\ninputs of {shape}, {backend}, n = {TURNS} turns of {STEPS} steps", flush=True)
    steps = {name: training_step(make, shape) for name, make in makers.items()}
    seconds = take_turns(steps, TURNS, calls=STEPS)
    peer = next(iter(makers))
    for name in makers:
        clocks = []
        for clock, what in ((CPU, "CPU"), (WALL, "wall")):
            median = statistics.median(seconds[name][:, clock])
            ratios = seconds[name][:, clock] / seconds[peer][:, clock]
            low, middle, high = statistics.quantiles(ratios, n=4)
            clocks.append(
                f"{what} {median * 1000:7.1f} ms  x {middle:.2f} ({low:.2f} to {high:.2f})"
            )
        print(f"{name:34} {'    '.join(clocks)}", flush=True)


def training_step(make: Callable[[], keras.layers.Layer], shape: tuple[int, ...]):
    """Returns a function that trains three layers on one batch."""
    model = keras.Sequential([keras.Input(shape[1:]), *(make() for _ in range(3))])
    model.compile(keras.optimizers.SGD(1e-3, momentum=0.9), "mse")
    x = np.random.default_rng(0).normal(size=shape).astype("float32")
    y = np.zeros((shape[0], *model.output_shape[1:]), "float32")
    return lambda: model.train_on_batch(x, y)


if __name__ == "__main__":
    for claim in sys.argv[1:] or CLAIMS:
        CLAIMS[claim]()
