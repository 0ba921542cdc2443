import numpy as np
import pytest
from scipy.special import softmax

from kerasrecipes.data.sources.digits import Digits
from kerasrecipes.runs.evaluation import (
    Evaluation,
    evaluate_dataset,
    evaluate_folder,
    evaluate_stored,
)
from tests.digits_run import digits_run, write_digits


def test_stored_predictions_give_the_runs_own_score():
    run = digits_run()
    for split in ("test", "validation"):
        scored = evaluate_stored(run, split)
        assert scored.accuracy == run.metrics[split]["accuracy"]
        assert scored.probabilities is run.predictions[f"{split}_probabilities"]
        assert list(scored.interval) == pytest.approx(run.metrics[split]["accuracy_interval"])
    assert evaluate_stored(run).images.startswith("test images of scikit-learn's")
    with pytest.raises(ValueError, match="`split` must be one of 'validation', 'test'"):
        evaluate_stored(run, "train")


def test_a_folder_is_matched_by_name_and_broken_images_are_skipped(tmp_path):
    run, places = digits_run(), write_digits(tmp_path)
    ordered = sorted(places, key=lambda path: path.as_posix())
    ordered[5].write_bytes(b"")
    scored = evaluate_folder(run, tmp_path)
    kept = [places[path] for path in ordered if path != ordered[5]]
    np.testing.assert_array_equal(scored.labels, run.predictions["test_labels"][kept])
    np.testing.assert_array_equal(
        scored.predicted, run.predictions["test_probabilities"][kept].argmax(-1)
    )
    np.testing.assert_allclose(
        scored.probabilities, run.predictions["test_probabilities"][kept], atol=1e-6
    )
    assert scored.skipped == ((str(ordered[5]), "the file is empty (zero bytes)"),)


def test_of_a_directory_with_splits_test_is_taken(tmp_path):
    run = digits_run()
    places = write_digits(tmp_path / "test")
    write_digits(tmp_path / "train", 60)
    assert len(evaluate_folder(run, tmp_path).labels) == len(places)
    assert len(evaluate_folder(run, tmp_path, "train").labels) == 60
    with pytest.raises(ValueError, match="`split` must be None"):
        evaluate_folder(run, tmp_path / "test", "test")


def test_classes_in_another_order_are_matched_by_name():
    run, scored = digits_run(), evaluate_dataset(digits_run(), Digits(classes=[8, 3]).load())
    assert set(scored.labels) == {3, 8}
    stored = evaluate_stored(run)
    chosen = np.isin(stored.labels, [3, 8])
    np.testing.assert_array_equal(scored.labels, stored.labels[chosen])
    np.testing.assert_array_equal(scored.predicted, stored.predicted[chosen])
    np.testing.assert_allclose(scored.probabilities, stored.probabilities[chosen], atol=1e-6)


def test_other_classes_and_shapes_are_told(tmp_path):
    few = digits_run(data__classes=(0, 1, 2))
    with pytest.raises(ValueError, match="'3', '4', '5'.*which the run does not have"):
        evaluate_dataset(few, Digits().load())
    with pytest.raises(
        ValueError, match="'3', '8', which .* and the run has '0', '1', '2' instead"
    ):
        evaluate_dataset(few, Digits(classes=[3, 8]).load())
    with pytest.raises(
        ValueError, match=r"have the run's shape \(8, 8, 1\).*Received: \(9, 9, 1\)"
    ):
        evaluate_dataset(digits_run(), Digits(image_size=9).load())
    with pytest.raises(ValueError, match="must be images to evaluate on. Received: none"):
        Evaluation("none", ("a",), np.array([]), np.array([]))


def test_test_time_augmentation_averages_probabilities(tmp_path):
    run, places = digits_run(), write_digits(tmp_path)
    ordered = sorted(places, key=lambda path: path.as_posix())
    scored = evaluate_dataset(run, Digits().load(), test_time_augmentation="flip")
    predicted = scored.predicted[[places[path] for path in ordered]]
    by_folder = evaluate_folder(run, tmp_path, test_time_augmentation="flip")
    np.testing.assert_array_equal(by_folder.predicted, predicted)
    images = Digits().load().test.images
    model = run.load_model()
    mean = sum(softmax(model.predict(x, verbose=0), -1) for x in (images, images[:, :, ::-1])) / 2
    np.testing.assert_array_equal(scored.predicted, mean.argmax(-1))
