"""Remedies that are tried one after the other: what helps on validation is kept."""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from kerasrecipes.diagnostics.findings.finding import Finding
from kerasrecipes.recipe.recipe import Recipe
from kerasrecipes.training.diagnosing import diagnosed, record_of
from kerasrecipes.training.run import Run


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
        """Whether the validation accuracy is higher; or the same, and the loss is lower."""
        return _score(self.after) > _score(self.before)


def heal(run: Run, attempts: int, train: Callable[[Remedy], Run]) -> Iterator[Attempt]:
    """Tries the remedies of what is wrong with a run, and yields each attempt.

    Each time, the first finding whose remedy is a change of the recipe is treated, and the changed
    recipe is trained. What helps is kept: the next remedy is one of the run that it gave. What does
    not is left again. No recipe is trained twice, and no test score is looked at.

    Args:
        run: A finished run.
        attempts: Positive integer. The most trainings.
        train: Function that trains the recipe of a remedy and returns its run.
    """
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


def _score(run: Run) -> tuple[float, float]:
    scores = run.metrics["validation"]
    loss = scores.get("loss", math.inf)
    return scores["accuracy"], -loss if math.isfinite(loss) else -math.inf
