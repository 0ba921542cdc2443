import json
import shutil

import keras
import numpy as np
import pytest
from scipy.special import softmax

from kerasrecipes.data import Digits
from kerasrecipes.ensembles import average, combine, fitted_weights
from kerasrecipes.metrics.calibration import log_loss
from kerasrecipes.runs import evaluate_stored, mcnemar
from kerasrecipes.training import Run
from tests.digits_run import digits_run


def members():
    return [digits_run(), digits_run(seed=1), digits_run(model__units=(8,))]


def mean_of(runs, split="test", weights=None):
    probabilities = [run.predictions[f"{split}_probabilities"] for run in runs]
    return np.average(probabilities, axis=0, weights=weights)


def predict(model, images):
    (logits,) = keras.tree.flatten(model.predict(images, verbose=0))
    return softmax(logits.astype("float64"), -1)


@pytest.fixture(scope="module")
def combined(tmp_path_factory):
    return combine(members(), directory=tmp_path_factory.mktemp("runs"))


def test_the_average_predicts_the_mean_in_one_call():
    images = Digits().load().test.images
    np.testing.assert_allclose(predict(average(members()), images), mean_of(members()), atol=1e-5)
    weighted = average(members(), [0.5, 0.5, 0])
    np.testing.assert_allclose(predict(weighted, images), mean_of(members()[:2]), atol=1e-5)
    fitted = fitted_weights(
        members()[0].predictions["validation_labels"],
        [run.predictions["validation_probabilities"] for run in members()],
    )
    expected = mean_of(members(), weights=fitted)
    np.testing.assert_allclose(predict(average(members(), "fitted"), images), expected, atol=1e-5)


def test_the_folder_is_a_finished_run(combined):
    assert combined.finished
    np.testing.assert_allclose(
        combined.predictions["test_probabilities"], mean_of(members()), atol=1e-5
    )
    scored = evaluate_stored(combined)
    right = mean_of(members()).argmax(-1) == combined.predictions["test_labels"]
    assert scored.accuracy == combined.metrics["test"]["accuracy"] == right.mean()
    assert combined.metrics["test"]["loss"] == pytest.approx(
        log_loss(combined.predictions["test_labels"], mean_of(members())), abs=1e-4
    )
    assert mcnemar(digits_run(), combined).n == len(right)
    assert combined.metrics["parameters"]["total"] == sum(
        run.metrics["parameters"]["total"] for run in members()
    )
    assert combined.metrics["parameters"]["trainable"] == 0
    assert combined.recipe.model.name == "Ensemble"


def test_the_file_needs_no_member(combined, tmp_path):
    shutil.copytree(combined.folder, tmp_path / "moved")
    images = Digits().load().test.images
    np.testing.assert_allclose(
        predict(Run(tmp_path / "moved").load_model(), images), mean_of(members()), atol=1e-5
    )


def test_what_it_is_made_of_is_told(combined):
    told = json.loads((combined.folder / "ensemble.json").read_text())
    assert told["weights"] == "uniform"
    assert [member["folder"] for member in told["members"]] == [str(r.folder) for r in members()]
    assert [member["weight"] for member in told["members"]] == pytest.approx([1 / 3] * 3)
    first = told["members"][0]["test"]
    assert first["accuracy"] == digits_run().metrics["test"]["accuracy"]
    assert first["log_loss"] == pytest.approx(digits_run().metrics["test"]["loss"], abs=1e-4)
    classes = [run.predictions["test_probabilities"].argmax(-1) for run in members()[:2]]
    assert told["disagreement"]["test"][0][1] == pytest.approx(
        np.mean(classes[0] != classes[1]), abs=1e-6
    )


def test_it_is_written_once_and_anew_on_request(combined):
    written = (combined.folder / "metrics.json").stat().st_mtime_ns
    directory = combined.folder.parent
    assert combine(members(), directory=directory).folder == combined.folder
    assert (combined.folder / "metrics.json").stat().st_mtime_ns == written
    combine(members(), directory=directory, overwrite=True)
    assert (combined.folder / "metrics.json").stat().st_mtime_ns > written
    other = combine(members(), [1, 0, 1], directory=directory)
    assert other.folder != combined.folder
    assert len(other.recipe.model.options["members"]) == 2


def test_an_ensemble_may_be_a_member(combined, tmp_path):
    nested = combine([combined, digits_run()], [3, 1], directory=tmp_path)
    expected = mean_of(members(), weights=[2, 1, 1])
    np.testing.assert_allclose(nested.predictions["test_probabilities"], expected, atol=1e-5)


@pytest.mark.parametrize(
    ("others", "message"),
    [
        (list, "An ensemble needs members: finished runs. Received: none"),
        (lambda: [digits_run(), digits_run()], "must be given once.*Received twice"),
        (
            lambda: [digits_run(), digits_run(data__classes=(0, 1, 2))],
            "the same classes in the same order.*Received: others",
        ),
        (
            lambda: [digits_run(), digits_run(data__image_size=9)],
            r"the same image size, \(8, 8, 1\). Received: \(9, 9, 1\)",
        ),
    ],
)
@pytest.mark.parametrize("make", [average, combine])
def test_what_does_not_fit_is_refused(make, others, message):
    with pytest.raises(ValueError, match=message):
        make(others())


def changed(run, folder, **values):
    shutil.copytree(run.folder, folder)
    data = json.loads((folder / "data.json").read_text())
    (folder / "data.json").write_text(json.dumps(data | values))
    return Run(folder)


def test_classes_in_another_order_and_value_ranges_are_refused(tmp_path):
    run = digits_run()
    turned = changed(run, tmp_path / "turned", class_names=run.data["class_names"][::-1])
    with pytest.raises(ValueError, match="Received: the same classes in another order"):
        average([run, turned])
    scaled = changed(run, tmp_path / "scaled", value_range=[0, 1])
    with pytest.raises(ValueError, match=r"value range of pixels, \(0, 255\). Received: \(0, 1\)"):
        average([run, scaled])


def test_weights_are_chosen_on_the_same_images_only():
    other = digits_run(data__split_seed=3)
    assert average([digits_run(), other]).output_shape == (None, 10)
    for make in (lambda runs: average(runs, "greedy"), combine):
        with pytest.raises(ValueError, match="the same data and splits"):
            make([digits_run(), other])
    with pytest.raises(ValueError, match="`weights` must be one of 'uniform', 'fitted', 'greedy'"):
        average([digits_run(), digits_run(seed=1)], "best")


def test_unfinished_runs_are_refused(tmp_path):
    run = changed(digits_run(), tmp_path / "copy")
    (run.folder / "metrics.json").unlink()
    with pytest.raises(ValueError, match="must be finished: `kerasrecipes train"):
        average([digits_run(), Run(run.folder)])
