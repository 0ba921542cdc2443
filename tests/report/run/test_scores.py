import math

import numpy as np
import pytest

from kerasrecipes.report.run import scores
from tests.report.conftest import FakeRun


def test_headline_prefers_test():
    validation, test = {"accuracy": 0.9, "n": 10}, {"accuracy": 0.8, "n": 20}
    metrics = {"monitor": "val_loss", "validation": validation, "test": test}
    quoted = scores.headline(FakeRun(metrics=metrics, data={}))
    assert (quoted["split"], quoted["accuracy"], quoted["mistakes"]) == ("test", 0.8, 4)
    assert not quoted["chose_epoch"]
    quoted = scores.headline(FakeRun(metrics=metrics | {"test": None}, data={}))
    assert (quoted["split"], quoted["accuracy"], quoted["mistakes"]) == ("validation", 0.9, 1)
    assert quoted["chose_epoch"]
    assert scores.headline(FakeRun(metrics={})) is None


@pytest.mark.parametrize("monitor", [None, "loss"])
def test_validation_that_chose_no_epoch_is_not_accused(monitor):
    metrics = {"monitor": monitor, "validation": {"accuracy": 0.9, "n": 10}}
    assert not scores.headline(FakeRun(metrics=metrics, data={}))["chose_epoch"]


@pytest.mark.parametrize(
    ("losses", "expected"),
    [
        ([(1.0, 1.0), (0.5, None)], None),
        ([(1.0, 1.0), (math.nan, 1.0), (math.nan, math.nan)], 2),
        ([(1.0, 1.0), (1.0, 1.0), (1.0, math.inf)], 3),
        ([], None),
    ],
)
def test_diverged_epoch(losses, expected):
    rows = [{"epoch": i + 1, "loss": a, "val_loss": b} for i, (a, b) in enumerate(losses)]
    assert scores.diverged_epoch(rows) == expected


def test_per_class_against_counts_by_hand():
    labels, predicted = np.array([0, 0, 0, 1, 1, 3]), np.array([0, 0, 1, 1, 0, 0])
    rows = scores.per_class(labels, predicted, ["a", "b", "never seen", "never found"])
    assert [row["support"] for row in rows] == [3, 2, 0, 1]
    low, high = rows[0].pop("recall_interval")
    assert rows[0] == {"name": "a", "precision": 2 / 4, "recall": 2 / 3, "f1": 4 / 7, "support": 3}
    # Wilson's, by hand: (p + z^2 / 2n -+ z sqrt(p (1 - p) / n + z^2 / 4n^2)) / (1 + z^2 / n).
    assert (low, high) == pytest.approx((0.2077, 0.9385), abs=1e-4)
    assert rows[2]["recall_interval"] is None
    assert math.isnan(rows[2]["recall"])
    assert math.isnan(rows[3]["precision"])
    assert rows[3]["recall"] == 0


def test_confusion_keeps_classes_that_never_occur():
    matrix = scores.confusion(np.array([0, 2]), np.array([2, 2]), classes=4)
    assert matrix.tolist() == [[0, 0, 1, 0], [0, 0, 0, 0], [0, 0, 1, 0], [0, 0, 0, 0]]


def test_most_confused_are_the_largest_off_the_diagonal():
    matrix = np.array([[50, 3, 0], [5, 5, 3], [0, 0, 9]])
    pairs = scores.most_confused(matrix, "abc", limit=20)
    assert [(p["true"], p["predicted"], p["count"]) for p in pairs] == [
        ("b", "a", 5),
        ("a", "b", 3),
        ("b", "c", 3),
    ]
    assert pairs[0]["share"] == pytest.approx(5 / 13)
    assert len(scores.most_confused(matrix, "abc", limit=2)) == 2
