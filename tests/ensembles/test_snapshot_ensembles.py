"""One run's snapshots become a run of their own."""

import json

import keras
import numpy as np
import pytest
from scipy.special import softmax

from kerasrecipes import Recipe, train, use
from kerasrecipes.ensembles import combine_snapshots, disagreement, fitted_weights
from kerasrecipes.report.run.run_page import render
from kerasrecipes.training import find_runs
from tests.digits_run import digits_run

RESTARTS = use(
    "CosineDecayRestarts", initial_learning_rate=0.1, first_decay_epochs=1, t_mul=1.0, m_mul=1.0
)
RECIPE = Recipe(
    data="Digits",
    model=use("MLP", units=[16]),
    optimizer=use("SGD", learning_rate=RESTARTS),
    callbacks=[use("Snapshots")],
    epochs=3,
)


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return train(RECIPE, directory=tmp_path_factory.mktemp("runs"), verbose=0)


def mean_of(run, last=None, split="test", weights=None):
    taken = run.snapshots[-last if last else 0 :]
    found = [snapshot.predictions[f"{split}_probabilities"] for snapshot in taken]
    return np.average(found, axis=0, weights=weights)


def test_the_combined_run_predicts_the_mean_of_the_last_snapshots(run, tmp_path):
    for last in (None, 2):
        combined = combine_snapshots(run, last=last, directory=tmp_path)
        np.testing.assert_allclose(
            combined.predictions["test_probabilities"], mean_of(run, last), atol=1e-5
        )
        test = combined.recipe.data.build("data").load().test
        (logits,) = keras.tree.flatten(combined.load_model().predict(test.images, verbose=0))
        np.testing.assert_allclose(softmax(logits, -1), mean_of(run, last), atol=1e-5)
    assert len(find_runs(tmp_path)) == 2


def test_members_and_disagreement_are_told(run, tmp_path):
    combined = combine_snapshots(run, directory=tmp_path)
    told = json.loads((combined.folder / "ensemble.json").read_text())
    assert [each["folder"] for each in told["members"]] == [str(s.path) for s in run.snapshots]
    given = [snapshot.predictions["test_probabilities"] for snapshot in run.snapshots]
    np.testing.assert_allclose(told["disagreement"]["test"], disagreement(given), atol=1e-6)
    labels = run.predictions["test_labels"]
    for each, probabilities in zip(told["members"], given, strict=True):
        assert each["test"]["accuracy"] == np.mean(probabilities.argmax(-1) == labels)


def test_weights_are_chosen_on_validation(run, tmp_path):
    combined = combine_snapshots(run, "fitted", directory=tmp_path)
    weights = fitted_weights(
        run.predictions["validation_labels"],
        [snapshot.predictions["validation_probabilities"] for snapshot in run.snapshots],
    )
    np.testing.assert_allclose(
        combined.predictions["test_probabilities"], mean_of(run, weights=weights), atol=1e-5
    )


def test_what_has_no_snapshots_is_refused(run, tmp_path):
    with pytest.raises(ValueError, match="1 or more snapshots: its recipe needs the callback"):
        combine_snapshots(digits_run(), directory=tmp_path)
    with pytest.raises(ValueError, match="4 or more snapshots.*with 3"):
        combine_snapshots(run, last=4, directory=tmp_path)
    with pytest.raises(ValueError, match="`last` must be an integer of at least 1"):
        combine_snapshots(run, last=0, directory=tmp_path)


def test_the_page_of_the_run_has_scores_and_disagreement(run):
    page = " ".join(render(run).split())
    assert "<h2>Snapshots" in page
    for snapshot in run.snapshots:
        assert f"step {snapshot.step:,}" in page
    given = [snapshot.predictions["test_probabilities"] for snapshot in run.snapshots]
    mean = disagreement(given)[np.triu_indices(3, 1)].mean()
    assert f"give {100 * mean:.1f}% of the test images different classes" in page
    assert "<h2>Snapshots" not in render(digits_run())
