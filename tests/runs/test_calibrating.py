import numpy as np
import pytest

from kerasrecipes.metrics.calibration import fit_temperature, log_loss
from kerasrecipes.runs import Calibration, calibration_of, temperature_of
from kerasrecipes.runs.calibrating import off_by_design

pytestmark = pytest.mark.backend_neutral


def predictions(n, seed=0):
    random = np.random.default_rng(seed)
    probabilities = random.dirichlet(np.ones(3), n)
    return (random.random((n, 1)) > probabilities.cumsum(-1)).sum(-1), probabilities


@pytest.mark.parametrize(("n", "bins"), [(10, 1), (100, 5), (1000, 15)])
def test_a_bin_holds_enough_images(n, bins):
    labels, probabilities = predictions(n)
    found = calibration_of(labels, probabilities)
    assert isinstance(found, Calibration)
    assert len(found.bins.count) == bins
    assert found.n == found.bins.count.sum() == n
    assert found.log_loss == log_loss(labels, probabilities)
    assert found.interval[0] <= found.error


def test_the_temperature_is_that_of_validation():
    labels, probabilities = predictions(200)
    stored = {"validation_labels": labels, "validation_probabilities": probabilities}
    assert temperature_of(stored) == fit_temperature(labels, probabilities)
    assert temperature_of({}) is None
    right = {"validation_labels": np.array([1]), "validation_probabilities": np.array([[0.2, 0.8]])}
    assert temperature_of(right) is None


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"class_weight": "balanced"}, "Classes were weighted"),
        ({"class_weight.cat": 2.0}, "Classes were weighted"),
        ({"sampling": "PowerSampling", "sampling.exponent": 0.5}, "Classes were weighted"),
        ({"loss": "LogitAdjustedCrossentropy"}, "Classes were weighted"),
        ({"augment.0": "MixedSamples"}, "Labels were smoothed or mixed"),
        ({"loss.label_smoothing": 0.0, "augment.0": "RandomFlip"}, ""),
    ],
)
def test_what_is_off_by_design_is_said(options, said):
    assert off_by_design(options).startswith(said)
    assert bool(said) == bool(off_by_design(options))
