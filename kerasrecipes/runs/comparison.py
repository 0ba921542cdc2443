"""Comparison of finished runs: by their options, and by their mistakes on the same images."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import binomtest

from kerasrecipes.data.dataset import evaluation_split
from kerasrecipes.training.run import Run

# The value of an option that a recipe does not set.
NOT_SET = "(not set)"


@dataclass(frozen=True)
class McNemar:
    """McNemar's exact test of two models on the same images.

    The test uses the images on which one model is right and the other wrong. If both models were
    equally good, `only_second` would be binomially distributed with `only_first + only_second`
    draws and probability one half.

    Args:
        split: `"test"` or `"validation"`, the split of the images.
        n: The number of images.
        only_first: The number of images that only the first model classifies correctly.
        only_second: The number of images that only the second model classifies correctly.

    Example:

    >>> test = McNemar("test", n=100, only_first=1, only_second=9)
    >>> test.difference, round(test.p_value, 4)
    (0.08, 0.0215)

    Reference:
        McNemar, 1947, https://doi.org/10.1007/BF02295996. Differs from it in: the p-value comes
        from the binomial distribution, not from its approximation by chi-squared.
    """

    split: str
    n: int
    only_first: int
    only_second: int

    @property
    def difference(self) -> float:
        """The accuracy of the second model minus that of the first."""
        return (self.only_second - self.only_first) / self.n

    @property
    def p_value(self) -> float:
        """The two-sided probability of such uneven counts, or more uneven ones, by chance."""
        discordant = self.only_first + self.only_second
        # SciPy refuses a test of no draws.
        return float(binomtest(self.only_second, discordant).pvalue) if discordant else 1.0


def mcnemar(first: Run, second: Run) -> McNemar:
    """Compares the models of two finished runs on the images that both were scored on.

    These are the test images if both runs have predictions on them, else the validation images.
    The result is about these two trained models. To find out whether one recipe is better than
    another, compare several seeds; see `sweep`.

    Raises:
        ValueError: If the two runs were not scored on the same images.
    """
    if first.data["hash"] != second.data["hash"]:
        raise ValueError(
            "Runs can be compared only on the same data. Received: data with the hashes "
            f"{first.data['hash'][:12]} and {second.data['hash'][:12]}"
        )
    common = set(first.predicted_splits) & set(second.predicted_splits)
    if not common:
        raise ValueError(
            "Runs can be compared only if both have predictions on the same split. Received: "
            f"predictions on {first.predicted_splits} and on {second.predicted_splits}"
        )
    split = evaluation_split(common)
    labels = first.predictions[f"{split}_labels"]
    if not np.array_equal(labels, second.predictions[f"{split}_labels"]):
        raise ValueError(
            f"Runs can be compared only on the same images. Received: {split} splits whose labels "
            "differ"
        )
    first_is_right, second_is_right = (
        run.predictions[f"{split}_probabilities"].argmax(-1) == labels for run in (first, second)
    )
    return McNemar(
        split=split,
        n=len(labels),
        only_first=int(np.sum(first_is_right & ~second_is_right)),
        only_second=int(np.sum(second_is_right & ~first_is_right)),
    )


def differing_options(runs: Sequence[Run]) -> dict[str, list[object]]:
    """Returns the options in which the recipes of runs differ.

    Returns:
        A dictionary from dotted path to a list of the values, one for each of `runs`. The value is
        `NOT_SET` if a recipe does not have the path.
    """
    flat = [run.recipe.flatten() for run in runs]
    paths = dict.fromkeys(itertools.chain.from_iterable(flat))
    values = {path: [options.get(path, NOT_SET) for options in flat] for path in paths}
    return {path: found for path, found in values.items() if any(v != found[0] for v in found)}
