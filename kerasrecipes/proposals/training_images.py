"""From images to a finished run in one call: `train_folder`."""

import json
import os
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from kerasrecipes.proposals.budget.time_limit import TimeLimit
from kerasrecipes.proposals.folds import CrossValidated, cross_validate
from kerasrecipes.proposals.proposing import propose
from kerasrecipes.proposals.results import next_steps, result_lines
from kerasrecipes.proposals.scripts.script_files import (
    default_script,
    write_proposal,
    written_before,
)
from kerasrecipes.recipe.recipe import Recipe
from kerasrecipes.recipe.spec import to_plain
from kerasrecipes.report import write_report
from kerasrecipes.training.run import Run
from kerasrecipes.training.training import train

MINUTES = 10.0
# A training that takes longer than it was thought to is ended before the time is over: scores,
# explanations and files still come after it. They have a twentieth of the time, or half a minute,
# but no more than a quarter of a few minutes.
_END_SHARE, _END_SECONDS, _MOST_OF_END = 0.05, 30.0, 0.25


def train_folder(
    images: str | os.PathLike,
    *,
    minutes: float | None = None,
    backbone: str | None = None,
    weights: str | None = None,
    image_size: int | None = None,
    from_scratch: bool = False,
    changes: Mapping[str, object] | None = None,
    script: str | os.PathLike | None = None,
    directory: str | Path = "saved_models",
    verbose: str | int = "auto",
    doctor: bool | None = None,
    began: float | None = None,
) -> Run:
    """Trains a network on a folder of images, with what a practitioner would choose for it.

    The images are looked at, a few steps are measured on this machine, and a recipe is chosen,
    written to a script with the reason of each choice, trained, diagnosed and reported. The script
    is the user's own. Asked for the same again, the recipe of an unchanged script is trained, or
    its finished run shown; a script that was changed is never replaced.

    Few images are scored by cross-validation; the network that is kept was trained on all of them.

    Args:
        images: A folder with a folder of images for each class (see `ImageFolder`), an `.npz` file
            (`Npz`), a `.csv` file of files and classes (`ImageTable`), or `"tfds:NAME"` (`TFDS`).
        minutes: Positive number: the time for everything, by which a training is chosen. One that
            takes longer than it was thought to is ended, and so are folds and new last layers,
            before it is over: see `training_seconds`. Defaults to 10.
        backbone: As in `Pretrained`. Defaults to what can be had and trained in time.
        weights: A file with the weights of `backbone`.
        image_size: The side of the images that the network is given, in pixels.
        from_scratch: Whether to use no pretrained weights.
        changes: Further changes of the recipe by dotted path, as in `Recipe.replace`. Those of
            `data.` are options of the data source, such as `{"data.classes": ["cat", "dog"]}`.
        script: Where the script is written. Defaults to the name of the images, in the working
            directory.
        directory: The folder that holds the run folders.
        verbose: As in `keras.Model.fit`; with 0 nothing is printed.
        doctor: As in `train`.
        began: When the time began, by `time.monotonic`. Defaults to now.

    Returns:
        The finished `Run`.

    Raises:
        ValueError: If the images cannot be read or learnt from, if no training fits into the time,
            or if a script is there that was not written here, or was changed.

    Example:

    ```python
    run = kerasrecipes.train_folder("photos", minutes=5)
    run.metrics["test"]["accuracy"]
    ```
    """
    began = time.monotonic() if began is None else began
    say: Callable[[str], None] = print if verbose != 0 else lambda text: None
    wishes = _wishes(minutes, backbone, weights, image_size, from_scratch)
    path = Path(script or default_script(os.fspath(images)))
    recipe = _proposed(os.fspath(images), path, wishes, changes or {}, directory, say, began)
    until = began + training_seconds(60 * (minutes or MINUTES))
    common: dict[str, Any] = {"directory": directory, "verbose": verbose, "doctor": doctor}
    folds = _folds(recipe, path.stem, until, say, common)
    limit = TimeLimit(until)
    run = train(recipe, name=path.stem, callbacks=[limit], **common)
    if limit.reached:
        say(f"the time was over after {len(run.history)} of {recipe.epochs} epochs")
    for line in result_lines(run, folds):
        say(line)
    say(f"report: {write_report(run)}")
    say(f"took {(time.monotonic() - began) / 60:.1f} minutes. Now:")
    for line in next_steps(run, path):
        say(f"  {line}")
    return run


def training_seconds(seconds: float) -> float:
    """Returns how much of the time for everything may be over when a training is ended.

    Example:

    >>> training_seconds(3600), training_seconds(240), training_seconds(60)
    (3420.0, 210.0, 45.0)
    """
    end = max(_END_SHARE * seconds, min(_END_SECONDS, _MOST_OF_END * seconds))
    return seconds - end


def new_script(
    images: str | os.PathLike,
    *,
    minutes: float | None = None,
    backbone: str | None = None,
    weights: str | None = None,
    image_size: int | None = None,
    from_scratch: bool = False,
    changes: Mapping[str, object] | None = None,
    script: str | os.PathLike | None = None,
    directory: str | Path = "saved_models",
    say: Callable[[str], None] = print,
) -> Path:
    """Writes the script that `train_folder` would train, and trains nothing.

    Args:
        images: As in `train_folder`, and so are all other arguments but one.
        minutes: Positive number, or `None` for 10.
        backbone: String or `None`.
        weights: String or `None`.
        image_size: Positive integer or `None`.
        from_scratch: Boolean.
        changes: Dictionary or `None`.
        script: Path or `None`.
        directory: Path.
        say: Function that is called with lines about images and choices.

    Returns:
        The path of the script.
    """
    wishes = _wishes(minutes, backbone, weights, image_size, from_scratch)
    path = Path(script or default_script(os.fspath(images)))
    _proposed(os.fspath(images), path, wishes, changes or {}, directory, say)
    return path


def _wishes(
    minutes: float | None,
    backbone: str | None,
    weights: str | None,
    image_size: int | None,
    from_scratch: bool,
) -> dict[str, Any]:
    """Returns what is asked for, without what is not."""
    wishes = {
        "minutes": minutes,
        "backbone": backbone,
        "weights": weights,
        "image_size": image_size,
        "from_scratch": from_scratch,
    }
    return {name: value for name, value in wishes.items() if value not in (None, False)}


def _proposed(
    images: str,
    script: Path,
    wishes: Mapping[str, Any],
    changes: Mapping[str, object],
    directory: str | Path,
    say: Callable[[str], None],
    began: float | None = None,
) -> Recipe:
    """Returns the recipe of images, which is chosen and written to a script unless it was before.

    Args:
        images: The images.
        script: The path of the script.
        wishes: What is asked for.
        changes: Changes of the recipe by dotted path.
        directory: Where runs are kept.
        say: Function that is called with lines for people.
        began: When the time began; `None` for now.
    """
    told = [f"{path}={json.dumps(to_plain(value))}" for path, value in changes.items()]
    options = {**wishes, "set": told} if told else dict(wishes)
    before = written_before(images, script, options, directory)
    if before is not None:
        say(f"{script}: as it was written; other options, or --script FILE, choose anew")
        return before.recipe
    asked = {"minutes": MINUTES, **wishes}
    proposal = propose(images, changes=changes, directory=directory, say=say, began=began, **asked)
    write_proposal(proposal, images, script, options=options, directory=directory)
    say(f"{script}, about {max(0.1, proposal.chosen.seconds / 60):.1f} minutes:")
    for choice in proposal.chosen.choices:
        say(f"  {choice}")
    return proposal.chosen.recipe


def _folds(
    recipe: Recipe,
    name: str,
    until: float,
    say: Callable[[str], None],
    common: dict,
) -> CrossValidated | None:
    """Returns the cross-validation of a recipe whose network is trained on all folds."""
    if recipe.data.name != "CrossValidation" or recipe.data.options.get("fold", 0) is not None:
        return None
    folds = int(str(recipe.data.options.get("folds", 5)))
    # The time of the last training is kept free.
    each = (until - time.monotonic()) / (folds + 1)
    quiet = {**common, "verbose": 0, "doctor": False, "callbacks": [TimeLimit(until - each)]}
    return cross_validate(recipe, name=f"{name}-folds", until=until - 2 * each, say=say, **quiet)
