"""What the length of a trial means for the recipe that it runs."""

from collections.abc import Sequence

from kerasrecipes.data.dataset import Dataset
from kerasrecipes.recipe.recipe import Recipe
from kerasrecipes.recipe.run_length import RunLength
from kerasrecipes.training.build import UnknownMonitorError, build_recipe, run_length
from kerasrecipes.tuning.rungs import Rung
from kerasrecipes.tuning.space import Space


def is_continuable(recipe: Recipe, rungs: Sequence[Rung]) -> bool:
    """Returns whether a longer run of a recipe begins with the epochs of a shorter one.

    It does unless something, such as a schedule without a length, spans the whole run.
    """
    if len(rungs) < 2:
        return True
    try:
        # Any number of steps would do: what spans the whole run differs by epochs.
        first, last = (_timed(recipe, RunLength(7, s.epochs)) for s in (rungs[0], rungs[-1]))
    except ValueError:
        # A short run is too short for it.
        return False
    return first == last


def check_trials(space: Space, rung: Rung, objective: str) -> None:
    """Checks that trials of the first rung can be trained, and that they log the objective.

    Raises:
        ValueError: If none is long enough for its schedule or callbacks, or the objective is none
            of what is logged.
    """
    dataset = space.recipe.data.build("data").load()
    trial = _trainable(space, rung, dataset).replace({"monitor": objective})
    if trial.start is not None:
        return  # What it starts from is not trained yet.
    if trial.data != space.recipe.data:
        dataset = trial.data.build("data").load()
    try:
        build_recipe(trial, dataset)
    except UnknownMonitorError as error:
        if error.path == "monitor":
            error.add_note("`monitor` is the `objective` of the search here.")
        raise


def _trainable(space: Space, rung: Rung, dataset: Dataset) -> Recipe:
    """Returns a recipe of the space that a rung is long enough for."""
    refused: list[ValueError] = []
    for example in space.examples():
        recipe = example.replace({"epochs": rung.epochs})
        try:
            _timed(recipe, run_length(recipe, dataset))
        except ValueError as error:
            refused.append(error)
        else:
            return recipe
    refused[0].add_note(f"No trial of rung {rung} can be trained: give it more epochs.")
    raise refused[0]


def _timed(recipe: Recipe, length: RunLength) -> list:
    """Returns what may depend on a run's length, described."""
    specs = [recipe.optimizer, *recipe.callbacks]
    return [_described(spec.arguments(None, length)) for spec in specs]


def _described(value: object) -> object:
    if isinstance(value, dict):
        return {name: _described(inner) for name, inner in value.items()}
    if hasattr(value, "get_config"):
        return type(value).__name__, _described(value.get_config())
    return repr(value)
