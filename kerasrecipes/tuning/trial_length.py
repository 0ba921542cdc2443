"""Checks of a recipe against the lengths of trials."""

from collections.abc import Sequence

from kerasrecipes.data.dataset import Dataset
from kerasrecipes.recipe.recipe import Recipe
from kerasrecipes.recipe.run_length import RunLength
from kerasrecipes.training.building.build import build_recipe, run_length
from kerasrecipes.training.building.monitors import MonitorError
from kerasrecipes.tuning.objectives import WAY_OUT
from kerasrecipes.tuning.rungs import Rung
from kerasrecipes.tuning.space import Space


def is_continuable(recipe: Recipe, rungs: Sequence[Rung]) -> bool:
    """Returns whether a longer run of a recipe begins with the same epochs as a shorter one.

    It does unless something spans the whole run, such as a schedule whose length is left out.
    """
    if len(rungs) < 2:
        return True
    try:
        # Any number of steps will do: only the epochs differ between the two runs.
        first, last = (_timed(recipe, RunLength(7, s.epochs)) for s in (rungs[0], rungs[-1]))
    except ValueError:
        # The shorter run is too short for a schedule or a callback.
        return False
    return first == last


def check_trials(
    space: Space, rung: Rung, dataset: Dataset, objective: str, mode: str = "auto"
) -> None:
    """Checks that trials of the first rung can be trained, and that they log the objective.

    Args:
        space: The search space.
        rung: The first rung.
        dataset: The data of the recipe.
        objective: The name of the objective.
        mode: `"min"`, `"max"`, or `"auto"` for what the recipe's metric says.

    Raises:
        ValueError: If no trial is long enough for its schedule or callbacks, or the objective is
            not among the quantities that are logged, or `mode` is `"auto"` and the metric does not
            say which of its values are better.
    """
    trial = _trainable(space, rung, dataset).replace({"monitor": objective, "mode": mode})
    if trial.start is not None:
        return  # The run that it starts from is not trained yet.
    if trial.data != space.recipe.data:
        dataset = trial.data.build("data").load()
    try:
        build_recipe(trial, dataset)
    except MonitorError as error:
        if error.path == "monitor":
            error.add_note(f"`monitor` is the `objective` of the search here. {WAY_OUT}")
        raise


def _trainable(space: Space, rung: Rung, dataset: Dataset) -> Recipe:
    """Returns a recipe of the space whose schedule and callbacks fit into a rung's epochs."""
    refused: list[ValueError] = []
    for example in space.examples():
        recipe = example.replace({"epochs": rung.epochs})
        try:
            _timed(recipe, run_length(recipe, dataset))
        except ValueError as error:
            refused.append(error)
        else:
            return recipe
    refused[0].add_note(f"No trial of rung {rung} can be trained: give the rung more epochs.")
    raise refused[0]


def _timed(recipe: Recipe, length: RunLength) -> list:
    """Returns plain descriptions of the objects that may depend on the length of a run."""
    specs = [recipe.optimizer, *recipe.callbacks]
    return [_described(spec.arguments(None, length)) for spec in specs]


def _described(value: object) -> object:
    """Returns a description that is equal for two objects of the same configuration."""
    if isinstance(value, dict):
        return {name: _described(inner) for name, inner in value.items()}
    if hasattr(value, "get_config"):
        return type(value).__name__, _described(value.get_config())
    return repr(value)
