import numpy as np
import pytest

from benchmarks.harness.flipped_labels import FlippedLabels, true_labels
from benchmarks.studies import imbalance as study
from benchmarks.studies.long_tailed import LongTailed
from kerasrecipes.data import Digits
from kerasrecipes.metrics.calibration import log_loss

pytestmark = pytest.mark.backend_neutral

DIGITS = Digits(validation_fraction=0.1, test_fraction=0.4)


@pytest.mark.parametrize("factor", study.FACTORS)
def test_classes_fall_off_by_the_factor_in_an_order_of_their_own(factor):
    whole, data = DIGITS.load(), LongTailed(DIGITS, factor, draw=3).load()
    most = np.bincount(whole.train.labels).min()
    counts = np.sort(np.bincount(data.train.labels, minlength=10))[::-1]
    expected = [max(1, round(most * factor ** (-rank / 9))) for rank in range(10)]
    np.testing.assert_array_equal(counts, expected)
    assert data.sizes["test"] == whole.sizes["test"]
    other = LongTailed(DIGITS, factor, draw=4).load()
    assert not np.array_equal(np.bincount(other.train.labels), np.bincount(data.train.labels))
    assert LongTailed(DIGITS, factor, draw=3).load().hash == data.hash


@pytest.mark.parametrize("recipe", [study.digits(), study.cifar10("cifar10.npz")])
def test_every_way_is_a_recipe_of_the_same_length(recipe):
    ways = {way: recipe.replace(changes) for way, changes in study.ways(recipe.epochs).items()}
    assert len({way.fingerprint for way in ways.values()}) == len(ways)
    assert {(way.epochs, way.steps_per_epoch) for way in ways.values()} == {
        (recipe.epochs, recipe.steps_per_epoch)
    }
    start = ways["sampler late"].sampling.options["start_epochs"]
    assert start == round(0.8 * recipe.epochs)


def test_scores_by_hand():
    labels = np.array([0, 0, 0, 0, 1, 1, 2, 3])
    predicted = np.array([0, 0, 0, 1, 1, 1, 0, 3])
    probabilities = np.full((8, 4), 0.1)
    probabilities[np.arange(8), predicted] = 0.7
    found = study.scores(labels, probabilities, np.array([50, 4, 3, 2]))
    assert found["test_balanced_accuracy"] == pytest.approx((3 / 4 + 1 + 0 + 1) / 4)
    assert found["test_worst_class_recall"] == 0
    assert found["test_recall_of_rarest"] == pytest.approx((1 + 0 + 1) / 3)
    assert found["test_log_loss"] == pytest.approx(log_loss(labels, probabilities))


def test_a_fraction_of_labels_is_flipped_and_no_other():
    whole = DIGITS.load()
    truth = true_labels(whole)
    data = FlippedLabels(DIGITS, 0.05, draw=1).load()
    given = true_labels(data)
    wrong = given != truth
    assert wrong.sum() == round(0.05 * len(truth))
    assert len(np.unique((given - truth)[wrong] % 10)) == 9
    np.testing.assert_array_equal(data.train.images, whole.train.images)
    np.testing.assert_array_equal(data.test.labels, whole.test.labels)
