import json
import shutil

import keras
import numpy as np
import pytest
from scipy.special import softmax

from kerasrecipes.ensembles import soup
from kerasrecipes.metrics.calibration import log_loss
from kerasrecipes.training import Run
from tests.digits_run import digits_run


@pytest.fixture(scope="module")
def tuned(tmp_path_factory):
    """Copies of runs, with the same start, as their recipes say; the last one is spoilt."""
    folder = tmp_path_factory.mktemp("tuned")
    made = []
    for place, run in enumerate((digits_run(), digits_run(seed=1), digits_run())):
        shutil.copytree(run.folder, folder / str(place))
        plain = json.loads((run.folder / "recipe.json").read_text())
        plain["start"] = {"epochs": 1, "seed": 0}
        (folder / str(place) / "recipe.json").write_text(json.dumps(plain))
        made.append(Run(folder / str(place)))
    model = made[2].load_model(compile=False)
    model.set_weights([10 * weight for weight in model.get_weights()])
    model.save(made[2].folder / "model.keras")
    return made


def test_weights_are_the_mean_in_float64(tuned):
    averaged = soup(tuned)
    models = [run.load_model(compile=False) for run in tuned]
    for found, *each in zip(
        averaged.get_weights(), *(model.get_weights() for model in models), strict=True
    ):
        np.testing.assert_allclose(found, np.mean(each, axis=0, dtype="float64"), rtol=1e-6)


def test_greedy_selection_keeps_what_lowers_the_loss_on_validation(tuned):
    validation = tuned[0].recipe.data.build("data").load().validation
    images = validation.read(np.arange(len(validation)))

    def loss(weights):
        model = tuned[0].load_model(compile=False)
        model.set_weights([np.mean(each, axis=0) for each in zip(*weights, strict=True)])
        (logits,) = keras.tree.flatten(model.predict(images, verbose=0))
        return log_loss(validation.labels, softmax(logits, -1))

    weights = [run.load_model(compile=False).get_weights() for run in tuned]
    order = np.argsort([loss([one]) for one in weights])
    chosen, lowest = [], np.inf
    for place in order:
        if (found := loss([*chosen, weights[place]])) <= lowest:
            chosen, lowest = [*chosen, weights[place]], found
    assert len(chosen) < 3
    expected = [np.mean(each, axis=0, dtype="float64") for each in zip(*chosen, strict=True)]
    for one, other in zip(soup(tuned, "greedy").get_weights(), expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-6)


def test_unrelated_runs_and_other_layers_are_refused(tuned):
    with pytest.raises(ValueError, match="begun with the same trained weights"):
        soup([digits_run(), digits_run(seed=1)])
    with pytest.raises(ValueError, match="begun with the same trained weights"):
        soup([tuned[0], digits_run(seed=1)])
    with pytest.raises(ValueError, match="An ensemble needs members"):
        soup([])
    with pytest.raises(ValueError, match="`select` must be one of 'uniform', 'greedy'"):
        soup(tuned, "best")
