"""Claim: training ResNet-20 on CIFAR-10 waits for data less than 5% of its time.

    python benchmarks/input_pipeline.py [IMAGE_FOLDER]

Takes batches from the recipe's pipeline (shuffled, padded, cropped, flipped) and steps on them, and
prints the share of the time that goes by before a batch is there. On a CPU the pipeline also takes
time from the step itself, so the whole is compared with steps on one and the same batch, in turn.
Without a folder of CIFAR-10's pictures the pixels are random, which costs the same.
"""

import itertools
import statistics
import sys
import time

from harness.inputs import random_images, recipe_of

from kerasrecipes.data import training_batches
from kerasrecipes.training import build_recipe

STEPS, REPEATS, WARMUP = 40, 5, 5


def main(folder: str | None = None) -> None:
    recipe = recipe_of("cifar10_resnet20")
    if folder is None:
        dataset = random_images(20_000, (32, 32, 3), validation=1000)
    else:
        dataset = recipe.replace({"data.directory": folder}).data.build("data").load()
    built = build_recipe(recipe, dataset)
    batches = training_batches(
        dataset.train,
        batch_size=built.batch_size,
        seed=0,
        steps_per_epoch=built.length.steps_per_epoch,
        epochs=range(recipe.epochs),
        augment=built.augment,
    )
    stream = iter(batches)
    same = itertools.repeat(next(stream))
    _timed(built.model, stream, WARMUP)
    waits, costs = [], []
    for _ in range(REPEATS):
        waited, whole = _timed(built.model, stream, STEPS)
        _, bare = _timed(built.model, same, STEPS)
        waits.append(waited / whole)
        costs.append(whole / bare - 1)
    print(f"step on one batch     {bare / STEPS * 1000:7.1f} ms, batch {built.batch_size}")
    print(f"waiting for data      {_summary(waits)} of the step, n = {REPEATS} x {STEPS} steps")
    print(f"step slower by        {_summary(costs)} than on one and the same batch")


def _timed(model, batches, steps: int) -> tuple[float, float]:
    """Returns the seconds waited for batches, and all seconds."""
    waited, began = 0.0, time.perf_counter()
    for _ in range(steps):
        asked = time.perf_counter()
        images, labels = next(batches)
        waited += time.perf_counter() - asked
        model.train_on_batch(images, labels)
    return waited, time.perf_counter() - began


def _summary(shares: list[float]) -> str:
    low, middle, high = min(shares), statistics.median(shares), max(shares)
    return f"{middle:7.1%} (median; {low:.1%} to {high:.1%})"


if __name__ == "__main__":
    main(*sys.argv[1:2])
