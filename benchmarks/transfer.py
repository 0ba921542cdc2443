"""Claims about frozen layers: features are computed once, and what is frozen has no backward pass.

    python benchmarks/transfer.py
    python benchmarks/transfer.py --set model.backbone=MobileNet --images 256 --copies 4

1. An epoch of the head on cached features costs at most 1/300 of an epoch that computes them.
2. Building the cache costs at most 1.1 times `model.predict`.
3. Both ways end with the same weights, to rounding.
4. The fewer stages are trained, the cheaper a step: no gradient is computed below the lowest.

Pixels and weights are random, which costs the same as others. An epoch has `images * copies`
images; the one that computes features is measured on one copy of them and multiplied. The epochs
are those of a `fit` without validation, but its first and last. What is compared takes turns; the
median of the ratios counts, or the least time of each, as it says. Times are the CPUs', which say
more than the wall's on a shared machine.
"""

import argparse
import functools
import os
import statistics
import tempfile
from dataclasses import replace
from pathlib import Path

import keras
import numpy as np
from harness.inputs import random_images
from harness.turns import CPU, seconds_of, take_turns
from steps.epoch_clock import EpochClock

from kerasrecipes import Recipe, use
from kerasrecipes.cli.arguments import add_set, changes_of
from kerasrecipes.cli.tables import print_table
from kerasrecipes.data import Dataset, evaluation_batches, training_batches
from kerasrecipes.models.surgery.frozen_part import FrozenPart
from kerasrecipes.recipe.run_length import RunLength
from kerasrecipes.training import BuiltRecipe, build_recipe
from kerasrecipes.training.features.cached_build import on_features
from kerasrecipes.training.features.feature_cache import cached_features
from kerasrecipes.training.features.feature_split import FeatureSplit

RECIPE = Recipe(
    data="Digits",  # Only its name: the images are random.
    preprocessing=[],
    model=use("Pretrained", backbone="ResNet50", weights=None),
    optimizer=use("SGD", learning_rate=1e-4),
    batch_size=32,
)
REPEATS = 5
CLASSES = 10


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add_set(parser, "change a value of the recipe, such as model.backbone=VGG16; repeatable")
    parser.add_argument("--images", type=int, default=64)
    parser.add_argument("--copies", type=int, default=16)
    parser.add_argument("--size", type=int, default=224, help="height and width, in pixels")
    parser.add_argument("--no-steps", action="store_false", dest="steps", help="claims 1 to 3 only")
    arguments = parser.parse_args()
    recipe = RECIPE.replace(changes_of(arguments))
    shape = (arguments.size, arguments.size, 3)
    dataset = random_images(arguments.images, shape, validation=CLASSES, classes=CLASSES)
    title = f"{recipe.model.options['backbone']}, {arguments.images} images of {arguments.size}"
    print(f"{title} x {arguments.size} pixels, batches of {recipe.batch_size}")
    with tempfile.TemporaryDirectory() as directory:
        print_table([*features(recipe, dataset, arguments.copies, Path(directory))])
    if arguments.steps:
        print()
        print_table([*frozen_stages(recipe, dataset)])
    print(f"\nn = {REPEATS}, load {os.getloadavg()[0]:.1f}, {keras.backend.backend()}")


def features(recipe: Recipe, dataset: Dataset, copies: int, directory: Path):
    """Yields a row a claim about features."""
    whole, built = build_recipe(recipe, dataset), build_recipe(recipe, dataset)
    for variable, other in zip(built.model.variables, whole.model.variables, strict=True):
        variable.assign(other)
    steps = len(dataset.train) * copies // built.batch_size
    cached = on_features(replace(built, length=RunLength(steps, epochs=1)), directory, wanted=True)
    part = FrozenPart.of(whole.model)
    for model in (part.backbone, built.model):
        model.predict(evaluation_batches(dataset.train, 64), verbose=0)
    ratios, equal = [], []
    for number in range(REPEATS):
        plain = seconds_of(
            lambda: part.backbone.predict(evaluation_batches(dataset.train, 64), verbose=0)
        )
        folder = directory / f"build{number}"
        build = seconds_of(
            lambda folder=folder: cached_features(
                {"": part.backbone}, dataset.train, directory=folder
            )
        )
        ratios.append(build[CPU] / plain[CPU])
    yield row("building the cache / model.predict", ratios, "at most 1.1")
    for run in (whole, cached):
        fit(run, epochs=1)
    for ours, theirs in zip(built.model.weights, whole.model.weights, strict=True):
        ours, theirs = (keras.ops.convert_to_numpy(w) for w in (ours, theirs))
        equal.append(float(np.abs(ours - theirs).max() / max(np.abs(theirs).max(), 1e-12)))
    yield {
        "claim": "largest relative difference of weights",
        "median": f"{max(equal):.1g}",
        "from": "",
        "to": "",
        "target": "rounding",
    }
    train = cached.dataset.train
    tiled = [np.concatenate([x] * copies) for x in (train.features, train.labels)]
    many = replace(cached, dataset=replace(cached.dataset, train=FeatureSplit(*tiled)))
    plain, fast = zip(
        *[(copies * epoch(whole, 3), epoch(many, 12)) for _ in range(REPEATS)], strict=True
    )
    yield row("epoch with the backbone, ms", [1000 * seconds for seconds in plain])
    yield row("cached epoch, ms", [1000 * seconds for seconds in fast])
    ratios = [one / other for one, other in zip(plain, fast, strict=True)]
    yield row("epoch with the backbone / cached epoch", ratios, "at least 300")


def frozen_stages(recipe: Recipe, dataset: Dataset):
    """Yields a row for each number of trainable stages, with the time of a step on one batch."""
    images = dataset.train.images[: recipe.batch_size].astype("float32")
    labels = dataset.train.labels[: recipe.batch_size]
    steps = {}
    for trainable in (0, 1, 2, 3, "all"):
        model = build_recipe(recipe.replace({"model.trainable_stages": trainable}), dataset).model
        steps[trainable] = functools.partial(model.train_on_batch, images, labels)
    seconds = take_turns(steps, REPEATS)
    for trainable, measured in seconds.items():
        shares = measured[:, CPU] / seconds["all"][:, CPU]
        yield {
            "trainable stages": trainable,
            "step, least": f"{1000 * measured[:, CPU].min():,.0f} ms",
            "of a step that trains all": f"{statistics.median(shares):.2f}",
        }


def epoch(built: BuiltRecipe, epochs: int) -> float:
    """Returns the CPU seconds of an epoch: the median of all but the first and the last."""
    return float(np.median(fit(built, epochs).epochs[:, 1]))


def fit(built: BuiltRecipe, epochs: int) -> EpochClock:
    steps = len(built.dataset.train) // built.batch_size
    batches = training_batches(
        built.dataset.train,
        batch_size=built.batch_size,
        seed=0,
        steps_per_epoch=steps,
        epochs=range(epochs),
    )
    clock = EpochClock()
    built.model.fit(
        batches, steps_per_epoch=steps, epochs=epochs, callbacks=[clock], shuffle=False, verbose=0
    )
    return clock


def row(claim: str, measured: list[float], target: str = "") -> dict[str, str]:
    numbers = (statistics.median(measured), min(measured), max(measured))
    median, least, most = (f"{number:.3g}" for number in numbers)
    return {"claim": claim, "median": median, "from": least, "to": most, "target": target}


if __name__ == "__main__":
    main()
