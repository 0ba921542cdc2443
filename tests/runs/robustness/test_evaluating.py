"""Scores of a run under attacks and corruptions: what they are, what is kept, what is shown."""

import json
import shutil

import numpy as np
import pytest

from kerasrecipes import Recipe, train, use
from kerasrecipes.report import write_report
from kerasrecipes.report.run.run_page import render
from kerasrecipes.runs import evaluate_adversarial, evaluate_corrupted
from kerasrecipes.training.run import Run

RECIPE = Recipe(
    data=use("Digits", classes=[0, 1, 7]), model=use("MLP", units=[16]), epochs=3, batch_size=32
)


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    return train(RECIPE, directory=tmp_path_factory.mktemp("runs"), verbose=0)


@pytest.fixture
def run(trained, tmp_path):
    return Run(shutil.copytree(trained.folder, tmp_path / trained.folder.name))


def test_attacks_are_scored_on_drawn_images_and_kept_for_the_page(run):
    assert "<h2>Attacks" not in render(run)
    scores = evaluate_adversarial(run, [16, 4], images=40)
    assert len(scores.labels) == 40
    assert scores.epsilons == (4.0, 16.0)
    assert scores.accuracies[0] >= scores.accuracies[1]
    assert scores.whole.mean() >= scores.accuracies[0]
    kept = json.loads((run.folder / "adversarial.json").read_text("utf-8"))
    assert [row["robust"] for row in kept["rows"]] == scores.accuracies
    assert set(kept["rows"][0]["attacks"]) == {"noise", "FGSM", "PGD-10", "PGD-50", "transfer"}
    # A network this small is learnt from a thousand answers.
    assert kept["substitute_agreement"] > 0.8
    with np.load(run.folder / "adversarial.npz") as arrays:
        change = arrays["adversarial"] - arrays["originals"].astype("float32")
        assert (np.abs(change).max(axis=(1, 2, 3)) <= arrays["epsilon"]).all()
        shown = len(change)
    page = render(run)
    assert "<h2>Attacks" in page
    assert page.count("the change, times") == shown
    again = evaluate_adversarial(run, [16, 4], images=40)
    assert again.accuracies == scores.accuracies


def test_corruptions_are_scored_and_kept_for_the_page(run):
    scores = evaluate_corrupted(run)
    assert len(scores.whole) == run.metrics["test"]["n"]
    assert scores.accuracy == pytest.approx(run.metrics["test"]["accuracy"])
    kept = json.loads((run.folder / "corruptions.json").read_text("utf-8"))
    assert kept["mean"] == scores.mean.mean
    assert "<h2>Corruptions" in write_report(run).read_text("utf-8")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"epsilons": [300]}, "the width of `value_range`"),
        ({"epsilons": [4], "split": "train"}, "`split` must be one of"),
        ({"epsilons": [4], "images": 0}, "`images` must be"),
    ],
)
def test_bad_arguments_are_refused(run, options, message):
    with pytest.raises(ValueError, match=message):
        evaluate_adversarial(run, **options)
    assert not (run.folder / "adversarial.json").exists()
