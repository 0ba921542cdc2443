"""Explanations of files, and of the mistakes of a run."""

import shutil

import numpy as np
import pytest

from kerasrecipes import Run, use
from kerasrecipes.explanations import CannotExplainError, grad_cam, occlusion
from kerasrecipes.explanations.class_activation import activation_maps
from kerasrecipes.runs import explain_files
from kerasrecipes.runs.explaining import explained_mistakes
from tests.digits_run import digits_run, write_digits

CONVOLUTIONAL = {
    "model": use("ResNetCIFAR", depth=8, filters=4),
    "epochs": 1,
    "batch_size": 128,
}


@pytest.fixture
def run(tmp_path):
    return Run(shutil.copytree(digits_run(**CONVOLUTIONAL).folder, tmp_path / "run"))


def test_files_are_explained_as_their_images_are(run, tmp_path):
    places = write_digits(tmp_path / "pictures", 10)
    broken = list(places)[3]
    broken.write_bytes(b"")
    images = run.recipe.data.build("data").load().test.images
    model = run.load_model(compile=False)
    found = list(explain_files(run, list(places)))
    assert [e.path for e in found] == list(places)
    assert [e.reason is None for e in found] == [path != broken for path in places]
    for explanation in found:
        if explanation.path == broken:
            continue
        image = images[[places[explanation.path]]]
        np.testing.assert_array_equal(explanation.image, image[0])
        assert explanation.label == explanation.probabilities.argmax()
        assert explanation.probabilities.sum() == pytest.approx(1)
        for method, function in (("grad_cam", grad_cam), ("occlusion", occlusion)):
            expected = function(model, image, explanation.label)[0]
            np.testing.assert_allclose(explanation.maps[method], expected, rtol=1e-3, atol=1e-5)


def test_another_class_can_be_explained_and_a_wrong_one_is_named(run, tmp_path):
    paths = list(write_digits(tmp_path / "pictures", 2))
    assert [e.label for e in explain_files(run, paths, "7", ["occlusion"])] == [7, 7]
    with pytest.raises(ValueError, match=r"The run has no class 'seven'.* Classes: 0, 1, 2"):
        next(explain_files(run, paths, "seven"))
    with pytest.raises(ValueError, match="Did you mean 'grad_cam'"):
        next(explain_files(run, paths, methods=["gradcam"]))


def test_without_a_convolution_there_is_occlusion_alone(tmp_path):
    paths = list(write_digits(tmp_path / "pictures", 1))
    (found,) = explain_files(digits_run(), paths)
    assert list(found.maps) == ["occlusion"]
    with pytest.raises(CannotExplainError, match="needs a convolutional model"):
        next(explain_files(digits_run(), paths, methods=["grad_cam"]))


def test_mistakes_are_explained_once_by_the_class_that_they_were_taken_for(run):
    maps = explained_mistakes(run)
    images, predicted = run.examples["mistakes"], run.examples["mistake_predicted"]
    model = run.load_model(compile=False)
    np.testing.assert_allclose(
        maps["grad_cam"], activation_maps(model, images, predicted), rtol=1e-2, atol=1e-3
    )
    assert len(maps["occlusion"]) == 8
    expected = occlusion(model, images[:8], predicted[:8])
    np.testing.assert_allclose(maps["occlusion"], expected, atol=1e-3)
    (run.folder / "model.keras").unlink()
    again = explained_mistakes(Run(run.folder))
    for name, of in maps.items():
        np.testing.assert_array_equal(again[name], of)


def test_no_more_is_covered_than_the_data_have_images(run):
    run.data["sizes"] = {"train": 80, "validation": 10, "test": 20}
    assert len(explained_mistakes(run)["occlusion"]) == 2  # 50 predictions each.
