"""Runs that were stopped end with the numbers of undisturbed ones, on every backend."""

import keras
import pytest

from kerasrecipes.recipe.recipe import Recipe
from kerasrecipes.recipe.spec import use
from kerasrecipes.training.training import train
from tests.training.stopped import Stop, numbers

RECIPE = Recipe(
    data=use("Digits", classes=[0, 1], examples_per_class=24),
    model=use("tests.training.random_network:random_network"),
    optimizer=use("SGD", learning_rate=0.05, momentum=0.9),
    batch_size=12,  # It divides all splits, so that no step is compiled for a shorter batch.
    epochs=3,
    monitor=None,
)
CASES = {
    "dropout and stochastic depth": {},
    "mixing and averaging": {
        "augment": ["MixedSamples"],
        "optimizer": use("Adam", use_ema=True),
        "averaging": True,
    },
    "classes drawn by shares": {
        "sampling": use("GivenShares", shares={"0": 0.3, "1": 0.7}, start_epochs=1),
        "augment": ["RandomPadCrop"],
    },
    "an average": {"averaging": use("ExponentialAverage", decay=0.9)},
    "every average": {
        "averaging": use("EveryAverage", stored=3, tail_fraction=1.0),
        "monitor": "val_accuracy",
    },
    "schedule-free": {"optimizer": "ScheduleFreeAdamW", "averaging": True},
    # Cycles of three steps end within epochs of four, also in the part that is trained again.
    "snapshots": {
        "optimizer.learning_rate": use(
            "CosineDecayRestarts", initial_learning_rate=0.05, first_decay_steps=3, t_mul=1.0
        ),
        "callbacks": [use("Snapshots", keep=3)],
    },
    "mixed_float16": {"precision": "mixed_float16"},
    "mixed_bfloat16": {
        "precision": "mixed_bfloat16",
        "optimizer": use("Lookahead", optimizer="SGD"),
        "callbacks": [use("EarlyStopping", monitor="loss", restore_best_weights=True)],
    },
}
if keras.backend.backend() != "torch":  # It takes single steps.
    CASES["two steps a call"] = {"steps_per_execution": 2, "augment": ["MixedSamples"]}
if keras.backend.backend() == "tensorflow":  # JAX compiles all the others.
    CASES["compiled"] = {"jit_compile": True}


# TensorFlow traces longest, and has always resumed exactly: one case tells whether it still does.
_LONG = [pytest.mark.slow] if keras.backend.backend() == "tensorflow" else []


@pytest.mark.parametrize(
    "case", [pytest.param(case, marks=_LONG if CASES[case] else []) for case in CASES]
)
def test_a_run_that_is_stopped_ends_with_the_same_numbers(case, tmp_path, monkeypatch):
    monkeypatch.setattr("kerasrecipes.training.resumable_checkpoint.PAUSE", 0)  # At every step.
    recipe = RECIPE.replace(CASES[case])
    whole = numbers(train(recipe, directory=tmp_path / "whole", verbose=0))
    recipe = recipe.replace({"checkpoint_minutes": 1e-9})
    for epoch, step in [(0, 2), (1, 2)] if CASES[case] else [(0, 2), (0, 1), (1, 2)]:
        with pytest.raises(KeyboardInterrupt):
            train(recipe, directory=tmp_path, verbose=0, callbacks=[Stop(epoch, step)])
    # Before, the run went on within an epoch; in the end, it goes on from the checkpoint of one.
    (within,) = tmp_path.glob("*/checkpoint/within-epoch-*")
    within.unlink()
    resumed = train(recipe, directory=tmp_path, verbose=0)
    assert numbers(resumed) == whole
    if case == "snapshots":
        assert [snapshot.step for snapshot in resumed.snapshots] == [6, 9, 12]
