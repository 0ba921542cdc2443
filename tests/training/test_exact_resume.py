"""Runs that were stopped end with the numbers of undisturbed ones, on every backend."""

import shutil

import keras
import pytest

from kerasrecipes.recipe.recipe import Recipe
from kerasrecipes.recipe.spec import use
from kerasrecipes.training.training import train

RECIPE = Recipe(
    data=use("Digits", classes=[0, 1, 2], examples_per_class=30),
    model=use("tests.training.random_network:random_network"),
    optimizer=use("SGD", learning_rate=0.05, momentum=0.9),
    batch_size=16,
    epochs=3,
    monitor=None,
)
CASES = {
    "dropout and stochastic depth": {},
    "mixing and averaging": {
        "augment": [use("RandomTranslation", height_factor=0.1, width_factor=0.1), "MixedSamples"],
        "optimizer": use("Adam", use_ema=True),
        "averaging": True,
    },
    "mixed_float16": {"precision": "mixed_float16"},
    "mixed_bfloat16": {
        "precision": "mixed_bfloat16",
        "optimizer": use("Lookahead", optimizer="SGD"),
        "callbacks": [use("EarlyStopping", monitor="loss", restore_best_weights=True)],
    },
}


class Stop(keras.callbacks.Callback):
    """Ends a training before a step of an epoch, as a killed process would."""

    def __init__(self, epoch: int, step: int):
        super().__init__()
        self.epoch, self.step = epoch, step

    def on_epoch_begin(self, epoch, logs=None):
        self.is_now = epoch == self.epoch

    def on_train_batch_begin(self, batch, logs=None):
        if self.is_now and batch == self.step:
            raise KeyboardInterrupt


def numbers(run):
    """Returns all that a run computed: logs, scores, predictions, weights, random states."""
    logs = [{k: v for k, v in row.items() if k != "seconds"} for row in run.history]
    model = run.load_model()
    arrays = [*run.predictions.values(), *(keras.ops.convert_to_numpy(v) for v in model.variables)]
    return logs, run.metrics, [array.tobytes() for array in arrays]


def stop(recipe, directory, epoch, step):
    with pytest.raises(KeyboardInterrupt):
        train(recipe, directory=directory, verbose=0, callbacks=[Stop(epoch, step)])


@pytest.mark.parametrize("case", CASES)
def test_a_run_that_is_stopped_ends_with_the_same_numbers(case, tmp_path, monkeypatch):
    monkeypatch.setattr("kerasrecipes.training.resumable_checkpoint.PAUSE", 0)  # At every step.
    recipe = RECIPE.replace(CASES[case])
    whole = numbers(train(recipe, directory=tmp_path / "whole", verbose=0))
    recipe = recipe.replace({"checkpoint_minutes": 1e-9})
    within, between = tmp_path / "within", tmp_path / "between"
    stop(recipe, within, 1, 2)
    shutil.copytree(within, between)
    for path in between.glob("*/checkpoint/within-epoch-*"):
        path.unlink()  # What is left is the checkpoint of an epoch.
    stop(recipe, within, 1, 1)  # The epoch's rest is stopped again.
    for directory in (within, between):
        assert numbers(train(recipe, directory=directory, verbose=0)) == whole
