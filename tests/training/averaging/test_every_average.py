"""One run, every average: what is stored, computed, chosen, and said."""

import json
import re
from types import SimpleNamespace
from typing import NamedTuple

import keras
import numpy as np
import pytest

from kerasrecipes.callbacks.model_state import to_arrays
from kerasrecipes.ensembles import averaged_model, averages
from kerasrecipes.models import recalibrate_batch_norm
from kerasrecipes.recipe.recipe import Recipe
from kerasrecipes.recipe.spec import use
from kerasrecipes.training.averaging import choosing
from kerasrecipes.training.averaging.candidates import mean_of, tail
from kerasrecipes.training.averaging.choosing import ScoredAverage, compared_with
from kerasrecipes.training.averaging.stored_weights import FOLDER, Weights, read_stored
from kerasrecipes.training.batch_statistics import statistics_refresh
from kerasrecipes.training.building.build import rebuilt
from kerasrecipes.training.run import Run
from kerasrecipes.training.training import train
from tests.references import weight_averages as references

EPOCHS = 12
RECIPE = Recipe(
    data=use("Digits", classes=[0, 1, 8, 9], examples_per_class=40),
    model=use("tests.training.random_network:random_network"),
    optimizer=use("SGD", learning_rate=0.05, momentum=0.9),
    batch_size=16,
    epochs=EPOCHS,
    averaging=use("EveryAverage", stored=6, tail_fraction=0.5, checkpoints=3),
)


class Path(keras.callbacks.Callback):
    """Remembers the trainable weights after every step."""

    def __init__(self):
        super().__init__()
        self.path = []

    def on_train_batch_end(self, batch, logs=None):
        # On JAX, the weights are in the training loop until it is asked for them.
        getattr(self.model, "jax_state_sync", lambda: None)()
        self.path.append([a.astype("float64") for a in to_arrays(self.model.trainable_variables)])


class Trained(NamedTuple):
    run: Run
    path: list
    table: dict


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    weights = Path()
    directory = tmp_path_factory.mktemp("runs")
    run = train(RECIPE, directory=directory, verbose=0, callbacks=[weights])
    return Trained(run, weights.path, json.loads((run.folder / "averages.json").read_text()))


def test_every_kind_of_average_is_in_the_table(trained):
    names = [re.sub(r"\d+ of", "n of", row["name"]) for row in trained.table["candidates"]]
    best = 1 + int(np.argmax([row["val_accuracy"] for row in trained.run.history]))
    assert names == [
        f"best epoch, {best}",
        f"last, epoch {EPOCHS}",
        *(f"EMA of width {width:g}" for width in (0.03, 0.05, 0.1, 0.15, 0.2)),
        "SWA of 3 epochs",
        "greedy soup, n of 3 epochs",
    ]
    statistics = [row["statistics"] for row in trained.table["candidates"]]
    assert statistics[:2] == ["unchanged"] * 2
    assert {*statistics} <= {"unchanged", "fresh"}


def test_the_last_weights_score_what_the_last_epoch_logged(trained):
    last = trained.table["candidates"][1]
    logged = trained.run.history[-1]
    assert last["log_loss"] == pytest.approx(logged["val_loss"], rel=1e-4)
    assert last["accuracy"] == pytest.approx(logged["val_accuracy"])


def test_the_model_is_the_one_that_validation_prefers_and_is_tested_once(trained):
    rows = [row for row in trained.table["candidates"] if not row["less_accurate"]]
    lowest = min(rows, key=lambda row: row["log_loss"])
    assert trained.table["chosen"] == lowest["name"] == trained.run.metrics["average"]["name"]
    score = trained.run.metrics["validation"]
    assert score["loss"] == pytest.approx(lowest["log_loss"], rel=1e-4)
    assert score["accuracy"] == pytest.approx(lowest["accuracy"])
    assert score["n"] == trained.table["n"]
    model = trained.run.load_model()
    assert not any("average" in v.path for v in model.variables)
    test = trained.run.recipe.data.build("data").load().test
    images, labels = test.read(np.arange(len(test))), test.labels
    loss, accuracy = model.evaluate(images, labels, verbose=0)
    assert trained.run.metrics["test"]["loss"] == pytest.approx(loss, rel=1e-4)
    assert trained.run.metrics["test"]["accuracy"] == pytest.approx(accuracy)


@pytest.mark.parametrize("width", [0.05, 0.07, 0.1, 0.15])
def test_a_horizon_computed_after_the_training_equals_one_kept_in_it(trained, width):
    model = averaged_model(trained.run, width)
    for index, received in enumerate(to_arrays(model.trainable_variables)):
        path = [weights[index] for weights in trained.path]
        spread = np.abs(path - np.mean(path, axis=0)).max()
        direct = references.power_average(path, width)
        assert np.abs(received - direct).max() < 0.03 * spread


def test_the_tail_holds_the_weights_of_its_epochs(trained):
    steps = len(trained.path) // EPOCHS
    stored = read_stored(trained.run.folder / FOLDER, "weights")
    assert [each.epoch for each in stored] == [8, 10, 12]
    assert [each.step for each in stored] == [steps * epoch for epoch in (8, 10, 12)]
    for each in stored:
        for received, expected in zip(
            each.weights.trainable, trained.path[each.step - 1], strict=True
        ):
            np.testing.assert_allclose(received, expected, atol=1e-6)
    assert [a.epoch for a in read_stored(trained.run.folder / FOLDER, "averages")] == [
        *range(2, EPOCHS + 1, 2)
    ]


def test_new_statistics_of_an_average_are_those_of_a_full_pass(trained):
    dataset = RECIPE.data.build("data").load()
    built = rebuilt(RECIPE, dataset, trained.run.load_model(compile=False))
    average = mean_of("SWA", [each.weights for each in tail(trained.run.folder / FOLDER)]).weights
    average.put_into(built.model)
    statistics_refresh(built)(built.model)
    # The first layer is dense, and batch normalization the next.
    images = dataset.train.read(np.arange(len(dataset.train)))
    kernel, bias = average.trainable[:2]
    outputs = images.reshape(len(images), -1).astype("float64") / 255 @ kernel + bias
    mean, variance = Weights.of(built.model).statistics
    np.testing.assert_allclose(mean, outputs.mean(0), atol=1e-5)
    np.testing.assert_allclose(variance, outputs.var(0), rtol=1e-4)


CYCLES = use(
    "CosineDecayRestarts", initial_learning_rate=0.05, first_decay_epochs=2, t_mul=1.0, m_mul=1.0
)


def test_snapshots_are_compared_where_the_rate_has_cycles(tmp_path):
    averaging = use("EveryAverage", checkpoints=2, stored=2)
    recipe = RECIPE.replace(
        {"optimizer.learning_rate": CYCLES, "averaging": averaging, "epochs": 7}
    )
    weights = Path()
    run = train(recipe, directory=tmp_path, verbose=0, callbacks=[weights])
    # The cycles end with epochs 2, 4 and 6, of which the last two are kept.
    stored = read_stored(run.folder / FOLDER, "snapshots")
    assert [each.epoch for each in stored] == [4, 6]
    for each in stored:
        for received, expected in zip(
            each.weights.trainable, weights.path[each.step - 1], strict=True
        ):
            np.testing.assert_allclose(received, expected, atol=1e-6)
    *singles, mean, ensemble = averages(run)[-4:]
    assert [row.name for row in (*singles, mean, ensemble)] == [
        "snapshot, epoch 4",
        "snapshot, epoch 6",
        "mean of 2 snapshots",
        "ensemble of 2 snapshots",
    ]
    for row, epoch in zip(singles, (4, 6), strict=True):
        logged = run.history[epoch - 1]
        assert row.accuracy == pytest.approx(logged["val_accuracy"])
        assert row.log_loss == pytest.approx(logged["val_loss"], rel=1e-4)
    # By Jensen's inequality, whatever was trained.
    assert ensemble.log_loss <= np.mean([row.log_loss for row in singles])
    assert (mean.passes, ensemble.passes) == (1, 2)
    lowest = min(row.log_loss for row in averages(run) if row.passes == 1)
    assert run.metrics["validation"]["loss"] == pytest.approx(lowest, rel=1e-4)


@pytest.mark.backend_neutral
def test_an_ensemble_is_shown_and_not_chosen(monkeypatch):
    def scored(name, log_loss, passes=1):
        return ScoredAverage(name, None, log_loss, 0.75, passes=passes)

    rows = [scored("mean", 0.2), scored("ensemble", 0.1, passes=2)]
    scores = SimpleNamespace(
        built=SimpleNamespace(model=keras.Sequential([keras.Input((1,))])),
        score=lambda name: scored(name, 0.3),
    )
    monkeypatch.setattr(choosing, "single_candidates", lambda *_: ["best"])
    monkeypatch.setattr(choosing, "_all", lambda *_: rows)
    chosen, compared = choosing.choose_average(scores, FOLDER, None, None)
    assert chosen.name == "mean"
    assert [row.name for row in compared] == ["best", "mean", "ensemble"]


def test_means_of_new_statistics_equal_torch_s(trained):
    torch = pytest.importorskip("torch")
    images = RECIPE.data.build("data").load().train.images.reshape(-1, 64).astype("float32") / 255
    network = torch.nn.Sequential(torch.nn.Linear(64, 5), torch.nn.BatchNorm1d(5))
    torch.optim.swa_utils.update_bn(torch.from_numpy(images).split(16), network)
    inputs = keras.Input((64,))
    dense, norm = keras.layers.Dense(5), keras.layers.BatchNormalization()
    model = keras.Model(inputs, norm(dense(inputs)))
    linear = network[0]
    dense.set_weights([linear.weight.detach().numpy().T, linear.bias.detach().numpy()])
    recalibrate_batch_norm(model, np.split(images, len(images) // 16))
    theirs = network[1].running_mean.numpy()
    np.testing.assert_allclose(keras.ops.convert_to_numpy(norm.moving_mean), theirs, atol=1e-5)


def test_the_training_is_not_changed(trained, tmp_path):
    plain = train(RECIPE.replace({"averaging": False}), directory=tmp_path, verbose=0)
    drop = lambda rows: [{k: v for k, v in r.items() if k != "seconds"} for r in rows]  # noqa: E731
    assert drop(plain.history) == drop(trained.run.history)


def test_further_widths_are_scored_after_the_training(trained):
    rows = averages(trained.run, [0.07, 0.1])
    assert [row.name for row in rows[-2:]] == ["EMA of width 0.07", "EMA of width 0.1"]
    known = next(row for row in rows if row.name == "EMA of width 0.1")
    assert rows[-1].log_loss == pytest.approx(known.log_loss, rel=1e-4)
    assert rows[-1].statistics == known.statistics
    assert rows[:-2] == averages(trained.run)


def test_an_early_end_moves_the_tail(tmp_path):
    class Ends(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            self.model.stop_training = epoch == 6

    run = train(RECIPE, directory=tmp_path, verbose=0, callbacks=[Ends()])
    stored = read_stored(run.folder / FOLDER, "weights")
    assert [each.epoch for each in stored] == [2, 4, 6]
    assert [row.name for row in averages(run)][-2] == "SWA of 4 epochs"


def test_a_run_without_averages_says_how_to_get_them(tmp_path):
    plain = RECIPE.replace({"averaging": False, "epochs": 1})
    run = train(plain, directory=tmp_path, verbose=0)
    with pytest.raises(ValueError, match="--set averaging=EveryAverage"):
        averages(run)


def test_an_average_that_the_recipe_names_is_said_in_its_run(tmp_path):
    average = use("ExponentialAverage", decay=0.9)
    recipe = RECIPE.replace({"averaging": average, "epochs": 2})
    run = train(recipe, directory=tmp_path, verbose=0)
    fresh = run.history[run.metrics["epoch"] - 1]["fresh_statistics"]
    assert run.metrics["average"] == {
        "name": "EMA 0.9",
        "statistics": "fresh" if fresh else "unchanged",
        "chosen": False,
    }
    kept = run.history[run.metrics["epoch"] - 1]
    assert run.metrics["validation"]["accuracy"] == pytest.approx(kept["val_accuracy"])


@pytest.mark.backend_neutral
def test_what_is_significantly_less_accurate_is_marked():
    right = np.arange(100) < 90
    fewer, few = np.arange(100) < 80, np.arange(100) < 87
    row = ScoredAverage("EMA", None, 0.1, 0.8, right=fewer)
    assert compared_with(right, row).less_accurate  # 10 lost, none won: p = 0.002.
    row = ScoredAverage("EMA", None, 0.1, 0.87, right=few)
    assert not compared_with(right, row).less_accurate  # 3 lost: p = 0.25.


@pytest.mark.backend_neutral
@pytest.mark.parametrize(
    ("averaging", "message"),
    [
        (use("UniformAverage", period_epochs=9), "one period long"),
        (use("ExponentialAverage", decay=2.0), r"`decay` must be a number in \[0, 1\)"),
    ],
)
def test_an_average_that_cannot_be_is_refused_before_the_training(averaging, message, tmp_path):
    with pytest.raises(ValueError, match=message):
        train(RECIPE.replace({"averaging": averaging}), directory=tmp_path, verbose=0)
    assert not [*tmp_path.iterdir()]


@pytest.mark.tensorflow_only
def test_a_schedule_free_optimizer_of_keras_starts_from_the_weights(tmp_path):
    # Built within TensorFlow's graph, Keras's own one starts from zeros, and hardly learns.
    recipe = RECIPE.replace(
        {"optimizer": use("ScheduleFreeAdamW", learning_rate=0.003), "epochs": 2, "model": "MLP"}
    )
    first, beside = (
        train(recipe.replace({"averaging": averaging}), directory=tmp_path, verbose=0).history
        for averaging in (True, recipe.averaging)
    )
    assert [row["loss"] for row in beside] == pytest.approx([row["loss"] for row in first])
