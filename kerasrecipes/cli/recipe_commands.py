"""What can be done with a recipe: train it, show what it comes to, write its run's report."""

import argparse
import math
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from kerasrecipes.cli.tables import print_table


def train_recipe(recipe, name: str, arguments: argparse.Namespace) -> None:
    """Trains a recipe, or shows the run that is there."""
    from kerasrecipes.training.training import train

    _announce(recipe, name, arguments)
    run = train(
        recipe,
        directory=arguments.directory,
        name=name,
        overwrite=arguments.overwrite,
        verbose=_verbose(),
    )
    print(score_line(run))
    print(f"report: {_report(run)}")


def train_seeds(recipe, name: str, arguments: argparse.Namespace) -> None:
    """Trains a recipe once with each of several seeds and shows how the scores spread."""
    from kerasrecipes.page.formats import count, duration, percent
    from kerasrecipes.runs.sweeping import sweep
    from kerasrecipes.training.run import Run

    result = sweep(
        recipe,
        {name: {}},
        arguments.seeds,
        directory=arguments.directory,
        name=name,
        overwrite=arguments.overwrite,
        verbose=_verbose(),
        on_start=lambda variant: _announce(variant, name, arguments),
    )
    for row in result.rows:
        _report(Run(Path(arguments.directory) / f"{name}-{row['fingerprint']}"))
    split = "test" if "test_accuracy" in result.metrics else "validation"
    print_table(
        [
            {
                "seed": row["seed"],
                "epoch": row["epoch"],
                "validation": percent(row["validation_accuracy"], row["validation_n"]),
                "test": percent(row.get("test_accuracy"), row.get("test_n")),
                "n": count(row[f"{split}_n"]),
                "time": duration(row["seconds"]),
                "fingerprint": row["fingerprint"],
            }
            for row in result.rows
        ]
    )
    (scores,) = result.summary(f"{split}_accuracy")
    n = result.rows[0][f"{split}_n"]
    line = f"mean {split} accuracy {percent(scores['mean'], n)}"
    if scores["low"] is not None:
        line += f" (95% interval {percent(scores['low'], n)} to {percent(scores['high'], n)})"
    print(f"{line} over {scores['n']} seed{'s' if scores['n'] > 1 else ''}")


def show_recipe(
    recipe, name: str, directory: str, space: Mapping[str, object] | None = None
) -> None:
    """Prints a recipe's values by dotted path, and what they come to with data and model."""
    from kerasrecipes.page.formats import plain

    space = space or {}
    values = {path: plain(value) for path, value in recipe.flatten().items()}
    rows = [{"path": path, "value": values.get(path)} for path in {**values, **space}]
    if space:
        rows = [{**row, "search space": space.get(row["path"])} for row in rows]
    print_table(rows)
    print()
    print_table([{"resolved": fact, "value": value} for fact, value in _facts(recipe)])
    folder, run = _folder_and_run(recipe, name, directory)
    state = "finished" if run and run.finished else "unfinished" if run else "not there yet"
    print(f"\n{folder} ({state})")


def write_report_again(recipe, name: str, directory: str) -> None:
    """Writes the report of a recipe's run anew and prints where it is."""
    from kerasrecipes.report import write_report

    folder, run = _folder_and_run(recipe, name, directory)
    if run is None:
        raise ValueError(f"This recipe has no run to report on: train it first. Expected: {folder}")
    if run.finished:
        print(score_line(run))
    else:
        print(f"The run is not finished: {len(run.history)} of {recipe.epochs} epochs.")
    print(f"report: {write_report(run)}")


def score_line(run) -> str:
    """Returns the score of a finished run in a line, with its interval and where it is from."""
    from kerasrecipes.page.formats import percent

    split = "test" if run.metrics["test"] else "validation"
    score, monitor = run.metrics[split], run.metrics["monitor"]
    n, (low, high) = score["n"], score["accuracy_interval"]
    chosen = f", chosen by {monitor}" if monitor else ""
    return (
        f"{split} accuracy {percent(score['accuracy'], n)} "
        f"(95% interval {percent(low, n)} to {percent(high, n)}, n = {n:,}), "
        f"weights of epoch {run.metrics['epoch']} of {len(run.history)}{chosen}"
    )


def _facts(recipe) -> Iterator[tuple[str, str]]:
    """Yields what a recipe comes to, by name."""
    from kerasrecipes.training.build import build_recipe

    built = build_recipe(recipe, recipe.data.build("data").load())
    dataset, length, model = built.dataset, built.length, built.model
    trainable = sum(math.prod(weight.shape) for weight in model.trainable_weights)
    yield "images", ", ".join(f"{n:,} {split}" for split, n in dataset.sizes.items())
    yield "classes", f"{len(dataset.class_names):,}"
    yield "image shape", " x ".join(map(str, dataset.image_shape))
    yield "parameters", f"{trainable:,} trainable, {model.count_params():,} in all"
    yield "steps", f"{length.steps_per_epoch:,} an epoch, {length.total_steps:,} in all"
    yield "optimizer", _as_call(model.optimizer)
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


def _announce(recipe, name: str, arguments: argparse.Namespace) -> None:
    """Prints where a recipe's run is, and what there is of it already."""
    folder, run = _folder_and_run(recipe, name, arguments.directory)
    if run is None or arguments.overwrite:
        state = "training"
    elif run.finished:
        state = "trained before; --overwrite trains it again"
    else:
        state = f"going on after epoch {len(run.history)}"
    print(f"{folder}: {state}", flush=True)


def _folder_and_run(recipe, name: str, directory: str):
    from kerasrecipes.training.run import Run, run_folder

    folder = run_folder(directory, name, recipe)
    return folder, Run(folder) if (folder / "recipe.json").is_file() else None


def _report(run) -> Path:
    """Returns the path of a finished run's report, which is written unless it is there already."""
    from kerasrecipes.report import write_report

    path, finished = run.folder / "report.html", (run.folder / "metrics.json").stat().st_mtime
    # One from before the end tells of an unfinished run.
    is_there = path.is_file() and path.stat().st_mtime >= finished
    return path if is_there else write_report(run)


def _verbose() -> str | int:
    """A progress bar redraws itself, which is for terminals; elsewhere a line an epoch will do."""
    return "auto" if sys.stdout.isatty() else 2
