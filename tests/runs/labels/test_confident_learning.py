import numpy as np
import pytest
from scipy.special import softmax

from kerasrecipes.runs import find_label_errors

pytestmark = pytest.mark.backend_neutral

RNG = np.random.default_rng(0)


def noisy(samples=400, classes=4, flipped=40):
    """Returns given labels, true labels and probabilities of unseen images."""
    true = np.arange(samples) % classes
    labels = true.copy()
    chosen = RNG.permutation(samples)[:flipped]
    labels[chosen] = (true[chosen] + RNG.integers(1, classes, flipped)) % classes
    logits = RNG.normal(size=(samples, classes)) + 3 * np.eye(classes)[true]
    return labels, true, softmax(logits, -1)


def reference(labels, p):
    """The paper's counts, written as its loops."""
    classes = p.shape[1]
    thresholds = [p[labels == c, c].mean() for c in range(classes)]
    joint, found = np.zeros((classes, classes)), []
    for i, label in enumerate(labels):
        reached = [c for c in range(classes) if p[i, c] >= thresholds[c]]
        if reached:
            confident = max(reached, key=lambda c, i=i: p[i, c])
            joint[label, confident] += 1
            if confident != label and p[i].argmax() != label:
                found.append((p[i, label], i, confident))
    rows = np.bincount(labels, minlength=classes) / joint.sum(1)
    return sorted(found), joint * rows[:, None]


def test_the_paper_s_counts():
    labels, true, p = noisy()
    found = find_label_errors(labels, p)
    expected, joint = reference(labels, p)
    assert found.indices.tolist() == [i for _, i, _ in expected]
    assert found.suggested.tolist() == [c for _, _, c in expected]
    np.testing.assert_allclose(found.own_probability, [own for own, _, _ in expected])
    np.testing.assert_allclose(found.joint, joint)
    # What was flipped is what is found, by and large.
    wrong = set(np.flatnonzero(labels != true))
    hits = wrong & set(found.indices)
    assert len(hits) / len(wrong) > 0.8
    assert len(hits) / len(found.indices) > 0.6
    assert abs(found.noise - 0.1) < 0.06


def test_labels_that_are_right_are_left_alone():
    labels = np.arange(30) % 3
    certain = 0.9 * np.eye(3)[labels] + 0.1 / 3
    found = find_label_errors(labels, certain)
    assert (len(found.indices), found.noise) == (0, 0)
    # A class that reaches a low threshold does not outweigh a more probable own label.
    p = np.array([[0.9, 0.1], [0.9, 0.1], [0.55, 0.45], [0.7, 0.3], [0.6, 0.4]])
    assert find_label_errors(np.array([0, 0, 0, 1, 1]), p).indices.tolist() == []


@pytest.mark.parametrize(
    ("labels", "p", "message"),
    [
        ([0, 1, 1], np.full((2, 2), 0.5), "each of the 2 rows"),
        ([0.0, 1.0], np.full((2, 2), 0.5), "labels.dtype=float64"),
        ([[0], [1]], np.full((2, 2), 0.5), r"shape \(samples,\)"),
        ([0, 1], np.full((2, 2), 2.0), "sums from 4 to 4"),
        ([0, 0], np.full((2, 2), 0.5), r"Received: \[2, 0\] images"),
        ([0, 2], np.full((2, 2), 0.5), r"must be in \[0, 2\)"),
    ],
)
def test_what_cannot_be_judged_is_said(labels, p, message):
    with pytest.raises(ValueError, match=message):
        find_label_errors(np.array(labels), p)
