"""Claim: drawing classes by shares takes no longer than PyTorch's `WeightedRandomSampler`.

    python benchmarks/imbalance.py [TURNS]

Each call draws the indices of one pass over long-tailed labels: evenly of all classes by the
package's sampler, by PyTorch's (with replacement, which is all it can do), and, without shares,
each sample once. Printed are medians of CPU seconds of all threads, and the median and the
quartiles of the ratio to PyTorch's in the same turn. What ways to train on uneven classes are worth
is `python -m benchmarks.studies.imbalance`.
"""

import itertools
import os
import statistics
import sys
from collections.abc import Callable

import numpy as np
from harness.turns import CPU, take_turns

from kerasrecipes.data import PowerSampling
from kerasrecipes.data.batches import training_order

BATCH, FACTOR = 256, 100
# Samples and classes, as of CIFAR-100 and of ImageNet.
SIZES = ((50_000, 100), (1_281_167, 1000))


def main(turns: int = 9) -> None:
    """Prints a line for each size."""
    import torch

    print(f"torch {torch.__version__}, n = {turns} turns of a pass, load {os.getloadavg()[0]:.1f}")
    for samples, classes in SIZES:
        labels = long_tailed(samples, classes)
        sampled = PowerSampling(0).on(labels, [str(label) for label in range(classes)])
        seconds = take_turns(
            {
                "ours": passes(training_order(labels, BATCH, 0, sampled)),
                "torch": weighted(labels),
                "each once": passes(training_order(labels, BATCH, 0)),
            },
            turns,
        )
        ours, peer, once = (seconds[name][:, CPU] for name in ("ours", "torch", "each once"))
        low, middle, high = statistics.quantiles(ours / peer, n=4)
        print(
            f"{samples:,} samples of {classes} classes: {statistics.median(ours):.3f} s, torch "
            f"{statistics.median(peer):.3f} s, each once {statistics.median(once):.3f} s; "
            f"x {middle:.2f} ({low:.2f} to {high:.2f})",
            flush=True,
        )


def long_tailed(samples: int, classes: int) -> np.ndarray:
    """Returns shuffled labels, of which the first class has `FACTOR` times those of the last."""
    frequencies = FACTOR ** -(np.arange(classes) / (classes - 1))
    ends = np.round(samples * np.cumsum(frequencies) / frequencies.sum()).astype(int)
    labels = np.repeat(np.arange(classes, dtype="int32"), np.diff(ends, prepend=0))
    return np.random.default_rng(0).permutation(labels)


def passes(order) -> Callable[[], None]:
    """Returns a function that draws the indices of a pass, another one at each call."""
    numbers = itertools.count()

    def draw() -> None:
        first = next(numbers) * order.steps
        for step in range(first, first + order.steps):
            order.indices(step)

    return draw


def weighted(labels: np.ndarray) -> Callable[[], None]:
    """Returns a function that draws the indices of a pass by PyTorch's sampler, in batches."""
    import torch

    weights = (1 / np.bincount(labels))[labels]
    sampler = torch.utils.data.WeightedRandomSampler(weights, len(labels))
    batches = torch.utils.data.BatchSampler(sampler, BATCH, drop_last=False)

    def draw() -> None:
        for _ in batches:
            pass

    return draw


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
