"""Remedies that are tried: what helps on validation is kept, and no test score is looked at."""

import pytest

from kerasrecipes.diagnostics.findings.diagnosis import Diagnosis
from kerasrecipes.diagnostics.findings.finding import Finding
from kerasrecipes.recipe.recipe import Recipe
from kerasrecipes.recipe.spec import use
from kerasrecipes.runs import healing
from kerasrecipes.runs.healing import heal

RECIPE = Recipe(data="Digits", model="MLP", optimizer=use("SGD", learning_rate=1.0), epochs=2)
RATE = "optimizer.learning_rate"


class FakeRun:
    """A run whose validation accuracy is given; its test score must not be read."""

    def __init__(self, recipe, accuracy, *changes, loss=1.0):
        self.recipe, self.changes = recipe, changes
        self.metrics = {"validation": {"accuracy": accuracy, "loss": loss, "n": 100}}


@pytest.fixture(autouse=True)
def _diagnoses(monkeypatch):
    """A finding for each of a run's changes, in their order."""

    def diagnosed(run):
        return Diagnosis(
            tuple(Finding("overfitting", "", 0.5, changes=changes) for changes in run.changes)
        )

    monkeypatch.setattr(healing, "record_of", lambda run: run)
    monkeypatch.setattr(healing, "diagnosed", diagnosed)


def tried(run, attempts, accuracies, *changes):
    """Returns each attempt's changes and whether it helped."""
    given = iter(accuracies)

    def train(remedy):
        return FakeRun(remedy.recipe, next(given), *changes)

    found = list(heal(run, attempts, train))
    return [(attempt.remedy.changes, attempt.helped) for attempt in found], found


def test_what_helps_is_kept_and_treated_further():
    run = FakeRun(RECIPE, 0.5, {RATE: 0.1})
    told, found = tried(run, 5, [0.6, 0.7], {"epochs": 4})
    assert told == [({RATE: 0.1}, True), ({"epochs": 4}, True)]
    assert found[1].before is found[0].after
    assert found[1].after.recipe == RECIPE.replace({RATE: 0.1, "epochs": 4})


def test_what_does_not_help_is_left_again():
    run = FakeRun(RECIPE, 0.5, {RATE: 0.1}, {"epochs": 4})
    told, found = tried(run, 5, [0.4, 0.6])
    assert told == [({RATE: 0.1}, False), ({"epochs": 4}, True)]
    assert found[1].after.recipe == RECIPE.replace({"epochs": 4})


def test_no_more_is_trained_than_was_asked_for():
    run = FakeRun(RECIPE, 0.5, {RATE: 0.1}, {"epochs": 4})
    assert len(tried(run, 1, [0.4])[0]) == 1


def test_no_recipe_is_trained_twice():
    run = FakeRun(RECIPE, 0.5, {RATE: 0.1})
    told, _ = tried(run, 5, [0.6], {RATE: 1.0}, {RATE: 0.1})
    assert told == [({RATE: 0.1}, True)]


def test_a_remedy_that_does_not_fit_the_recipe_is_passed_over():
    run = FakeRun(RECIPE, 0.5, {}, {"optimizer.unheard_of": 1}, {"epochs": 4})
    assert tried(run, 5, [0.4])[0] == [({"epochs": 4}, False)]


@pytest.mark.parametrize(("loss", "helped"), [(0.5, True), (1.0, False), (float("nan"), False)])
def test_the_loss_decides_where_accuracies_are_equal(loss, helped):
    run = FakeRun(RECIPE, 0.5, {"epochs": 4})
    (attempt,) = heal(run, 1, lambda remedy: FakeRun(remedy.recipe, 0.5, loss=loss))
    assert attempt.helped is helped
