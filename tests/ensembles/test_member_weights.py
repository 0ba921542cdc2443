import itertools

import numpy as np
import pytest

from kerasrecipes.ensembles import disagreement, fitted_weights, greedy_weights
from kerasrecipes.metrics.calibration import log_loss

pytestmark = pytest.mark.backend_neutral


def members(count=4, n=300, classes=3, seed=0):
    """Labels, and members that see the true probabilities through noise of different strength."""
    random = np.random.default_rng(seed)
    logits = random.normal(size=(n, classes)) * 2
    true = np.exp(logits) / np.exp(logits).sum(-1, keepdims=True)
    labels = (random.random((n, 1)) > true.cumsum(-1)).sum(-1)
    found = []
    for place in range(count):
        noisy = logits + random.normal(size=logits.shape) * (0.5 + place)
        found.append(np.exp(noisy) / np.exp(noisy).sum(-1, keepdims=True))
    return labels, found


def loss_of(labels, probabilities, weights):
    return log_loss(labels, np.tensordot(weights, probabilities, 1))


def test_fitted_weights_have_the_lowest_loss_of_all():
    labels, probabilities = members()
    weights = fitted_weights(labels, probabilities)
    assert weights.sum() == pytest.approx(1)
    assert (weights >= 0).all()
    # No corner of the simplex is downhill, which suffices because the loss is convex.
    true = np.stack([p[np.arange(len(labels)), labels] for p in probabilities], -1)
    slopes = (true / (true @ weights)[:, None]).mean(0)
    assert slopes.max() <= 1 + 1e-5
    np.testing.assert_allclose(slopes[weights > 0], 1, atol=1e-4)


def test_fitted_weights_equal_a_grid_of_two():
    labels, probabilities = members(count=2)
    grid = np.linspace(0, 1, 2001)
    losses = [loss_of(labels, probabilities, [w, 1 - w]) for w in grid]
    assert fitted_weights(labels, probabilities)[0] == pytest.approx(
        grid[int(np.argmin(losses))], abs=1e-3
    )


def test_useless_members_get_no_weight():
    labels = np.array([0, 1, 1])
    good, bad = np.eye(2)[labels] * 0.6 + 0.2, np.full((3, 2), 0.5)
    for choose in (fitted_weights, greedy_weights):
        assert choose(labels, [bad, good, bad]).tolist() == [0, 1, 0]


def test_greedy_selection_equals_its_definition():
    labels, probabilities = members(seed=3)
    chosen, best, best_loss = [], [], np.inf
    for _ in range(12):
        losses = [
            loss_of(labels, [probabilities[m] for m in [*chosen, new]],
                    np.full(len(chosen) + 1, 1 / (len(chosen) + 1)))
            for new in range(4)
        ]  # fmt: skip
        chosen.append(int(np.argmin(losses)))
        if min(losses) < best_loss:
            best, best_loss = list(chosen), min(losses)
    expected = np.bincount(best, minlength=4) / len(best)
    np.testing.assert_allclose(greedy_weights(labels, probabilities, rounds=12), expected)


def test_greedy_selection_is_no_worse_than_any_subset_of_equals():
    labels, probabilities = members(seed=5)
    found = loss_of(labels, probabilities, greedy_weights(labels, probabilities))
    fitted = loss_of(labels, probabilities, fitted_weights(labels, probabilities))
    singles = [loss_of(labels, probabilities, row) for row in np.eye(4)]
    assert fitted <= found + 1e-9
    assert found <= min(singles)
    subsets = itertools.combinations(range(4), 2)
    pairs = [loss_of(labels, [probabilities[m] for m in pair], [0.5, 0.5]) for pair in subsets]
    assert fitted <= min(pairs) + 1e-9


def test_a_certain_mistake_is_finite():
    sure = np.array([[1.0, 0.0], [1.0, 0.0]])
    for choose in (fitted_weights, greedy_weights):
        assert choose(np.array([0, 1]), [sure, sure]).sum() == pytest.approx(1)


def test_disagreement_is_the_share_of_other_classes():
    _, probabilities = members()
    found = disagreement(probabilities)
    assert found[0, 1] == np.mean(probabilities[0].argmax(-1) != probabilities[1].argmax(-1))
    np.testing.assert_array_equal(found, found.T)
    assert not found.diagonal().any()


@pytest.mark.parametrize("choose", [fitted_weights, greedy_weights])
def test_bad_input_is_told(choose):
    with pytest.raises(ValueError, match="There must be members to weight. Received: none"):
        choose(np.array([0]), [])
    with pytest.raises(ValueError, match="the same samples and classes"):
        choose(np.array([0]), [np.full((1, 2), 0.5), np.full((1, 4), 0.25)])
    with pytest.raises(ValueError, match="There must be models to compare"):
        disagreement([])
    with pytest.raises(ValueError, match="`rounds` must be an integer of at least 1"):
        greedy_weights(np.array([0]), [np.full((1, 2), 0.5)], rounds=0)
