"""Remedies that are tried one after the other: what helps on validation is kept."""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from kerasrecipes.diagnostics.findings.finding import Finding
from kerasrecipes.recipe.recipe import Recipe
from kerasrecipes.training.diagnosing import diagnosed, record_of
from kerasrecipes.training.run import Run

# The least probability of which a logarithm is taken.
LEAST = 1e-7


@dataclass(frozen=True)
class Remedy:
    """A remedy that is to be tried.

    Args:
        finding: What is wrong with the best run until now.
        changes: The changes of the recipe, by dotted path.
        recipe: The recipe with these changes.
    """

    finding: Finding
    changes: dict[str, Any]
    recipe: Recipe


@dataclass(frozen=True)
class Attempt:
    """A remedy that was tried.

    Args:
        remedy: The remedy.
        before: The best run before.
        after: The run with the remedy.
    """

    remedy: Remedy
    before: Run
    after: Run

    @property
    def helped(self) -> bool:
        """Whether validation is better with the remedy, by more than a standard error.

        The accuracy decides where it differs by so much, else the loss. Where both runs were scored
        on the same images, the error is that of the differences between their answers.
        """
        return next((gain.is_better for gain in self._gains() if gain.is_clear), False)

    @property
    def is_within_noise(self) -> bool:
        """Whether validation is neither better nor worse by more than a standard error."""
        return not any(gain.is_clear for gain in self._gains())

    @property
    def by_loss(self) -> bool:
        """Whether the loss decided, since the accuracies differ by no more than an error."""
        accuracy, *loss = self._gains()
        return not accuracy.is_clear and any(gain.is_clear for gain in loss)

    def _gains(self) -> Iterator["_Gain"]:
        """Yields how much higher the accuracy is with the remedy, then how much lower the loss."""
        before, after = (run.predictions for run in (self.before, self.after))
        labels = before.get("validation_labels")
        if labels is None or not np.array_equal(labels, after.get("validation_labels", ())):
            yield _of_accuracies(self.before, self.after)
            return
        first, second = (each["validation_probabilities"] for each in (before, after))
        yield _Gain.of(_is_right(labels, second) - _is_right(labels, first))
        yield _Gain.of(_log_likelihood(labels, second) - _log_likelihood(labels, first))


class _Gain(NamedTuple):
    """How much better a score is, and the standard error of that."""

    mean: float
    error: float

    @classmethod
    def of(cls, differences: np.ndarray) -> "_Gain":
        n = len(differences)
        return cls(float(differences.mean()), float(differences.std(ddof=1)) / math.sqrt(n))

    @property
    def is_clear(self) -> bool:
        return abs(self.mean) > self.error

    @property
    def is_better(self) -> bool:
        return self.mean > 0


def _of_accuracies(before: Run, after: Run) -> _Gain:
    """Returns the gain between runs that were scored on different images."""
    scores = [run.metrics["validation"] for run in (before, after)]
    variances = [each["accuracy"] * (1 - each["accuracy"]) / each["n"] for each in scores]
    return _Gain(scores[1]["accuracy"] - scores[0]["accuracy"], math.sqrt(sum(variances)))


def _is_right(labels: np.ndarray, probabilities: np.ndarray) -> np.ndarray:
    return (probabilities.argmax(-1) == labels).astype(float)


def _log_likelihood(labels: np.ndarray, probabilities: np.ndarray) -> np.ndarray:
    given = probabilities[np.arange(len(labels)), labels]
    return np.log(np.maximum(given.astype(float), LEAST))


def heal(run: Run, attempts: int, train: Callable[[Remedy], Run]) -> Iterator[Attempt]:
    """Tries the remedies of what is wrong with a run, and yields each attempt.

    Each time, the first finding whose remedy is a change of the recipe is treated, and the changed
    recipe is trained. What helps beyond noise is kept: the next remedy is one of the run that it
    gave. What does not is left again. No recipe is trained twice, and no test score is looked at.

    Args:
        run: A finished run.
        attempts: Positive integer. The most trainings.
        train: Function that trains the recipe of a remedy and returns its run.

    Raises:
        ValueError: If the run was trained on its validation images too.
    """
    run.check_chooses("A remedy")
    seen = {run.recipe.fingerprint}
    for _ in range(attempts):
        remedy = _first_remedy(run, seen)
        if remedy is None:
            return
        seen.add(remedy.recipe.fingerprint)
        attempt = Attempt(remedy, run, train(remedy))
        yield attempt
        if attempt.helped:
            run = attempt.after


def _first_remedy(run: Run, seen: set[str]) -> Remedy | None:
    for finding in diagnosed(record_of(run)).findings:
        if not finding.changes:
            continue
        try:
            recipe = run.recipe.replace(finding.changes)
        except (TypeError, ValueError):
            continue  # The recipe takes another form of the remedy.
        if recipe.fingerprint not in seen:
            return Remedy(finding, finding.changes, recipe)
    return None
