"""Choice among the averages of one run, on its validation images."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import keras
import numpy as np
from scipy.special import softmax
from scipy.stats import binomtest

from kerasrecipes.data.batches import evaluation_batches
from kerasrecipes.data.filling import FilledSplit, compiles_each_size
from kerasrecipes.metrics.calibration.proper_scores import log_loss
from kerasrecipes.optimizers import EveryAverage
from kerasrecipes.training.averaging.candidates import (
    Candidate,
    horizons,
    mean_of,
    single_candidates,
    tail,
)
from kerasrecipes.training.averaging.stored_weights import Weights
from kerasrecipes.training.building.build import BuiltRecipe

# A candidate that is less accurate than the best epoch, at this level of a paired sign test, is not
# chosen for its log loss.
SIGNIFICANCE = 0.05


def _none() -> np.ndarray:
    return np.empty(0, bool)


@dataclass(frozen=True)
class ScoredAverage:
    """A row of the table: one candidate and its scores on validation.

    Args:
        name: The candidate.
        statistics: `"fresh"`, `"unchanged"`, or `None` without trained batch normalization.
        log_loss: The log loss on validation.
        accuracy: The accuracy on validation.
        less_accurate: Whether it is significantly less accurate than the best epoch.
        weights: Its weights; empty where only its scores are of use.
        right: Which validation images it classifies correctly; likewise.
    """

    name: str
    statistics: str | None
    log_loss: float
    accuracy: float
    less_accurate: bool = False
    weights: Weights = field(default=Weights(), repr=False, compare=False)
    right: np.ndarray = field(default_factory=_none, repr=False, compare=False)

    def to_dict(self) -> dict:
        """Returns the row as plain data."""
        names = ("name", "statistics", "log_loss", "accuracy", "less_accurate")
        return {name: getattr(self, name) for name in names}


class ValidationScores:
    """Scores candidates on the validation images of a run.

    Args:
        built: The built recipe, whose model gets the weights of one candidate after another.
        refresh: Function of the model that computes new statistics of normalization; or `None`.
    """

    def __init__(self, built: BuiltRecipe, refresh: Callable[[keras.Model], None] | None):
        self.built = built
        self.refresh = refresh
        split, size = built.dataset.validation, built.batch_size
        self._labels = split.labels
        # The same batches for all, because to set them up takes longer than to predict a few.
        whole = FilledSplit(split, size) if compiles_each_size() else split
        self._batches = evaluation_batches(whole, size)

    def score(self, candidate: Candidate) -> ScoredAverage:
        """Returns the scores of a candidate, with those statistics that validation prefers."""
        candidate.weights.put_into(self.built.model)
        as_they_are = self._scored(candidate.name, "unchanged" if self.refresh else None)
        if self.refresh is None or not candidate.averaged:
            return as_they_are
        self.refresh(self.built.model)
        fresh = self._scored(candidate.name, "fresh")
        return as_they_are if as_they_are.log_loss <= fresh.log_loss else fresh

    def _scored(self, name: str, statistics: str | None) -> ScoredAverage:
        logits = self.built.predictor.predict(self._batches, verbose=0)[: len(self._labels)]
        probabilities = softmax(logits.astype("float32"), axis=-1)
        right = probabilities.argmax(-1) == self._labels
        finite = np.isfinite(probabilities).all()
        return ScoredAverage(
            name,
            statistics,
            log_loss(self._labels, probabilities) if finite else float("inf"),
            float(right.mean()),
            weights=Weights.of(self.built.model),
            right=right,
        )


def choose_average(
    scores: ValidationScores, folder: Path, kept: EveryAverage, best: Candidate | None
) -> tuple[ScoredAverage, list[ScoredAverage]]:
    """Returns the candidate that validation prefers, and all of them, and puts it in the model.

    That is the one with the lowest log loss among those that are not significantly less accurate
    than the best epoch.

    Args:
        scores: Scores candidates on validation.
        folder: The folder with what the run has stored.
        kept: What it has kept.
        best: The weights of its best epoch; `None` if it chose none.
    """
    first, *others = single_candidates(folder, best)
    baseline = scores.score(first)
    chosen, rows = baseline, [baseline]
    for row in _all(scores, folder, kept, others):
        row = compared_with(baseline.right, row)
        if row.log_loss < chosen.log_loss and not row.less_accurate:
            chosen = row
        # Of a large network, the weights of all candidates would fill the memory.
        rows.append(replace(row, weights=Weights()))
    chosen.weights.put_into(scores.built.model)
    return chosen, rows


def _all(
    scores: ValidationScores, folder: Path, kept: EveryAverage, singles: Iterable[Candidate]
) -> Iterator[ScoredAverage]:
    for candidate in (*singles, *horizons(folder, kept, kept.relative_widths)):
        yield scores.score(candidate)
    yield from _of_tail(scores, folder)


def compared_with(right: np.ndarray, row: ScoredAverage) -> ScoredAverage:
    """Returns a row that says whether it is significantly less accurate than the best epoch.

    Args:
        right: Which validation images the best epoch classifies correctly.
        row: The row of a candidate that was scored.
    """
    lost, won = int(np.sum(right & ~row.right)), int(np.sum(row.right & ~right))
    worse = lost > won and binomtest(won, won + lost).pvalue < SIGNIFICANCE
    return replace(row, less_accurate=bool(worse))


def _of_tail(scores: ValidationScores, folder: Path) -> Iterator[ScoredAverage]:
    """Yields the mean of the tail's weights, and that of those that lower the log loss."""
    members = tail(folder)
    if len(members) < 2:
        return
    weights = [member.weights for member in members]
    yield scores.score(mean_of(f"SWA of {len(members)} epochs", weights))
    yield _greedy_soup(scores, weights)


def _greedy_soup(scores: ValidationScores, members: Sequence[Weights]) -> ScoredAverage:
    """Returns the soup: from the best member on, the next is kept if the log loss falls."""

    def loss(of: Sequence[Weights]) -> float:
        return scores.score(mean_of("", of)._replace(averaged=False)).log_loss

    alone = [loss([member]) for member in members]
    first, *others = np.argsort(alone, kind="stable")
    chosen, lowest = [members[first]], alone[first]
    for place in others:
        found = loss([*chosen, members[place]])
        if found <= lowest:
            chosen, lowest = [*chosen, members[place]], found
    name = f"greedy soup, {len(chosen)} of {len(members)} epochs"
    return scores.score(mean_of(name, chosen))
