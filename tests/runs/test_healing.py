"""Remedies that are tried: what helps on validation is kept, and no test score is looked at."""

import numpy as np
import pytest

from kerasrecipes.diagnostics.findings.diagnosis import Diagnosis
from kerasrecipes.diagnostics.findings.finding import Finding
from kerasrecipes.recipe.recipe import Recipe
from kerasrecipes.recipe.spec import use
from kerasrecipes.runs import healing
from kerasrecipes.runs.healing import Attempt, Remedy, heal

RECIPE = Recipe(data="Digits", model="MLP", optimizer=use("SGD", learning_rate=1.0), epochs=2)
RATE = "optimizer.learning_rate"


class FakeRun:
    """A run whose validation accuracy is given; its test score must not be read."""

    def __init__(self, recipe, accuracy, *changes, predictions=None):
        self.recipe, self.changes = recipe, changes
        self.metrics = {"validation": {"accuracy": accuracy, "n": 400}}
        self.predictions = predictions or {}

    def check_chooses(self, what):
        """Its validation images were kept from training."""


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


def answered(right, confidence=0.9):
    """Returns predictions of two classes on as many images, with which answers are right."""
    right = np.array(right, bool)
    labels = np.arange(len(right)) % 2
    answers = np.where(right, labels, 1 - labels)
    probabilities = np.full((len(right), 2), 1 - np.float32(confidence))
    probabilities[np.arange(len(right)), answers] = confidence
    return {"validation_labels": labels, "validation_probabilities": probabilities}


def attempt_of(before, after):
    return Attempt(
        Remedy(Finding("overfitting", "", 0.5), {}, RECIPE),
        FakeRun(RECIPE, 0.5, predictions=before),
        FakeRun(RECIPE, 0.5, predictions=after),
    )


# Of 100 images, so many does only the run before get right, and so many only the one after. The
# standard error of their difference is about the root of their sum.
@pytest.mark.parametrize(
    ("only_before", "only_after", "helped", "noise"),
    [(0, 5, True, False), (20, 26, False, True), (20, 28, True, False), (9, 3, False, False)],
)
def test_accuracies_on_the_same_images_are_paired(only_before, only_after, helped, noise):
    before = np.arange(100) < 50
    after = before.copy()
    after[:only_before] = False
    after[-only_after:] = True
    # The losses would decide, and are equal, where the accuracies do not differ beyond noise.
    first, second = answered(before, 0.5001), answered(after, 0.5001)
    attempt = attempt_of(first, second)
    assert (attempt.helped, attempt.is_within_noise) == (helped, noise)
    assert attempt.by_loss is False


@pytest.mark.parametrize(
    ("confidence", "helped", "noise"),
    [(0.99, True, False), (0.9, False, True), (0.6, False, False)],
)
def test_the_loss_decides_where_accuracies_are_equal(confidence, helped, noise):
    right = np.arange(100) < 99
    attempt = attempt_of(answered(right), answered(right, confidence))
    assert (attempt.helped, attempt.is_within_noise) == (helped, noise)
    assert attempt.by_loss is not noise


def test_an_answer_of_probability_zero_has_a_finite_loss():
    attempt = attempt_of(answered([True] * 9 + [False], 1.0), answered([True] * 9 + [False], 0.9))
    assert attempt.helped is False
    assert attempt.is_within_noise is True


@pytest.mark.parametrize(
    ("accuracy", "helped", "noise"), [(0.54, True, False), (0.53, False, True)]
)
def test_accuracies_on_different_images_have_their_own_errors(accuracy, helped, noise):
    """Each of 400 images has a standard error of 2.5 points: 3.5 of their difference."""
    before, after = FakeRun(RECIPE, 0.5), FakeRun(RECIPE, accuracy, predictions=answered([True]))
    attempt = Attempt(Remedy(Finding("overfitting", "", 0.5), {}, RECIPE), before, after)
    assert attempt.by_loss is False
    assert (attempt.helped, attempt.is_within_noise) == (helped, noise)
