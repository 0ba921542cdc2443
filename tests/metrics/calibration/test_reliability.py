import numpy as np
import pytest
from sklearn.calibration import calibration_curve

from kerasrecipes.metrics.calibration import (
    calibration_error_interval,
    expected_calibration_error,
    reliability_bins,
)

pytestmark = pytest.mark.backend_neutral
RNG = np.random.default_rng(0)


def predictions(n, sharpness=1.0, classes=4, seed=0):
    """Labels drawn from probabilities, and these to a power: 1 leaves them true."""
    random = np.random.default_rng(seed)
    true = random.dirichlet(np.ones(classes), n)
    labels = (random.random((n, 1)) > true.cumsum(-1)).sum(-1).clip(max=classes - 1)
    sharpened = true**sharpness
    return labels, sharpened / sharpened.sum(-1, keepdims=True)


def error_by_loops(labels, probabilities, bins):
    """The definition, sample by sample, without any of the package's code."""
    members = [[] for _ in range(bins)]
    for label, row in zip(labels, probabilities, strict=True):
        confidence = max(row)
        place = next(b for b in range(bins) if confidence <= (b + 1) / bins or b == bins - 1)
        members[place].append((list(row).index(confidence) == label, confidence))
    error = 0.0
    for bin_ in members:
        if bin_:
            right = sum(r for r, _ in bin_) / len(bin_)
            sure = sum(c for _, c in bin_) / len(bin_)
            error += len(bin_) / len(labels) * abs(right - sure)
    return error


@pytest.mark.parametrize("bins", [1, 7, 15])
def test_the_error_equals_its_definition(bins):
    labels, probabilities = predictions(400, sharpness=2)
    found = expected_calibration_error(labels, probabilities, bins)
    assert found == pytest.approx(error_by_loops(labels, probabilities, bins), abs=1e-12)
    assert found == pytest.approx(reliability_bins(labels, probabilities, bins).error, abs=1e-12)


@pytest.mark.parametrize(("equal", "strategy"), [("width", "uniform"), ("mass", "quantile")])
def test_bins_equal_scikit_learn_s(equal, strategy):
    labels, probabilities = predictions(500, sharpness=2)
    found = reliability_bins(labels, probabilities, 10, equal)
    correct = probabilities.argmax(-1) == labels
    accuracy, confidence = calibration_curve(
        correct, probabilities.max(-1), n_bins=10, strategy=strategy
    )
    filled = found.count > 0
    np.testing.assert_allclose(found.accuracy[filled], accuracy)
    np.testing.assert_allclose(found.confidence[filled], confidence)
    assert found.count.sum() == 500
    assert equal == "width" or set(found.count) == {50}


def test_the_error_of_many_samples_is_the_true_one():
    random, n = np.random.default_rng(1), 200_000
    # Two classes, promised at 0.6, 0.8 and 0.95, right 0.6, 0.7 and 0.9 of the time.
    promised, kept = np.array([0.6, 0.8, 0.95]), np.array([0.6, 0.7, 0.9])
    which = random.integers(0, 3, n)
    labels = (random.random(n) < kept[which]).astype(int)
    true = np.mean(promised - kept)
    for equal in ("width", "mass"):
        found = expected_calibration_error(labels, promised[which], 20, equal)
        assert found == pytest.approx(true, abs=0.004)
    assert reliability_bins(labels, promised[which]).overconfidence == pytest.approx(true, abs=3e-3)


def test_true_probabilities_have_no_error_but_chance():
    labels, probabilities = predictions(100_000)
    assert expected_calibration_error(labels, probabilities) < 0.01
    low, high = calibration_error_interval(labels, probabilities, resamples=200)
    assert low < 0.002
    assert high < 0.01


def test_the_interval_has_the_true_error_in_most_samples():
    large = predictions(200_000, sharpness=1.5, seed=9)
    true = expected_calibration_error(*large)
    inside = 0
    for seed in range(40):
        sample = predictions(500, sharpness=1.5, seed=seed)
        low, high = calibration_error_interval(*sample, resamples=300)
        inside += low <= true <= high
    assert inside >= 34  # 38 expected; 33 or fewer by chance in 1 of 150.


def test_an_interval_is_repeated_and_wide_for_ten_images():
    labels, probabilities = predictions(10)
    first = calibration_error_interval(labels, probabilities, seed=3)
    assert first == calibration_error_interval(labels, probabilities, seed=3)
    assert first[1] - first[0] > 0.1
    assert calibration_error_interval(labels[:1], probabilities[:1]) == (0.0, 1.0)


def test_equal_confidences_share_a_bin():
    found = reliability_bins([0, 0, 1, 1], [[0.75, 0.25]] * 4, bins=4, equal="mass")
    assert found.count.tolist() == [4]
    assert found.error == 0.25


@pytest.mark.parametrize(
    ("labels", "probabilities", "message"),
    [
        ([], np.empty((0, 3)), "There must be samples"),
        ([0, 1], [[0.5, 0.5]], "must have the shape"),
        ([0, 3], [[0.5, 0.5]] * 2, r"integers in \[0, 2\).*from 0 to 3"),
        ([-1, 0], [[0.5, 0.5]] * 2, "from -1 to 0"),
        ([0.0, 1.0], [[0.5, 0.5]] * 2, "of float64"),
        ([0, 1], [[3.0, -1.0]] * 2, "Take the softmax of logits. Received: "),
        ([0, 1], [[0.9, 0.9]] * 2, "must be distributions"),
        ([0, 1], [[np.nan, 0.5]] * 2, "must be distributions.*each sample. Received"),
    ],
)
def test_bad_input_is_told(labels, probabilities, message):
    with pytest.raises(ValueError, match=message):
        expected_calibration_error(labels, probabilities)


def test_bad_arguments_are_told():
    with pytest.raises(ValueError, match="`bins` must be an integer of at least 1"):
        expected_calibration_error([0], [[1.0, 0.0]], bins=0)
    with pytest.raises(ValueError, match="`equal` must be one of 'width', 'mass'"):
        reliability_bins([0], [[1.0, 0.0]], equal="weight")
    with pytest.raises(ValueError, match="`resamples`"):
        calibration_error_interval([0], [[1.0, 0.0]], resamples=0)
