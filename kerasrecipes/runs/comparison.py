"""What tells runs apart: their options, and their mistakes on the same images."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import binomtest

from kerasrecipes.training.run import Run

# Stands for the value of an option that a recipe leaves at its default.
NOT_SET = "(not set)"


@dataclass(frozen=True)
class McNemar:
    """McNemar's exact test of two models on the same images.

    Only the images on which one is right and the other wrong tell the two apart. If both were
    equally good, `only_second` would be binomial with `only_first + only_second` draws and
    probability one half.

    Args:
        split: `"test"` or `"validation"`: where the images are from.
        n: The number of images.
        only_first: How many only the first classifies correctly.
        only_second: How many only the second classifies correctly.

    Example:

    >>> test = McNemar("test", n=100, only_first=1, only_second=9)
    >>> test.difference, round(test.p_value, 4)
    (0.08, 0.0215)

    Reference:
        McNemar, 1947, https://doi.org/10.1007/BF02295996. Differs from it in: the binomial
        distribution itself, not its approximation by chi-squared.
    """

    split: str
    n: int
    only_first: int
    only_second: int

    @property
    def difference(self) -> float:
        """The second's accuracy less the first's."""
        return (self.only_second - self.only_first) / self.n

    @property
    def p_value(self) -> float:
        """The two-sided probability of so uneven a split, or a more uneven one, by chance."""
        discordant = self.only_first + self.only_second
        # Without a single image that tells them apart there is nothing to test.
        return float(binomtest(self.only_second, discordant).pvalue) if discordant else 1.0


def mcnemar(first: Run, second: Run) -> McNemar:
    """Compares two finished runs on the images that both were scored on.

    The test images are used where both runs have some, else the validation images. The answer is
    about these two trained models; whether a recipe is better than another takes several seeds.

    Raises:
        ValueError: If the images are not the same.
    """
    if first.data["hash"] != second.data["hash"]:
        raise ValueError(
            f"their data differ: {first.data['hash'][:12]} and {second.data['hash'][:12]}"
        )
    split = next((s for s in ("test", "validation") if _have(s, first, second)), None)
    if split is None:
        raise ValueError("they have no predictions on the same split")
    labels = first.predictions[f"{split}_labels"]
    if not np.array_equal(labels, second.predictions[f"{split}_labels"]):
        raise ValueError(f"their {split} labels differ")
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
    """Returns what the recipes of runs disagree on.

    Returns:
        A dictionary from dotted path to the value in each run, in the order of `runs`; `NOT_SET`
        where a recipe has no such path.
    """
    flat = [run.recipe.flatten() for run in runs]
    paths = dict.fromkeys(itertools.chain.from_iterable(flat))
    values = {path: [options.get(path, NOT_SET) for options in flat] for path in paths}
    return {path: found for path, found in values.items() if any(v != found[0] for v in found)}


def _have(split: str, *runs: Run) -> bool:
    return all(f"{split}_labels" in run.predictions for run in runs)
