"""What the length of a trial means for the recipe that it runs."""

from collections.abc import Sequence

from kerasrecipes.data.dataset import Dataset
from kerasrecipes.recipe.recipe import Recipe
from kerasrecipes.recipe.run_length import RunLength
from kerasrecipes.training.build import prepare, run_length
from kerasrecipes.tuning.rungs import Stage
from kerasrecipes.tuning.space import Space


def goes_on(recipe: Recipe, stages: Sequence[Stage]) -> bool:
    """Returns whether a longer run of a recipe begins with the epochs of a shorter one.

    It does unless something, such as a schedule without a length, spans the whole run.
    """
    if len(stages) < 2:
        return True
    try:
        # Any number of steps would do: what spans the whole run differs by epochs.
        first, last = (_timed(recipe, RunLength(7, s.epochs)) for s in (stages[0], stages[-1]))
    except ValueError:
        # A short run is too short for it.
        return False
    return first == last


def check_trials(space: Space, stage: Stage, objective: str) -> None:
    """Checks that trials of the first stage can be trained, and that they log the objective.

    Raises:
        ValueError: If none is long enough for its schedule or callbacks, or the objective is none
            of what is logged.
    """
    dataset = space.recipe.data.build("data").load()
    trial = _trainable(space, stage, dataset).replace({"monitor": objective})
    if trial.start is not None:
        return  # What it starts from is not trained yet.
    if trial.data != space.recipe.data:
        dataset = trial.data.build("data").load()
    try:
        prepare(trial, dataset)
    except ValueError as error:
        if "`monitor`" in str(error):
            error.add_note("`monitor` is the `objective` of the search here.")
        raise


def _trainable(space: Space, stage: Stage, dataset: Dataset) -> Recipe:
    """Returns a recipe of the space that a stage is long enough for."""
    refused: list[ValueError] = []
    for example in space.examples():
        recipe = example.replace({"epochs": stage.epochs})
        try:
            _timed(recipe, run_length(recipe, dataset))
        except ValueError as error:
            refused.append(error)
        else:
            return recipe
    refused[0].add_note(f"No trial of stage {stage} can be trained: give it more epochs.")
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
