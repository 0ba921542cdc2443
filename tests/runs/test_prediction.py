import itertools
import warnings

import numpy as np
import pytest
from PIL import Image
from scipy.special import softmax

from kerasrecipes.data.reading.decoding import read_image
from kerasrecipes.runs import prediction
from kerasrecipes.runs.prediction import predict_files
from tests.digits_run import digits_run, write_digits


def test_files_are_predicted_as_the_run_predicted_them(tmp_path):
    run, places = digits_run(), write_digits(tmp_path)
    found = list(predict_files(run, list(places)))
    assert [p.path for p in found] == list(places)
    np.testing.assert_allclose(
        [p.probabilities for p in found],
        run.predictions["test_probabilities"][list(places.values())],
        rtol=0, atol=1e-6,
    )  # fmt: skip


def test_other_sizes_and_colours_are_brought_to_the_runs(tmp_path):
    run = digits_run()
    path = tmp_path / "photo.png"
    pixels = np.random.default_rng(0).integers(0, 256, (30, 50, 3), np.uint8)
    Image.fromarray(pixels).save(path)
    (found,) = predict_files(run, [path])
    image = read_image(path, size=(8, 8), resize="crop", channels=1)
    logits = run.load_model().predict(image[np.newaxis], verbose=0)[0].astype("float64")
    expected = np.exp(logits) / np.exp(logits).sum()
    np.testing.assert_allclose(found.probabilities, expected, atol=1e-6)


@pytest.mark.parametrize("broken_places", [[0], [3], [0, 1, 2, 3], range(10)])
def test_broken_images_are_named_in_their_place(tmp_path, monkeypatch, broken_places):
    monkeypatch.setattr(prediction, "BATCH_SIZE", 4)
    run, places = digits_run(), write_digits(tmp_path, 10)
    paths = list(places)
    for place in broken_places:
        paths[place].write_bytes(b"")
    found = list(predict_files(run, paths))
    expected = run.predictions["test_probabilities"]
    for place, one in enumerate(found):
        assert one.path == paths[place]
        if place in broken_places:
            assert (one.probabilities, one.reason) == (None, "the file is empty (zero bytes)")
        else:
            np.testing.assert_allclose(one.probabilities, expected[places[one.path]], atol=1e-6)


def test_no_more_than_a_few_batches_are_read_ahead(tmp_path, monkeypatch):
    monkeypatch.setattr(prediction, "BATCH_SIZE", 2)
    run, places = digits_run(), write_digits(tmp_path, 20)
    read = []

    def counted(path, **options):
        read.append(path)
        return read_image(path, **options)

    monkeypatch.setattr(prediction, "read_image", counted)
    predictions = predict_files(run, list(places))
    list(itertools.islice(predictions, 2))
    assert len(read) <= 2 * 3
    predictions.close()


def test_test_time_augmentation_averages_probabilities(tmp_path):
    run, places = digits_run(), write_digits(tmp_path, 5)
    images = np.stack([read_image(path, size=(8, 8), resize="crop", channels=1) for path in places])
    model = run.load_model()
    expected = np.mean(
        [softmax(model.predict(x, verbose=0), -1) for x in (images, images[:, :, ::-1])], 0
    )
    found = [p.probabilities for p in predict_files(run, list(places), "flip")]
    np.testing.assert_allclose(found, expected, atol=1e-6)


def test_a_runs_model_takes_an_array_without_a_warning():
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        assert digits_run().load_model()(np.zeros((1, 8, 8, 1))).shape == (1, 10)
