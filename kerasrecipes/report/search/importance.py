"""Which options of a search mattered."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from kerasrecipes.report.search.trials import Option

# With fewer trials a forest knows nothing.
LEAST_TRIALS = 10
FOLDS, TREES, SHUFFLES = 5, 50, 5


@dataclass(frozen=True)
class Importance:
    """How much each option says of the scores.

    Args:
        r2: How much of the scores a forest explains for trials that it has not seen; up to 1.
        falls: By path, how far that falls when the option's values are shuffled among them; most
            important first. `"rung"` stands for the length of the trials.
    """

    r2: float
    falls: Mapping[str, float]


def option_importance(
    trials: Sequence[Mapping[str, Any]], options: Sequence[Option], *, lower_is_better: bool = False
) -> Importance | None:
    """Returns the permutation importance of a search's options, by a random forest.

    The forest predicts the ranks of the scores, so that a few that diverged do not decide; trials
    that failed share the last rank. All is measured on folds that the forest was not fitted on.

    Args:
        trials: The rows of trials.csv.
        options: The options.
        lower_is_better: Whether low scores are the good ones.

    Returns:
        `None` where there are too few trials, or all scores are equal.
    """
    from scipy.stats import rankdata
    from sklearn.ensemble import RandomForestRegressor
    from sklearn.inspection import permutation_importance
    from sklearn.metrics import r2_score
    from sklearn.model_selection import KFold

    sign = -1 if lower_is_better else 1
    scores = [-np.inf if row["score"] is None else sign * row["score"] for row in trials]
    if len(trials) < LEAST_TRIALS or len(set(scores)) < 2:
        return None
    ranks = rankdata(scores)
    # What a trial does not have lies off the axis, where a tree can tell it apart.
    columns = [[option.position(row.get(option.path)) for row in trials] for option in options]
    features = np.nan_to_num(np.array([*columns, [row["rung"] for row in trials]]).T, nan=-1.0)
    predicted, falls = np.empty(len(ranks)), []
    for fitted, held_out in KFold(FOLDS, shuffle=True, random_state=0).split(features):
        forest = RandomForestRegressor(TREES, min_samples_leaf=2, random_state=0)
        forest.fit(features[fitted], ranks[fitted])
        predicted[held_out] = forest.predict(features[held_out])
        shuffled = permutation_importance(
            forest,
            features[held_out],
            ranks[held_out],
            scoring="neg_mean_squared_error",
            n_repeats=SHUFFLES,
            random_state=0,
        )
        falls.append(shuffled.importances_mean * len(held_out) / len(ranks))
    mean_falls = np.sum(falls, axis=0) / np.var(ranks)
    named = zip([*(option.path for option in options), "rung"], mean_falls, strict=True)
    ordered = sorted(named, key=lambda pair: -pair[1])
    return Importance(r2_score(ranks, predicted), {name: float(fall) for name, fall in ordered})
