"""Predictions and scores of a run as if every class were equally frequent in training."""

import dataclasses
from typing import TYPE_CHECKING

import numpy as np

from kerasrecipes.base.checks import check_number
from kerasrecipes.base.class_priors import checked_priors
from kerasrecipes.recipe.correcting_classes import class_corrections
from kerasrecipes.training.run import Run

if TYPE_CHECKING:
    from kerasrecipes.runs.evaluation import Evaluation


def adjusted_probabilities(run: Run, probabilities: np.ndarray, tau: float = 1.0) -> np.ndarray:
    """Returns probabilities with the logarithms of the classes' priors taken off the logits.

        p_c' proportional to p_c / prior_c^tau

    The priors are those of the run's training images. `with_logit_adjustment` does the same to a
    model.

    Args:
        run: The run, which was trained plainly.
        probabilities: Array `(..., classes)`.
        tau: Float of at least 0. One that is chosen on the images that are scored flatters them.

    Returns:
        float64 array `(..., classes)`.

    Raises:
        ValueError: If classes were weighted or evened out in training, or one had no image.

    Reference:
        Menon et al., 2021, https://arxiv.org/abs/2007.07314, equation 9.
    """
    check_number("tau", tau, at_least=0)
    if given := class_corrections(run.recipe.to_dict()):
        raise ValueError(
            "Logits can be adjusted afterwards only where classes counted as often as they are: "
            f"there is nothing left to take off. Received: a run with {', '.join(given)} set"
        )
    priors = checked_priors(run.data["class_counts"]["train"])
    divided = np.asarray(probabilities, "float64") / priors**tau
    return divided / divided.sum(-1, keepdims=True)


def logit_adjusted(run: Run, scored: "Evaluation", tau: float = 1.0) -> "Evaluation":
    """Returns a score with the logarithms of the classes' priors taken off the logits.

    Args:
        run: As in `adjusted_probabilities`.
        scored: Its score, with probabilities.
        tau: As in `adjusted_probabilities`.

    Raises:
        ValueError: As of `adjusted_probabilities`, or if the probabilities are not known.
    """
    if scored.probabilities is None:
        raise ValueError("Logits can be adjusted only where probabilities are known.")
    probabilities = adjusted_probabilities(run, scored.probabilities, tau)
    return dataclasses.replace(
        scored,
        images=f"{scored.images}, with logits adjusted to even classes",
        predicted=probabilities.argmax(-1),
        probabilities=probabilities,
    )
