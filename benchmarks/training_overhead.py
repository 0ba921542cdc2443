"""Claim: `train` costs at most 2% of an epoch over a bare `fit` of the same model and pipeline.

    python benchmarks/training_overhead.py

`train` adds, to every epoch, the history's row, the best epoch's weights, TensorBoard's scalars and
a checkpoint. All of it happens between the end of an epoch's validation and the next epoch, so that
gap is timed, in both, and their difference is the overhead: differences of whole epochs drown in
noise. What `train` does once (the outcome, the files) is told in seconds. Both train in turn, from
the same data; the first epoch, which traces, is left out. Digits at 32 pixels stand in for
CIFAR-10: one channel instead of three, in one of 20 layers.
"""

import os
import statistics
import tempfile

import numpy as np
from harness.inputs import recipe_of
from harness.turns import now
from steps.epoch_clock import EpochClock

from kerasrecipes import Recipe, train, use
from kerasrecipes.data import evaluation_batches, training_batches
from kerasrecipes.training import build_recipe

REPEATS = 3
CHANGES = {"callbacks": [use("steps.epoch_clock:EpochClock")], "monitor": "val_accuracy"}
RESNET20 = {
    "data": use("Digits", image_size=32, validation_fraction=0.1),
    "steps_per_epoch": 5,
    "epochs": 6,
}


def main() -> None:
    demo, resnet20 = recipe_of("train_from_scratch"), recipe_of("cifar10_resnet20")
    print(f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} CPUs")
    _compare("demo, 12 epochs of all its data", demo.replace({**CHANGES, "epochs": 12}))
    _compare("ResNet-20, 6 epochs of 5 steps", resnet20.replace({**CHANGES, **RESNET20}))


def _compare(title: str, recipe: Recipe) -> None:
    bare, ours, once = [], [], []
    for _ in range(REPEATS):
        bare.append(_bare(recipe))
        ours.append(_train(recipe))
        once.append(_outside_epochs(ours[-1]) - _outside_epochs(bare[-1]))
    print(f"{title}, n = {REPEATS} trainings each, load {os.getloadavg()[0]:.1f}")
    for clock, name in enumerate(("wall", "CPU")):
        fit_epoch, train_epoch = (_all(runs, "epochs", clock) for runs in (bare, ours))
        overheads = _all(ours, "between", clock) - np.median(_all(bare, "between", clock))
        print(
            f"  {name:<4} epoch of fit {np.median(fit_epoch):.0f} ms, "
            f"of train {np.median(train_epoch):.0f} ms; overhead {np.median(overheads):.1f} ms "
            f"({min(overheads):.1f} to {max(overheads):.1f}), "
            f"{np.median(overheads) / np.median(fit_epoch):.1%} of the epoch; "
            f"once {statistics.median(o[clock] for o in once):.1f} s"
        )


def _all(runs: list[dict], part: str, clock: int) -> np.ndarray:
    """Returns the milliseconds of all epochs of runs."""
    return np.concatenate([run[part] for run in runs])[:, clock] * 1000


def _bare(recipe: Recipe) -> dict:
    began = now()
    built = build_recipe(recipe, recipe.data.build("data").load())
    built.model.fit(
        training_batches(
            built.dataset.train,
            batch_size=built.batch_size,
            seed=recipe.seed,
            steps_per_epoch=built.length.steps_per_epoch,
            epochs=range(recipe.epochs),
            augment=built.augment,
        ),
        validation_data=evaluation_batches(built.dataset.validation, built.batch_size),
        epochs=recipe.epochs,
        steps_per_epoch=built.length.steps_per_epoch,
        shuffle=False,
        callbacks=[EpochClock()],
        verbose=0,
    )
    return _timed(began)


def _train(recipe: Recipe) -> dict:
    with tempfile.TemporaryDirectory() as directory:
        began = now()
        train(recipe, directory=directory, verbose=0)
        return _timed(began)


def _timed(began: tuple[float, float]) -> dict:
    whole = np.subtract(now(), began)
    clock = EpochClock.trainings[-1]
    return {"whole": whole, "epochs": clock.epochs, "between": clock.between}


def _outside_epochs(timed: dict) -> np.ndarray:
    return timed["whole"] - timed["epochs"].sum(axis=0)


if __name__ == "__main__":
    main()
