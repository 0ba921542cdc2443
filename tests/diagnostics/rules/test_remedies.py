import pytest

from kerasrecipes.diagnostics.record.model_facts import Optimizer
from kerasrecipes.diagnostics.record.record import Record
from kerasrecipes.diagnostics.record.series import Series
from kerasrecipes.diagnostics.rules.judging import judged
from kerasrecipes.diagnostics.rules.remedies import recipe_changes

RECIPE = {
    "data": {"use": "Digits"},
    "optimizer": {"use": "SGD", "learning_rate": 0.3},
    "kernel_regularizer": {"use": "L2", "l2": 0.1},
    "epochs": 4,
}
SCHEDULE = {"use": "OneCycle", "peak_learning_rate": 0.3}


@pytest.mark.parametrize(
    ("kind", "changes"),
    [
        ("learning_rate_too_high", {"optimizer.learning_rate": 0.03}),
        ("learning_rate_too_low", {"optimizer.learning_rate": 3.0}),
        ("too_few_epochs", {"epochs": 12}),
        ("batch_size_too_large", {"batch_size": 32}),
        ("class_imbalance", {"class_weight": "balanced"}),
        ("regularization_too_strong", {"kernel_regularizer": None}),
        ("data_leak", {}),
    ],
)
def test_a_remedy_is_a_change_of_the_recipe(kind, changes):
    assert recipe_changes(kind, Record(recipe=RECIPE)) == changes
    assert recipe_changes(kind, Record()) == {}


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
