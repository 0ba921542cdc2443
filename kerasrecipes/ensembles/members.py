"""Checks of the runs that an ensemble is made of, and their weights."""

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

import numpy as np

from kerasrecipes.base.checks import check_choice
from kerasrecipes.base.text import listed
from kerasrecipes.ensembles.member_weights import fitted_weights, greedy_weights
from kerasrecipes.models.surgery.probability_averaging import normalized
from kerasrecipes.training.run import Run

FITTED: dict[str, Callable[[np.ndarray, Sequence[np.ndarray]], np.ndarray]] = {
    "fitted": fitted_weights,
    "greedy": greedy_weights,
}


class Predicted(Protocol):
    """A model whose predictions are stored: a run, or a snapshot of one."""

    @property
    def predictions(self) -> Mapping[str, np.ndarray]: ...


def check_members(runs: Sequence[Run]) -> None:
    """Raises unless the models of runs mean the same by their inputs and outputs.

    Raises:
        ValueError: If there are none, one is not finished or there twice, or classes, their order,
            image sizes or value ranges differ.
    """
    if not runs:
        raise ValueError("An ensemble needs members: finished runs. Received: none")
    folders = [run.folder.resolve() for run in runs]
    for place, run in enumerate(runs):
        if not run.finished:
            raise ValueError(
                f"The members must be finished: `kerasrecipes train {run.folder}` goes on. "
                f"Received: {run.folder}"
            )
        if folders[place] in folders[:place]:
            raise ValueError(
                "Each member must be given once; `weights` may count it more. Received twice: "
                f"{run.folder}"
            )
        _check_same(runs[0], run)


def check_same_images(runs: Sequence[Run]) -> None:
    """Raises unless runs were validated on the same images, which one can choose weights by.

    Raises:
        ValueError: If data or validation labels differ.
    """
    for run in runs[1:]:
        first = runs[0]
        same = run.data["hash"] == first.data["hash"] and np.array_equal(
            run.predictions.get("validation_labels", ()),
            first.predictions.get("validation_labels", ()),
        )
        if not same:
            raise ValueError(
                "The members must be of the same data and splits: what one of them was trained on "
                f"must not judge the others. Received: {first.folder} with data "
                f"{first.data['hash'][:12]}, and {run.folder} with {run.data['hash'][:12]}"
            )


def weights_of(members: Sequence[Predicted], weights: str | Sequence[float]) -> np.ndarray:
    """Returns the weight of each member, which add up to 1.

    Args:
        members: Runs that passed `check_members`, or snapshots of one run.
        weights: `"uniform"`, `"fitted"` or `"greedy"`, both on validation; or numbers.

    Raises:
        ValueError: If the weights are none of these, or the members cannot be compared on
            validation, or were trained on it.
    """
    if not isinstance(weights, str):
        return normalized(weights, len(members))
    check_choice("weights", weights, ("uniform", *FITTED))
    if weights == "uniform":
        return normalized(None, len(members))
    runs = [member for member in members if isinstance(member, Run)]
    for run in runs:
        run.check_chooses("Weights")
    check_same_images(runs)
    labels = members[0].predictions.get("validation_labels")
    if labels is None:
        raise ValueError(
            f"The members have no stored predictions to choose weights by. Received: {members[0]}"
        )
    return FITTED[weights](labels, [m.predictions["validation_probabilities"] for m in members])


def _check_same(first: Run, run: Run) -> None:
    classes, others = first.data["class_names"], run.data["class_names"]
    if classes != others:
        how = "the same classes in another order" if set(classes) == set(others) else "others"
        raise ValueError(
            f"The members must have the same classes in the same order: {listed(classes, most=5)}. "
            f"Received: {how}, {listed(others, most=5)}, of {run.folder}"
        )
    for name, what in (("image_shape", "image size"), ("value_range", "value range of pixels")):
        if list(first.data[name]) != list(run.data[name]):
            raise ValueError(
                f"The members must have the same {what}, {tuple(first.data[name])}. Received: "
                f"{tuple(run.data[name])} of {run.folder}"
            )
