import numpy as np
import pytest
from scipy.special import softmax

from kerasrecipes.data import Digits
from kerasrecipes.models import with_test_time_augmentation
from kerasrecipes.runs import SelectiveAugmentation, selective_augmentation, unsure_threshold
from tests.digits_run import digits_run


def cases(n=200, seed=0):
    random = np.random.default_rng(seed)
    labels = random.integers(0, 3, n)
    once, averaged = (
        softmax(2 * np.eye(3)[labels] * scale + random.normal(size=(n, 3)), -1)
        for scale in (0.7, 1.0)
    )
    return labels, once, averaged


def log_loss(labels, probabilities):
    return -np.log(probabilities[np.arange(len(labels)), labels]).mean()


@pytest.mark.parametrize("share_of_gain", [0.5, 0.9, 1.0])
def test_the_threshold_is_the_lowest_that_has_the_wanted_share_of_the_gain(share_of_gain):
    labels, once, averaged = cases()
    found = unsure_threshold(labels, once, averaged, share_of_gain)
    confidences = np.sort(once.max(-1))

    def gain(threshold):
        mixed = np.where(once.max(-1, keepdims=True) <= threshold, averaged, once)
        return log_loss(labels, once) - log_loss(labels, mixed)

    gains = np.array([gain(each) for each in confidences])
    expected = confidences[np.flatnonzero(gains >= share_of_gain * gains.max() - 1e-12)[0]]
    assert found.confidence == expected
    assert found.share == np.mean(once.max(-1) <= expected)
    assert found.log_loss == pytest.approx(log_loss(labels, once) - gain(expected))
    assert found.log_loss_of_all == pytest.approx(log_loss(labels, averaged))


def test_views_that_bring_nothing_are_given_to_none():
    labels, once, _ = cases()
    others = 1 - np.eye(3)[labels]
    found = unsure_threshold(labels, once, 0.9 * once + 0.1 * others / 2)
    assert (found.confidence, found.share) == (0.0, 0.0)
    assert found.log_loss == found.log_loss_of_none


def test_images_of_equal_confidence_get_views_together():
    once = np.array([[0.6, 0.4], [0.6, 0.4], [0.9, 0.1]])
    averaged = np.array([[0.9, 0.1], [0.5, 0.5], [0.9, 0.1]])
    assert unsure_threshold([0, 0, 0], once, averaged, 0.1).share == pytest.approx(2 / 3)


@pytest.mark.parametrize(("kind", "further"), [("shifts", 4), ("five_crops", 5)])
def test_only_unsure_images_get_views(kind, further):
    images, model = Digits().load().test.images[:150], digits_run().load_model(compile=False)
    once = softmax(model.predict(images, verbose=0), -1)
    every = softmax(with_test_time_augmentation(model, kind).predict(images, verbose=0), -1)
    confidence = float(np.median(once.max(-1)))
    found = SelectiveAugmentation(model, kind, confidence).predict(images, batch_size=32)
    np.testing.assert_array_equal(found.has_views, once.max(-1) <= np.float32(confidence))
    expected = np.where(found.has_views[:, None], every, once)
    np.testing.assert_allclose(found.probabilities, expected, atol=1e-5)
    # Of an image that is a copy of itself, the probabilities are known.
    assert found.passes == 1 + further * found.share
    assert not SelectiveAugmentation(model, kind, 0.0).predict(images[:5]).has_views.any()


def test_a_runs_threshold_is_chosen_on_its_validation_images():
    run = digits_run()
    selective, found = selective_augmentation(run, "shifts")
    validation = Digits().load().validation
    every = softmax(selective.with_views.predict(validation.images, verbose=0), -1)
    expected = unsure_threshold(
        validation.labels, run.predictions["validation_probabilities"], every
    )
    assert found.n == len(validation)
    assert found.share == pytest.approx(expected.share, abs=2 / found.n)
    assert selective.confidence == found.confidence


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((0.0,), "`share_of_gain` must be"),
        ((1.1,), "`share_of_gain` must be"),
    ],
)
def test_shares_are_checked(arguments, message):
    with pytest.raises(ValueError, match=message):
        unsure_threshold(*cases(), *arguments)
    with pytest.raises(ValueError, match="the same samples and classes"):
        unsure_threshold([0], np.full((1, 2), 0.5), np.full((1, 4), 0.25))
