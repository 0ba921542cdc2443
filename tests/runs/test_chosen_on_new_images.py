"""What is chosen on validation is not chosen on validation images that were trained on."""

import argparse

import numpy as np
import pytest

from kerasrecipes import train, use
from kerasrecipes.cli.scores.probability_lines import calibration_lines, check_thresholds
from kerasrecipes.ensembles import average, combine, combine_snapshots
from kerasrecipes.runs import evaluate_stored, export, selective_augmentation
from kerasrecipes.runs.healing import heal
from tests.digits_run import RECIPE


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A run that was trained on all folds."""
    data = use("CrossValidation", data=RECIPE.data, folds=3, fold=None)
    folder = tmp_path_factory.mktemp("runs")
    changes = {"data": data, "monitor": None, "epochs": 1}
    return train(RECIPE.replace(changes), directory=folder, verbose=0)


def asked(**shares):
    return argparse.Namespace(**{"accuracy": [], "precision": [], "recall": [], **shares})


CHOICES = {
    "a temperature": lambda run, to: export(run, "keras", to / "no.keras", True, "fitted"),
    "what is unsure": lambda run, to: selective_augmentation(run, "shifts"),
    "a threshold": lambda run, to: check_thresholds(run, asked(accuracy=[0.9])),
    "a remedy": lambda run, to: next(heal(run, 1, train=None)),
    "fitted weights": lambda run, to: average([run], "fitted"),
    "greedy weights": lambda run, to: combine([run], "greedy", directory=to),
}


@pytest.mark.parametrize("choose", CHOICES.values(), ids=CHOICES)
def test_it_is_refused_with_the_way_out(run, choose, tmp_path):
    with pytest.raises(ValueError, match=r"trained on all folds.* `--set data.fold=0` trains"):
        choose(run, tmp_path)
    assert not list(tmp_path.iterdir())


def test_weights_of_snapshots_are_refused_too(run, monkeypatch, tmp_path):
    monkeypatch.setattr(type(run), "snapshots", [None, None])
    with pytest.raises(ValueError, match="Weights would be chosen on images"):
        combine_snapshots(run, "fitted", directory=tmp_path)


def test_what_chooses_nothing_goes_on(run, tmp_path):
    assert export(run, "keras", tmp_path / "yes.keras", temperature=2.0).is_file()
    assert average([run]).output_shape == (None, 10)
    check_thresholds(run, asked())
    lines = [*calibration_lines(run, evaluate_stored(run, "test"))]
    assert np.sum(["calibration error" in line for line in lines]) == 1
    assert not any("temperature" in line for line in lines)
