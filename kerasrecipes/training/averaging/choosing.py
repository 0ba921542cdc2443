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
from kerasrecipes.training.averaging.stored_weights import Weights, read_stored
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
        passes: The passes of the network that it takes. More than one are shown, not chosen: the
            run's model has the weights of one.
        weights: Its weights; empty where only its scores are of use.
        right: Which validation images it classifies correctly; likewise.
    """

    name: str
    statistics: str | None
    log_loss: float
    accuracy: float
    less_accurate: bool = False
    passes: int = 1
    weights: Weights = field(default=Weights(), repr=False, compare=False)
    right: np.ndarray = field(default_factory=_none, repr=False, compare=False)

    def to_dict(self) -> dict:
        """Returns the row as plain data."""
        names = ("name", "statistics", "log_loss", "accuracy", "less_accurate", "passes")
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
        return self.with_preferred_statistics(candidate, self.as_it_is(candidate))

    def as_it_is(self, candidate: Candidate) -> ScoredAverage:
        """Returns the scores of a candidate with its own statistics."""
        return self.of_probabilities(candidate, self.probabilities(candidate))

    def with_preferred_statistics(
        self, candidate: Candidate, as_it_is: ScoredAverage
    ) -> ScoredAverage:
        """Returns the scores of a candidate, with its own statistics or with new ones.

        Args:
            candidate: The candidate.
            as_it_is: Its scores with its own.
        """
        if self.refresh is None or not candidate.averaged:
            return as_it_is
        candidate.weights.put_into(self.built.model)
        self.refresh(self.built.model)
        refreshed = candidate._replace(weights=Weights.of(self.built.model))
        found = self.of_probabilities(refreshed, self._predicted())
        fresh = replace(found, statistics="fresh")
        return as_it_is if as_it_is.log_loss <= fresh.log_loss else fresh

    def probabilities(self, candidate: Candidate) -> np.ndarray:
        """Returns a candidate's probabilities, `(samples, classes)`."""
        candidate.weights.put_into(self.built.model)
        return self._predicted()

    def of_probabilities(self, candidate: Candidate, probabilities: np.ndarray) -> ScoredAverage:
        """Returns the scores that probabilities make."""
        right = probabilities.argmax(-1) == self._labels
        finite = np.isfinite(probabilities).all()
        return ScoredAverage(
            candidate.name,
            "unchanged" if self.refresh else None,
            log_loss(self._labels, probabilities) if finite else float("inf"),
            float(right.mean()),
            weights=candidate.weights,
            right=right,
        )

    def _predicted(self) -> np.ndarray:
        logits = self.built.predictor.predict(self._batches, verbose=0)[: len(self._labels)]
        return softmax(logits.astype("float32"), axis=-1)


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
        if row.log_loss < chosen.log_loss and not row.less_accurate and row.passes == 1:
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
    yield from _of_snapshots(scores, folder)


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

    def soup(of: Sequence[Weights]) -> tuple[Candidate, ScoredAverage]:
        name = f"greedy soup, {len(of)} of {len(members)} epochs"
        candidate = mean_of(name, of) if len(of) > 1 else Candidate(name, of[0])
        return candidate, scores.as_it_is(candidate)

    alone = [soup([member]) for member in members]
    first, *others = np.argsort([row.log_loss for _, row in alone], kind="stable")
    chosen, (best, row) = [members[first]], alone[first]
    for place in others:
        candidate, found = soup([*chosen, members[place]])
        if found.log_loss <= row.log_loss:
            chosen, best, row = [*chosen, members[place]], candidate, found
    return scores.with_preferred_statistics(best, row)


def _of_snapshots(scores: ValidationScores, folder: Path) -> Iterator[ScoredAverage]:
    """Yields the snapshots, the mean of their weights, and that of their probabilities."""
    stored = read_stored(folder, "snapshots")
    probabilities = np.zeros(())
    for each in stored:
        single = Candidate(f"snapshot, epoch {each.epoch}", each.weights, averaged=False)
        found = scores.probabilities(single)
        probabilities = probabilities + found / len(stored)
        yield scores.of_probabilities(single, found)
    if len(stored) > 1:
        yield scores.score(mean_of(f"mean of {len(stored)} snapshots", [s.weights for s in stored]))
        ensemble = Candidate(f"ensemble of {len(stored)} snapshots", Weights())
        yield replace(scores.of_probabilities(ensemble, probabilities), passes=len(stored))
