"""The command `search`: the search of a recipe's options."""

import argparse
import os
from pathlib import Path

from kerasrecipes.cli.command import Alternative, Command, Request
from kerasrecipes.cli.engines import add_engine, asked_engine

OBJECTIVE = "val_accuracy"
EXAMPLE = "optimizer.learning_rate=log_uniform(1e-4, 1)"


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--space",
        action="append",
        default=[],
        metavar="PATH=RANGE",
        help=f"what to search, such as '{EXAMPLE}', or a file of a space as JSON; repeatable",
    )
    parser.add_argument("--rungs", metavar="NxE,...", help="trials x epochs, such as 20x2,8x8,3x30")
    parser.add_argument("--stages", dest="rungs", help=argparse.SUPPRESS)  # What it was called.
    # In place of that of a recipe, which --set seed=N still changes.
    parser.add_argument(
        "--seed",
        dest="search_seed",
        type=int,
        default=0,
        metavar="N",
        help="decides what is tried (default: 0)",
    )
    parser.add_argument(
        "--objective",
        default=OBJECTIVE,
        metavar="[max:|min:]NAME",
        help="what is searched for (default: val_accuracy), with its direction if its metric does "
        "not say it",
    )
    parser.add_argument(
        "--folds", type=int, metavar="N", help="score by cross-validation with so many folds"
    )
    parser.add_argument(
        "--finalists",
        type=int,
        default=3,
        metavar="N",
        help="how many of the best are trained with further seeds (default: 3)",
    )
    parser.add_argument(
        "--final-seeds", type=int, default=3, metavar="N", help="how many seeds (default: 3)"
    )
    parser.add_argument(
        "--retrain",
        action="store_true",
        help="train the result on training and validation images, and score it on test images",
    )
    add_engine(parser, "trials")
    parser.add_argument("--overwrite", action="store_true", help="search anew what was searched")


def _search(asked: Request) -> None:
    """Searches the options of a recipe, shows how it goes, and what came of it.

    The search is called `<name>-search`. `--space` and `--rungs` go before those of the script.

    Raises:
        ValueError: If something cannot be searched, or the folder is of another search.
    """
    from kerasrecipes.cli.searches.space import read_space

    arguments = asked.arguments
    direction, _, objective = arguments.objective.rpartition(":")
    if direction not in ("", "max", "min"):
        raise ValueError(
            "`--objective` must be NAME, max:NAME or min:NAME. "
            f"Received: --objective {arguments.objective}"
        )
    _run(
        arguments,
        asked.recipe,
        {**(asked.space or {}), **read_space(arguments.space)},
        arguments.rungs or asked.rungs,
        objective,
        direction,
        directory=asked.directory,
        name=f"{asked.name}-search",
        seed=arguments.search_seed,
        folds=arguments.folds,
    )


def _run(arguments, recipe, ranges, given, objective, direction, **options) -> None:
    """Runs a search, shows how it goes, and what came of it."""
    from kerasrecipes.cli.searches.chief import check_port
    from kerasrecipes.cli.searches.found import show_search
    from kerasrecipes.cli.searches.progress import SearchProgress
    from kerasrecipes.tuning import rungs_of
    from kerasrecipes.tuning.keras_tuner.distributed import TUNER_ID, role

    if given is None:
        raise ValueError("Give --rungs: trials x epochs, such as --rungs 20x2,8x8,3x30")
    rungs = rungs_of(given)
    if not ranges:
        raise ValueError(
            "There is nothing to search: give --space, or give `main` the space of the recipe. "
            f"Such as: --space '{EXAMPLE}'"
        )
    part = role()
    if part == "chief":
        check_port()
    # The first is heavy, with keras-tuner and the backend: meanwhile, workers start too.
    with asked_engine(arguments) as engine:
        from keras_tuner import Objective

        from kerasrecipes.tuning import search

        finals = 0 if part == "worker" else arguments.finalists * arguments.final_seeds
        with SearchProgress(
            rungs,
            finals,
            objective,
            prefix="" if part == "alone" else f"{os.environ[TUNER_ID]}: ",
            live=None if part == "alone" else False,
        ) as progress:
            found = search(
                recipe,
                ranges,
                rungs,
                objective=Objective(objective, direction) if direction else objective,
                finalists=arguments.finalists,
                final_seeds=arguments.final_seeds,
                retrain=arguments.retrain,
                overwrite=arguments.overwrite,
                on_event=progress.on_event,
                engine=engine,
                **options,
            )
    if found is not None:
        show_search(found)


def _is_search(given: str) -> bool:
    return (Path(given) / "search.json").is_file()


def _go_on(arguments: argparse.Namespace) -> None:
    """Goes on with the search in a folder: all that it needs to know but `--rungs` is there.

    Raises:
        ValueError: If another search is asked for.
        CodeNotAllowedError: If its recipe names modules of a user's own that were not allowed.
    """
    from kerasrecipes.cli.consent import asking
    from kerasrecipes.cli.searches.space import space_of
    from kerasrecipes.recipe.qualified_names import CodeNotAllowedError
    from kerasrecipes.recipe.users_code import not_allowed
    from kerasrecipes.training.files.folder_names import RunFolderName
    from kerasrecipes.tuning import Search

    found = Search(os.path.relpath(arguments.recipe))
    known, folder = found.settings, found.folder.resolve()
    name = RunFolderName.of(folder.name)
    if name is None:
        raise ValueError(
            "The folder of a search must have the name that the search gave it, such as "
            f"mine-search-0123456789ab-01234567-v{known['numerics_version']}. Received: {folder}"
        )
    given = {
        "--space": arguments.space or None,
        "--seed": arguments.search_seed or None,
        "--folds": arguments.folds,
        "--objective": None if arguments.objective == OBJECTIVE else arguments.objective,
    }
    if changed := [option for option, value in given.items() if value is not None]:
        raise ValueError(
            f"{', '.join(changed)} would make it another search, and {arguments.recipe} goes on "
            "as it was begun. Search the recipe itself with these."
        )
    with asking(arguments.allow_code):
        if modules := not_allowed(found.recipe):
            raise CodeNotAllowedError(*modules)
        _run(
            arguments,
            found.recipe,
            space_of(known["space"]),
            arguments.rungs or ",".join(known["rungs"]),
            known["objective"],
            found.direction,
            directory=os.path.relpath(folder.parent),
            name=name.name,
            seed=known["seed"],
            folds=known["folds"],
        )


COMMAND = Command(
    name="search",
    help="search a recipe's options, from coarse to fine, and write the best recipe",
    runs_code=True,
    takes="recipe",
    add_arguments=_add_arguments,
    run=_search,
    resumes=True,
    alternative=Alternative(
        what="the folder of a search, which goes on, with more trials where --rungs gives them",
        fits=_is_search,
        run=_go_on,
    ),
)
