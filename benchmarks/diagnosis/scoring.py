"""Scores of judges: how often they are right, and how often silent where they should be."""

import warnings
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import permutations
from typing import NamedTuple

import numpy as np
from scipy.stats import bootstrap

from diagnosis.judges import Judge, Verdict
from diagnosis.trainings.runs import Run
from kerasrecipes.base.intervals import wilson_interval
from kerasrecipes.diagnostics.record.record import Record

# A kind has a recall if so many programs have it; fewer say nothing.
AT_LEAST = 3


class Case(NamedTuple):
    """A training, with what was recorded of it."""

    run: Run
    record: Record


class Figure(NamedTuple):
    """A fraction or a mean, with its 95% interval.

    Args:
        value: It.
        low: The interval's lower bound.
        high: Its upper bound.
        n: Of how many trainings, or kinds.
    """

    value: float
    low: float
    high: float
    n: int

    def __str__(self) -> str:
        return f"{self.value:.0%} ({self.low:.0%} to {self.high:.0%}, n = {self.n})"


def judgements(cases: Iterable[Case], judge: Judge) -> list[tuple[Run, Verdict]]:
    """Returns what a judge says of each training."""
    return [(case.run, judge(case.record)) for case in cases]


def share(successes: Sequence[bool]) -> Figure:
    """Returns the fraction of trainings, with Wilson's interval."""
    n, count = len(successes), sum(successes)
    if not n:
        return Figure(float("nan"), 0.0, 1.0, 0)
    return Figure(count / n, *wilson_interval(count, n), n)


def is_right(run: Run, verdict: Verdict, within: int | None = None) -> bool:
    """Returns whether a true fault is among the first findings, or all of them."""
    return bool(set(verdict.ids[:within]) & set(run.faults))


def right(judged: Sequence[tuple[Run, Verdict]], within: int | None = None) -> Figure:
    """Returns how often a true fault is among the first findings."""
    return share([is_right(run, verdict, within) for run, verdict in judged])


def clustered(values: Sequence[float], groups: Sequence[str]) -> Figure:
    """Returns a mean, with an interval that takes the runs of a group for one draw.

    Args:
        values: A value of each run.
        groups: The group of each.
    """
    sums: dict[str, float] = defaultdict(float)
    for value, group in zip(values, groups, strict=True):
        sums[group] += value
    sizes = Counter(groups)
    names = sorted(sizes)
    totals = np.array([[sums[name], sizes[name]] for name in names], float)
    return _bootstrapped(len(values), totals, lambda rows: rows[:, 0].sum() / rows[:, 1].sum())


def recalls(judged: Sequence[tuple[Run, Verdict]]) -> dict[str, Figure]:
    """Returns, by kind, in how many of the programs that have it it is found."""
    found: dict[str, list[bool]] = defaultdict(list)
    for run, verdict in judged:
        for kind in run.faults:
            found[kind].append(kind in verdict.ids)
    kept = {kind: hits for kind, hits in found.items() if len(hits) >= AT_LEAST}
    return {kind: share(kept[kind]) for kind in sorted(kept, key=lambda kind: -len(kept[kind]))}


def mean_recall(judged: Sequence[tuple[Run, Verdict]]) -> Figure:
    """Returns the mean of the recalls of the kinds, bootstrapped by programs."""
    kinds = list(recalls(judged))
    rows = np.array(
        [
            [
                *(kind in run.faults for kind in kinds),
                *(kind in run.faults and kind in verdict.ids for kind in kinds),
            ]
            for run, verdict in judged
        ],
        float,
    )

    def statistic(drawn: np.ndarray) -> float:
        totals, hits = np.split(drawn.sum(0), 2)
        return float((hits[totals > 0] / totals[totals > 0]).mean())

    return _bootstrapped(len(kinds), rows, statistic)


def false_findings(judged: Sequence[tuple[Run, Verdict]]) -> Figure:
    """Returns the mean number of findings a program that are neither true nor plausible."""
    counts = [
        len(set(verdict.ids) - set(run.faults) - set(run.plausible)) for run, verdict in judged
    ]
    return _bootstrapped(len(counts), np.array(counts, float)[:, None], lambda rows: rows.mean())


def silent(judged: Sequence[tuple[Run, Verdict]], but_plausible: bool = False) -> Figure:
    """Returns how often there is no alarm.

    Args:
        judged: Trainings in which nothing is wrong.
        but_plausible: Whether alarms that the facts call plausible do not count.
    """
    return share(
        [not set(v.alarms) - set(run.plausible if but_plausible else ()) for run, v in judged]
    )


def confusions(judged: Sequence[tuple[Run, Verdict]]) -> dict[str, Counter]:
    """Returns, by the planted kind, what was named first; `"-"` for nothing."""
    named: dict[str, Counter] = defaultdict(Counter)
    for run, verdict in judged:
        named[run.name.partition("/")[0]][verdict.ids[0] if verdict.ids else "-"] += 1
    return dict(named)


def best_constants(runs: Sequence[Run]) -> tuple[str, ...]:
    """Returns the three kinds that, said of every program, are most often right.

    The first of them is the one that is right most often alone.
    """
    kinds = sorted({kind for run in runs for kind in run.faults})

    def score(triple: Sequence[str]) -> tuple[int, int]:
        hits = sum(bool(set(triple) & set(run.faults)) for run in runs)
        return hits, sum(triple[0] in run.faults for run in runs)

    return max(permutations(kinds, 3), key=score)


def is_healthy(run: Run, record: Record, best: Mapping[str, float]) -> bool:
    """Returns whether a training went as well as the best of its group, nearly.

    Args:
        run: The training.
        record: What was recorded.
        best: A good score of each group.
    """
    if (reached := score_of(run, record)) is None:
        return False
    losses = [loss for loss in record.series.epochs["val_loss"] if loss is not None]  # type: ignore[union-attr]
    return reached >= best[run.group] - MARGIN and losses[-1] <= RISE * min(losses)


# A healthy run's score may lie so far below that of the best tenth of its group: accuracy, or the
# explained fraction of the variance; its validation loss so far above its own minimum.
MARGIN, RISE = 0.06, 1.25


def score_of(run: Run, record: Record) -> float | None:
    """Returns the validation score at the end: accuracy, or explained variance."""
    epochs = record.series.epochs if record.series else {}
    if "val_accuracy" in epochs:
        return epochs["val_accuracy"][-1]
    loss = epochs.get("val_loss", [None])[-1]
    return None if loss is None else 1 - loss


def healthy(cases: Sequence[Case]) -> list[Case]:
    """Returns the trainings that did go well."""
    scores: dict[str, list[float]] = defaultdict(list)
    for case in cases:
        if (score := score_of(*case)) is not None:
            scores[case.run.group].append(score)
    best = {group: float(np.quantile(found, 0.9)) for group, found in scores.items()}
    return [case for case in cases if is_healthy(*case, best)]


def _bootstrapped(n: int, rows: np.ndarray, statistic: Callable[[np.ndarray], float]) -> Figure:
    """Returns a statistic of rows, with the percentile interval of drawn rows."""
    places = np.arange(len(rows))
    value = statistic(rows)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Where all draws are equal.
        found = bootstrap(
            (places,),
            lambda drawn: statistic(rows[drawn.astype(int)]),
            vectorized=False,
            method="percentile",
            n_resamples=2000,
            rng=np.random.default_rng(0),
        ).confidence_interval
    low, high = (value if np.isnan(bound) else float(bound) for bound in found)
    return Figure(float(value), low, high, n)
