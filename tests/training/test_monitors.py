"""Quantities that a recipe monitors, and which of their values are better."""

import keras
import numpy as np
import pytest

from kerasrecipes.data.sources.digits import Digits
from kerasrecipes.recipe.recipe import Recipe
from kerasrecipes.recipe.run_length import RunLength
from kerasrecipes.recipe.spec import use
from kerasrecipes.training.building.build import build_recipe
from kerasrecipes.training.building.monitors import MonitorError, build_callbacks
from kerasrecipes.training.training import train

RECIPE = Recipe(
    data=use("Digits", classes=[0, 1, 2], examples_per_class=30),
    model=use("MLP", units=[16]),
    optimizer=use("Adam", learning_rate=0.01),
    metrics=["accuracy", use("F1Score"), use("MeanAbsoluteError", name="brier"), "FalseNegatives"],
    monitor="val_brier",
    epochs=3,
)


@keras.saving.register_keras_serializable(package="tests_monitors")
class Gap(keras.metrics.Mean):
    """A metric that does not say which of its values are better."""

    def update_state(self, y_true, y_pred, sample_weight=None):
        super().update_state(y_pred)


def test_the_epoch_with_the_smallest_error_is_kept_whatever_the_error_is_called(tmp_path):
    run = train(RECIPE, directory=tmp_path, verbose=0)
    errors = [row["val_brier"] for row in run.history]
    assert errors[-1] < errors[0], "the rows tell nothing unless the error falls"
    assert run.metrics["epoch"] == 1 + int(np.argmin(errors))
    # `mode` has the last word.
    largest = train(RECIPE.replace({"mode": "max"}), directory=tmp_path, verbose=0)
    assert largest.metrics["epoch"] == 1 + int(np.argmax(errors))


@pytest.mark.parametrize(
    ("monitor", "smaller"),
    [("val_f1_score_2", False), ("val_false_negatives", True), ("val_loss", True)],
)
@pytest.mark.parametrize("name", ["EarlyStopping", "ReduceLROnPlateau", "ReduceOnPlateau"])
def test_every_callback_is_told_which_values_are_better(name, monitor, smaller):
    recipe = RECIPE.replace({"callbacks": [use(name, monitor=monitor), use("TerminateOnNaN")]})
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(3)])
    first, _ = build_callbacks(recipe, model, ["0", "1", "2"], RunLength(2, 3))
    assert first.mode == ("min" if smaller else "max")


def test_what_cannot_be_monitored_is_refused_before_the_training():
    dataset = Digits(classes=(0, 1, 2), examples_per_class=30).load()
    unclear = RECIPE.replace({"metrics": ["accuracy", use("tests_monitors>Gap", name="gap")]})
    message = "`monitor`: Nothing tells whether 'val_gap' is better .* give `mode` as 'max' or"
    with pytest.raises(MonitorError, match=message) as caught:
        build_recipe(unclear.replace({"monitor": "val_gap"}), dataset)
    assert caught.value.path == "monitor"
    build_recipe(unclear.replace({"monitor": "val_gap", "mode": "min"}), dataset)
    kept = unclear.replace({"monitor": "val_accuracy"})
    stops = kept.replace({"callbacks": [use("EarlyStopping", monitor="val_gap")]})
    with pytest.raises(MonitorError, match="`callbacks.0.monitor`: Nothing tells whether 'val_gap"):
        build_recipe(stops, dataset)
    # A default is checked as well: this model does not log "val_accuracy".
    default = unclear.replace({"metrics": "F1Score", "monitor": None, "callbacks": "BestWeights"})
    with pytest.raises(
        MonitorError, match=r"`callbacks.0.monitor` must be one of f1_score_0, f1_score_1"
    ):
        build_recipe(default, dataset)


ALL_FOLDS = RECIPE.replace(
    {"data": use("CrossValidation", data=RECIPE.data, fold=None), "monitor": None}
)


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"monitor": "val_loss"}, "monitor"),
        ({"callbacks": ["EarlyStopping"]}, r"callbacks\.0\.monitor"),
        ({"callbacks": [use("ReduceOnPlateau", monitor="val_brier")]}, r"callbacks\.0\.monitor"),
        ({"averaging": "EveryAverage"}, "averaging"),
    ],
)
def test_nothing_is_chosen_by_images_that_are_trained_on(changes, path):
    recipe = ALL_FOLDS.replace(changes)
    message = f"`{path}` would choose by .* trained on too.* `--set data.fold=0`. Received: {path}="
    with pytest.raises(MonitorError, match=message):
        build_recipe(recipe, recipe.data.build("data").load())
    fold = recipe.replace({"data.fold": 0})
    build_recipe(fold, fold.data.build("data").load())


def test_what_training_images_choose_goes_on(tmp_path):
    stop = use("EarlyStopping", monitor="loss")
    average = use("ExponentialAverage", decay=0.9)
    network = use("MLP", units=[16], normalization="batch")
    changes = {"model": network, "callbacks": [stop], "averaging": average, "epochs": 1}
    run = train(ALL_FOLDS.replace(changes), directory=tmp_path, verbose=0)
    # Whether they are new ones, validation would say.
    assert "fresh_statistics" not in run.history[0]
    assert run.metrics["average"]["statistics"] == "fresh"
