import numpy as np
import pytest
from sklearn.metrics import average_precision_score, precision_score, recall_score, roc_auc_score

from kerasrecipes.metrics.calibration import threshold_for, two_class_curves

pytestmark = pytest.mark.backend_neutral
RNG = np.random.default_rng(0)
LABELS = RNG.integers(0, 2, 300)
SCORES = (RNG.normal(size=300) + LABELS).round(1)  # With ties.


def test_areas_equal_scikit_learn_s():
    curves = two_class_curves(LABELS, SCORES)
    assert curves.roc_auc == pytest.approx(roc_auc_score(LABELS, SCORES))
    assert curves.average_precision == pytest.approx(average_precision_score(LABELS, SCORES))
    assert len(curves.precision) == len(curves.recall) == len(curves.thresholds)
    assert np.trapezoid(curves.true_positive_rate, curves.false_positive_rate) == pytest.approx(
        curves.roc_auc
    )


def test_delong_s_variance_equals_its_definition():
    positive, negative = SCORES[LABELS == 1], SCORES[LABELS == 0]
    wins = (positive[:, None] > negative) + 0.5 * (positive[:, None] == negative)
    variance = wins.mean(1).var(ddof=1) / len(positive) + wins.mean(0).var(ddof=1) / len(negative)
    low, high = two_class_curves(LABELS, SCORES).roc_auc_interval
    assert (high - low) / 2 == pytest.approx(1.959963985 * np.sqrt(variance))


def test_two_columns_and_one_are_the_same():
    second = 1 / (1 + np.exp(-SCORES))
    both = two_class_curves(LABELS, np.stack([1 - second, second], -1))
    assert both.roc_auc == two_class_curves(LABELS, second).roc_auc
    assert both.roc_auc == two_class_curves(LABELS[:, None], second[:, None]).roc_auc


@pytest.mark.parametrize("wanted", [0.55, 0.7, 0.85])
def test_a_threshold_is_the_best_of_all(wanted):
    scores = np.unique(SCORES)
    precision = np.array([precision_score(LABELS, s <= SCORES) for s in scores])
    recall = np.array([recall_score(LABELS, s <= SCORES) for s in scores])
    found = threshold_for(LABELS, SCORES, precision=wanted)
    assert found.precision >= wanted
    assert found.recall == pytest.approx(recall[precision >= wanted].max())
    other = threshold_for(LABELS, SCORES, recall=wanted)
    assert other.recall >= wanted
    assert other.precision == pytest.approx(precision[recall >= wanted].max())
    counted = other.threshold <= SCORES
    assert other.counted == counted.sum()
    assert other.precision == pytest.approx(precision_score(LABELS, counted))
    assert other.precision_interval[0] < other.precision < other.precision_interval[1]
    assert other.recall_interval[0] < other.recall < other.recall_interval[1]


def test_what_cannot_be_reached_is_told():
    with pytest.raises(ValueError, match="a precision of 0.9: the highest is 0.5"):
        threshold_for([0, 1], [0.5, 0.5], precision=0.9)
    with pytest.raises(ValueError, match="Just one of `precision` and `recall`"):
        threshold_for([0, 1], [0.1, 0.9])
    with pytest.raises(ValueError, match="Just one of"):
        threshold_for([0, 1], [0.1, 0.9], precision=0.5, recall=0.5)


@pytest.mark.parametrize(
    ("labels", "scores", "message"),
    [
        ([0, 1, 2], [0.1, 0.2, 0.3], r"must be 0 and 1.*\[0, 1, 2\]"),
        ([1, 1], [0.1, 0.2], r"both must occur.*\[1\]"),
        ([0, 1], [0.1, np.nan], "must be finite"),
        ([0, 1], [[0.1, 0.2, 0.7]] * 2, "a row for each label"),
    ],
)
def test_bad_input_is_told(labels, scores, message):
    with pytest.raises(ValueError, match=message):
        two_class_curves(labels, scores)


def test_one_positive_says_little():
    assert two_class_curves([0, 0, 1], [0.1, 0.2, 0.9]).roc_auc_interval == (0.0, 1.0)
