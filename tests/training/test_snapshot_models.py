"""Snapshots of a recipe become models and predictions of its run."""

import keras
import numpy as np
import pytest
from scipy.special import softmax

from kerasrecipes import Recipe, train, use
from kerasrecipes.base.damaged_files import DamagedFileError
from kerasrecipes.callbacks import Snapshots
from kerasrecipes.callbacks.model_state import state_variables, to_arrays

RESTARTS = use(
    "CosineDecayRestarts", initial_learning_rate=0.1, first_decay_epochs=1, t_mul=1.0, m_mul=1.0
)
RECIPE = Recipe(
    data=use("Digits", classes=[0, 1, 2], examples_per_class=20),
    model=use("MLP", units=[8]),
    optimizer=use("SGD", learning_rate=RESTARTS),
    callbacks=[use("Snapshots")],
    epochs=3,
    batch_size=20,
    monitor=None,
)


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A run, and what a callback of `train` saw of the same training."""
    seen = Snapshots()
    folder = tmp_path_factory.mktemp("runs")
    return train(RECIPE, directory=folder, verbose=0, callbacks=[seen]), seen


def test_each_snapshot_is_a_model_with_the_weights_of_its_step(trained):
    run, seen = trained
    assert [snapshot.step for snapshot in run.snapshots] == seen.steps == [3, 6, 9]
    for snapshot, arrays in zip(run.snapshots, seen.snapshots, strict=True):
        for one, other in zip(
            to_arrays(state_variables(snapshot.load_model())), arrays, strict=True
        ):
            np.testing.assert_array_equal(one, other)
    last = to_arrays(state_variables(run.snapshots[-1].load_model()))
    for one, other in zip(
        last, to_arrays(state_variables(run.load_model(compile=False))), strict=True
    ):
        np.testing.assert_array_equal(one, other)


def test_predictions_are_those_of_the_models(trained):
    run, _ = trained
    test = run.recipe.data.build("data").load().test
    for snapshot in run.snapshots:
        (logits,) = keras.tree.flatten(snapshot.load_model().predict(test.images, verbose=0))
        np.testing.assert_allclose(
            snapshot.predictions["test_probabilities"], softmax(logits, -1), atol=1e-5
        )
        np.testing.assert_array_equal(snapshot.predictions["test_labels"], test.labels)
    np.testing.assert_allclose(
        run.snapshots[-1].predictions["test_probabilities"],
        run.predictions["test_probabilities"],
        atol=1e-5,
    )


def test_statistics_are_those_that_validation_of_a_short_run_uses(tmp_path):
    network = use("MLP", units=[8], normalization="batch")
    run = train(RECIPE.replace({"model": network}), directory=tmp_path, verbose=0)
    np.testing.assert_allclose(
        run.snapshots[-1].predictions["validation_probabilities"],
        run.predictions["validation_probabilities"],
        atol=1e-5,
    )


def test_snapshots_on_cached_features_are_whole_models(tmp_path):
    network = use("ResNetCIFAR", depth=8, filters=4)
    changes = {"callbacks": [], "model": network, "epochs": 1}
    base = train(RECIPE.replace(changes), directory=tmp_path, verbose=0)
    tuned = RECIPE.replace(
        {"model": use("Pretrained", backbone=str(base.folder)), "preprocessing": []}
    )
    run = train(tuned, directory=tmp_path, verbose=0, cache_features=True)
    test = run.recipe.data.build("data").load().test
    for snapshot in run.snapshots:
        (logits,) = keras.tree.flatten(snapshot.load_model().predict(test.images, verbose=0))
        np.testing.assert_allclose(
            snapshot.predictions["test_probabilities"], softmax(logits, -1), atol=1e-5
        )


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"optimizer.learning_rate": 0.1}, "1 or more cycles end within the 9 steps"),
        ({"callbacks": [use("Snapshots", keep=4)]}, "4 or more cycles.*with 3 cycles"),
    ],
)
def test_too_few_cycles_are_refused_before_anything_is_trained(changes, message, tmp_path):
    with pytest.raises(ValueError, match=message):
        train(RECIPE.replace(changes), directory=tmp_path, verbose=0)
    assert not list(tmp_path.iterdir())


def test_damaged_predictions_are_told(trained, tmp_path):
    run, _ = trained
    for name in ("recipe.json", "predictions.npz"):
        (tmp_path / name).write_bytes((run.folder / name).read_bytes())
    (tmp_path / "snapshots.npz").write_bytes(b"no archive")
    with pytest.raises(DamagedFileError, match="the run is then as one without snapshots"):
        _ = type(run)(tmp_path).snapshots
