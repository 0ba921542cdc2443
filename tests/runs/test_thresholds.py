import numpy as np
import pytest

from kerasrecipes.metrics.calibration import coverage_curve, threshold_at, threshold_for
from kerasrecipes.runs import answering_threshold, two_class_threshold

pytestmark = pytest.mark.backend_neutral

RANDOM = np.random.default_rng(0)
LABELS = RANDOM.integers(0, 2, 300)
SECOND = np.clip(0.5 + 0.25 * (2 * LABELS - 1) + 0.3 * RANDOM.normal(size=300), 0.01, 0.99)
PROBABILITIES = np.stack([1 - SECOND, SECOND], -1)
HALVES = [(LABELS[half], PROBABILITIES[half]) for half in (slice(0, 150), slice(150, 300))]


def test_a_threshold_of_validation_is_counted_on_other_images():
    found = answering_threshold(*HALVES, 0.92)
    chosen = coverage_curve(*HALVES[0]).threshold_for(0.92)
    assert found.chosen == chosen
    labels, probabilities = HALVES[1]
    answered = probabilities.max(-1) >= chosen.threshold
    assert found.checked.answered == answered.sum()
    assert found.checked.accuracy == (probabilities.argmax(-1) == labels)[answered].mean()


@pytest.mark.parametrize("wanted", [{"precision": 0.9}, {"recall": 0.9}])
def test_precision_and_recall_are_counted_on_other_images(wanted):
    found = two_class_threshold(*HALVES, **wanted)
    threshold = threshold_for(*HALVES[0], **wanted).threshold
    labels, counted = HALVES[1][0], HALVES[1][1][:, 1] >= threshold
    assert found.checked.precision == labels[counted].mean()
    assert found.checked.recall == counted[labels == 1].mean()


def test_what_is_not_reached_is_none():
    certain = np.array([[0.1, 0.9], [0.2, 0.8]])
    found = answering_threshold((np.array([0, 0]), certain), HALVES[1], 0.5)
    assert found.chosen is found.checked is None
    mixed = (np.array([1, 0]), np.array([[0.4, 0.6], [0.1, 0.9]]))
    assert two_class_threshold(mixed, HALVES[1], precision=0.9).checked is None
    with pytest.raises(ValueError, match="`precision` must be"):
        two_class_threshold(mixed, HALVES[1], precision=2.0)


def test_a_threshold_above_all_scores_has_no_precision():
    found = threshold_at(*HALVES[0], 1.0)
    assert (found.counted, found.recall, found.precision_interval) == (0, 0, (0.0, 1.0))
    assert np.isnan(found.precision)
    unanswered = coverage_curve(*HALVES[0]).at(1.0)
    assert (unanswered.answered, unanswered.interval) == (0, (0.0, 1.0))
