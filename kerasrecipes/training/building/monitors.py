"""Quantities that a recipe and its callbacks monitor, checked before the training."""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import keras
import numpy as np

from kerasrecipes.base.checks import nearest
from kerasrecipes.base.private.metrics import compiled_metrics
from kerasrecipes.callbacks.monitored import better, better_in
from kerasrecipes.data.dataset import Dataset
from kerasrecipes.data.filling import compiles_each_size
from kerasrecipes.optimizers import EveryAverage
from kerasrecipes.recipe import signatures
from kerasrecipes.recipe.recipe import Recipe
from kerasrecipes.recipe.run_length import RunLength
from kerasrecipes.recipe.spec import Spec
from kerasrecipes.training.building.compile import compile_arguments

# So many images are evaluated, to see what is logged.
FEW = 8


class MonitorError(ValueError):
    """A recipe monitors a quantity that is not logged, or by which nothing can be chosen.

    Args:
        path: The dotted path of the option that names the quantity, such as `"monitor"`.
        message: What is said to the user.
    """

    def __init__(self, path: str, message: str):
        super().__init__(path, message)
        self.path = path
        self.message = message

    def __str__(self) -> str:
        return self.message


class _Monitor(NamedTuple):
    """A monitored quantity of a recipe: its path, its name, and `mode` if there is one."""

    path: str
    name: str
    mode: str | None


def check_monitors(recipe: Recipe, model: keras.Model, dataset: Dataset, batch_size: int) -> None:
    """Raises a `MonitorError` if a quantity that a recipe monitors cannot be used.

    The names of the logged quantities are those of an evaluated batch. So the error is raised
    before the training and not after its first epoch.

    Args:
        recipe: The recipe.
        model: Its compiled model.
        dataset: Its loaded data.
        batch_size: The number of samples in its batches.
    """
    if not dataset.held_out:
        check_held_out(recipe)
    split = dataset.validation
    # Where each size is compiled, that of the training's own validation is compiled once for both.
    count = min(len(split), batch_size if compiles_each_size() else FEW)
    few = np.arange(count)
    results = model.evaluate(
        split.read(few), split.labels[few], batch_size=count, verbose=0, return_dict=True
    )
    logged = [prefix + name for prefix in ("", "val_") for name in results]
    for path, name, mode in _monitors(recipe):
        if name not in logged:
            raise MonitorError(
                path,
                f"`{path}` must be one of {', '.join(logged)}.{nearest(name, logged)} "
                f"Received: {path}={name!r}",
            )
        if mode is not None:
            try:
                better_in(model, name, mode)
            except ValueError as error:
                raise MonitorError(path, f"`{path}`: {error}") from error


def check_held_out(recipe: Recipe) -> None:
    """Raises a `MonitorError` if a recipe that trains on its validation images chooses by them."""
    chosen = {path: name for path, name, _ in _monitors(recipe) if name.startswith("val_")}
    average = recipe.averaging
    if isinstance(average, Spec) and average.component("averaging") is EveryAverage:
        chosen["averaging"] = average.name
    if chosen:
        path, name = next(iter(chosen.items()))
        raise MonitorError(
            path,
            f"`{path}` would choose by validation images that are trained on too, and so are known "
            "too well: the recipe trains on all folds. Expected: nothing that validation chooses, "
            "with `--set monitor=null`, or a fold to choose by, with `--set data.fold=0`. "
            f"Received: {path}={name!r}",
        )


def build_callbacks(
    recipe: Recipe, model: keras.Model, class_names: Sequence[str], length: RunLength
) -> list[keras.callbacks.Callback]:
    """Returns the callbacks of a recipe.

    A callback whose `mode` is `"auto"` gets what the metric says: Keras's own callbacks cannot ask
    every metric, and none that logs a number for each class.

    Args:
        recipe: The recipe, whose monitors were checked.
        model: Its compiled model.
        class_names: The names of the classes.
        length: The length of the run.
    """
    # A model that has not been evaluated yet has the metrics of its layers only.
    metrics = [*compile_arguments(recipe, class_names)["metrics"], *compiled_metrics(model)]
    return [_with_mode(spec, metrics).build("callback", length) for spec in recipe.callbacks]


def _with_mode(spec: Spec, metrics: list) -> Spec:
    name, mode = _option(spec, "monitor"), _option(spec, "mode")
    if not isinstance(name, str) or mode != "auto":
        return spec
    return Spec(spec.name, {**spec.options, "mode": better(metrics, name)})


def _monitors(recipe: Recipe) -> Iterator[_Monitor]:
    if recipe.monitor is not None:
        yield _Monitor("monitor", recipe.monitor, recipe.mode)
    for index, callback in enumerate(recipe.callbacks):
        name, mode = _option(callback, "monitor"), _option(callback, "mode")
        if isinstance(name, str) and (mode is not None or "monitor" in callback.options):
            yield _Monitor(f"callbacks.{index}.monitor", name, mode)


def _option(callback: Spec, name: str) -> Any:
    """Returns the value of a callback's option, or its default; `None` if it has no such option."""
    accepted = signatures.options(callback.component("callback"))
    return callback.options.get(name, accepted[name].default) if name in accepted else None
