import csv
import json
import math

import keras
import numpy as np
import pytest

from kerasrecipes.recipe.recipe import Recipe
from kerasrecipes.recipe.spec import use
from kerasrecipes.training.building.build import build_recipe
from kerasrecipes.training.divergence import DivergenceWarning
from kerasrecipes.training.run import Run
from kerasrecipes.training.training import train
from tests.training.spoiling import NaNIn

RECIPE = Recipe(
    data=use("Digits", classes=[0, 1, 2], examples_per_class=64),
    model=use("MLP", units=[16], dropout_rate=0.1),
    optimizer=use("SGD", learning_rate=0.05),
    batch_size=32,
    epochs=4,
)


def read(folder, name):
    return json.loads((folder / name).read_text(), parse_constant=pytest.fail)


def test_a_run_that_diverges_at_once_ends_there_with_its_initial_weights(tmp_path):
    with pytest.warns(DivergenceWarning, match="not finite at epoch 1, step 1,"):
        run = train(RECIPE, directory=tmp_path, verbose=0, callbacks=[NaNIn(0)])
    assert len(run.history) == 1
    assert not math.isfinite(run.history[0]["loss"])
    metrics = read(run.folder, "metrics.json")
    assert metrics["epoch"] == 0
    assert metrics["diverged"]["epoch"] == 1
    assert "the weights kept are the initial ones" in run.diverged
    initial = build_recipe(RECIPE, RECIPE.data.build("data").load()).model
    for ours, theirs in zip(run.load_model().get_weights(), initial.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)
    assert np.isfinite(run.predictions["test_probabilities"]).all()
    assert math.isfinite(metrics["test"]["loss"])
    with pytest.warns(DivergenceWarning, match="step"):
        assert train(RECIPE, directory=tmp_path, verbose=0).metrics == metrics


@pytest.mark.parametrize("monitor", ["val_accuracy", None])
@pytest.mark.parametrize("interrupted", [False, True])
def test_a_run_that_diverges_later_keeps_its_best_or_last_epoch(tmp_path, monitor, interrupted):
    recipe = RECIPE.replace({"monitor": monitor, "seed": 3})
    short = train(recipe.replace({"epochs": 2}), directory=tmp_path, verbose=0)
    if interrupted:

        class Stop(keras.callbacks.Callback):
            def on_epoch_end(self, epoch, logs=None):
                if epoch == 1:
                    raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            train(recipe, directory=tmp_path, verbose=0, callbacks=[Stop()])
    with pytest.warns(DivergenceWarning, match="not finite at epoch 3, step 1,"):
        run = train(recipe, directory=tmp_path, verbose=0, callbacks=[NaNIn(2)])
    assert [row["epoch"] for row in run.history] == [1, 2, 3]
    assert [row["loss"] for row in run.history[:2]] == [row["loss"] for row in short.history]
    assert math.isnan(run.history[2]["loss"])
    assert run.metrics["epoch"] == short.metrics["epoch"]
    assert run.metrics["validation"] == short.metrics["validation"]
    for ours, theirs in zip(
        run.load_model().get_weights(), short.load_model().get_weights(), strict=True
    ):
        np.testing.assert_array_equal(ours, theirs)


def test_a_run_that_does_not_diverge_says_nothing(tmp_path):
    run = train(RECIPE.replace({"epochs": 1}), directory=tmp_path, verbose=0)
    assert run.diverged is None
    assert "diverged" not in run.metrics


def test_the_history_of_a_diverged_run_can_be_read(tmp_path):
    with pytest.warns(DivergenceWarning):
        run = train(RECIPE, directory=tmp_path, verbose=0, callbacks=[NaNIn(0)])
    with (run.folder / "history.csv").open(newline="") as file:
        assert len(list(csv.DictReader(file))) == 1
    assert Run(run.folder).finished
