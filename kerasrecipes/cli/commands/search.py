"""The command `search`: the search of a recipe's options."""

import argparse
import os
from pathlib import Path

from kerasrecipes.cli.command import Alternative, Command, Request
from kerasrecipes.cli.engines import asked_engine
from kerasrecipes.cli.searches.options import EXAMPLE, OBJECTIVE, add_arguments, enqueued


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
        constraints=arguments.constraint,
        enqueue=enqueued(arguments.enqueue),
        from_search=arguments.from_search,
    )


def _run(arguments, recipe, ranges, given, objective, direction, **options) -> None:
    """Runs a search, shows how it goes, and what came of it."""
    from kerasrecipes.cli.searches.chief import check_port
    from kerasrecipes.cli.searches.found import show_search
    from kerasrecipes.cli.searches.progress import SearchProgress
    from kerasrecipes.tuning.keras_tuner.distributed import TUNER_ID, role
    from kerasrecipes.tuning.rungs import rungs_or_usual

    if given is None and arguments.minutes is None:
        raise ValueError(
            "Give --rungs: trials x epochs, such as --rungs 20x2,8x8,3x30; or --minutes"
        )
    rungs = rungs_or_usual(given, arguments.minutes, recipe.epochs)
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
            minutes=arguments.minutes,
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
                minutes=arguments.minutes,
                patience=arguments.patience,
                target=arguments.target,
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

    With `--space` it is another search, which keeps the trials that lie in the changed space.

    Raises:
        ValueError: If another search is asked for.
        CodeNotAllowedError: If its recipe names modules of a user's own that were not allowed.
    """
    from kerasrecipes.cli.consent import asking
    from kerasrecipes.cli.searches.space import read_space
    from kerasrecipes.recipe.qualified_names import CodeNotAllowedError
    from kerasrecipes.recipe.users_code import not_allowed
    from kerasrecipes.training.files.folder_names import RunFolderName
    from kerasrecipes.tuning import Search
    from kerasrecipes.tuning.written_space import space_of

    found = Search(os.path.relpath(arguments.recipe))
    known, folder = found.settings, found.folder.resolve()
    name = RunFolderName.of(folder.name)
    if name is None:
        raise ValueError(
            "The folder of a search must have the name that the search gave it, such as "
            f"mine-search-0123456789ab-01234567-v{known['numerics_version']}. Received: {folder}"
        )
    is_changed = bool(arguments.space)
    _check_same(arguments, is_changed)
    directory = os.path.relpath(folder.parent)
    changed = read_space(arguments.space)
    for name_of_stop, value in known.get("stops", {}).items():
        if getattr(arguments, name_of_stop) is None:
            setattr(arguments, name_of_stop, value)
    earlier = known.get("from") and os.path.join(directory, known["from"])
    with asking(arguments.allow_code):
        if modules := not_allowed(found.recipe):
            raise CodeNotAllowedError(*modules)
        _run(
            arguments,
            found.recipe,
            {**space_of(known["space"]), **changed},
            arguments.rungs or ",".join(known["rungs"]),
            known["objective"],
            found.direction,
            directory=directory,
            name=name.name,
            seed=known["seed"],
            folds=known["folds"],
            constraints=arguments.constraint or known.get("constraints", []),
            enqueue=enqueued(arguments.enqueue) if is_changed else known.get("enqueue", []),
            from_search=str(found.folder) if is_changed else earlier,
        )


def _check_same(arguments: argparse.Namespace, is_changed: bool) -> None:
    """Raises a `ValueError` if options would make the search in a folder another one."""
    given = {
        "--seed": arguments.search_seed or None,
        "--folds": arguments.folds,
        "--objective": None if arguments.objective == OBJECTIVE else arguments.objective,
        "--from": arguments.from_search,
        "--constraint": None if is_changed else arguments.constraint or None,
        "--enqueue": None if is_changed else arguments.enqueue or None,
    }
    if changed := [option for option, value in given.items() if value is not None]:
        raise ValueError(
            f"{', '.join(changed)} would make it another search, and {arguments.recipe} goes on "
            f"as it was begun. Search the recipe itself with these, and with --from "
            f"{arguments.recipe} where its trials are to count."
        )


COMMAND = Command(
    name="search",
    help="search a recipe's options, from coarse to fine, and write the best recipe",
    runs_code=True,
    takes="recipe",
    add_arguments=add_arguments,
    run=_search,
    resumes=True,
    alternative=Alternative(
        what="the folder of a search, which goes on, with more trials where --rungs gives "
        "them, or in a space that --space changes",
        fits=_is_search,
        run=_go_on,
    ),
)
