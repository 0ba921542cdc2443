import numpy as np
import pytest

from benchmarks.studies import imbalance, imbalance_costs


def test_labels_fall_off_as_in_the_study():
    dataset = imbalance_costs.long_tailed_pixels()
    counts = np.sort(np.bincount(dataset.train.labels))
    assert len(counts) == imbalance_costs.CLASSES
    assert counts[[0, -1]].tolist() == [49, 4900]
    assert counts.sum() == 12_160  # As in the study's table.


@pytest.mark.parametrize("way", ["weights", "sampler"])
def test_a_way_is_trained_for_an_epoch_at_each_call(way, monkeypatch):
    monkeypatch.setattr(imbalance_costs, "STEPS", 2)
    recipe = imbalance.cifar10("unused.npz")
    recipe = recipe.replace({**imbalance.ways(recipe.epochs)[way], "steps_per_epoch": 2})
    real, drawn = imbalance_costs.fit_inputs, []

    def recorded(built, weights, epochs):
        drawn.append((weights is not None, epochs))
        return real(built, weights, epochs)

    monkeypatch.setattr(imbalance_costs, "fit_inputs", recorded)
    fit = imbalance_costs.fitting(recipe, imbalance_costs.long_tailed_pixels())
    fit()
    fit()
    assert drawn == [(way == "weights", range(1)), (way == "weights", range(1, 2))]


def test_the_ratio_is_of_the_same_turn():
    plain = np.array([[0, 1.0], [0, 2.0], [0, 4.0]])
    row = imbalance_costs.row("weights", 1.5 * plain, plain)
    assert row == {"way": "weights", "CPU ms a step": "75.0", "of plain": "1.50 (1.50 to 1.50)"}
