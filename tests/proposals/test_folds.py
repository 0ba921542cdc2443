"""Cross-validation: every image is scored once, by a run of another fold."""

import numpy as np
import pytest

from kerasrecipes.metrics.calibration import fit_temperature
from kerasrecipes.proposals import cross_validate
from kerasrecipes.proposals.folds import CrossValidated
from kerasrecipes.proposals.results import result_lines
from kerasrecipes.recipe.recipe import Recipe
from kerasrecipes.recipe.spec import use
from tests.digits_run import digits_run

RECIPE = Recipe(
    data=use("CrossValidation", data=use("Digits", examples_per_class=6), folds=3, fold=None),
    model=use("MLP", units=[8]),
    epochs=1,
    batch_size=16,
    monitor=None,
)


def test_every_image_is_scored_once(tmp_path):
    lines = []
    found = cross_validate(RECIPE, directory=tmp_path, say=lines.append, verbose=0)
    loaded = RECIPE.data.build("data").load()
    assert (found.trained, found.folds) == (3, 3)
    assert sorted(found.labels.tolist()) == sorted(loaded.train.labels.tolist())
    assert found.correct == int((found.probabilities.argmax(1) == found.labels).sum())
    low, high = found.interval
    assert low < found.accuracy < high
    assert [line.split(":")[0] for line in lines] == [f"fold {k} of 3" for k in (1, 2, 3)]
    np.testing.assert_allclose(found.probabilities.sum(1), 1, rtol=1e-5)


def test_no_further_fold_is_begun_when_the_time_is_over(tmp_path):
    lines = []
    found = cross_validate(RECIPE, directory=tmp_path, until=0.0, say=lines.append, verbose=0)
    assert (found.trained, found.folds) == (1, 3)
    assert lines[-1] == "no time for the other 2 folds"


def test_the_temperature_of_all_folds_is_told_as_the_number_that_export_takes():
    stored = digits_run().predictions
    folds = CrossValidated(stored["test_labels"], stored["test_probabilities"], 3, 3)
    value = fit_temperature(folds.labels, folds.probabilities).value
    (line,) = (line for line in result_lines(digits_run(), folds) if "kerasrecipes export" in line)
    assert f"`kerasrecipes export ... --temperature {value:.2f}` applies it" in line


def test_other_data_are_refused():
    with pytest.raises(ValueError, match="must have data='CrossValidation'"):
        cross_validate(RECIPE.replace({"data": "Digits"}))
