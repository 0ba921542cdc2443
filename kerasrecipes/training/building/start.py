"""Training that starts from the network of another recipe's run.

A recipe's `start` names the other recipe. Here its finished run is found, or trained; the run is
checked against the recipe; and its network is handed to the model that is built.
"""

from collections.abc import Callable, Sequence
from pathlib import Path

import keras

from kerasrecipes.base.text import listed
from kerasrecipes.data.dataset import Dataset
from kerasrecipes.models.surgery.assembly import network_of
from kerasrecipes.models.surgery.weight_transfer import warm_start
from kerasrecipes.recipe.recipe import Recipe
from kerasrecipes.recipe.signatures import arguments
from kerasrecipes.training.files.run_folders import find_runs
from kerasrecipes.training.numerics import NUMERICS_VERSION
from kerasrecipes.training.run import Run


def start_model(
    recipe: Recipe, dataset: Dataset, directory: str | Path, train: Callable[[Recipe], Run]
) -> keras.Model | None:
    """Returns the trained model that a recipe starts from; `None` if it does not start from one.

    Args:
        recipe: The recipe.
        dataset: Its loaded data.
        directory: The run folders in it are searched for a finished run of the start recipe.
        train: Function that trains the start recipe. It is called if there is no such run.

    Raises:
        ValueError: If the weights of the run do not fit the recipe, see `check_start`, or the run
            that is named is of another numerics version.
    """
    start = recipe.start_recipe()
    if start is None:
        return None
    run = _finished_run(recipe, start, dataset, directory) or train(start)
    check_start(recipe, dataset, run)
    return run.load_model(compile=False)


def resumed_run(
    recipe: Recipe, dataset: Dataset, directory: str | Path, train: Callable[[Recipe], Run]
) -> Run | None:
    """Returns the finished run whose training a recipe goes on with; `None` if there is none.

    The arguments are those of `start_model`.
    """
    start = recipe.start_recipe()
    if not recipe.resume_start or start is None:
        return None
    return _finished_run(recipe, start, dataset, directory) or train(start)


def network_recipe(recipe: Recipe) -> Recipe:
    """Returns the recipe by whose `start` a network is built: the first that goes on with none."""
    while recipe.resume_start and (start := recipe.start_recipe()):
        recipe = start
    return recipe


def check_start(recipe: Recipe, dataset: Dataset, start: Run) -> None:
    """Raises unless the weights of a run mean the same in a recipe that starts from them.

    Weights can be copied between layers of equal shapes even if the layers get other inputs. Such
    a run would train without an error and score badly.

    Args:
        recipe: The recipe that starts from the run.
        dataset: Its loaded data.
        start: The finished run.

    Raises:
        ValueError: If preprocessing or image size differ, or if classes differ whose logits are
            taken over.
    """
    before = start.recipe.preprocessing
    if before != recipe.preprocessing:
        raise ValueError(
            "`preprocessing` must be the same as in the run to start from, because its weights "
            f"expect inputs from {_in_brackets(before)}. "
            f"Received: preprocessing={_in_brackets(recipe.preprocessing)}"
        )
    shape = tuple(start.data["image_shape"])
    if shape != tuple(dataset.image_shape):
        raise ValueError(
            f"The images must have the size of those of the run to start from, {shape}: give the "
            f"data source that size. Received: {tuple(dataset.image_shape)}"
        )
    names = tuple(start.data["class_names"])
    if not _builder_takes_start(recipe) and names != tuple(dataset.class_names):
        raise ValueError(
            "The classes must be those of the run to start from, because its last layer is taken "
            f"over: {_classes(names)}. For other classes, use `Pretrained`, which puts a new last "
            f"layer on the network: `backbone={str(start.folder)!r}`. "
            f"Received: {_classes(dataset.class_names)}"
        )


def start_argument(recipe: Recipe, start: keras.Model | None) -> dict[str, keras.Model]:
    """Returns the argument `start` of a model's builder: the network, if the builder takes one."""
    if start is None or not _builder_takes_start(recipe):
        return {}
    return {"start": network_of(start)}


def take_over_weights(recipe: Recipe, model: keras.Model, start: keras.Model) -> None:
    """Copies the weights of the start model into a model, unless its builder has used them."""
    if not _builder_takes_start(recipe):
        warm_start(network_of(model), network_of(start))


def _finished_run(
    recipe: Recipe, start: Recipe, dataset: Dataset, directory: str | Path
) -> Run | None:
    """Returns a finished run of the start recipe: the one that is named, or one in a directory.

    A run that is named is taken whatever its data are.
    """
    path = recipe.start
    if isinstance(path, str) and Path(path).is_dir() and (named := Run(path)).finished:
        if named.numerics_version != NUMERICS_VERSION:
            raise ValueError(
                f"The run to start from has the numerics version {named.numerics_version}, and now "
                f"it is {NUMERICS_VERSION}: its recipe trains to other numbers. Give its "
                "recipe.json to train it again, or use its network by `Pretrained` with "
                f"`backbone={path!r}`. Received: start={path!r}"
            )
        return named
    there = [run for run in find_runs(directory) if run.finished]
    there = [run for run in there if run.recipe.fingerprint == start.fingerprint]
    if not there:
        return None
    same = start.data.to_dict() == recipe.data.to_dict()
    data_hash = (dataset if same else start.data.build("data").load()).hash
    return next((run for run in there if run.is_of(start.fingerprint, data_hash)), None)


def _builder_takes_start(recipe: Recipe) -> bool:
    return "start" in arguments(recipe.model.component("model"))


def _in_brackets(specs: Sequence[object]) -> str:
    return f"[{', '.join(map(repr, specs))}]"


def _classes(names: Sequence[str]) -> str:
    return f"{len(names)} classes, {listed(names, most=5)}"
