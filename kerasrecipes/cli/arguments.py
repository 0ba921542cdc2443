"""Arguments that commands share, and what they mean."""

import argparse
import ast
import contextlib
import json
import sys
from collections.abc import Callable
from pathlib import Path

from kerasrecipes.base.checks import check_choice

# What other programs call a path of a recipe.
_PATHS = {
    "lr": "optimizer.learning_rate",
    "learning-rate": "optimizer.learning_rate",
    "momentum": "optimizer.momentum",
    "weight-decay": "optimizer.weight_decay",
}

PICTURE_FORMATS = (".png", ".svg", ".pdf")


class Parser(argparse.ArgumentParser):
    """A parser whose complaint about an unknown option says how values of a recipe are set."""

    def error(self, message: str):
        if message.startswith("unrecognized arguments: --"):
            option, *value = message.removeprefix("unrecognized arguments: --").split()
            path, to = _PATHS.get(option, option.replace("-", "_")), (value or ["..."])[0]
            message += f". A value of the recipe is set by --set, such as --set {path}={to}"
        super().error(message)


def add_debug(parser: argparse.ArgumentParser) -> None:
    """Adds `--debug`."""
    parser.add_argument("--debug", action="store_true", help="show the traceback of an error")


def add_set(parser: argparse.ArgumentParser, what: str) -> None:
    """Adds `--set`, which is for what the text says."""
    parser.add_argument(
        "--set", action="append", default=[], metavar="PATH=VALUE", dest="changes", help=what
    )


def add_recipe_options(parser: argparse.ArgumentParser) -> None:
    """Adds the options that change a recipe and tell which runs are its own."""
    add_set(
        parser, "change a value of the recipe, such as optimizer.learning_rate=0.01; repeatable"
    )
    parser.add_argument("--epochs", type=int, metavar="N", help="short for --set epochs=N")
    parser.add_argument("--seed", type=int, metavar="N", help="short for --set seed=N")
    parser.add_argument(
        "--directory",
        metavar="FOLDER",
        help="where run folders are kept (default: saved_models, or where the given run folder is)",
    )
    parser.add_argument(
        "--name",
        help="what its runs are called (default: as the script, file or given run folder)",
    )


def add_test_time_augmentation(parser: argparse.ArgumentParser) -> None:
    """Adds `--test-time-augmentation`."""
    parser.add_argument(
        "--test-time-augmentation",
        "--tta",
        metavar="NAME",
        help="average the probabilities of several views of each image: flip, shifts, "
        "flip_shifts, five_crops, ten_crops",
    )


def add_grid(parser: argparse.ArgumentParser, default: str, what: str) -> None:
    """Adds `--grid`, an image grid of which the default's name and what it shows are given."""
    parser.add_argument(
        "--grid", metavar="FILE", help=f"the picture to write: {what} (default: {default})"
    )


def grid_path(name: str) -> Path:
    """Returns the path of an image grid, checked before anything is computed.

    Raises:
        ValueError: If it is no .png file, or its folder is not there.
    """
    path = Path(name)
    if path.suffix.lower() != ".png":
        raise ValueError(f"`--grid` must be a .png file. Received: --grid {path}")
    if not path.parent.is_dir():
        raise ValueError(f"`--grid` must be in a folder that is there. Received: --grid {path}")
    return path


def add_picture(parser: argparse.ArgumentParser, default: str) -> None:
    """Adds `--output` for a figure, whose default's name is given."""
    parser.add_argument(
        "--output",
        default=default,
        metavar="FILE",
        help=f"a .png, .svg or .pdf file (default: {default})",
    )


def picture_path(name: str) -> Path:
    """Returns the path of a figure, checked before anything is computed.

    Raises:
        ValueError: If its suffix is none of `PICTURE_FORMATS`.
    """
    path = Path(name)
    check_choice("the suffix of --output", path.suffix, PICTURE_FORMATS)
    return path


def write_picture(path: Path, write: Callable[[Path], object]) -> str:
    """Writes a figure whole, in a folder that is made for it, and returns where it is."""
    from kerasrecipes.base.files import replacing

    before = " (in place of an earlier one)" if path.exists() else ""
    path.parent.mkdir(parents=True, exist_ok=True)
    with replacing(path) as temporary:
        write(temporary)
    return f"{path}{before}"


def finished_run(folder: str | Path):
    """Returns the finished run in a folder that is given as an argument.

    Raises:
        ValueError: If it is no run folder, or the run has not come to its end.
    """
    from kerasrecipes.training import Run

    run = Run(folder)
    if not run.finished:
        state = "still training" if run.running else "not finished"
        epochs = f"{len(run.readable_history)} of {run.recipe.epochs} epochs"
        raise ValueError(
            f"The run is {state}, {epochs} are there: "
            f"`kerasrecipes train {run.folder}` goes on. Received: {folder}"
        )
    return run


def changes_of(arguments: argparse.Namespace) -> dict[str, object]:
    """Returns the changes that were asked for, by dotted path.

    Raises:
        ValueError: If one is not `path=value`, or a path is set twice.
    """
    pairs = [_pair(text) for text in arguments.changes]
    pairs += [
        (path, getattr(arguments, path))
        for path in ("epochs", "seed")
        if getattr(arguments, path, None) is not None
    ]
    changes: dict[str, object] = {}
    for path, value in pairs:
        if path in changes:
            raise ValueError(f"`{path}` is set twice: to {changes[path]!r} and to {value!r}.")
        changes[path] = value
    return changes


def with_changes(recipe, arguments: argparse.Namespace):
    """Returns the recipe that was asked for, and says so if a swap left values behind."""
    changes = changes_of(arguments)
    changed = recipe.replace(changes)
    kept = changed.flatten()
    # A value may have become a component or a list of them, which is flattened to longer paths.
    dropped = [
        path
        for path in recipe.flatten()
        if not any(other == path or other.startswith(f"{path}.") for other in kept)
    ]
    # That of another quantity than the one that is monitored now.
    if changed.mode != recipe.mode and "mode" not in changes:
        dropped.append("mode")
    if dropped:
        print(f"note: no longer set: {', '.join(sorted(dropped))}", file=sys.stderr)
    return changed


def value_of(text: str) -> object:
    """Returns the value that a text means: JSON, else a Python literal, else the text itself.

    Example:

    >>> [value_of(text) for text in ("1e-3", "true", "None", "(3, 5)", "RAdam")]
    [0.001, True, None, (3, 5), 'RAdam']
    """
    # Brackets nested too deeply end as a `RecursionError`, or a `MemoryError` of Python's parser.
    with contextlib.suppress(ValueError, RecursionError):
        return json.loads(text)
    with contextlib.suppress(SyntaxError, ValueError, RecursionError, MemoryError):
        return ast.literal_eval(text)
    return text


def _pair(text: str) -> tuple[str, object]:
    path, equals, value = text.partition("=")
    if not (path and equals):
        raise ValueError(f"`--set` must be given path=value. Received: --set {text}")
    meant = value_of(value)
    if isinstance(meant, str) and value.lstrip().startswith(("{", "[")):
        raise ValueError(
            "A value that begins with a bracket must be JSON. A shell takes quotes away and splits "
            "at spaces: put the whole in single quotes, such as --set 'model.units=[64, 32]' or "
            f"""--set 'model={{"use": "MLP"}}'. Received: --set {text}"""
        )
    return path.strip(), meant
