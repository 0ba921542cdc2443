import numpy as np
import pytest
import sklearn.metrics
from scipy.special import log_softmax, softmax

from kerasrecipes.metrics.calibration import brier_score, coverage_curve, fit_temperature, log_loss

pytestmark = pytest.mark.backend_neutral
RNG = np.random.default_rng(0)
LOGITS = RNG.normal(size=(600, 5)) * 2
LABELS = (RNG.random((600, 1)) > softmax(LOGITS, -1).cumsum(-1)).sum(-1)


def test_scores_equal_scikit_learn_s():
    probabilities = softmax(LOGITS, -1)
    assert log_loss(LABELS, probabilities) == pytest.approx(
        sklearn.metrics.log_loss(LABELS, probabilities)
    )
    second = probabilities[:, 0]
    two = (LABELS == 0).astype(int)
    assert brier_score(two, second) == pytest.approx(
        2 * sklearn.metrics.brier_score_loss(two, second)
    )
    one_hot = np.eye(5)[LABELS]
    assert brier_score(LABELS, probabilities) == pytest.approx(
        np.mean(np.sum((probabilities - one_hot) ** 2, -1))
    )


def test_a_sure_mistake_costs_what_the_dtype_can_say():
    sure = np.array([[1.0, 0.0]], "float32")
    assert log_loss([1], sure) == pytest.approx(-np.log(np.finfo("float32").eps))
    assert log_loss([1], sure.astype("float64")) == pytest.approx(-np.log(np.finfo("float64").eps))
    assert brier_score([1], sure) == 2


@pytest.mark.parametrize("sharpness", [0.5, 1.0, 3.0])
def test_the_temperature_is_the_sharpness_of_the_logits(sharpness):
    probabilities = softmax(LOGITS * sharpness, -1)
    found = fit_temperature(LABELS, probabilities)
    assert found.low < sharpness < found.high
    # All three fits are of the same samples.
    assert found.value / sharpness == pytest.approx(
        fit_temperature(LABELS, softmax(LOGITS, -1)).value, rel=1e-5
    )


def test_no_other_temperature_has_a_lower_loss():
    found = fit_temperature(LABELS, softmax(LOGITS * 2, -1))
    grid = np.exp(np.linspace(-3, 3, 20_001))
    picked = LOGITS * 2
    losses = [
        -np.mean(log_softmax(picked / t, -1)[np.arange(600), LABELS]) for t in grid[9000:13_000]
    ]
    best = grid[9000:13_000][int(np.argmin(losses))]
    assert found.value == pytest.approx(best, rel=5e-4)
    assert found.log_loss_after == pytest.approx(min(losses), abs=1e-7)
    assert found.log_loss_before == pytest.approx(log_loss(LABELS, softmax(picked, -1)))
    # Wilks: at the bounds, the log-likelihood is lower by half of chi-squared's quantile.
    for bound in (found.low, found.high):
        loss = log_loss(LABELS, softmax(picked / bound, -1))
        assert 600 * (loss - found.log_loss_after) == pytest.approx(3.8415 / 2, abs=1e-3)


def test_applying_it_divides_the_logits():
    probabilities = softmax(LOGITS, -1)
    found = fit_temperature(LABELS, probabilities)
    applied = found.apply(probabilities)
    np.testing.assert_allclose(applied, softmax(LOGITS / found.value, -1), atol=1e-12)
    np.testing.assert_array_equal(applied.argmax(-1), probabilities.argmax(-1))
    assert log_loss(LABELS, applied) == pytest.approx(found.log_loss_after)


def test_certain_probabilities_can_be_scaled():
    sure = np.array([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]], "float32")
    found = fit_temperature([0, 1, 1], sure)
    assert found.log_loss_after < 0.7
    assert np.isfinite(found.apply(sure)).all()


def test_without_mistakes_there_is_no_temperature():
    with pytest.raises(ValueError, match="Received: 2 samples, all of which are classified"):
        fit_temperature([0, 1], [[0.9, 0.1], [0.2, 0.8]])


def test_coverage_equals_its_definition():
    probabilities = softmax(LOGITS, -1).round(2)
    probabilities /= probabilities.sum(-1, keepdims=True)
    curve = coverage_curve(LABELS, probabilities)
    confidence, correct = probabilities.max(-1), probabilities.argmax(-1) == LABELS
    for threshold, coverage, accuracy in zip(
        curve.threshold, curve.coverage, curve.accuracy, strict=True
    ):
        answered = confidence >= threshold
        assert coverage == pytest.approx(answered.mean())
        assert accuracy == pytest.approx(correct[answered].mean())
    assert len(np.unique(curve.threshold)) == len(curve.threshold) < 600
    assert curve.coverage[-1] == 1
    assert correct.mean() < curve.area < 1


def test_a_threshold_gives_the_accuracy_at_the_widest_coverage():
    curve = coverage_curve([1, 1, 0, 1, 0], [0.99, 0.9, 0.8, 0.7, 0.6])
    found = curve.threshold_for(0.75)
    assert (found.threshold, found.coverage, found.accuracy, found.answered) == (0.7, 0.8, 0.75, 4)
    low, high = found.interval
    assert low < 0.75 < high
    with pytest.raises(ValueError, match=r"accuracy of 0.99: the best, 0.9, gives 0.5"):
        coverage_curve([0, 1], [0.9, 0.9]).threshold_for(0.99)
