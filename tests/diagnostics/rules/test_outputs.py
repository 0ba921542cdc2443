"""Rules of how outputs, losses and targets fit together."""

import numpy as np
import pytest

from kerasrecipes.diagnostics.facts.value_statistics import value_facts
from kerasrecipes.diagnostics.rules.judging import judged
from kerasrecipes.diagnostics.rules.terms.forms import form
from tests.diagnostics.rules.facts_of import BINARY, INDICES, NUMBERS, ONE_HOT, of_output

pytestmark = pytest.mark.backend_neutral

MULTI_HOT = np.array([[1, 1, 0], [0, 0, 1], [1, 0, 0], [1, 1, 1]] * 9)
IMAGES = np.linspace(0, 1, 4 * 64).reshape(4, 8, 8, 1)
MSE, MAE = "mean_squared_error", "mean_absolute_error"
BCE, CCE = "binary_crossentropy", "categorical_crossentropy"
SPARSE = "sparse_categorical_crossentropy"


@pytest.mark.parametrize(
    ("targets", "expected"),
    [
        ([3, 3], "constant"),
        ([0, 1, 1], "binary"),
        ([[0.0], [1.0]], "binary"),
        ([-1, 1], "signs"),
        ([-1, 0, 1], "real"),
        ([0, 1, 2, 2], "indices"),
        ([1, 2, 3, 1], "indices"),
        ([0, 1, 900, 3], "real"),
        ([2, 3, 4, 2], "real"),
        (np.eye(3), "one_hot"),
        (MULTI_HOT, "multi_hot"),
        ([[0.25, 0.75], [0.5, 0.5]], "probabilities"),
        ([0.25, 0.5], "fractions"),
        ([[0.25, 0.5], [0.5, 0.5]], "fractions"),
        ([0.25, 1.5], "real"),
        (["a", "b"], "unknown"),
    ],
)
def test_the_form_of_targets(targets, expected):
    assert form(value_facts(np.array(targets))) == expected


@pytest.mark.parametrize(
    ("activation", "units", "loss", "targets", "options"),
    [
        ("sigmoid", 1, BCE, BINARY, {}),
        ("linear", 1, BCE, BINARY, {"from_logits": True}),
        ("sigmoid", 3, BCE, MULTI_HOT, {}),
        ("softmax", 2, BCE, np.eye(2)[BINARY], {}),
        ("softmax", 3, SPARSE, INDICES, {"metrics": ("accuracy",)}),
        ("linear", 3, SPARSE, INDICES, {"from_logits": True}),
        ("softmax", 3, CCE, ONE_HOT, {"metrics": ("accuracy",)}),
        ("softmax", 3, CCE, [[0.2, 0.3, 0.5], [1, 0, 0]], {}),
        ("softmax", 3, CCE, INDICES, {"any_encoding": True}),
        ("softmax", (7, 3), SPARSE, np.tile(INDICES[:4, None], 7), {}),
        ("linear", 1, MSE, NUMBERS, {"metrics": (MAE,)}),
        ("relu", 1, MSE, abs(NUMBERS), {}),
        ("tanh", 1, MSE, np.clip(NUMBERS, -1, 1), {}),
        ("softplus", 1, "poisson", [0, 3, 1, 7], {}),
        ("sigmoid", (8, 8, 1), BCE, IMAGES, {}),
        ("sigmoid", (8, 8, 1), MSE, IMAGES, {}),
        ("custom", 3, CCE, ONE_HOT, {}),
        ("unknown", 1, BCE, BINARY, {}),
        ("tanh", 1, "hinge", [-1, 1, 1], {}),
        ("custom", 1, "custom", NUMBERS, {}),
    ],
)
def test_what_fits_is_silent(activation, units, loss, targets, options):
    assert not judged(of_output(activation, units, loss, targets, **options)).findings


@pytest.mark.parametrize(
    ("activation", "units", "loss", "targets", "options", "expected"),
    [
        ("softmax", 1, BCE, BINARY, {}, "output_loss_mismatch"),
        ("sigmoid", 1, CCE, BINARY, {}, "output_loss_mismatch"),
        ("sigmoid", 1, SPARSE, INDICES, {}, "output_loss_mismatch"),
        ("linear", 1, BCE, BINARY, {}, "output_loss_mismatch"),
        ("relu", 3, CCE, ONE_HOT, {}, "output_loss_mismatch"),
        ("tanh", 3, SPARSE, INDICES, {}, "output_loss_mismatch"),
        ("sigmoid", 3, CCE, ONE_HOT, {}, "output_loss_mismatch"),
        ("softmax", 3, CCE, ONE_HOT, {"from_logits": True}, "output_loss_mismatch"),
        ("relu", 1, BCE, BINARY, {"from_logits": True}, "output_loss_mismatch"),
        ("relu", 1, MSE, BINARY, {"metrics": ("accuracy",)}, "output_loss_mismatch"),
        ("sigmoid", 2, MSE, BINARY, {}, "output_loss_mismatch"),
        ("sigmoid", 3, CCE, MULTI_HOT, {}, "wrong_loss_for_task"),
        ("sigmoid", 3, BCE, ONE_HOT, {}, "wrong_loss_for_task"),
        ("sigmoid", 1, BCE, INDICES, {}, "wrong_loss_for_task"),
        ("sigmoid", 1, BCE, NUMBERS, {}, "wrong_loss_for_task"),
        ("sigmoid", 1, "mean_absolute_percentage_error", BINARY, {}, "wrong_loss_for_task"),
        ("sigmoid", 1, MAE, BINARY, {}, "wrong_loss_for_task"),
        ("linear", 1, "poisson", NUMBERS, {}, "wrong_loss_for_task"),
        ("sigmoid", 1, MSE, NUMBERS, {}, "output_range_too_small"),
        ("relu", 1, MSE, NUMBERS, {}, "output_range_too_small"),
        ("tanh", 1, MSE, 9 * NUMBERS, {}, "output_range_too_small"),
        ("softmax", 3, CCE, INDICES, {}, "label_encoding"),
        ("softmax", 3, SPARSE, ONE_HOT, {}, "label_encoding"),
        ("softmax", 3, SPARSE, INDICES + 1, {}, "label_encoding"),
        ("softmax", 3, SPARSE, INDICES + 0.5, {}, "label_encoding"),
        ("sigmoid", 1, BCE, 2 * BINARY - 1, {}, "label_encoding"),
        ("softmax", 3, CCE, np.array(["a", "b"]), {}, "label_encoding"),
    ],
)
def test_what_does_not_fit(activation, units, loss, targets, options, expected):
    diagnosis = judged(of_output(activation, units, loss, targets, **options))
    assert expected in {finding.id for finding in diagnosis.alarms}


@pytest.mark.parametrize("activation", ["sigmoid", "softmax"])
def test_a_squared_error_of_classes_is_noted_only(activation):
    diagnosis = judged(of_output(activation, 3, MSE, ONE_HOT))
    assert diagnosis.ids == ("wrong_loss_for_task",)
    assert not diagnosis


def test_labels_from_one_are_named():
    (finding,) = judged(of_output("softmax", 3, SPARSE, INDICES + 1)).findings
    assert "count from 1" in finding.sentence
    assert "count from 1" not in judged(of_output("softmax", 2, SPARSE, INDICES)).verdict()


@pytest.mark.parametrize(
    ("units", "loss", "targets", "metric", "found"),
    [
        (1, MSE, NUMBERS, "accuracy", True),
        (1, BCE, BINARY, "accuracy", False),
        (1, BCE, BINARY, "exact_accuracy", True),
        (1, BCE, BINARY, "categorical_accuracy", True),
        (3, CCE, ONE_HOT, "categorical_accuracy", False),
        (3, CCE, ONE_HOT, "binary_accuracy", True),
        (3, BCE, MULTI_HOT, "binary_accuracy", False),
        (1, MSE, NUMBERS, "mean_absolute_error", False),
    ],
)
def test_metrics(units, loss, targets, metric, found):
    activation = {MSE: "linear", CCE: "softmax"}.get(loss, "sigmoid")
    diagnosis = judged(of_output(activation, units, loss, targets, metrics=(metric,)))
    assert diagnosis.ids == (("metric_mismatch",) if found else ())
    assert not diagnosis
