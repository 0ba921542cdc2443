"""The command `show`: what a recipe comes to, or the options of a component."""

import argparse
import json
import math
import os
import sys
from collections.abc import Iterator

from kerasrecipes.cli.command import Alternative, Command, Request
from kerasrecipes.cli.commands.report import remark
from kerasrecipes.cli.tables import print_table


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--json",
        action="store_true",
        help="print the recipe as JSON and nothing else, for a recipe.json",
    )


def _show(asked: Request) -> None:
    """Prints a recipe's values by dotted path, and what they come to with data and model."""
    from kerasrecipes.page.formats import plain
    from kerasrecipes.recipe.qualified_names import CodeNotAllowedError
    from kerasrecipes.recipe.users_code import not_allowed

    if asked.arguments.json:
        print(json.dumps(asked.recipe.to_dict(), indent=2, ensure_ascii=False))
        return
    space = asked.space or {}
    values = {path: plain(value) for path, value in asked.recipe.flatten().items()}
    rows = [{"path": path, "value": values.get(path)} for path in {**values, **space}]
    if space:
        rows = [{**row, "search space": space.get(row["path"])} for row in rows]
    print_table(rows)
    print()
    if modules := not_allowed(asked.recipe):
        print(f"note: nothing of it is built. {CodeNotAllowedError(*modules)}", file=sys.stderr)
        return
    try:
        dataset = asked.recipe.data.build("data").load()
    except (OSError, ValueError) as error:
        print(f"note: what it comes to is not known without its data. {error}", file=sys.stderr)
        return
    facts = _facts(asked.recipe, dataset)
    print_table([{"resolved": fact, "value": value} for fact, value in facts])
    print()
    _print_runs(asked, dataset)


def _print_runs(asked: Request, dataset) -> None:
    """Prints the recipe's run folder for a data set, after those on other data, or older ones."""
    from kerasrecipes.training.files.run_folders import run_folder

    folder = run_folder(
        asked.directory, asked.name, asked.recipe.fingerprint, dataset.hash, asked.given_run
    )
    states = {folder: "not there yet"}
    for run in asked.runs:
        why = "" if run.folder == folder else remark(run) or " on other data"
        states[run.folder] = ("finished" if run.finished else "unfinished") + why
    for path in [*(path for path in states if path != folder), folder]:
        print(f"{path} ({states[path]})")


def _facts(recipe, dataset) -> Iterator[tuple[str, str]]:
    """Yields what a recipe comes to, by name."""
    from kerasrecipes.callbacks.monitored import better_in
    from kerasrecipes.training.building.build import build_recipe
    from kerasrecipes.training.building.compile import compile_arguments

    built = build_recipe(recipe, dataset)
    length, model = built.length, built.model
    trainable = sum(math.prod(weight.shape) for weight in model.trainable_weights)
    yield "images", ", ".join(f"{n:,} {split}" for split, n in dataset.sizes.items())
    yield "classes", f"{len(dataset.class_names):,}"
    yield "image shape", " x ".join(map(str, dataset.image_shape))
    yield "parameters", f"{trainable:,} trainable, {model.count_params():,} in all"
    yield "steps", f"{length.steps_per_epoch:,} an epoch, {length.total_steps:,} in all"
    yield "optimizer", _as_call(model.optimizer)
    yield "loss", _as_call(model.loss)
    metrics = compile_arguments(recipe, dataset.class_names)["metrics"]
    yield "metrics", ", ".join(m if isinstance(m, str) else _as_call(m) for m in metrics)
    if recipe.monitor is not None:
        better = better_in(model, recipe.monitor, recipe.mode)
        yield "monitor", f"{'lowest' if better == 'min' else 'highest'} {recipe.monitor}"
    yield "fingerprint", recipe.fingerprint


def _as_call(component) -> str:
    """Returns a Keras object in the form of a call, without the options that are not set."""
    import keras

    def written(value) -> str:
        if isinstance(value, dict) and "class_name" in value:
            options = [
                f"{name}={written(option)}"
                for name, option in value["config"].items()
                if option not in (None, False) and name != "name"
            ]
            return f"{value['class_name']}({', '.join(options)})"
        # A float32 at its own precision: 0.1, not 0.10000000149.
        return f"{value:.7g}" if isinstance(value, float) else str(value)

    return written(keras.saving.serialize_keras_object(component))


def _is_name(given: str) -> bool:
    return not (os.path.exists(given) or os.sep in given or given.endswith((".json", ".py")))


def _show_name(arguments: argparse.Namespace) -> None:
    from kerasrecipes.cli.components import is_backbone, show_backbone, show_component
    from kerasrecipes.recipe.registry import data_source

    name = arguments.recipe
    # Where a "module:Name" that is typed here is found; last, so that it hides nothing.
    sys.path.append(os.getcwd())
    # To know the backbones, Keras is imported.
    show = show_component if data_source(name) or not is_backbone(name) else show_backbone
    show(name)


COMMAND = Command(
    name="show",
    help="show what a recipe comes to, or the options of a component",
    takes="recipe",
    add_arguments=_add_arguments,
    run=_show,
    alternative=Alternative(
        what="the name of a component or backbone", fits=_is_name, run=_show_name
    ),
)
