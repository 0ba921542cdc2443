"""The command `train`: the training of a recipe, once or with several seeds."""

import argparse
import contextlib
import dataclasses
import functools
import sys
import time
import warnings
from collections.abc import Iterator
from pathlib import Path

from kerasrecipes.base.checks import check_integer
from kerasrecipes.base.damaged_files import DamagedFileError
from kerasrecipes.cli.command import Alternative, Command, Request
from kerasrecipes.cli.commands.report import remark, report_path, show_score
from kerasrecipes.cli.engines import add_engine, asked_engine, is_asked_for
from kerasrecipes.cli.trainings.further_epochs import (
    add_further_epochs,
    notes_on_epochs,
    with_further_epochs,
)
from kerasrecipes.cli.trainings.images import (
    WHAT,
    add_images_options,
    are_images,
    check_no_images_options,
    images_options,
    settings_by_set,
)
from kerasrecipes.cli.trainings.remedies import healed
from kerasrecipes.cli.trainings.seeds import trained_seeds

# The exit code if the loss became NaN or infinite.
DIVERGED = 3


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--seeds",
        type=int,
        nargs="+",
        metavar="N",
        help="train once with each seed; prints the mean and its 95%% interval",
    )
    parser.add_argument(
        "--ensemble",
        action="store_true",
        help="with --seeds: average the probabilities of these runs, as a run of its own",
    )
    parser.add_argument("--overwrite", action="store_true", help="train again what is finished")
    parser.add_argument(
        "--no-doctor",
        action="store_false",
        dest="doctor",
        help="do not watch the training, and do not say what is wrong with it",
    )
    parser.add_argument(
        "--heal",
        type=int,
        metavar="N",
        help="treat what is wrong by changes of the recipe, train again, and keep what helps on "
        "validation; up to N times",
    )
    add_engine(parser, "seeds")
    add_further_epochs(parser)
    add_images_options(parser)


def _train(asked: Request) -> None:
    from kerasrecipes.training.divergence import DivergenceWarning

    check_no_images_options(asked.arguments)
    if asked.arguments.seeds is not None and asked.arguments.seed is not None:
        raise ValueError("Give `--seed` or `--seeds`, not both.")
    if asked.arguments.ensemble and len(asked.arguments.seeds or ()) < 2:
        raise ValueError("`--ensemble` needs `--seeds` with two seeds or more.")
    if is_asked_for(asked.arguments) and asked.arguments.seeds is None:
        raise ValueError("One training runs here: `--workers` and `--engine` need `--seeds`.")
    _check_heal(asked.arguments)
    asked = with_further_epochs(asked)
    # The command says by itself that a run has diverged.
    with warnings.catch_warnings(action="ignore", category=DivergenceWarning):
        once = asked.arguments.seeds is None
        if once:
            runs = _train_once(asked)
        else:
            with asked_engine(asked.arguments) as engine:
                runs = trained_seeds(asked, _announce, _verbose(), engine)
    for run in runs:
        if run.diverged:
            print(f"error: {run.diverged} {run.folder}", file=sys.stderr)
    if any(run.diverged for run in runs):
        raise SystemExit(DIVERGED)


def _train_images(arguments: argparse.Namespace) -> None:
    """Trains what is chosen for images, and writes it as a script."""
    began = time.monotonic()  # To import what is needed takes part of the time.
    from kerasrecipes.proposals import train_folder
    from kerasrecipes.training.divergence import DivergenceWarning

    for option in ("seeds", "ensemble", "overwrite", "heal", "workers", "engine"):
        if getattr(arguments, option):
            raise ValueError(
                f"`--{option}` is for a recipe: `kerasrecipes new {arguments.recipe}` writes one."
            )
    with settings_by_set(), warnings.catch_warnings(action="ignore", category=DivergenceWarning):
        run = train_folder(
            arguments.recipe,
            **images_options(arguments),
            verbose=_verbose(),
            doctor=arguments.doctor,
            began=began,
        )
    if run.diverged:
        print(f"error: {run.diverged} {run.folder}", file=sys.stderr)
        raise SystemExit(DIVERGED)


def _check_heal(arguments: argparse.Namespace) -> None:
    if arguments.heal is None:
        return
    check_integer("--heal", arguments.heal, at_least=1)
    if not arguments.doctor or arguments.seeds is not None:
        other = "--seeds" if arguments.doctor else "--no-doctor"
        raise ValueError(f"Give `--heal` or `{other}`, not both.")


def _train_once(asked: Request) -> list:
    """Trains a recipe, or shows the run that is there, and returns the run."""
    run = _trained(asked)
    if asked.arguments.heal:
        show_score(run)
        run = healed(
            run,
            asked.arguments.heal,
            lambda recipe: _trained(dataclasses.replace(asked, recipe=recipe, given=None)),
        )
    show_score(run)
    print(f"report: {report_path(run)}")
    return [run]


def _trained(asked: Request):
    from kerasrecipes.training import train

    return train(
        asked.recipe,
        directory=asked.directory,
        name=asked.name,
        overwrite=asked.arguments.overwrite,
        verbose=_verbose(),
        doctor=asked.arguments.doctor,
        on_start=functools.partial(_announce, asked),
        run=asked.given_run,
    )


def _announce(asked: Request, folder: Path) -> None:
    """Prints where a recipe's run is, or what it starts from, and what there is of it already."""
    from kerasrecipes.training import Run
    from kerasrecipes.training.files.folder_names import RunFolderName

    parts = RunFolderName.of(folder.name)
    if parts is not None and parts.fingerprint != asked.recipe.fingerprint:
        print(f"{folder.resolve()}: training what the recipe starts from", flush=True)
        return
    run = Run(folder) if (folder / "recipe.json").is_file() else None
    if run is None or asked.arguments.overwrite:
        state = "training"
    elif run.finished:
        state = "trained before; --seed and --name train another run, --overwrite replaces this one"
    else:
        state = f"going on after epoch {len(run.readable_history)}"
    print(f"{folder.resolve()}: {state}", flush=True)
    if run is None:
        for note in (*_other_runs(asked), *notes_on_epochs(asked), *_elsewhere(folder)):
            print(f"note: {note}", file=sys.stderr)


def _other_runs(asked: Request) -> Iterator[str]:
    """Yields where runs of a recipe are that do not stand for the one that is asked for."""
    for run in dataclasses.replace(asked, given=None).runs:
        yield f"{run.folder} is not reused{_reason(run, 'its data are others')}"
    for run in _renamed_runs(asked):
        renamed = f"its folder was renamed, and `kerasrecipes train {run.folder}` takes it"
        yield f"{run.folder} is not reused{_reason(run, renamed)}"


def _reason(run, otherwise: str) -> str:
    try:
        return remark(run) or f": {otherwise}"
    except DamagedFileError as error:  # It must not keep another run from its training.
        return f": {error}"


def _renamed_runs(asked: Request) -> Iterator:
    """Yields the runs of a recipe in folders that are not called as runs are."""
    from kerasrecipes.training import find_runs
    from kerasrecipes.training.files.folder_names import RunFolderName

    for run in find_runs(asked.directory):
        # What cannot be read is no run of this recipe.
        with contextlib.suppress(TypeError, ValueError):
            is_named = RunFolderName.of(run.name) is not None
            if not is_named and run.recipe.fingerprint == asked.recipe.fingerprint:
                yield run


def _elsewhere(folder: Path) -> Iterator[str]:
    """Yields where a run is that another working directory would have found."""
    if not folder.is_absolute():
        for base in {Path(sys.argv[0]).resolve().parent: None, **dict.fromkeys(Path.cwd().parents)}:
            there = base / folder
            if (there / "recipe.json").is_file() and base != Path.cwd():
                yield f"a run of this recipe is in {there}; --directory {there.parent} finds it"


def _verbose() -> str | int:
    """A progress bar redraws itself, which is for terminals; elsewhere a line an epoch will do."""
    return "auto" if sys.stdout.isatty() else 2


COMMAND = Command(
    name="train",
    help="train a recipe, go on with a run that was stopped, or show one that is finished",
    runs_code=True,
    takes="recipe",
    add_arguments=_add_arguments,
    run=_train,
    alternative=Alternative(
        what=f"{WHAT}, for which one is chosen",
        fits=are_images,
        run=_train_images,
        takes_options=True,
    ),
    resumes=True,
)
