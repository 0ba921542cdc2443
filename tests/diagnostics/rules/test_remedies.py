import pytest

from kerasrecipes.diagnostics.record.data_facts import Data, Values
from kerasrecipes.diagnostics.record.model_facts import Optimizer, Output
from kerasrecipes.diagnostics.record.probes import Probe
from kerasrecipes.diagnostics.record.record import Record
from kerasrecipes.diagnostics.record.series import Series
from kerasrecipes.diagnostics.rules.judging import judged
from kerasrecipes.diagnostics.rules.remedies import imbalance_remedy, recipe_changes
from kerasrecipes.recipe.correcting_classes import REMEDIES

RECIPE = {
    "data": {"use": "Digits"},
    "optimizer": {"use": "SGD", "learning_rate": 0.3},
    "kernel_regularizer": {"use": "L2", "l2": 0.1},
    "epochs": 4,
}
SCHEDULE = {"use": "OneCycle", "peak_learning_rate": 0.3}


def test_classes_that_are_corrected_for_are_not_corrected_twice():
    for path, value in REMEDIES.items():
        remedied = {**RECIPE, path: {"use": value} if path != "class_weight" else value}
        assert recipe_changes("class_imbalance", Record(recipe=remedied)) == {}
        assert f"{path}={value}" in imbalance_remedy(Record(recipe=RECIPE))
    smooth = {**RECIPE, "loss": {"use": "CategoricalCrossentropy", "label_smoothing": 0.1}}
    assert recipe_changes("class_imbalance", Record(recipe=smooth)) == {
        "loss": "LogitAdjustedCrossentropy",
        "loss.label_smoothing": 0.1,
    }
    focal = {**RECIPE, "loss": {"use": "CategoricalFocalCrossentropy"}}
    expected = {"sampling": "PowerSampling"}
    assert recipe_changes("class_imbalance", Record(recipe=focal)) == expected
    assert imbalance_remedy(Record()) == ""


@pytest.mark.parametrize(
    ("kind", "changes"),
    [
        ("learning_rate_too_high", {"optimizer.learning_rate": 0.03}),
        ("learning_rate_too_low", {"optimizer.learning_rate": 3.0}),
        ("too_few_epochs", {"epochs": 12}),
        ("batch_size_too_large", {"batch_size": 32}),
        ("class_imbalance", {"loss": "LogitAdjustedCrossentropy"}),
        ("regularization_too_strong", {"kernel_regularizer": None}),
        ("data_leak", {}),
    ],
)
def test_a_remedy_is_a_change_of_the_recipe(kind, changes):
    assert recipe_changes(kind, Record(recipe=RECIPE)) == changes
    assert recipe_changes(kind, Record()) == {}


@pytest.mark.parametrize(
    ("finite", "changes"), [(1.0, {"optimizer.learning_rate": 0.03}), (0.9, {})]
)
def test_no_learning_rate_mends_data_that_are_not_finite(finite, changes):
    values = Values((2,), "float32", 10, finite_fraction=finite)
    data = Data(inputs=(values,))
    assert recipe_changes("loss_not_finite", Record(recipe=RECIPE, data=data)) == changes
    output = Output("a", (1,), targets=values)
    assert recipe_changes("loss_not_finite", Record(recipe=RECIPE, outputs=(output,))) == changes


@pytest.mark.parametrize(
    ("losses", "changes"),
    [
        ((14.0, 14.0), {}),
        ((14.0, 9.0), {}),
        ((2.0, 14.0), {"optimizer.learning_rate": 0.03}),
        ((2.0, None), {"optimizer.learning_rate": 0.03}),
        ((), {"optimizer.learning_rate": 0.03}),
    ],
)
def test_no_learning_rate_mends_a_loss_that_was_there_before_the_first_step(losses, changes):
    probes = tuple(Probe(number, 10 * number, 32, loss) for number, loss in enumerate(losses))
    assert recipe_changes("exploding_gradient", Record(recipe=RECIPE, probes=probes)) == changes


def test_the_highest_rate_of_a_schedule_is_changed():
    recipe = {**RECIPE, "optimizer": {"use": "SGD", "learning_rate": SCHEDULE}}
    changes = recipe_changes("learning_rate_too_high", Record(recipe=recipe))
    assert changes == {"optimizer.learning_rate.peak_learning_rate": 0.03}


def test_a_default_rate_is_known_from_the_optimizer():
    recipe = {**RECIPE, "optimizer": {"use": "Adam"}}
    record = Record(recipe=recipe, optimizer=Optimizer("Adam", 0.001))
    assert recipe_changes("learning_rate_too_low", record) == {"optimizer.learning_rate": 0.01}
    assert recipe_changes("learning_rate_too_low", Record(recipe=recipe)) == {}


def test_what_is_balanced_or_not_regularized_has_no_remedy_there():
    recipe = {**RECIPE, "class_weight": "balanced", "kernel_regularizer": None}
    for kind in ("class_imbalance", "regularization_too_strong"):
        assert recipe_changes(kind, Record(recipe=recipe)) == {}


def test_findings_of_a_recipe_have_changes():
    record = Record(series=Series({"loss": [2.3, None, None]}), recipe=RECIPE)
    (found, *_) = judged(record).findings
    assert found.changes == {"optimizer.learning_rate": 0.03}
    assert judged(record.without("recipe")).findings[0].changes == {}
